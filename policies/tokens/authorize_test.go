package tokens_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// What is done elsewhere is done by who is an administrator now, and the audit says
// who did it or was refused.
func TestAuthorize(t *testing.T) {
	b := newBench(t)
	actors, ids := people(b)
	for who, allowed := range map[string]bool{"operator": true, "root": true, "admin": true, "member": false, "nobody": false} {
		t.Run("case="+who, func(t *testing.T) {
			err := b.Authorize(t.Context(), actors[who], "reload the policies")
			if allowed {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := b.entries(1)[0]
			if schema.CodeOf(err) != schema.Forbidden || e.Kind != tokens.Refused || e.Token != ids[who] || !strings.HasPrefix(e.Detail, "reload the policies: ") {
				t.Errorf("got %v, the audit has %+v", err, e)
			}
		})
	}
	t.Run("case=token disabled by itself", func(t *testing.T) {
		if _, err := b.Disable(t.Context(), actors["root"], ids["root"]); err != nil {
			t.Fatal(err)
		}
		if err := b.Authorize(t.Context(), actors["root"], "reload the policies"); schema.CodeOf(err) != schema.Forbidden {
			t.Errorf("got %v", err)
		}
		if e := b.entries(1)[0]; e.Kind != tokens.Refused || e.Account != "root" || e.Token != ids["root"] {
			t.Errorf("the audit has %+v", e)
		}
	})
	t.Run("case=what was done names the actor", func(t *testing.T) {
		if err := b.AppendBy(t.Context(), actors["admin"], tokens.Entry{Kind: "policies.reloaded", Account: "somebody"}); err != nil {
			t.Fatal(err)
		}
		if e := b.entries(1)[0]; e.Kind != "policies.reloaded" || e.Account != "admin" || e.Token != ids["admin"] {
			t.Errorf("the audit has %+v", e)
		}
	})
}

// Nobody shuts himself out by his own token; the command line may.
func TestOwnAccount(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*tokens.Account)
	}{
		{"own role", func(a *tokens.Account) { a.Role = tokens.Member }},
		{"own account disabled", func(a *tokens.Account) { a.Disabled = true }},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t)
			actors, _ := people(b)
			_, err := b.SaveAccount(t.Context(), actors["root"], "root", c.change)
			if schema.CodeOf(err) != schema.Forbidden || !strings.Contains(err.Error(), "own account") {
				t.Errorf("got %v", err)
			}
			if err := b.Authorize(t.Context(), actors["root"], "go on"); err != nil {
				t.Errorf("it was refused, and done: %v", err)
			}
			if _, err := b.SaveAccount(t.Context(), actors["root"], "root", func(a *tokens.Account) { a.Agreement = "staff" }); err != nil {
				t.Errorf("the rest of the own account: %v", err)
			}
			if _, err := b.SaveAccount(t.Context(), actors["root2"], "root", c.change); err != nil {
				t.Errorf("another root: %v", err)
			}
			if _, err := b.SaveAccount(t.Context(), tokens.Operator(), "root2", c.change); err != nil {
				t.Errorf("the command line: %v", err)
			}
		})
	}
}

// A token that would see nothing for want of a claim is not made.
func TestNeeds(t *testing.T) {
	b := newBench(t, tokens.WithNeeds(func(pkg string) []string {
		return map[string][]string{"crm": {"shop"}, "bi": {"shop", "carrier"}}[pkg]
	}))
	for _, c := range []struct {
		name     string
		packages []string
		claims   map[string]string
		want     string // "" = made
	}{
		{"none needed", []string{"ecommerce"}, nil, ""},
		{"missing", []string{"crm"}, nil, "the package crm needs the claim shop"},
		{"another one", []string{"crm"}, map[string]string{"carrier": "x"}, "the package crm needs the claim shop"},
		{"one of two", []string{"bi"}, map[string]string{"shop": "x"}, "the package bi needs the claim carrier"},
		{"one of the packages", []string{"ecommerce", "crm"}, nil, "the package crm needs the claim shop"},
		{"given", []string{"bi", "crm"}, map[string]string{"shop": "x", "carrier": "y"}, ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			_, _, err := b.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: "shop", Role: tokens.Member, Packages: c.packages, Claims: c.claims})
			if c.want == "" && err != nil || c.want != "" && (schema.CodeOf(err) != schema.BadRequest || err.Error() != c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
