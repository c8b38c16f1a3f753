package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

func TestProbe(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			io.WriteString(w, `{"token":"sess-1"}`)
			return
		}
		io.WriteString(w, `{"data":[
			{"numero":"A","date":"2026-03-04","totalTTC":"1.234","etat":"NEW","lignes":[{"qte":1},{"qte":"x"}]},
			{"id":2,"numero":"B","date":"31/02/2026","totalTTC":"5,00","etat":"Ion Popescu"}]}`)
	})
	cfg := config(s)
	cfg.Auth = rest.Auth{Kind: "session", Login: rest.Exchange{Path: "/login", Query: map[string]string{"tokenAccess": secret}, TokenAt: []string{"token"}, Header: "X-Session"}}
	cfg.Locale.Dates = []string{"2006-01-02", "02/01/2006"}
	cfg.Paging = rest.Paging{Style: "page", PageParam: "page", SizeParam: "limit"}
	order(&cfg, func(e *rest.Entity) {
		e.Package = "crm"
		e.Fields = rest.Fields{
			"id": at("id", "numero"), "number": at("numero"), "date": at("date"), "total": at("totalTTC"), "paid": at("regle", "paye"),
			"status": {At: []string{"etat"}, Map: map[string]string{"NEW": "new"}}, "currency": {Value: "EUR"},
			"lines": {At: []string{"lignes"}, Fields: rest.Fields{"quantity": at("qte")}},
		}
	})
	src := open(t, s, cfg)
	findings, err := src.Probe(t.Context())
	if err != nil {
		t.Fatal(chain(err))
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %s: %s", f.Level, f.Subject, f.Result))
	}
	want := []string{
		"ok login: ok",
		"ok Order (crm: GET /orders): 2 records",
		"ok Order.date: date, in 2 of 2 records; 1: no such day",
		"ok Order.id: id in 1, numero in 1 of 2 records",
		"ok Order.lines: lignes, in 1 of 2 records",
		"ok Order.lines.quantity: qte, in 2 of 2 records; 1: not a number",
		"ok Order.number: numero, in 2 of 2 records",
		"warn Order.paid: none of its candidates occurs: regle, paye (2 records)",
		"ok Order.status: etat, in 2 of 2 records; 1: value that is not in its map",
		"ok Order.total: totalTTC, in 2 of 2 records; 1: ambiguous decimal",
		"ok Order copy: not followed, as nothing tells what changed; swept by reading all rows",
	}
	for i := range want { // what could not be read is a warning
		if strings.Contains(want[i], "; 1") {
			want[i] = "warn" + strings.TrimPrefix(want[i], "ok")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings\n%s", strings.Join(got, "\n"))
	}
	if got := s.calls(); len(got) != 2 || !strings.Contains(got[1], "limit=10") {
		t.Errorf("asked %q", got)
	}
	if p := problems(src); len(p) != 0 {
		t.Errorf("a look is counted: %q", p)
	}
	if st := src.Status(); st.State != "up" || st.Note != "" {
		t.Errorf("status %+v", st)
	}
}

func TestProbeOfARefusedLogin(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad "+r.URL.String(), http.StatusForbidden)
	})
	cfg := config(s)
	cfg.Auth = rest.Auth{Kind: "session", Login: rest.Exchange{Path: "/login", Query: map[string]string{"tokenAccess": secret}, TokenAt: []string{"$"}, Header: "X-Session"}}
	src := open(t, s, cfg)
	findings, err := src.Probe(t.Context())
	e := wantError(t, err, schema.SourceUnavailable)
	if e.Retryable || len(findings) != 1 || findings[0].Level != datasources.Fail || !strings.Contains(findings[0].Result, "the token was replaced or the API was switched off") {
		t.Errorf("findings %+v, %+v", findings, e)
	}
	if st := src.Status(); !strings.Contains(st.Note, "the token was replaced or the API was switched off") || st.State != "down" {
		t.Errorf("status %+v", st)
	}
	if shown := chain(err) + s.logged() + fmt.Sprint(findings, cfg); strings.Contains(shown, secret) {
		t.Errorf("the secret is in %s", shown)
	}
}

// TestSessionEndsInTheMiddle: one new login, and the scan goes on.
func TestSessionEndsInTheMiddle(t *testing.T) {
	logins, calls := 0, 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			logins++
			fmt.Fprintf(w, `"sess-%d"`, logins)
			return
		}
		calls++
		if calls == 3 || r.Header.Get("X-Session") != fmt.Sprintf("sess-%d", logins) {
			w.WriteHeader(403)
			return
		}
		shop(45)(w, r)
	})
	cfg := paged(s, "offset")
	cfg.Auth = rest.Auth{Kind: "session", Login: rest.Exchange{Path: "/login", TokenAt: []string{"$"}, Header: "X-Session"}}
	cfg.Reply.NotEnabledStatuses = []int{403}
	got, err := scan(t, open(t, s, cfg), "Order", "")
	if err != nil || len(got.keys) != 45 || logins != 2 {
		t.Errorf("%d rows, %d logins, %v", len(got.keys), logins, err)
	}
}

func TestProbeWarns(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
		level datasources.Level
	}{
		"no records":            {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `[]`) }, "no records: its columns could not be looked at", datasources.Warn},
		"empty by its status":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "no records: its status says that the list is empty, as a wrong path might", datasources.Warn},
		"the size is ignored":   {func(w http.ResponseWriter, _ *http.Request) { write(w, records(0, 25)) }, "25 records although 10 were asked for: the size is ignored", datasources.Warn},
		"an error":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "erp could not answer Order", datasources.Fail},
		"records of other kind": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `[{"x":1}]`) }, "1 records", datasources.OK},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, c.serve)
			cfg := config(s)
			cfg.Paging = rest.Paging{Style: "page", PageParam: "page", SizeParam: "limit"}
			cfg.Reply.EmptyStatuses = []int{404}
			findings, err := open(t, s, cfg).Probe(t.Context())
			if findings[0].Result != c.want || findings[0].Level != c.level {
				t.Errorf("findings %+v", findings)
			}
			if (err != nil) != (name == "an error" || name == "records of other kind") {
				t.Errorf("error %v", err)
			}
			if name == "records of other kind" && !slices.ContainsFunc(findings, func(f datasources.Finding) bool { return f.Subject == "Order.id" && f.Level == datasources.Fail }) {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}
