package loaders_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// way is one way in which rows come out; it writes what came.
type way struct {
	name, entity, via string
	ask               func(ctx context.Context, l *loaders.Loaders, w *policed, s *seal.Sealer) string
}

func identities[T any, P interface {
	*T
	schema.Entity
}](rows []*T) string {
	out := ""
	for _, r := range rows {
		if r == nil {
			out += " null"
			continue
		}
		source, key := P(r).Identity()
		out += " " + source + "/" + key
	}
	return out
}

func codes(err error) string {
	var each interface{ Errors() []error }
	switch {
	case err == nil:
		return ""
	case errors.As(err, &each):
		out := ""
		for _, e := range each.Errors() {
			out += fmt.Sprintf(" %q", schema.CodeOf(e))
		}
		return out
	}
	return " " + string(schema.CodeOf(err))
}

func pages[T any, P interface {
	*T
	schema.Entity
}](list []*schema.Page[T], err error) string {
	out := codes(err)
	for _, p := range list {
		out += " |"
		if p == nil {
			continue
		}
		out += identities[T, P](p.Nodes)
		if p.TotalCount != nil {
			out += fmt.Sprintf(" of %d", *p.TotalCount)
		}
		if len(p.Missing) > 0 {
			out += fmt.Sprint(" without ", p.Missing)
		}
		if p.HasNext {
			out += " …"
		}
	}
	return out
}

// walk follows a list to its end by its cursors.
func walk[T any, P interface {
	*T
	schema.Entity
}](list func(loaders.Args) (*schema.Page[T], error), a loaders.Args) string {
	out := ""
	for range 100 {
		p, err := list(a)
		out += pages[T, P]([]*schema.Page[T]{p}, err)
		if err != nil || !p.PageInfo().HasNextPage || p.PageInfo().EndCursor == nil {
			break
		}
		a.After = p.PageInfo().EndCursor
	}
	return out
}

func first(n int) loaders.Args { return loaders.Args{First: &n} }

func customersAll() (list []*schema.Customer) {
	for _, k := range []string{"a", "b", "c", "old"} {
		list = append(list, &schema.Customer{Record: schema.Record{Key: k}})
	}
	return list
}

func (w *policed) orderParents() (list []loaders.Parent) {
	for _, s := range w.sources {
		for i := range s.orders {
			o := &s.orders[i]
			list = append(list, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
		}
	}
	return list
}

func (w *policed) invoiceRows() (list []loaders.Linked) {
	for _, s := range w.sources {
		for i := range s.invoices {
			list = append(list, &s.invoices[i])
		}
	}
	return list
}

func each(list []string, ask func(string) string) string {
	out := ""
	for _, x := range list {
		out += " " + x + ":" + ask(x)
	}
	return out
}

// ways are all ways in which documents and customers come out of the loaders. A new
// one is a line.
func ways() []way {
	text := func(s string) *string { return &s }
	numbers := []string{"N1", "N2", "N3", "none"}
	wide := loaders.Args{Where: schema.Compare("status", schema.In, schema.String("open"), schema.String("sent")), Order: schema.Sort{Column: "total"}}
	two := 2
	wide.First = &two
	return []way{
		{"list", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Order], error) { return l.Orders.List(ctx, a) }, first(3))
		}},
		{"list with a filter and an order", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Order], error) { return l.Orders.List(ctx, a) }, wide)
		}},
		{"of customers", "Order", "Customer", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return pages(l.Orders.OfCustomers(ctx, customersAll(), first(4)))
		}},
		{"of documents", "Invoice", "Order", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			return pages(l.Invoices.OfDocuments(ctx, "Invoice.order", loaders.ToOrder, w.orderParents(), loaders.Args{}))
		}},
		{"to one", "Order", "Invoice", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			rows, err := l.Orders.Of(ctx, "Invoice.order", loaders.ToOrder, w.invoiceRows())
			return identities(rows) + codes(err)
		}},
		{"node", "Order", "", func(ctx context.Context, l *loaders.Loaders, w *policed, s *seal.Sealer) string {
			var ids []string
			for _, p := range w.orderParents() {
				ids = append(ids, s.ID("Order", p.Source, p.Key))
			}
			return each(append(ids, s.ID("Order", "crm", "nobody")), func(id string) string {
				row, err := l.Orders.One(ctx, &id, nil, nil)
				return identities([]*schema.Order{row}) + codes(err)
			})
		}},
		{"number", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each(numbers, func(n string) string {
				row, err := l.Orders.One(ctx, nil, &n, nil)
				here, e := l.Orders.One(ctx, nil, &n, text("books"))
				return identities([]*schema.Order{row, here}) + codes(err) + codes(e)
			})
		}},
		{"customers", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Customer], error) { return l.Customers.List(ctx, a) }, first(1))
		}},
		{"customer by id", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, s *seal.Sealer) string {
			return each([]string{"a", "b", "c", "old", "z"}, func(k string) string {
				row, err := l.Customers.ByID(ctx, s.ID("Customer", "", k))
				return identities([]*schema.Customer{row}) + codes(err)
			})
		}},
		{"customer by number", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each([]string{"T1", "T2", "none"}, func(k string) string {
				row, err := l.Customers.ByTaxID(ctx, k)
				same, e := l.Customers.ByEmail(ctx, k)
				return identities([]*schema.Customer{row, same}) + codes(err) + codes(e)
			})
		}},
		{"customer by record", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each([]string{"a1", "b2", "?"}, func(k string) string {
				row, err := l.Customers.BySource(ctx, "crm", k)
				return identities([]*schema.Customer{row}) + codes(err)
			})
		}},
		{"customer of documents", "Customer", "Order", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			var sources, keys []string
			for _, p := range w.orderParents() {
				sources, keys = append(sources, p.Source), append(keys, p.CustomerKey)
			}
			rows, err := l.Customers.Of(ctx, "Order", sources, keys)
			return identities(rows) + codes(err)
		}},
	}
}
