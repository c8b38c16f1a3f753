package loaders

import (
	"context"

	"github.com/trama-graph/trama/schema"
)

// Parent is a document whose children are asked for.
type Parent struct {
	Source, Key, Number string
	CustomerKey         string
	Links               *schema.Links // the numbers of children it names itself
}

// OfDocuments returns each document's page of children: those that hold its key
// in the same source, and those of the same customer whose link gives its
// number. relation is the child's side of the link, e.g. "Invoice.order".
func (d *Documents[T, P]) OfDocuments(ctx context.Context, relation string, to Target, parents []Parent, a Args) ([]*schema.Page[T], error) {
	q, err := d.question(ctx, relation, parentEntity(to), a, string(to.Relation))
	if err != nil {
		return nil, err
	}
	perOwner := make([][]stream[T], len(q.owners))
	each(len(q.owners), func(i int) { perOwner[i] = d.childStreams(ctx, relation, to, parents, q, i) })
	return d.pages(ctx, q, len(parents), perOwner)
}

// childStreams asks one source for the children of all documents.
func (d *Documents[T, P]) childStreams(ctx context.Context, relation string, to Target, parents []Parent, q *question, owner int) []stream[T] {
	s := q.owners[owner]
	e := s.Entity(d.name)
	rules := d.l.Catalog.Links(s.Name, relation)
	var native, linked, named, keyed []stream[T] // by parent, where the way is taken
	var ways []func()
	take := func(into *[]stream[T], way func(out []stream[T])) {
		if *into == nil {
			*into = d.spare(len(parents))[:len(parents)]
		}
		ways = append(ways, func() { way(*into) })
	}
	if d.areNamed(parents) {
		take(&named, func(out []stream[T]) { d.byNaming(ctx, to, parents, q, owner, out) })
	}
	isImplied := d.isImplied(s, relation, to)
	switch {
	case isImplied && e.Column(string(to.Relation)) != nil:
		native = make([]stream[T], len(parents))
		take(&keyed, func(out []stream[T]) { d.byKeyAhead(ctx, to, parents, q, owner, native, out) })
	case e.Relation(to.Relation) != nil:
		take(&native, func(out []stream[T]) { d.byParentKey(ctx, to, parents, q, owner, out) })
	case holdsKey(e, to):
		take(&keyed, func(out []stream[T]) { d.byKeyOfCustomer(ctx, to, parents, q, owner, out) })
	}
	isNumbered := e.Relation(to.ByNumber) != nil && (rules.Exact() || e.Relation(to.ByNumber).Extracted)
	switch {
	case len(rules) == 0:
	case isImplied && isNumbered && e.Relation("customer") != nil:
		take(&linked, func(out []stream[T]) { d.byNumberAhead(ctx, to, parents, q, owner, out) })
	case isNumbered && !isImplied:
		take(&linked, func(out []stream[T]) { d.byLinkNumber(ctx, to, parents, q, owner, out) })
	case e.Relation("customer") != nil:
		take(&linked, func(out []stream[T]) { d.byCustomer(ctx, to, parents, q, owner, out) })
	}
	each(len(ways), func(i int) { ways[i]() })
	linked = joinNamed[T, P](linked, named)
	linked = joinNamed[T, P](linked, keyed)
	page := q.query(owner)
	page.Order = d.ownOrder(q, s.Name)
	return unite[T, P](native, linked, s.Name, page)
}

// byParentKey asks for the children that hold the parents' keys.
func (d *Documents[T, P]) byParentKey(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	s := q.owners[owner]
	keys := newKeySet(len(parents))
	for i := range parents {
		if parents[i].Source == s.Name {
			keys.add(parents[i].Key)
		}
	}
	if len(keys.list) == 0 {
		return
	}
	found := d.ofParents(ctx, q, owner, to.Relation, q.query(owner), keys)
	for i := range parents {
		if p := &parents[i]; p.Source == s.Name {
			out[i].key = p.Key
			r := found.result(p.Key)
			out[i].fill(&r)
		}
	}
}

// parentEntity is the entity a target leads to.
func parentEntity(to Target) string {
	switch to.Relation {
	case "quote":
		return "Quote"
	case "invoice":
		return "Invoice"
	}
	return "Order"
}
