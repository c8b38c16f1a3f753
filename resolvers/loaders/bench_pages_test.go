package loaders_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// ready is a source whose answers cost nothing: what is measured is the loaders'.
type ready struct {
	*memory
	orders   datasources.Rows[schema.Order]
	invoices datasources.Rows[schema.Invoice]
}

func (r *ready) Reader(entity string) any {
	if entity == "Order" {
		return &answer[schema.Order]{rows: r.orders}
	}
	return &answer[schema.Invoice]{rows: r.invoices}
}

// answer gives the same to every question.
type answer[T any] struct {
	datasources.Reader[T]
	rows datasources.Rows[T]
}

func (a *answer[T]) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (datasources.Rows[T], error) {
	return a.rows, nil
}

// many is a directory of as many customers as are asked for.
type many struct{ loaders.Directory }

func (many) Keys(key, _ string) ([]string, schema.CoverageState) {
	return []string{key}, schema.CoverageLinked
}
func (many) Golden(_, id string) (string, bool) { return id, true }
func (many) Seen(string, []string)              {}

// BenchmarkPages is the orders of 50 customers, two each, and the invoices of those,
// one each, from sources that answer at once.
func BenchmarkPages(b *testing.B) {
	src := &ready{memory: &memory{name: "erp"}}
	var customers []*schema.Customer
	src.orders.Offsets, src.invoices.Offsets = []int{0}, []int{0}
	for c := range 50 {
		key := fmt.Sprintf("C%06d", c)
		customers = append(customers, &schema.Customer{Record: schema.Record{Key: key}})
		for i := range 2 {
			o := order("erp", fmt.Sprintf("O%06d-%d", c, i), key, fmt.Sprintf("SO-%06d-%d", c, i), 1+i)
			src.orders.Items = append(src.orders.Items, o)
			src.invoices.Items = append(src.invoices.Items, schema.Invoice{Record: schema.Record{Source: "erp", Key: "I" + o.Key}, Links: schema.Links{CustomerKey: key, OrderKey: o.Key}})
			src.invoices.Offsets = append(src.invoices.Offsets, len(src.invoices.Items))
		}
		src.orders.Offsets = append(src.orders.Offsets, len(src.orders.Items))
	}
	src.orders.More, src.orders.Totals = make([]bool, 50), make([]int, 50)
	src.invoices.More, src.invoices.Totals = make([]bool, 100), make([]int, 100)
	catalog, err := datasources.NewCatalog([]*datasources.Connected{{Source: src, Name: "erp"}}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	cfg := &loaders.Config{
		Catalog: catalog, Directory: many{}, Seal: sealer(b), DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Links: &loaders.LinkStats{},
		Columns: func(context.Context) []string { return []string{"invoices", "number", "status", "total"} }, Total: func(context.Context) bool { return false },
		Access: func(context.Context) loaders.Access { return loaders.Everything{} },
	}
	for _, run := range []string{"customers", "documents"} {
		b.Run(run, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := loaders.New(cfg)
				if run == "customers" {
					pages, err := l.Orders.OfCustomers(b.Context(), customers, loaders.Args{})
					if err != nil || len(pages) != 50 || len(pages[49].Nodes) != 2 {
						b.Fatal(err, len(pages))
					}
					continue
				}
				pages, err := l.Invoices.OfDocuments(b.Context(), "Invoice.order", loaders.ToOrder, parentsOf(src.orders.Items...), loaders.Args{})
				if err != nil || len(pages) != 100 || len(pages[99].Nodes) != 1 {
					b.Fatal(err, len(pages))
				}
			}
		})
	}
}
