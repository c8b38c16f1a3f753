package loaders_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// holding is books whose invoices tell the key of their order, so that it can be found
// among their customers' invoices.
type holding struct{ *memory }

func (h holding) Describe() datasources.Description {
	d := h.memory.Describe()
	e := d.Entity("Invoice")
	e.Columns = append(e.Columns, datasources.Column{Name: "order"})
	return d
}

// ahead is the loaders over a CRM and books, with and without the declared fact.
func ahead(t interface {
	Helper()
	Fatal(...any)
}, crm, books *memory, links map[string]map[string]datasources.LinkRules, implied bool, bound int,
) *loaders.Loaders {
	t.Helper()
	catalog, err := datasources.NewCatalog([]*datasources.Connected{{Source: crm, Name: "crm"}, {Source: holding{books}, Name: "books"}}, datasources.Documents{"Order": {"crm", "books"}}, links)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return loaders.New(&loaders.Config{
		Spare:   leftOver,
		Catalog: catalog, Directory: directory{}, Seal: sealer, DefaultPage: 50, MaxPage: 1000, LinkBound: bound, Links: &loaders.LinkStats{},
		Implied: map[string]bool{"Invoice.order": implied},
		Columns: func(context.Context) []string { return nil }, Total: func(context.Context) bool { return true },
		Access: func(context.Context) loaders.Access { return loaders.Everything{} },
	})
}

func parentsOf(orders ...schema.Order) (list []loaders.Parent) {
	for _, o := range orders {
		list = append(list, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
	}
	return list
}

func keysOn(pages []*schema.Page[schema.Invoice]) (out [][]string) {
	for _, p := range pages {
		if p == nil {
			out = append(out, []string{"null"})
			continue
		}
		keys, total := []string{}, "?"
		if p.TotalCount != nil {
			total = fmt.Sprint(*p.TotalCount)
		}
		for _, n := range p.Nodes {
			keys = append(keys, n.Key)
		}
		out = append(out, append(keys, fmt.Sprint(total, " ", p.HasNext, p.Missing)))
	}
	return out
}

// TestAhead reads the invoices of orders beside the orders: one call by customer, made
// before the orders are known, and none after.
func TestAhead(t *testing.T) {
	crm, books, links := linked(true)
	customers := []*schema.Customer{{Record: schema.Record{Key: "x"}}, {Record: schema.Record{Key: "y"}}}
	l := ahead(t, crm, books, links, true, 100)
	l.Invoices.Ahead(t.Context(), "Invoice.order", loaders.ToOrder, customers, loaders.Args{})
	if want := []string{"Invoice by customer 2"}; !slices.Equal(books.calls, want) {
		t.Fatalf("calls %v, want %v", books.calls, want)
	}
	pages, err := l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parentsOf(append(slices.Clone(crm.orders), books.orders...)...), loaders.Args{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Invoice by customer 2"}; !slices.Equal(books.calls, want) {
		t.Errorf("calls %v, want %v", books.calls, want)
	}
	want := [][]string{{"i1", "1 false []"}, {"0 false []"}, {"0 false []"}, {"0 false []"}, {"i1", "i8", "2 false []"}, {"i2", "i5", "2 false []"}}
	if got := keysOn(pages); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	t.Run("case=not declared", func(t *testing.T) {
		crm, books, links := linked(true)
		l := ahead(t, crm, books, links, false, 100)
		l.Invoices.Ahead(t.Context(), "Invoice.order", loaders.ToOrder, customers, loaders.Args{})
		if len(books.calls) > 0 {
			t.Errorf("calls %v", books.calls)
		}
	})
	t.Run("case=nobody asks for rows he may not see", func(t *testing.T) {
		crm, books, links := linked(true)
		l := ahead(t, crm, books, links, true, 100)
		l.Access = func(context.Context) loaders.Access { return nil }
		l.Invoices.Ahead(t.Context(), "Invoice.order", loaders.ToOrder, customers, loaders.Args{})
		if len(books.calls) > 0 {
			t.Errorf("calls %v", books.calls)
		}
	})
}

// TestAheadIsTheSame draws orders and invoices for which the fact holds, and wants the
// pages that come without it, also where customers have more than are looked through.
func TestAheadIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		crm, books := &memory{name: "crm"}, &memory{name: "books", exact: true}
		var links map[string]map[string]datasources.LinkRules
		byNumber := rapid.Bool().Draw(t, "by number")
		if byNumber {
			_, _, links = linked(true)
		}
		customer := rapid.SampledFrom([]string{"x1", "y1", "z1"})
		for i := range rapid.IntRange(0, 8).Draw(t, "orders") {
			books.orders = append(books.orders, order("books", fmt.Sprintf("b%d", i), customer.Draw(t, "customer"), fmt.Sprintf("N%d", i), 1+i))
		}
		for i := range rapid.IntRange(0, 16).Draw(t, "invoices") {
			x := invoice(fmt.Sprintf("i%02d", i), customer.Draw(t, "owner"), "")
			if len(books.orders) > 0 && rapid.IntRange(0, 3).Draw(t, "linked") > 0 {
				o := rapid.SampledFrom(books.orders).Draw(t, "order")
				x.CustomerKey = o.CustomerKey
				if byNumber {
					x.OrderNumbers = []string{o.Number}
				} else {
					x.OrderKey = o.Key
				}
			}
			books.invoices = append(books.invoices, x)
		}
		var customers []*schema.Customer
		for _, k := range []string{"x", "y", "z"} {
			customers = append(customers, &schema.Customer{Record: schema.Record{Key: k}})
		}
		first := rapid.IntRange(0, 4).Draw(t, "first")
		a := loaders.Args{First: &first}
		if rapid.Bool().Draw(t, "newest") {
			a.Order = schema.Sort{Column: "date", Desc: true}
		}
		bound := rapid.IntRange(1, 12).Draw(t, "bound")
		fast, plain := ahead(t, crm, books, links, true, bound), ahead(t, crm, books, links, false, bound)
		if rapid.Bool().Draw(t, "begun") {
			fast.Invoices.Ahead(t.Context(), "Invoice.order", loaders.ToOrder, customers, a)
		}
		got, err := fast.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parentsOf(books.orders...), a)
		want, other := plain.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parentsOf(books.orders...), a)
		if fmt.Sprint(err) != fmt.Sprint(other) {
			t.Fatalf("got  %v\nwant %v", err, other)
		}
		if err != nil {
			return
		}
		if g, w := fmt.Sprint(keysOn(got)), fmt.Sprint(keysOn(want)); g != w {
			t.Fatalf("got  %v\nwant %v", g, w)
		}
	})
}
