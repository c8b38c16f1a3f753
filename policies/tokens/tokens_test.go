package tokens_test

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// memory is a Store for tests of the service; the contract of real ones is
// tested in store.
type memory map[string]tokens.Token

func (m memory) PutToken(_ context.Context, list ...tokens.Token) error {
	for _, t := range list {
		m[t.ID] = t
	}
	return nil
}

func (m memory) TokenByID(_ context.Context, id string) (tokens.Token, error) {
	if t, ok := m[id]; ok {
		return t, nil
	}
	return tokens.Token{}, schema.Errorf(schema.NotFound, "no such token")
}

func (m memory) Tokens(_ context.Context, account string) ([]tokens.Token, error) {
	var out []tokens.Token
	for _, t := range m {
		if account == "" || t.Account == account {
			out = append(out, t)
		}
	}
	return out, nil
}

var here = netip.MustParseAddr("127.0.0.1")

func TestTokens(t *testing.T) {
	m := memory{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := tokens.New(m, []byte("server key"), "live", func() time.Time { return now })
	text, tok, err := s.Issue(t.Context(), tokens.Grant{Account: "a", Packages: []string{"admin"}, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^trm_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}$`).MatchString(text) {
		t.Errorf("the token looks like %q", text)
	}
	if strings.Contains(string(tok.SecretHMAC), text[20:]) {
		t.Error("the secret is stored")
	}
	p, err := s.Verify(t.Context(), text, here)
	if err != nil || p.Account != "a" || !p.Has("admin") || p.Has("x") {
		t.Fatalf("got %+v, %v", p, err)
	}
	flip := func(i int) string {
		b := []byte(text)
		if b[i] == 'a' {
			b[i] = 'b'
		} else {
			b[i] = 'a'
		}
		return string(b)
	}
	for name, bad := range map[string]string{
		"empty": "", "word": "admin", "wrong id": flip(12), "wrong secret": flip(25), "wrong checksum": flip(len(text) - 1),
		"cut": text[:len(text)-1], "longer": text + "a", "other prefix": "x" + text[1:], "test token": strings.Replace(text, "live", "test", 1),
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, err := s.Verify(t.Context(), bad, here); schema.CodeOf(err) != schema.Unauthenticated {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := tokens.New(m, []byte("another key"), "live", nil).Verify(t.Context(), text, here); schema.CodeOf(err) != schema.Unauthenticated {
		t.Error("a server with another key let it in")
	}
	second, _, err := s.Issue(t.Context(), tokens.Grant{Account: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), text, here); err == nil {
		t.Error("the replaced token still lets in")
	}
	if _, err := s.Verify(t.Context(), second, here); err != nil {
		t.Error("the new token does not let in")
	}
	third, _, _ := s.Issue(t.Context(), tokens.Grant{Account: "b", Networks: []string{"10.0.0.0/8"}, Expires: now.Add(time.Hour)})
	if _, err := s.Verify(t.Context(), third, here); schema.CodeOf(err) != schema.Forbidden {
		t.Errorf("from elsewhere: got %v", err)
	}
	if _, err := s.Verify(t.Context(), third, netip.MustParseAddr("::ffff:10.1.2.3")); err != nil {
		t.Errorf("from the network: got %v", err)
	}
	for name, g := range map[string]tokens.Grant{
		"no account": {}, "a blank account": {Account: "  "}, "no network": {Account: "a", Networks: []string{"nonsense"}},
	} {
		if _, _, err := s.Issue(t.Context(), g); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := s.Verify(t.Context(), second, here); err != nil {
		t.Error("a refused grant has stopped a token")
	}
	if own, _, err := s.Issue(t.Context(), tokens.Grant{Account: "c", Networks: []string{"127.0.0.1"}}); err != nil {
		t.Error(err)
	} else if _, err := s.Verify(t.Context(), own, here); err != nil {
		t.Errorf("from its one address: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := s.Verify(t.Context(), third, netip.MustParseAddr("10.1.2.3")); schema.CodeOf(err) != schema.Unauthenticated {
		t.Error("an expired token lets in")
	}
}

func BenchmarkVerify(b *testing.B) {
	s := tokens.New(memory{}, []byte("server key"), "live", nil)
	text, _, _ := s.Issue(b.Context(), tokens.Grant{Account: "a"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(b.Context(), text, here); err != nil {
			b.Fatal(err)
		}
	}
}
