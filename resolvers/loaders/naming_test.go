package loaders_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// naming is a CRM whose orders name the invoices of the books, which hold no link
// themselves.
func naming() (crm, books *memory, links map[string]map[string]datasources.LinkRules) {
	named := func(key, customer string, invoices ...string) schema.Order {
		o := order("crm", key, customer, "SO-"+key, 1)
		o.InvoiceNumbers = invoices
		return o
	}
	crm = &memory{name: "crm", orders: []schema.Order{
		named("o1", "x1", "Ii1", "Ii2"),
		named("o2", "x1", "Ii3"), // another customer's invoice
		named("o3", "x1", "Ii4"), // which o4 names too
		named("o4", "x1", "Ii4"),
		named("o5", "x1", "Ii5"), // which says itself that it is o1's
		named("o6", "x1", "none"),
	}}
	books = &memory{name: "books", exact: true, invoices: []schema.Invoice{
		invoice("i1", "x1", ""), invoice("i2", "x1", ""), invoice("i3", "y1", ""), invoice("i4", "x1", ""), invoice("i5", "x1", "", "SO-o1"), invoice("i6", "x1", ""),
	}}
	rule := datasources.LinkRules{{Field: "UsrInvoice"}}
	return crm, books, map[string]map[string]datasources.LinkRules{
		"crm": {"Order.invoices": rule}, "books": {"Invoice.order": {{Field: "НомерЗаказа"}}},
	}
}

func TestLinksHeldByTheParent(t *testing.T) {
	crm, books, links := naming()
	l := setup(t, directory{}, datasources.Documents{"Order": {"crm"}, "Invoice": {"books"}}, links, crm, books)
	var parents []loaders.Parent
	for i := range crm.orders {
		o := &crm.orders[i]
		parents = append(parents, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
	}
	pages, err := l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"i1", "i2", "i5"}, {}, {}, {}, {}, {}} {
		got := []string{}
		for _, n := range pages[i].Nodes {
			got = append(got, n.Key)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || *pages[i].TotalCount != len(want) {
			t.Errorf("%s: got %v (total %d), want %v", parents[i].Key, got, *pages[i].TotalCount, want)
		}
	}
}

func TestLinksHeldByTheOtherSide(t *testing.T) {
	crm, books, links := naming()
	l := setup(t, directory{}, datasources.Documents{"Order": {"crm"}, "Invoice": {"books"}}, links, crm, books)
	var rows []loaders.Linked
	for i := range books.invoices {
		rows = append(rows, &books.invoices[i])
	}
	got, err := l.Orders.Of(t.Context(), "Invoice.order", loaders.ToOrder, rows)
	if err == nil {
		t.Fatal("an invoice two orders name is not ambiguous")
	}
	each := err.(interface{ Errors() []error }).Errors()
	for i, want := range []string{"o1", "", "", "AMBIGUOUS", "o1", ""} {
		have := ""
		if got[i] != nil {
			have = got[i].Key
		}
		if each[i] != nil {
			have = string(schema.CodeOf(each[i]))
		}
		// The second number of o1 is not seen by equality: such a source holds one field.
		if have != want {
			t.Errorf("%s leads to %q, want %q", books.invoices[i].Key, have, want)
		}
	}
}
