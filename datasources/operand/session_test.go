package operand_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/schema"
)

// truth is how many records the copy should hold of each kind: those that are not
// marked as deleted.
func truth(t *testing.T) map[string]int {
	t.Helper()
	s := serve(t, fake.New(w300(), fake.Options{}))
	a := copied(t, config(s.URL, fake.DefaultToken))
	mustSync(t, a)
	want := a.rows()
	if want["Invoice"] < 10 || want["Payment"] < want["Invoice"] || want["Boleto"] < 10 || want["Payable"] < 10 || want["Customer"] < 10 {
		t.Fatalf("%v prove nothing", want)
	}
	return want
}

// logins is how often the fake was asked for a session since it was last reset.
func logins(f *fake.Server) int { return f.Calls()["GET /login"] }

// TestSessionsThatEnd ends sessions in the middle of a reading: each costs one
// login, and the copy is whole.
func TestSessionsThatEnd(t *testing.T) {
	want := truth(t)
	for name, o := range map[string]fake.Options{
		"after three calls, 401": {SessionCalls: 3},
		"after three calls, 403": {SessionCalls: 3, Dialect: fake.Dialect{DeadSession: 403}},
		"after each call":        {SessionCalls: 1},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := fake.New(w300(), o)
			a := copied(t, config(serve(t, f).URL, fake.DefaultToken))
			mustSync(t, a)
			if got := a.rows(); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			calls := 0
			for route, n := range f.Calls() {
				if route != "GET /login" {
					calls += n
				}
			}
			// A session that ended costs the refused call, a login and the call again.
			answered := calls - (logins(f) - 1)
			if most := (answered + o.SessionCalls - 1) / o.SessionCalls; logins(f) > most {
				t.Errorf("%d logins for %d calls of %d a session", logins(f), answered, o.SessionCalls)
			}
			if st := a.Status(); st.State != "up" || st.Note != "" {
				t.Errorf("status %+v", st)
			}
		})
	}
}

// TestTokenReplacedOrSwitchedOff takes the token away: the status says so, nothing
// is tried again at once, the copy is served on, and the right token heals it.
func TestTokenReplacedOrSwitchedOff(t *testing.T) {
	const note = "the token was replaced or the API was switched off"
	for name, tc := range map[string]struct {
		options fake.Options
		take    func(*fake.Server)
		give    func(*fake.Server)
		token   string // in the configuration, afterwards
	}{
		"replaced, sessions end":       {fake.Options{ReplaceKillsSessions: true}, func(f *fake.Server) { f.ReplaceToken("novo-token-do-painel") }, func(*fake.Server) {}, "novo-token-do-painel"},
		"replaced, sessions end later": {fake.Options{}, func(f *fake.Server) { f.ReplaceToken("novo-token-do-painel"); f.ExpireSessions() }, func(*fake.Server) {}, "novo-token-do-painel"},
		"replaced, 403":                {fake.Options{ReplaceKillsSessions: true, Dialect: fake.Dialect{DeadSession: 403}}, func(f *fake.Server) { f.ReplaceToken("novo-token-do-painel") }, func(*fake.Server) {}, "novo-token-do-painel"},
		"switched off":                 {fake.Options{}, (*fake.Server).SwitchOff, (*fake.Server).SwitchOn, fake.DefaultToken},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := fake.New(w300(), tc.options)
			url := serve(t, f).URL
			a := copied(t, config(url, fake.DefaultToken))
			mustSync(t, a)
			want := a.rows()
			tc.take(f)
			f.ResetCalls()
			err := a.Sync(t.Context(), copies.Options{})
			if codeOf(err) != schema.SourceUnavailable {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), fake.DefaultToken) || strings.Contains(err.Error(), url) {
				t.Errorf("the error shows a secret: %v", err)
			}
			st := a.Status()
			if st.State != "down" || !strings.Contains(st.Note, note) {
				t.Errorf("status %+v", st)
			}
			// One reading of five kinds of records: one attempt to log in for each.
			if n := logins(f); n > 5 {
				t.Errorf("%d logins with a token that is refused", n)
			}
			if n, err := a.invoices(t); err != nil || n != want["Invoice"] {
				t.Errorf("the copy has %d invoices, %v", n, err)
			}
			tc.give(f)
			again := copiedTo(t, config(url, tc.token), a.store)
			if n, err := again.invoices(t); err != nil || n != want["Invoice"] {
				t.Errorf("after a restart the copy has %d invoices, %v", n, err)
			}
			mustSync(t, again)
			if st := again.Status(); st.State != "up" || st.Note != "" {
				t.Errorf("healed: status %+v", st)
			}
			for _, said := range []string{a.said.String(), again.said.String()} {
				for _, secret := range []string{fake.DefaultToken, tc.token, "s3ss", "tokenAccess"} {
					if strings.Contains(said, secret) {
						t.Errorf("the log shows %q", secret)
					}
				}
			}
		})
	}
}
