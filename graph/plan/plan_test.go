package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// prices are a helpdesk that takes 10 parents a call, and a books system beside
// the shop that gives 25 rows a call.
type prices map[string]plan.Price

func (p prices) Price(typeName, field string) plan.Price { return p[typeName+"."+field] }

var tariff = prices{
	"Query.customers":  {Sources: []string{"crm"}, Call: 10, Rows: 25},
	"Query.customer":   {Sources: []string{"crm"}, Call: 10},
	"Customer.manager": {Sources: []string{"crm"}, Call: 10, Batch: 20},
	"Customer.tickets": {Sources: []string{"desk"}, Call: 100, Batch: 10},
	"Customer.orders":  {Sources: []string{"shop", "books"}, Call: 5, Batch: 25, Rows: 50},
	"Ticket.customer":  {Sources: []string{"crm"}, Call: 10},
}

func load(t testing.TB) *ast.Schema {
	t.Helper()
	sdl, err := os.ReadFile("testdata/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(sdl)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func operation(t testing.TB, s *ast.Schema, query string, vars map[string]any) (*ast.OperationDefinition, map[string]any) {
	t.Helper()
	doc, errs := gqlparser.LoadQuery(s, query) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		t.Fatal(errs)
	}
	coerced, err := validator.VariableValues(s, doc.Operations[0], vars)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Operations[0], coerced
}

