package tokens_test

import (
	"errors"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// flip changes the sign at a place; mended puts the right checksum behind it.
func flip(text string, i int) string {
	b := []byte(text)
	if b[i] == 'a' {
		b[i] = 'b'
	} else {
		b[i] = 'a'
	}
	return string(b)
}

// TestRefused: whatever is wrong with a token, the answer is the same, and so is
// the number of look-ups.
func TestRefused(t *testing.T) {
	b := newBench(t, tokens.WithCache(0))
	text, tok := b.issue(tokens.Grant{Account: "shop"})
	if !regexp.MustCompile(`^trm_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}$`).MatchString(text) {
		t.Errorf("the token looks like %q", text)
	}
	if strings.Contains(string(tok.SecretHMAC), text[20:]) {
		t.Error("the secret is stored")
	}
	replaced, _ := b.issue(tokens.Grant{Account: "replaced"})
	b.issue(tokens.Grant{Account: "replaced"})
	disabled, d := b.issue(tokens.Grant{Account: "disabled"})
	if stopped, err := b.Disable(t.Context(), tokens.Operator(), d.ID); err != nil || stopped.State != tokens.Disabled {
		t.Fatal(err)
	}
	expired, _ := b.issue(tokens.Grant{Account: "expired", Expires: b.now.Add(time.Minute)})
	stopped, _ := b.issue(tokens.Grant{Account: "stopped"})
	b.agreement(policies.Agreement{Name: "slow", Packages: []string{"bi"}, Overlap: 30 * time.Second})
	b.account("overlapped", tokens.Member, "slow")
	overlapped, _ := b.issue(tokens.Grant{Account: "overlapped"})
	b.issue(tokens.Grant{Account: "overlapped"})
	b.account("stopped", tokens.Member, "")
	if _, err := b.SaveAccount(t.Context(), tokens.Operator(), "stopped", func(a *tokens.Account) { a.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	other := tokens.New(b.store, []byte("another key"), "live", nil)
	foreign, _, err := other.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: "foreign", Packages: []string{"bi"}, Role: tokens.Member})
	if err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(time.Minute)
	var answers []error
	for _, c := range []struct {
		name, text string
		looks      int64
	}{
		{"empty", "", 0},
		{"word", "admin", 0},
		{"wrong checksum", flip(text, len(text)-1), 0},
		{"wrong secret", flip(text, 25), 0},
		{"cut", text[:len(text)-1], 0},
		{"longer", text + "a", 0},
		{"very long", text + strings.Repeat("a", 1<<20), 0},
		{"other prefix", "x" + text[1:], 0},
		{"test token", strings.Replace(text, "live", "test", 1), 0},
		{"not of this alphabet", tokens.Mend(text[:25] + "\x00" + text[26:]), 1},
		{"wrong secret, right checksum", tokens.Mend(flip(text, 25)), 1},
		{"unknown, right checksum", tokens.Mend(flip(text, 12)), 1},
		{"replaced", replaced, 1},
		{"overlap ended", overlapped, 1},
		{"disabled", disabled, 1},
		{"expired", expired, 1},
		{"account disabled", stopped, 1},
		{"of another server", foreign, 1},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			before := b.store.looked.Load()
			p, err := b.Verify(t.Context(), c.text, here)
			if p != nil || schema.CodeOf(err) != schema.Unauthenticated {
				t.Fatalf("got %+v, %v", p, err)
			}
			if got := b.store.looked.Load() - before; got != c.looks {
				t.Errorf("%d look-ups, want %d", got, c.looks)
			}
			answers = append(answers, err)
		})
	}
	for _, err := range answers[1:] {
		if !reflect.DeepEqual(err, answers[0]) {
			t.Errorf("answers %+v and %+v differ", err, answers[0])
		}
	}
	if p := b.principal(text); p.Account != "shop" {
		t.Errorf("the right one is let in as %+v", p)
	}
}

