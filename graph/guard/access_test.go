package guard_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

var policed = gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphql", Input: `
	type Query {
		orders(filter: OrderFilter, orderBy: OrderOrderField, first: Int): OrderPage
		order(id: ID, number: String): Order
		node(id: ID!): Node
	}
	type Mutation { close(id: ID!): Order open: Order }
	interface Node { id: ID! }
	input OrderFilter { and: [OrderFilter!] not: OrderFilter number: String status: String }
	enum OrderOrderField { STATUS DATE }
	type PageInfo { hasNextPage: Boolean! }
	type OrderPage { nodes: [Order!]! edges: [OrderEdge!]! pageInfo: PageInfo! }
	type OrderEdge { cursor: String! node: Order! }
	type Order implements Node { id: ID! number: String status: String total: String customer: Customer lines: [Line!] }
	type Line { sku: String text: String }
	type Customer implements Node { id: ID! name: String orders(filter: OrderFilter): OrderPage }
`})

// table is a view as a table: what is not in it is shown.
type table map[string]policies.FieldAccess

func (v table) Field(typeName, field string) policies.FieldAccess {
	if a, ok := v[typeName+"."+field]; ok {
		return a
	}
	return policies.FieldAccess{Verdict: policies.Allow}
}

// reads says what the keys of the test's inputs read.
func reads(holder, name string) (typeName, field string, ok bool) {
	switch holder + "." + name {
	case "OrderFilter.number", "Query.order.number":
		return "Order", "number", true
	case "OrderFilter.status", "OrderOrderField.STATUS":
		return "Order", "status", true
	}
	return "", "", false
}

func planOf(t *testing.T, query string, vars map[string]any) *plan.Plan {
	t.Helper()
	doc, errs := gqlparser.LoadQuery(policed, query) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		t.Fatal(errs)
	}
	vars, err := validator.VariableValues(policed, doc.Operations[0], vars)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Of(policed, doc.Operations[0], vars, plan.Options{Reads: reads})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func is(column, value string) schema.Predicate {
	return schema.Compare(column, schema.Eq, schema.String(value))
}

var (
	deny   = policies.FieldAccess{Verdict: policies.Deny}
	masked = policies.FieldAccess{Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: strings.ToUpper}
	none   = schema.Predicate{Op: schema.None}
)

func row(full schema.Predicate) policies.FieldAccess {
	return policies.FieldAccess{Verdict: policies.Row, Full: full, Masked: none}
}

func TestPoliceRefuses(t *testing.T) {
	status := map[string]any{"f": map[string]any{"and": []any{map[string]any{"not": map[string]any{"status": "x"}}}}}
	tests := []struct {
		name, query string
		vars        map[string]any
		view        table
		want        string
	}{
		{"nothing is denied", `{ orders { nodes { number } } }`, nil, table{}, ""},
		{"a field", `{ orders { nodes { number total } } }`, nil, table{"Order.total": deny}, `Cannot query field "total" on type "Order".`},
		{"under an alias", `{ orders { edges { node { number: total } } } }`, nil, table{"Order.total": deny}, `Cannot query field "total" on type "Order".`},
		{"on an interface", `{ node(id: 1) { ... on Order { customer { name } } } }`, nil, table{"Customer.name": deny}, `Cannot query field "name" on type "Customer".`},
		{"a root field", `{ orders { nodes { id } } }`, nil, table{"Query.orders": deny}, `Cannot query field "orders" on type "Query".`},
		{"a type without key", `{ order(id: 1) { lines { sku } } }`, nil, table{"Line.sku": deny}, `Cannot query field "sku" on type "Line".`},
		{"what is not asked", `{ order(id: 1) { number } }`, nil, table{"Order.total": deny}, ""},
		{"searched by a filter", `query($f: OrderFilter) { orders(filter: $f) { nodes { id } } }`, status, table{"Order.status": masked}, `Cannot query field "status" on type "Order".`},
		{"searched below a relation", `{ order(id: 1) { customer { orders(filter: {not: {number: "x"}}) { nodes { id } } } } }`, nil, table{"Order.number": row(is("status", "x"))}, `Cannot query field "number" on type "Order".`},
		{"sorted by", `{ orders(orderBy: STATUS) { nodes { id } } }`, nil, table{"Order.status": row(is("status", "x"))}, `Cannot query field "status" on type "Order".`},
		{"found by", `{ order(number: "x") { id } }`, nil, table{"Order.number": deny}, `Cannot query field "number" on type "Order".`},
		{"found by null", `{ order(number: null) { id } }`, nil, table{"Order.number": deny}, ""},
		{"sorted by another", `{ orders(orderBy: DATE) { nodes { id } } }`, nil, table{"Order.status": deny}, ""},
		{"an act", `mutation { close(id: 1) { id } }`, nil, table{"Mutation.close": deny}, ""}, // judged as an act, not as a read
		{"an act that may not be made", `mutation { open { id } }`, nil, table{}, `Cannot query field "open" on type "Mutation".`},
		{"an act's answer", `mutation { close(id: 1) { total } }`, nil, table{"Order.total": deny}, `Cannot query field "total" on type "Order".`},
		{"introspection", `{ __schema { types { name } } __typename }`, nil, table{"Query.__schema": deny}, ""},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			err := guard.Police(planOf(t, tt.query, tt.vars), tt.view, func(field string) bool { return field == "close" })
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.want != "" && (err == nil || err.Error() != tt.want || schema.CodeOf(err) != schema.BadRequest):
				t.Errorf("got %v (%s), want %s", err, schema.CodeOf(err), tt.want)
			}
		})
	}
}

// TestNobodySeesNothing holds that a request whose access was never decided is
// refused whatever it asks.
func TestNobodySeesNothing(t *testing.T) {
	for _, query := range []string{`{ orders { nodes { id } } }`, `{ node(id: 1) { id } }`, `mutation { close(id: 1) { id } }`} {
		if err := guard.Access(planOf(t, query, nil), nil); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// find returns the node at a path of response keys.
func find(t *testing.T, p *plan.Plan, path string) *plan.Node {
	t.Helper()
	nodes := p.Roots
	var n *plan.Node
	for key := range strings.SplitSeq(path, ".") {
		i := slices.IndexFunc(nodes, func(n *plan.Node) bool { return n.Key == key })
		if i < 0 {
			t.Fatalf("no %s in %s", key, path)
		}
		n, nodes = nodes[i], nodes[i].Children
	}
	return n
}

func TestPoliceMarks(t *testing.T) {
	const query = `{ orders { nodes { number status total customer { name orders { edges { node { number } } } } } } }`
	via := schema.AnyOf(is(policies.ViaColumn, "Customer"), is("status", "open"))
	mine := schema.AllOf(is(policies.CustomerColumn, "c"), schema.Negate(is("status", "new")))
	p := planOf(t, query, nil)
	if err := guard.Police(p, table{"Order.number": row(via), "Order.total": row(mine), "Order.status": masked, "Customer.name": row(is(policies.ViaColumn, "Ticket"))}, nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]plan.Police{
		"orders.nodes.number":        {Row: true, Full: is("status", "open"), Masked: none},
		"orders.nodes.total":         {Row: true, Full: mine, Masked: none, Customer: true},
		"orders.nodes.customer.name": {Row: true, Full: none, Masked: none},
		"orders.nodes.status":        {Kind: policies.MaskLast4},
	} {
		got := find(t, p, path).Police
		if got == nil {
			t.Fatalf("%s is not policed", path)
		}
		bare := *got
		bare.Mask = nil
		if !reflect.DeepEqual(bare, want) {
			t.Errorf("%s: got %+v, want %+v", path, bare, want)
		}
	}
	if got := find(t, p, "orders.nodes.status").Police; got.Mask == nil || got.Mask("x") != "X" {
		t.Error("the mask is lost")
	}
	for _, path := range []string{"orders", "orders.nodes", "orders.nodes.customer", "orders.nodes.customer.orders.edges.node.number"} {
		if got := find(t, p, path).Police; got != nil {
			t.Errorf("%s is policed: %+v", path, got)
		}
	}
	// The rows are asked with what the conditions read, and no others are.
	if got, want := fmt.Sprint(find(t, p, "orders").Columns), "[customer number status total]"; got != want {
		t.Errorf("orders are asked with %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(find(t, p, "orders.nodes.customer.orders").Columns), "[number]"; got != want {
		t.Errorf("orders of customers are asked with %s, want %s", got, want)
	}
	q := planOf(t, `{ node(id: 1) { ... on Order { total } } }`, nil)
	if err := guard.Police(q, table{"Order.total": row(mine)}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(find(t, q, "node").Columns), "[customer status total]"; got != want {
		t.Errorf("a node is asked with %s, want %s", got, want)
	}
}

// TestWhatHowARowWasReachedDecides: conditions on it are gone before the engine
// sees them.
func TestWhatHowARowWasReachedDecides(t *testing.T) {
	half := policies.FieldAccess{
		Verdict: policies.Row, Kind: policies.MaskLast4, Mask: strings.ToUpper,
		Full: is(policies.ViaColumn, "Customer"), Masked: schema.Predicate{},
	}
	p := planOf(t, `{ orders { nodes { total customer { orders { nodes { total } } } } } }`, nil)
	if err := guard.Police(p, table{"Order.total": half}, nil); err != nil {
		t.Fatal(err)
	}
	if got := find(t, p, "orders.nodes.total").Police; got == nil || got.Row || got.Kind != policies.MaskLast4 {
		t.Errorf("in a list: %+v, want a mask", got)
	}
	if got := find(t, p, "orders.nodes.customer.orders.nodes.total").Police; got != nil {
		t.Errorf("of a customer: %+v, want none", got)
	}
}

func TestLimitsFor(t *testing.T) {
	server := guard.Limits{Depth: 10, Aliases: 20, RootFields: 5, PageSize: 100, Nodes: 2000, Cost: 1000, ReplyRows: 500, Tokens: 9000, Time: time.Second}
	if got := guard.LimitsFor(policies.Agreement{}, server); got != server {
		t.Errorf("an agreement without numbers: %+v", got)
	}
	a := policies.Agreement{MaxDepth: 3, MaxAliases: 100, MaxRootFields: 1, MaxPage: 5000, MaxCost: 7, MaxRows: 10, MaxTokens: 50, MaxTime: time.Minute}
	want := guard.Limits{Depth: 3, Aliases: 100, RootFields: 1, PageSize: 5000, Nodes: 2000, Cost: 7, ReplyRows: 10, Tokens: 50, Time: time.Minute}
	if got := guard.LimitsFor(a, server); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReplyRowsAreLeftToTheEngine(t *testing.T) {
	p := planOf(t, `{ orders(first: 100) { nodes { id } } }`, nil)
	if err := guard.Check(p, guard.Limits{ReplyRows: 7}); err != nil || p.MaxRows != 7 {
		t.Errorf("got %v and %d rows", err, p.MaxRows)
	}
}
