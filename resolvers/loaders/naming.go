package loaders

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A link may stand on either side: an order names its quote ("Order.quote"), or
// the quote names the orders that came of it ("Quote.orders"). This file follows
// the links that the parent holds, in both directions.

// namings are the relations whose other side may hold the link.
var namings = map[string]string{"Order.quote": "Quote.orders", "Invoice.order": "Order.invoices"}

// namedBy returns the numbers of documents of this kind that a row names.
func (d *Documents[T, P]) namedBy(l *schema.Links) []string {
	if l == nil {
		return nil
	}
	switch d.name {
	case "Order":
		return l.OrderNumbers
	case "Invoice":
		return l.InvoiceNumbers
	}
	return nil
}

// numberOf is a number within one source and one customer.
type numberOf struct{ source, customer, number string }

// areNamed reports whether any parent names documents of this kind.
func (d *Documents[T, P]) areNamed(parents []Parent) bool {
	return slices.ContainsFunc(parents, func(p Parent) bool { return len(d.namedBy(p.Links)) > 0 })
}

// byNaming asks one source for the children whose numbers the parents hold, and
// keeps those of the same customer. A child that holds a key or a link of its own
// is left to that.
func (d *Documents[T, P]) byNaming(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	s := q.owners[owner]
	if s.Entity(d.name).Relation("number") == nil {
		return
	}
	keys := newKeySet(0)
	namers := map[numberOf]int{}
	for _, p := range parents {
		golden, _ := d.l.Directory.Golden(p.Source, p.CustomerKey)
		for _, n := range d.namedBy(p.Links) {
			namers[numberOf{p.Source, golden, n}]++
			keys.add(n)
		}
	}
	if len(keys.list) == 0 {
		return
	}
	query := q.query(owner)
	query.First, query.After, query.Total = candidates, nil, false
	found := d.ofParents(ctx, q, owner, "number", query, keys)
	for i, p := range parents {
		golden, ok := d.l.Directory.Golden(p.Source, p.CustomerKey)
		if !ok {
			continue
		}
		for _, n := range d.namedBy(p.Links) {
			f := found.result(n)
			if f.err != nil {
				out[i].key, out[i].err = n, f.err
				continue
			}
			if f.value.odd {
				out[i].key, out[i].odd = n, true
			}
			match, count := d.matches(f.value.items, golden)
			if count != 1 || f.value.more || namers[numberOf{p.Source, golden, n}] > 1 {
				continue // ambiguous, as it is from the other side
			}
			links := any(match).(Linked).LinkKeys()
			if to.Key(links) == "" && len(to.Numbers(links)) == 0 {
				out[i].key = n
				out[i].picked = append(out[i].picked, match)
			}
		}
	}
}

// joinNamed adds the children found by the parents' side to those found by their
// own.
func joinNamed[T any, P entity[T]](linked, named []stream[T]) []stream[T] {
	if linked == nil {
		return named
	}
	for i := range named {
		if named[i].key == "" {
			continue
		}
		linked[i].key = named[i].key
		if named[i].err != nil {
			linked[i].err = named[i].err
		}
		linked[i].odd = linked[i].odd || named[i].odd
		for _, row := range named[i].picked {
			_, key := P(row).Identity()
			if !slices.ContainsFunc(linked[i].picked, func(x *T) bool { _, k := P(x).Identity(); return k == key }) {
				linked[i].picked = append(linked[i].picked, row)
			}
		}
	}
	return linked
}

// fromNaming resolves the links of rows that hold none themselves, where a source
// of the other document holds them.
func (d *Documents[T, P]) fromNaming(ctx context.Context, relation string, rule schema.Predicate, to Target, rows []Linked, out []*T, errs []error) {
	naming := namings[relation]
	if naming == "" {
		return
	}
	for _, s := range d.l.Catalog.Owners(d.name) {
		rules := d.l.Catalog.Links(s.Name, naming)
		rel := namingRelation(naming)
		ability := s.Entity(d.name).Relation(rel)
		if len(rules) == 0 || ability == nil || (!rules.Exact() && !ability.Extracted) {
			continue
		}
		d.namedIn(ctx, s, rule, rel, to, rows, out, errs)
	}
}

// namingRelation is the column that holds the number on the naming side.
func namingRelation(naming string) datasources.Relation {
	if naming == "Order.invoices" {
		return "invoiceNumber"
	}
	return "orderNumber"
}

func (d *Documents[T, P]) namedIn(ctx context.Context, s *datasources.Connected, rule schema.Predicate, rel datasources.Relation, to Target, rows []Linked, out []*T, errs []error) {
	open := func(i int) (number string, ok bool) {
		if l := rows[i].LinkKeys(); out[i] != nil || errs[i] != nil || to.Key(l) != "" || len(to.Numbers(l)) > 0 {
			return "", false
		}
		number = rows[i].Column("number").Str
		_, known := d.customerOf(rows[i])
		return number, known && number != ""
	}
	keys := newKeySet(0)
	for i := range rows {
		if n, ok := open(i); ok {
			keys.add(n)
		}
	}
	if len(keys.list) == 0 {
		return
	}
	sc := d.l.scopeOf(s.Entity(d.name), s.Name, rule)
	if sc.rows.Op == schema.None && sc.err == nil {
		return
	}
	q := datasources.Query{Fields: d.fields(ctx, Args{}, sc.columns([]string{string(rel)})...), Where: sc.rows, First: candidates, Order: s.Entity(d.name).Default}
	found := d.loadParents(ctx, s, sc, rel, q, keys)
	for i, r := range rows {
		n, ok := open(i)
		if !ok {
			continue
		}
		f := found.result(n)
		if f.err != nil {
			if schema.CodeOf(f.err) != schema.NotEnabled {
				errs[i] = f.err
			}
			continue
		}
		golden, _ := d.customerOf(r)
		match, count := d.matches(f.value.items, golden)
		switch {
		case count > 1 || (count == 1 && f.value.more):
			errs[i] = schema.SourceErrorf(schema.Ambiguous, s.Name, "several %s of this customer in %s name this document", d.name, s.Name)
		case count == 1:
			out[i] = match
		}
	}
}
