package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// holdsKey reports whether a source's rows hold the key a target leads to, without
// the source being able to be asked by it: it is asked by their customers then.
func holdsKey(e *datasources.Entity, to Target) bool {
	column := string(to.Relation)
	return e.Relation(to.Relation) == nil && e.Column(column) != nil && e.Relation("customer") != nil
}

// byKeyOfCustomer reads the documents of the parents' customers in the parents' own
// source, and keeps those that hold the parents' keys. A document that stands under
// another customer than its parent is not found.
func (d *Documents[T, P]) byKeyOfCustomer(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	s := q.owners[owner]
	keys := newKeySet(len(parents))
	for _, p := range parents {
		if p.Source == s.Name && p.CustomerKey != "" {
			keys.add(p.CustomerKey)
		}
	}
	if len(keys.list) == 0 {
		return
	}
	found := d.ofCustomerKeys(ctx, q, owner, d.ofCustomersWhole(q, owner), keys)
	for i, p := range parents {
		if p.Source != s.Name || p.CustomerKey == "" {
			continue
		}
		f := found.result(p.CustomerKey)
		out[i].key, out[i].err, out[i].odd = p.Key, f.err, f.value.odd
		if f.err == nil && f.value.more {
			out[i].err = schema.SourceErrorf(schema.Limited, s.Name, "a customer has more than %d %s in %s to look through for this link", d.l.LinkBound, d.name, s.Name)
		}
		for j := range f.value.items {
			row, ok := any(P(&f.value.items[j])).(Linked)
			if ok && to.Key(row.LinkKeys()) == p.Key {
				out[i].picked = append(out[i].picked, &f.value.items[j])
			}
		}
	}
}