func TestPrincipal(t *testing.T) {
	b := newBench(t)
	b.agreement(policies.Agreement{Name: "partners", Packages: []string{"crm", "ecommerce"}, CallsPerMinute: 7, Overlap: time.Hour})
	b.account("shop", tokens.Member, "partners")
	ends := b.now.Add(90 * 24 * time.Hour)
	text, tok := b.issue(tokens.Grant{Account: "shop", Packages: []string{"ecommerce", "crm", "crm"}, Claims: map[string]string{"shop": "web"}, Expires: ends})
	want := policies.Principal{
		TokenID: tok.ID, Account: "shop", Role: "member", Packages: []string{"crm", "ecommerce"}, Claims: map[string]string{"shop": "web"}, ExpiresAt: ends,
		Agreement: policies.Agreement{Name: "partners", Packages: []string{"crm", "ecommerce"}, CallsPerMinute: 7, Overlap: time.Hour}, Address: here,
	}
	for _, how := range []string{"looked up", "remembered"} {
		if p := b.principal(text); !reflect.DeepEqual(*p, want) {
			t.Errorf("%s\n got %+v\nwant %+v", how, *p, want)
		}
	}
	// Who it is does not depend on its secret; the operator may ask.
	want.Address = netip.Addr{}
	if p, err := tokens.PrincipalOf(t.Context(), b.store, tok.ID); err != nil || !reflect.DeepEqual(*p, want) {
		t.Errorf("by its id: %+v, %v", p, err)
	}
	if _, err := tokens.PrincipalOf(t.Context(), b.store, "0123456789"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("an unknown id: %v", err)
	}
	// What the agreement no longer has, the token no longer has.
	b.agreement(policies.Agreement{Name: "partners", Packages: []string{"bi", "crm"}})
	if p := b.principal(text); !reflect.DeepEqual(p.Packages, []string{"crm"}) || p.Agreement.CallsPerMinute != 0 {
		t.Errorf("after the agreement was changed: %+v", p)
	}
	b.account("shop", tokens.Admin, tokens.DefaultAgreement)
	if p := b.principal(text); !reflect.DeepEqual(p.Packages, []string{"crm", "ecommerce"}) || p.Role != "admin" || p.Agreement.Name != tokens.DefaultAgreement {
		t.Errorf("after the account was changed: %+v", p)
	}
}

func TestNetworks(t *testing.T) {
	b := newBench(t)
	text, tok := b.issue(tokens.Grant{Account: "shop", Networks: []string{"10.1.2.3/8", "2001:db8::/32", "::ffff:192.0.2.7", "198.51.100.9"}})
	if want := []string{"10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32", "198.51.100.9/32"}; !reflect.DeepEqual(tok.Networks, want) {
		t.Errorf("networks %q", tok.Networks)
	}
	for _, c := range []struct {
		from    string
		allowed bool
	}{
		{"10.255.0.1", true},
		{"::ffff:10.1.2.3", true},
		{"11.0.0.1", false},
		{"127.0.0.1", false},
		{"2001:db8:1::1", true},
		{"2001:db9::1", false},
		{"192.0.2.7", true},
		{"192.0.2.8", false},
		{"198.51.100.9", true},
		{"2001:db8::1%eth0", true},
		{"", false},
	} {
		t.Run("case="+c.from, func(t *testing.T) {
			var from netip.Addr
			if c.from != "" {
				from = netip.MustParseAddr(c.from)
			}
			_, err := b.Verify(t.Context(), text, from)
			if want := map[bool]schema.Code{true: "", false: schema.Forbidden}[c.allowed]; schema.CodeOf(err) != want {
				t.Errorf("got %v", err)
			}
			// From wherever: a token that is not valid is not told about networks.
			if _, err := b.Verify(t.Context(), tokens.Mend(flip(text, 25)), from); schema.CodeOf(err) != schema.Unauthenticated {
				t.Errorf("a wrong secret: %v", err)
			}
		})
	}
}

