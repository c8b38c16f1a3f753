package resolvers

import (
	"context"
	"reflect"

	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// document is the pointer of a row that refers to others.
type document[T any] interface {
	*T
	loaders.Linked
}

func linked[T any, P document[T]](rows []*T) []loaders.Linked {
	out := make([]loaders.Linked, len(rows))
	for i, r := range rows {
		out[i] = P(r)
	}
	return out
}

func customersOf[T any, P document[T]](ctx context.Context, rows []*T) ([]*schema.Customer, error) {
	sources, keys := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		sources[i], _ = P(r).Identity()
		keys[i] = P(r).LinkKeys().CustomerKey
	}
	// The types of rows have the names of the graph's.
	return loaders.From(ctx).Customers.Of(ctx, reflect.TypeFor[T]().Name(), sources, keys)
}

func parents[T any, P document[T]](rows []*T, number func(*T) string) []loaders.Parent {
	out := make([]loaders.Parent, len(rows))
	for i, r := range rows {
		source, key := P(r).Identity()
		out[i] = loaders.Parent{Source: source, Key: key, Number: number(r), CustomerKey: P(r).LinkKeys().CustomerKey, Links: P(r).LinkKeys()}
	}
	return out
}

func orderParents(rows []*schema.Order) []loaders.Parent {
	return parents(rows, func(o *schema.Order) string { return o.Number })
}

func quoteParents(rows []*schema.Quote) []loaders.Parent {
	return parents(rows, func(q *schema.Quote) string { return q.Number })
}

func invoiceParents(rows []*schema.Invoice) []loaders.Parent {
	return parents(rows, func(i *schema.Invoice) string { return i.Number })
}
