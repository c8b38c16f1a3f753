package policies

import (
	"math/rand/v2"
	"testing"

	"github.com/trama-graph/trama/schema"
)

// row has two columns of texts and one of truth.
type row struct {
	a, b string
	c    *bool
}

func (r row) Column(name string) schema.Value {
	switch name {
	case "a":
		return schema.String(r.a)
	case "b":
		return schema.String(r.b)
	}
	return schema.BoolPtr(r.c)
}

func everyRow() []row {
	yes, no := true, false
	var out []row
	for _, a := range []string{"", "x", "y", "z"} {
		for _, b := range []string{"", "x", "y", "z"} {
			for _, c := range []*bool{nil, &yes, &no} {
				out = append(out, row{a, b, c})
			}
		}
	}
	return out
}

// randomRule is written out, not made by both, either and not.
func randomRule(g *rand.Rand, depth int) *Rule {
	texts := []string{"x", "y", "z"}
	column := []string{"a", "b"}[g.IntN(2)]
	pick := g.IntN(8)
	if depth == 0 && pick > 4 {
		pick = 2
	}
	switch pick {
	case 0:
		return []*Rule{nil, {}, {Op: Never}}[g.IntN(3)]
	case 1:
		truth := g.IntN(2) == 0
		return &Rule{Op: Is, Column: "c", Bool: &truth}
	case 2, 3:
		return is(column, texts[g.IntN(3)], texts[g.IntN(3)])
	case 4:
		return &Rule{Op: FromClaim, Column: column, Claim: []string{"p", "q"}[g.IntN(2)]}
	case 5:
		return &Rule{Op: Not, Of: []*Rule{randomRule(g, depth-1)}}
	}
	of := make([]*Rule, 2+g.IntN(3))
	for i := range of {
		of[i] = randomRule(g, depth-1)
	}
	return &Rule{Op: []RuleOp{Both, Either}[pick-6], Of: of}
}

// holds is the meaning of a rule, told apart from Bind.
func holds(r *Rule, claims map[string]string, x row) bool {
	if r == nil {
		return true
	}
	switch r.Op {
	case Never:
		return false
	case Not:
		return !holds(r.Of[0], claims, x)
	case Both, Either:
		for _, q := range r.Of {
			if holds(q, claims, x) != (r.Op == Both) {
				return r.Op == Either
			}
		}
		return r.Op == Both
	case Is, FromClaim:
		v := x.Column(r.Column)
		if r.Bool != nil {
			return v.Kind == schema.KindBool && v.Bool == *r.Bool
		}
		values := r.Values
		if r.Op == FromClaim {
			values = []string{claims[r.Claim]}
		}
		for _, w := range values {
			if w != "" && v.Str == w {
				return true
			}
		}
		return false
	}
	return true
}

// What is put together means what its parts mean, what is said to imply does, and a
// rule bound to claims is the rule.
func TestRuleAlgebra(t *testing.T) {
	rows := everyRow()
	everyone := []map[string]string{nil, {"p": "x"}, {"p": "x", "q": "y"}, {"p": "z", "q": "z"}}
	implied := 0
	for seed := range uint64(4000) {
		g := rand.New(rand.NewPCG(seed, 9))
		r, s := randomRule(g, 3), randomRule(g, 3)
		all, any, none, imp := both(r, s), either(r, s), not(r), implies(r, s)
		if imp {
			implied++
		}
		for _, claims := range everyone {
			for _, x := range rows {
				a, b := holds(r, claims, x), holds(s, claims, x)
				switch {
				case holds(all, claims, x) != (a && b):
					t.Fatalf("seed %d: both(%s, %s) is %s, wrong for %v", seed, r, s, all, x)
				case holds(any, claims, x) != (a || b):
					t.Fatalf("seed %d: either(%s, %s) is %s, wrong for %v", seed, r, s, any, x)
				case holds(none, claims, x) == a:
					t.Fatalf("seed %d: not(%s) is %s, wrong for %v", seed, r, none, x)
				case imp && a && !b:
					t.Fatalf("seed %d: %s does not imply %s for %v", seed, r, s, x)
				case r.Bind(claims).Match(x) != a:
					t.Fatalf("seed %d: %s is bound to something else for %v", seed, r, x)
				}
			}
		}
	}
	if implied < 100 {
		t.Errorf("only %d rules implied another", implied)
	}
}

func TestRuleText(t *testing.T) {
	truth := true
	for want, r := range map[string]*Rule{
		"all rows":                             nil,
		"no row":                               {Op: Never},
		`status = "a"`:                         is("status", "a"),
		`status in ("a", "b")`:                 is("status", "b", "a", "b"),
		`active = true`:                        {Op: Is, Column: "active", Bool: &truth},
		`carrier = claim carrier`:              {Op: FromClaim, Column: "carrier", Claim: "carrier"},
		`not status = "a"`:                     not(is("status", "a")),
		`(b = "x" or c = claim c) and a = "x"`: both(is("a", "x"), either(is("b", "x"), &Rule{Op: FromClaim, Column: "c", Claim: "c"})),
		`not (a = "x" and b = "y")`:            not(both(is("a", "x"), is("b", "y"))),
	} {
		if got := r.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