func TestOverlap(t *testing.T) {
	b := newBench(t, tokens.WithCache(0))
	b.agreement(policies.Agreement{Name: "slow", Packages: []string{"bi"}, Overlap: time.Hour})
	b.account("shop", tokens.Member, "slow")
	first, one := b.issue(tokens.Grant{Account: "shop"})
	second, two := b.issue(tokens.Grant{Account: "shop", Expires: b.now.Add(10 * time.Minute)})
	letIn := func(what string, text string, want bool) {
		t.Helper()
		if _, err := b.Verify(t.Context(), text, here); (err == nil) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	letIn("the overlapping one", first, true)
	letIn("the new one", second, true)
	third, _ := b.issue(tokens.Grant{Account: "shop"})
	letIn("one that overlapped before", first, false)
	letIn("the one that overlaps now", second, true)
	letIn("the newest", third, true)
	list, err := b.Tokens(t.Context(), tokens.TokenFilter{Account: "shop", State: tokens.Overlapping})
	if err != nil || len(list) != 1 || list[0].ID != two.ID || !list[0].ExpiresAt.Equal(b.now.Add(10*time.Minute)) {
		t.Errorf("an overlap does not make a token live longer: %+v, %v", list, err)
	}
	b.now = b.now.Add(10 * time.Minute)
	letIn("the one whose overlap is over", second, false)
	if _, err := b.Disable(t.Context(), tokens.Operator(), one.ID); err != nil {
		t.Error(err)
	}
	if list, _ := b.Tokens(t.Context(), tokens.TokenFilter{Account: "shop", State: tokens.Replaced}); len(list) != 2 {
		t.Errorf("replaced are %+v", list)
	}
}

// TestCache: within a second a token is not looked up again, but what ends it in
// this process does so at once.
func TestCache(t *testing.T) {
	b := newBench(t)
	text, tok := b.issue(tokens.Grant{Account: "shop", Expires: b.now.Add(time.Hour)})
	look := func(what string, want int64) {
		t.Helper()
		before := b.store.looked.Load()
		b.principal(text)
		if got := b.store.looked.Load() - before; got != want {
			t.Errorf("%s: %d look-ups, want %d", what, got, want)
		}
	}
	look("at first", 1)
	look("again", 0)
	b.now = b.now.Add(time.Second - 1)
	look("just before a second", 0)
	b.now = b.now.Add(1)
	look("after a second", 1)
	// A refusal is not remembered.
	for range 2 {
		before := b.store.looked.Load()
		if _, err := b.Verify(t.Context(), tokens.Mend(flip(text, 25)), here); err == nil || b.store.looked.Load() != before+1 {
			t.Errorf("a wrong secret: %v", err)
		}
	}
	// One that ends while it is remembered ends.
	b.now = start.Add(time.Hour - 1)
	look("before its end", 1)
	b.now = start.Add(time.Hour)
	if _, err := b.Verify(t.Context(), text, here); schema.CodeOf(err) != schema.Unauthenticated {
		t.Errorf("an expired one is remembered: %v", err)
	}
	// One that is stopped between its look-up and its being remembered is not
	// remembered.
	text, tok = b.issue(tokens.Grant{Account: "shop"})
	b.store.before = sync.OnceFunc(func() {
		if _, err := b.Disable(t.Context(), tokens.Operator(), tok.ID); err != nil {
			t.Error(err)
		}
	})
	if _, err := b.Verify(t.Context(), text, here); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(t.Context(), text, here); schema.CodeOf(err) != schema.Unauthenticated {
		t.Errorf("a stopped one was remembered: %v", err)
	}
}

// TestStoreAway: what cannot be found out is not a no, and nobody is let in.
func TestStoreAway(t *testing.T) {
	b := newBench(t, tokens.WithCache(0))
	text, _ := b.issue(tokens.Grant{Account: "shop"})
	away := errors.New("away")
	b.store.fails.Store(&away)
	if p, err := b.Verify(t.Context(), text, here); p != nil || schema.CodeOf(err) != schema.Internal || !errors.Is(err, away) || strings.Contains(err.Error(), "away") {
		t.Errorf("got %+v, %v", p, err)
	}
}

func FuzzVerify(f *testing.F) {
	b := newBench(f)
	text, _ := b.issue(tokens.Grant{Account: "shop"})
	f.Add(text)
	f.Add("")
	f.Add("trm_live_" + strings.Repeat("a", 10) + "_" + strings.Repeat("b", 38))
	f.Add("trm_live_" + strings.Repeat("_", 50))
	f.Add("trm_live_" + text)
	f.Add("trm_live_0123456789_" + text)
	f.Add(text + text)
	f.Add("_0123456789_0123456789_" + text)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := b.Verify(t.Context(), s, here)
		if (err == nil) != (s == text) {
			t.Fatalf("%q is let in as %+v, %v", s, p, err)
		}
		// Wherever it is written, the audit keeps no secret.
		if err := b.Append(t.Context(), tokens.Entry{Kind: "x", Subject: s, Detail: s + text}); err != nil {
			t.Fatal(err)
		}
		list, err := b.Audit(t.Context(), tokens.AuditFilter{First: 1})
		if err != nil {
			t.Fatal(err)
		}
		if e := list[0]; strings.Contains(e.Subject+e.Detail, text[len(text)-38:]) {
			t.Fatalf("the audit has a secret: %+v", e)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct {
		name     string
		lifetime time.Duration
	}{{"remembered", time.Second}, {"looked up", 0}} {
		b.Run(c.name, func(b *testing.B) {
			s := newBench(b, tokens.WithCache(c.lifetime))
			text, _ := s.issue(tokens.Grant{Account: "a"})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(b.Context(), text, here); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