// TestPlans is the planner's tutorial: testdata/plans holds operations with the
// plans that come of them.
func TestPlans(t *testing.T) {
	s := load(t)
	files, err := filepath.Glob("testdata/plans/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal("no plans", err)
	}
	for _, file := range files {
		t.Run("case="+strings.TrimSuffix(filepath.Base(file), ".graphql"), func(t *testing.T) {
			query, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var given map[string]any
			if _, text, ok := strings.Cut(string(query), "# vars: "); ok {
				d := json.NewDecoder(strings.NewReader(text))
				d.UseNumber()
				if err := d.Decode(&given); err != nil {
					t.Fatal(err)
				}
			}
			op, vars := operation(t, s, string(query), given)
			p, err := plan.Of(s, op, vars, plan.Options{Prices: tariff})
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, "graphql") + "json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

func TestPlanIsBounded(t *testing.T) {
	s := load(t)
	// Each fragment spreads the next one twice under two keys: 2^30 fields.
	var b strings.Builder
	b.WriteString("{ customer(id: 1) { ...F0 } }")
	for i := range 30 {
		fmt.Fprintf(&b, " fragment F%d on Customer { a: manager { ...F%d } b: manager { ...F%d } }", i, i+1, i+1)
	}
	b.WriteString(" fragment F30 on Customer { id }")
	// Fields of a type that is never met: many looks, no field.
	var c strings.Builder
	c.WriteString("{ search(text: \"1\") { ... on Ticket { ")
	for range 3000 {
		c.WriteString("... on Node { ... on Customer { id } } ")
	}
	c.WriteString("} } }")

	for name, query := range map[string]string{"doubling fragments": b.String(), "fragments that match nothing": c.String()} {
		t.Run("case="+name, func(t *testing.T) {
			// Validating such a document takes long by itself, so it is linked only.
			doc, err := parser.ParseQuery(&ast.Source{Input: query})
			if err != nil {
				t.Fatal(err)
			}
			if errs := validator.ValidateWithRules(s, doc, rules.NewRules(rules.KnownFragmentNamesRule)); errs != nil {
				t.Fatal(errs)
			}
			_, got := plan.Of(s, doc.Operations[0], nil, plan.Options{MaxNodes: 100})
			if schema.CodeOf(got) != schema.TooCostly || !strings.Contains(got.Error(), "more than 100 fields") {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPlanErrors(t *testing.T) {
	s := load(t)
	tests := []struct {
		name, query string
		vars        map[string]any
		want        string
	}{
		{"a condition that is null", `query($x: Boolean = true) { sources @include(if: $x) { name } }`, map[string]any{"x": nil}, `@include: argument "if" must be true or false`},
		{"a number too large", `{ sources(since: 99999999999999999999) { name } }`, nil, `argument "since" of Query.sources has no valid value`},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			doc, errs := gqlparser.LoadQuery(s, tt.query) //nolint:staticcheck // the rules are the default ones
			if errs != nil {
				t.Fatal(errs)
			}
			_, err := plan.Of(s, doc.Operations[0], tt.vars, plan.Options{})
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.BadRequest || e.Message != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestPlanLeavesTheRequestAlone(t *testing.T) {
	s := load(t)
	vars := map[string]any{"f": map[string]any{"name": "x", "or": map[string]any{"name": "y"}}}
	query := `query($f: CustomerFilter) { customers(filter: $f) { totalCount } }`
	doc, errs := gqlparser.LoadQuery(s, query) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		t.Fatal(errs)
	}
	before, _ := json.Marshal(vars)
	p, err := plan.Of(s, doc.Operations[0], vars, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(vars); !bytes.Equal(before, after) {
		t.Errorf("variables became %s", after)
	}
	p.Roots[0].Args["filter"].(map[string]any)["name"] = "changed"
	if after, _ := json.Marshal(vars); !bytes.Equal(before, after) {
		t.Errorf("the plan shares its arguments with the variables: %s", after)
	}
}

func TestContext(t *testing.T) {
	ctx := t.Context()
	if plan.From(ctx) != nil || plan.Columns(ctx) != nil || !plan.Total(ctx) {
		t.Error("a context without a node has one")
	}
	n := &plan.Node{Field: "tickets", Columns: []string{"id"}}
	ctx = plan.With(ctx, n)
	if plan.From(ctx) != n || len(plan.Columns(ctx)) != 1 || plan.Total(ctx) {
		t.Error("the node is not in its context")
	}
}

func BenchmarkOf(b *testing.B) {
	s := load(b)
	query, err := os.ReadFile("testdata/plans/join.graphql")
	if err != nil {
		b.Fatal(err)
	}
	op, vars := operation(b, s, string(query), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Of(s, op, vars, plan.Options{Prices: tariff}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWhole holds that a list of the root is planned to its end where nothing else is
// said, compiled or not, and that its figures are those of a page.
func TestWhole(t *testing.T) {
	s := load(t)
	for _, tt := range []struct {
		name, query string
		vars        map[string]any
		page, below int
	}{
		{"no size", `{ customers { nodes { tickets { nodes { id } } } } }`, nil, plan.WholePage, 20},
		{"a size", `{ customers(first: 7) { nodes { tickets(first: 8) { nodes { id } } } } }`, nil, 7, 8},
		{"a variable", `query($n: Int) { customers(first: $n) { nodes { tickets(first: $n) { nodes { id } } } } }`, map[string]any{"n": 9}, 9, 9},
		{"a variable that is not given", `query($n: Int) { customers(first: $n) { nodes { tickets(first: $n) { nodes { id } } } } }`, nil, plan.WholePage, 20},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			op, vars := operation(t, s, tt.query, tt.vars)
			of := func(o plan.Options) *plan.Plan {
				o.Prices = tariff
				p, err := plan.Of(s, op, vars, o)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			p := of(plan.Options{Whole: true})
			other, otherVars := operation(t, s, tt.query, nil)
			if tt.vars == nil {
				_, otherVars = operation(t, s, tt.query, map[string]any{"n": 5})
			}
			c, err := plan.Compile(s, other, otherVars, plan.Options{Whole: true, Prices: tariff})
			if err != nil {
				t.Fatal(err)
			}
			bound, err := c.Bind(vars)
			if err != nil {
				t.Fatal(err)
			}
			for what, p := range map[string]*plan.Plan{"planned": p, "compiled": bound} {
				root := p.Roots[0]
				if below := root.Children[0].Children[0].Page; root.Page != tt.page || below != tt.below {
					t.Errorf("%s: pages of %d and %d, want %d and %d", what, root.Page, below, tt.page, tt.below)
				}
				if plan.Whole(plan.With(t.Context(), root)) != (tt.page == plan.WholePage) {
					t.Errorf("%s: whole is told wrongly", what)
				}
				if want := of(plan.Options{}); p.Cost != want.Cost || p.Calls != want.Calls || root.Rows != want.Roots[0].Rows {
					t.Errorf("%s: cost %d, calls %d, want %d and %d", what, p.Cost, p.Calls, want.Cost, want.Calls)
				}
			}
		})
	}
	if plan.Whole(t.Context()) {
		t.Error("what is not planned is whole")
	}
}
