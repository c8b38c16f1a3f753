package loaders

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A list nobody has asked an order of still has one, and the place of a row would
// tell a value it does not show. So where the default order is by a column that
// some of the rows do not show, the list is ordered by one that says nothing: the
// key, or else another column that every row shows. Sources without such a column
// in common stand one after the other. A source that can sort by none of them is
// read whole, up to LinkBound rows, and sorted here by key.

// completeOrder replaces a default order that would tell what rows do not show.
func (d *Documents[T, P]) completeOrder(a Access, q *question) {
	if q.args.Order.Column != "" || d.name == "Article" { // articles are told in a row, whatever they show
		return
	}
	shows := func(column string) bool {
		return column == "" || mayOrder(a, d.name, q.via, q.rule, schema.Sort{Column: column}) == nil
	}
	isShown := true
	for _, s := range q.owners {
		isShown = isShown && shows(d.ownOrder(q, s.Name).Column)
	}
	if isShown {
		return
	}
	if by, ok := sortedBy(d.name, q.owners, shows); ok {
		q.order = by
		return
	}
	q.order, q.own = schema.Sort{}, make(map[string]schema.Sort, len(q.owners))
	for i, s := range q.owners {
		by := s.Entity(d.name).Default
		if !shows(by.Column) {
			by, _ = sortedBy(d.name, q.owners[i:i+1], shows) // else by key, here
		}
		q.own[s.Name] = by
	}
}

// sortedBy returns the first order the sources have in common whose column is
// shown; that of keys comes before the others.
func sortedBy(entity string, owners []*datasources.Connected, shows func(string) bool) (schema.Sort, bool) {
	can := func(column string) bool {
		for _, s := range owners {
			if c := s.Entity(entity).Column(column); c == nil || !c.Sortable || len(owners) > 1 && !c.Comparable {
				return false
			}
		}
		return shows(column)
	}
	if can("id") {
		return schema.Sort{Column: "id"}, true
	}
	for _, c := range owners[0].Entity(entity).Columns {
		if can(c.Name) {
			return schema.Sort{Column: c.Name, Desc: true}, true
		}
	}
	return schema.Sort{}, false
}

// ownOrder is the order of a source's rows in a list: the common one, or that of
// this source where there is none. No column is the order of keys.
func (d *Documents[T, P]) ownOrder(q *question, source string) schema.Sort {
	if q.order.Column != "" {
		return q.order
	}
	if by, ok := q.own[source]; ok {
		return by
	}
	if s := d.l.Catalog.Source(source); s != nil && s.Has(d.name) {
		return s.Entity(d.name).Default
	}
	return schema.Sort{}
}

// isSortedHere reports whether a source's rows must be sorted here, by key.
func (d *Documents[T, P]) isSortedHere(q *question, s *datasources.Connected) bool {
	by, ok := q.own[s.Name]
	return ok && by.Column == "" && s.Entity(d.name).Default.Column != ""
}

// whole is a query for all rows a page is cut out of.
func (d *Documents[T, P]) whole(query datasources.Query) datasources.Query {
	query.First, query.After, query.Total = d.l.LinkBound, nil, false
	return query
}

// sorted cuts the page that was asked for out of all rows of a source.
func (d *Documents[T, P]) sorted(source string, r result[page[T]], asked datasources.Query) result[page[T]] {
	if r.err != nil {
		return r
	}
	if r.value.more {
		r.err = schema.SourceErrorf(schema.Limited, source, "%s has more than %d %s here, and can sort them by nothing that is shown on every row: ask for fewer", source, d.l.LinkBound, d.name)
		return r
	}
	asked.Order = schema.Sort{}
	rows := append([]T(nil), r.value.items...) // the page itself is shared
	cut := datasources.Cut[T, P](rows, asked)
	r.value.items, r.value.more, r.value.total = cut.Items, cut.More[0], cut.Totals[0]
	return r
}
