package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A document's children stand one wave behind the document: its key must be known
// before they can be asked for. Where the configuration declares that a child has its
// document's customer (Config.Implied), they can be asked for by the customer beside
// the documents themselves. That is what this file does; whatever the declaration
// does not cover takes the way of childStreams.

// Ahead begins to read the children that OfDocuments will be asked for, given the
// customers whose documents are asked for now. It returns when they are read, and
// says nothing of how that went: OfDocuments finds it all in the request's batches.
// relation, to and a are what OfDocuments will be called with.
func (d *Documents[T, P]) Ahead(ctx context.Context, relation string, to Target, customers []*schema.Customer, a Args) {
	if !d.l.Implied[relation] {
		return
	}
	q, err := d.question(ctx, relation, parentEntity(to), a, string(to.Relation))
	if err != nil {
		return // OfDocuments meets it again, and says so
	}
	each(len(q.owners), func(i int) {
		s := q.owners[i]
		if !d.isImplied(s, relation, to) {
			return
		}
		members := d.l.customersOf(customers).In(s.Name)
		keys := newKeySet(len(members.Keys))
		for _, id := range members.Keys {
			keys.add(id)
		}
		if len(keys.list) > 0 {
			d.ofCustomerKeys(ctx, q, i, d.ofCustomersWhole(q, i), keys)
		}
	})
}

// isImplied reports whether a source's children of documents are found among those of
// the documents' customers: it was declared, the source can be asked by customers,
// and its rows hold the link.
func (d *Documents[T, P]) isImplied(s *datasources.Connected, relation string, to Target) bool {
	e := s.Entity(d.name)
	if !d.l.Implied[relation] || e.Relation("customer") == nil {
		return false
	}
	return e.Column(string(to.Relation)) != nil || len(d.l.Catalog.Links(s.Name, relation)) > 0
}

// ofCustomersWhole is the question for all documents of customers, as far as they are
// looked through for a link.
func (d *Documents[T, P]) ofCustomersWhole(q *question, owner int) datasources.Query {
	query := q.query(owner)
	query.First, query.After, query.Total = d.l.LinkBound, nil, false
	return query
}

// byKeyAhead finds the children that hold the parents' keys among those of the
// customers, which Ahead has read. Parents for whom that went wrong are asked for by
// their own keys, as without the fact.
func (d *Documents[T, P]) byKeyAhead(ctx context.Context, to Target, parents []Parent, q *question, owner int, native, keyed []stream[T]) {
	d.byKeyOfCustomer(ctx, to, parents, q, owner, keyed)
	s := q.owners[owner]
	if s.Entity(d.name).Relation(to.Relation) == nil {
		return
	}
	isOpen := func(i int) bool { return parents[i].Source == s.Name && (keyed[i].key == "" || keyed[i].isSpoiled()) }
	again(parents, isOpen, func(rest []Parent, found []stream[T]) { d.byParentKey(ctx, to, rest, q, owner, found) },
		func(i int, found stream[T]) { keyed[i], native[i] = stream[T]{}, found })
}

// byNumberAhead is byKeyAhead for children that are linked by the parents' numbers.
func (d *Documents[T, P]) byNumberAhead(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	d.byCustomer(ctx, to, parents, q, owner, out)
	again(parents, func(i int) bool { return out[i].isSpoiled() },
		func(rest []Parent, found []stream[T]) { d.byLinkNumber(ctx, to, rest, q, owner, found) },
		func(i int, found stream[T]) { out[i] = found })
}

// isSpoiled reports whether more was read than the stream is of, and something was
// wrong with it: the customer has more documents than are looked through, or one of
// them, perhaps of another parent, cannot be read.
func (s *stream[T]) isSpoiled() bool { return s.err != nil || s.odd }

// again asks for the parents that are open another way, and puts what it found.
func again[T any](parents []Parent, isOpen func(i int) bool, ask func(rest []Parent, found []stream[T]), put func(i int, found stream[T])) {
	var rest []Parent
	var at []int
	for i, p := range parents {
		if isOpen(i) {
			rest, at = append(rest, p), append(at, i)
		}
	}
	if len(rest) == 0 {
		return
	}
	found := make([]stream[T], len(rest))
	ask(rest, found)
	for j, i := range at {
		put(i, found[j])
	}
}
