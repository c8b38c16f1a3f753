package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// readers says what keys read, as @reads does in the product's schema.
func readers(holder, name string) (typeName, field string, ok bool) {
	switch holder + "." + name {
	case "CustomerFilter.name":
		return "Customer", "name", true
	case "Range.from":
		return "Customer", "address", true
	case "Query.search.text":
		return "Ticket", "title", true
	}
	return "", "", false
}

func TestFields(t *testing.T) {
	s := load(t)
	tests := []struct {
		name, query string
		vars        map[string]any
		fields      string
		sensitive   string
	}{
		{
			"what the answer has", `{ customers { nodes { x: taxId tickets { totalCount } __typename } } __typename }`, nil,
			"Customer.taxId Customer.tickets CustomerPage.nodes Query.customers TicketPage.totalCount", "Customer.taxId",
		},
		{
			"each type of an interface", `{ node(id: 1) { id ... on Ticket { title } } }`, nil,
			"Customer.id Order.id Product.id Query.node Ticket.id Ticket.title", "",
		},
		{
			"what filters read", `query($f: CustomerFilter) { customers(filter: $f) { totalCount } }`,
			map[string]any{"f": map[string]any{"or": []any{map[string]any{"name": nil, "range": map[string]any{}}}}},
			"Customer.address Customer.name CustomerPage.totalCount Query.customers", "Customer.address",
		},
		{"what arguments read", `{ search(text: "x") { __typename } }`, nil, "Query.search Ticket.title", ""},
		{"nothing of introspection", `{ __schema { types { name } } }`, nil, "", ""},
		{"not what is left out", `{ customer(id: 1) { name @include(if: false) id } }`, nil, "Customer.id Query.customer", ""},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			op, vars := operation(t, s, tt.query, tt.vars)
			p, err := plan.Of(s, op, vars, plan.Options{Reads: readers, Sensitive: func(typeName, field string) bool {
				return typeName == "Customer" && (field == "taxId" || field == "address")
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(p.Fields(), " "); got != tt.fields {
				t.Errorf("got %s\nwant %s", got, tt.fields)
			}
			if got := strings.Join(p.Sensitive, " "); got != tt.sensitive {
				t.Errorf("sensitive: got %s, want %s", got, tt.sensitive)
			}
		})
	}
}

func TestFieldsOf(t *testing.T) {
	s := load(t)
	got, err := plan.FieldsOf(s, `query A($x: Boolean!) { node(id: 1) { ...F } customer(id: 2) { name @include(if: $x) } } query B { node(id: 1) { ...F } } fragment F on Node { id ... on Ticket { customer { taxId } } }`)
	want := "[Customer.id Customer.name Customer.taxId Order.id Product.id Query.customer Query.node Ticket.customer Ticket.id]"
	if err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v\nwant %s", got, err, want)
	}
	for _, text := range []string{`{`, `{ nothing }`, ``} {
		if got, err := plan.FieldsOf(s, text); err == nil {
			t.Errorf("%q has the fields %v", text, got)
		}
	}
}

func TestVia(t *testing.T) {
	s := load(t)
	op, vars := operation(t, s, `{ customers { nodes { id tickets { edges { node { id } } } orders { nodes { id lines { product { id } } customer { id } } } } } node(id: 1) { id } }`, nil)
	p, err := plan.Of(s, op, vars, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var walk func(nodes []*plan.Node)
	walk = func(nodes []*plan.Node) {
		for _, n := range nodes {
			if n.Field == "id" {
				got = append(got, n.Type+"<"+n.Via)
			}
			walk(n.Children)
		}
	}
	walk(p.Roots)
	want := []string{"Customer<", "Ticket<Customer", "Order<Customer", "Product<OrderLine", "Customer<Order", "Customer<", "Order<", "Product<", "Ticket<"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	from := func(types ...string) schema.Predicate {
		var values []schema.Value
		for _, name := range types {
			values = append(values, schema.String(name))
		}
		return schema.Compare(policies.ViaColumn, schema.In, values...)
	}
	rest := schema.Compare("status", schema.Eq, schema.String("open"))
	for _, tt := range []struct {
		name string
		p    schema.Predicate
		via  string
		want schema.Predicate
	}{
		{"from there", from("Order", "Quote"), "Quote", schema.Predicate{}},
		{"from elsewhere", from("Order", "Quote"), "Ticket", schema.Predicate{Op: schema.None}},
		{"from nowhere", from("Order"), "", schema.Predicate{Op: schema.None}},
		{"not from there", schema.Negate(from("Order")), "Order", schema.Predicate{Op: schema.None}},
		{"not from there, from nowhere", schema.Negate(from("Order")), "", schema.Predicate{}},
		{"is absent", schema.Compare(policies.ViaColumn, schema.IsNull), "", schema.Predicate{}},
		{"with another condition", schema.AllOf(from("Order"), rest), "Order", rest},
		{"with another condition, elsewhere", schema.AllOf(from("Order"), rest), "Quote", schema.Predicate{Op: schema.None}},
		{"or another condition", schema.AnyOf(from("Order"), rest), "Quote", rest},
		{"another condition alone", rest, "Quote", rest},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			if got := plan.Via(tt.p, tt.via); got.Key() != tt.want.Key() {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
