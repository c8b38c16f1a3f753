package tokens_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

func TestSourceToken(t *testing.T) {
	b := newBench(t, tokens.WithSources(func() []string { return []string{"erp"} }))
	b.agreement(policies.Agreement{Name: "reads", Packages: []string{"bi"}})
	b.account("agreed", tokens.Member, "reads")
	b.account("boss", tokens.Admin, tokens.DefaultAgreement)
	for name, c := range map[string]struct {
		grant tokens.Grant
		says  string
	}{
		"a source that is not pushed": {tokens.Grant{Source: "crm"}, "no source of this name"},
		"with packages":               {tokens.Grant{Source: "erp", Packages: []string{"bi"}}, "no packages"},
		"with claims":                 {tokens.Grant{Source: "erp", Claims: map[string]string{"shop": "1"}}, "no claims"},
		"of an administrator":         {tokens.Grant{Account: "boss", Source: "erp"}, "role member"},
		"by a claim":                  {tokens.Grant{Packages: []string{"bi"}, Claims: map[string]string{"source": "erp"}}, "there is no claim"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if c.grant.Account == "" {
				c.grant.Account = "pusher"
			}
			c.grant.Role = tokens.Member
			_, _, err := b.Issue(t.Context(), tokens.Operator(), c.grant)
			if schema.CodeOf(err) != schema.BadRequest || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s", err, c.says)
			}
		})
	}
	for _, account := range []string{"pusher", "agreed"} {
		text, tok, err := b.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: account, Role: tokens.Member, Source: "erp"})
		if err != nil {
			t.Fatal(err)
		}
		p := b.principal(text)
		if name, ok := p.Source(); !ok || name != "erp" || p.Packages != nil || tok.Source() != "erp" || p.Role != policies.RoleSource {
			t.Errorf("got %+v", p)
		}
		if err := b.Authorize(t.Context(), tokens.ActorOf(p), "reload"); schema.CodeOf(err) != schema.Forbidden {
			t.Errorf("got %v", err)
		}
	}
	// It stays a source's token when its account becomes an administrator's.
	text, _, err := b.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: "rising", Role: tokens.Member, Source: "erp"})
	if err != nil {
		t.Fatal(err)
	}
	b.account("rising", tokens.Root, tokens.DefaultAgreement)
	if p := b.principal(text); p.Role != policies.RoleSource {
		t.Errorf("got %+v", p)
	}
	if err := b.Authorize(t.Context(), tokens.ActorOf(b.principal(text)), "reload"); schema.CodeOf(err) != schema.Forbidden {
		t.Errorf("got %v", err)
	}
	if e := b.entries(20); !strings.Contains(strings.Join(details(e), "\n"), "no packages; source = erp") {
		t.Errorf("got %+v", e)
	}
	// A member's token names no source.
	other, _ := b.issue(tokens.Grant{Account: "other"})
	if _, ok := b.principal(other).Source(); ok {
		t.Error("a member's token is a source's")
	}
}

func details(list []tokens.Entry) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Detail
	}
	return out
}
