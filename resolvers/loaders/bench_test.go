package loaders_test

import (
	"fmt"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkJoin asks for fifty customers, their orders and the orders' invoices,
// with rules that show all of it: what differs is what the rules cost.
func BenchmarkJoin(b *testing.B) {
	s := sealer(b)
	w := &policed{}
	crm, books := &memory{name: "crm"}, &memory{name: "books"}
	var ids []schema.Value
	for c := range 50 {
		key := string(rune('A' + c))
		w.people.customers = append(w.people.customers, schema.Customer{Record: schema.Record{Key: key}, Name: key})
		ids = append(ids, schema.String(s.ID("Customer", "", key)))
		for i := range 10 {
			o := order("crm", fmt.Sprintf("%s%d", key, i), key+"1", fmt.Sprintf("N%s%d", key, i), i)
			o.Shop, o.Status = "web", "open"
			crm.orders = append(crm.orders, o)
			books.invoices = append(books.invoices, schema.Invoice{Record: schema.Record{Source: "books", Key: o.Key}, Links: schema.Links{CustomerKey: key + "1", OrderNumbers: []string{o.Number}}, Status: "open"})
		}
	}
	w.sources = []*memory{books, crm}
	c := w.config(b)
	owned := schema.Compare(policies.CustomerColumn, schema.In, ids...)
	for _, run := range []struct {
		name   string
		access loaders.Access
	}{
		{"all", loaders.Everything{}},
		{"shop", access{rows: map[string]schema.Predicate{"Order": is("shop", "web"), "Invoice": is("status", "open")}}},
		{"customers", access{rows: map[string]schema.Predicate{"Customer": owned, "Order": owned, "Invoice": owned}}},
	} {
		b.Run("rule="+run.name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				rows = join(b, as(c, run.access))
			}
			b.ReportMetric(float64(rows), "rows/op")
			if rows != 1050 {
				b.Errorf("%d rows", rows)
			}
		})
	}
}

func join(b *testing.B, l *loaders.Loaders) (rows int) {
	customers, err := l.Customers.List(b.Context(), loaders.Args{})
	if err != nil {
		b.Fatal(err)
	}
	orders, err := l.Orders.OfCustomers(b.Context(), customers.Nodes, loaders.Args{})
	if err != nil {
		b.Fatal(err)
	}
	var parents []loaders.Parent
	for _, p := range orders {
		for _, o := range p.Nodes {
			parents = append(parents, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
		}
	}
	invoices, err := l.Invoices.OfDocuments(b.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{})
	if err != nil {
		b.Fatal(err)
	}
	rows = len(customers.Nodes) + len(parents)
	for _, p := range invoices {
		rows += len(p.Nodes)
	}
	return rows
}
