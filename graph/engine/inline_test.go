package engine_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/scalar"
	"github.com/trama-graph/trama/policies"
)

// swiftOptions are those of the server: scalars that are written without a look before.
func swiftOptions() engine.Options {
	o := options()
	o.Scalars = map[string]engine.Scalar{
		"String":  engine.Text(scalar.MarshalText, scalar.UnmarshalText),
		"Decimal": engine.ScalarOf(scalar.MarshalDecimal, scalar.UnmarshalDecimal, scalar.AppendDecimal).NeverNull(),
	}
	return o
}

func swiftRig(tb testing.TB, customers int) (*rig, *lean) {
	tb.Helper()
	l := newLean()
	all := l.page.Nodes
	for i := range customers {
		if i == len(l.page.Nodes) {
			l.page.Nodes = append(l.page.Nodes, all[i%len(all)])
		}
	}
	l.page.Nodes = l.page.Nodes[:customers]
	r := &rig{root: l.Root, es: testgraph.NewExecutableSchema(testgraph.Config{Resolvers: l})}
	r.exec = executor.New(r.es)
	var err error
	if r.engine, err = engine.New(r.es, l, swiftOptions()); err != nil {
		tb.Fatal(err)
	}
	return r, l
}

// Objects that lie in their parents, and scalars that are not looked at before, come out
// as all others, with their nulls where the schema has them.
func TestWrittenWhereItLies(t *testing.T) {
	text := func(s string) *string { return &s }
	amount := decimal.MustParse("-0.05")
	whole := &world.Money{Amount: &amount, Currency: text("EUR")}
	for _, tc := range []struct {
		name, query string
		set         func(c *world.Customer)
		view        verdicts
		want        string // of the customer
		errors      int
	}{
		{name: "money", query: `money { amount currency }`, set: func(c *world.Customer) { c.Money = whole }, want: `{"money":{"amount":"-0.05","currency":"EUR"}}`},
		{name: "no money", query: `money { amount }`, set: func(c *world.Customer) { c.Money = nil }, want: `{"money":null}`},
		{name: "its name alone", query: `money { __typename } id: __typename`, set: func(c *world.Customer) { c.Money = whole }, want: `{"money":{"__typename":"Money"},"id":"Customer"}`},
		{name: "no money, its name alone", query: `money { __typename }`, set: func(c *world.Customer) { c.Money = nil }, want: `{"money":null}`},
		{name: "money without a currency", query: `money { currency }`, set: func(c *world.Customer) { c.Money = &world.Money{Amount: &amount, Currency: text("")} }, want: `{"money":null}`, errors: 1},
		{name: "no money where some must be", query: `mustMoney { __typename }`, set: func(c *world.Customer) { c.MustMoney = nil }, want: `null`, errors: 1},
		{name: "an empty text", query: `name`, set: func(c *world.Customer) { c.Name = text("") }, want: `{"name":null}`},
		{name: "a text with signs", query: `name`, set: func(c *world.Customer) { c.Name = text("a\"b") }, want: `{"name":"a\"b"}`},
		{name: "an empty text where one must be", query: `label`, set: func(c *world.Customer) { c.Label = text("") }, want: `null`, errors: 1},
		{name: "a decimal", query: `balance`, set: func(c *world.Customer) { c.Balance = &amount }, want: `{"balance":"-0.05"}`},
		{name: "no decimal", query: `balance`, set: func(c *world.Customer) { c.Balance = nil }, want: `{"balance":null}`},
		{
			name: "hidden money", query: `money { __typename }`, set: func(c *world.Customer) { c.Money = whole },
			view: verdicts{"Customer.money": {Verdict: policies.Mask, Kind: policies.MaskNull}}, want: `{"money":null}`,
		},
		{
			name: "a key of more than its head", query: `aNameThatIsLongerThanAnyOther: money { anotherNameThatIsLongerStill: __typename }`,
			set: func(c *world.Customer) { c.Money = whole }, want: `{"aNameThatIsLongerThanAnyOther":{"anotherNameThatIsLongerStill":"Money"}}`,
		},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			r, l := swiftRig(t, 1)
			tc.set(l.page.Nodes[0])
			oc, err := r.prepare(`{ customers { nodes { `+tc.query+` } } }`, nil)
			if err != nil {
				t.Fatal(err)
			}
			p, g := r.compiled(t, oc, tc.view)
			bound, err := p.Bind(oc.Variables)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Police(bound, tc.view); err != nil {
				t.Fatal(err)
			}
			res := r.engine.Run(t.Context(), oc, bound)
			got := string(res.AppendData(nil))
			if want := `{"customers":{"nodes":[` + tc.want + `]}}`; got != want && (tc.want != "null" || !strings.Contains(got, "null")) {
				t.Errorf("got %s, want %s", got, want)
			}
			if len(res.Errors()) != tc.errors {
				t.Errorf("got %v", res.Errors())
			}
		})
	}
}

// A list of 500 rows is written without any allocation, and made with some for each
// field, none for each row.
func TestRowsAreWrittenWithoutAllocations(t *testing.T) {
	const rows = 500
	r, _ := swiftRig(t, rows)
	oc, err := r.prepare(`{ customers(first: 500) { nodes { id name status rank active joined balance money { __typename } } } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(oc *graphql.OperationContext) *engine.Result {
		p, err := r.plan(oc)
		if err != nil {
			t.Fatal(err)
		}
		return r.engine.Run(t.Context(), oc, p)
	}
	res := run(oc)
	b := res.AppendJSON(nil)
	if n := strings.Count(string(b), `"rank":`); n != rows || len(res.Errors()) > 0 {
		t.Fatalf("%d rows, %v", n, res.Errors())
	}
	if got := testing.AllocsPerRun(20, func() { b = res.AppendJSON(b[:0]) }); got > 0 {
		t.Errorf("%.0f allocations to write %d rows, none was agreed", got, rows)
	}
	got := testing.AllocsPerRun(20, func() { b = run(oc).AppendJSON(b[:0]) })
	t.Logf("%.0f allocations for %d rows, the plan included", got, rows)
	if got > 150 {
		t.Errorf("%.0f allocations, at most 150 were agreed", got)
	}
}
