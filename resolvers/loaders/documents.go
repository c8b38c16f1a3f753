package loaders

import (
	"context"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Documents loads the rows of one entity, whatever sources have it.
type Documents[T any, P entity[T]] struct {
	l    *Loaders
	name string
}

func documents[T any, P entity[T]](l *Loaders, name string) *Documents[T, P] {
	return &Documents[T, P]{l: l, name: name}
}

// IDs returns the sealed ids of rows.
func (d *Documents[T, P]) IDs(rows []*T) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		source, key := P(r).Identity()
		ids[i] = d.l.Seal.ID(d.name, source, key)
	}
	return ids
}

// owners returns the sources whose rows can match a filter, with the filter as
// each of them sees it.
func (d *Documents[T, P]) owners(where schema.Predicate) (owners []*datasources.Connected, filters []schema.Predicate, names []string) {
	for _, s := range d.l.Catalog.Owners(d.name) {
		p := inSource(where, s.Name)
		if p.Op == schema.None {
			continue
		}
		owners, filters, names = append(owners, s), append(filters, p), append(names, s.Name)
	}
	return owners, filters, names
}

// question is a list's arguments, checked and completed.
type question struct {
	list    string // for cursors and errors, e.g. Customer.orders
	args    Args
	owners  []*datasources.Connected
	filters []schema.Predicate
	order   schema.Sort
	first   int
	shape   []byte
	after   *position
	value   schema.Value
	fields  datasources.Fields
	total   bool
}

func (d *Documents[T, P]) question(ctx context.Context, list string, a Args, more ...string) (*question, error) {
	q := &question{list: list, args: a}
	var err error
	if err := bounded(a.Where); err != nil {
		return nil, err
	}
	if q.first, err = d.l.first(a); err != nil {
		return nil, err
	}
	var names []string
	q.owners, q.filters, names = d.owners(a.Where)
	if q.order, err = orderIn(d.name, q.owners, a.Order); err != nil {
		return nil, err
	}
	q.shape = shape(list, a, q.order, names)
	if q.after, q.value, err = d.l.openCursor(a.After, q.shape); err != nil {
		return nil, err
	}
	for _, s := range q.owners {
		if own := d.l.ownColumn(d.name, s.Name, q.order); own != "" {
			more = append(more, own) // cursors and merging read it
		}
	}
	q.fields = d.l.fields(ctx, Args{Where: a.Where, Order: q.order}, more...)
	q.total = d.l.Total(ctx)
	return q, nil
}

// query is the question as one source is asked it.
func (q *question) query(i int) datasources.Query {
	out := datasources.Query{
		Fields: q.fields, Where: q.filters[i], Order: q.order, First: q.first, Total: q.total,
		After: afterIn(q.after, q.value, q.owners[i].Name),
	}
	if q.order.Column == "" && q.after != nil && q.owners[i].Name != q.after.Source {
		// The sources stand one after the other: those before the cursor's have been
		// given, those behind it begin.
		out.After = nil
		if q.owners[i].Name < q.after.Source {
			out.First = 0
		}
	}
	return out
}

// List returns a page of all rows.
func (d *Documents[T, P]) List(ctx context.Context, a Args) (*schema.Page[T], error) {
	q, err := d.question(ctx, "Query."+d.name, a)
	if err != nil {
		return nil, err
	}
	streams := make([]stream[T], len(q.owners))
	each(len(q.owners), func(i int) {
		s := q.owners[i]
		d.l.count(s.Name, d.name, "list", 1)
		ctx, cancel := share(ctx)
		defer cancel()
		rows, err := datasources.ReaderOf[T](s, d.name).List(ctx, q.query(i))
		d.l.Report.read(s.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
		seen(d.l, s.Name, rows.Items)
		streams[i] = stream[T]{source: s.Name, items: rows.Items, total: -1, err: err}
		if len(rows.More) == 1 {
			streams[i].more = rows.More[0]
		}
		if len(rows.Totals) == 1 {
			streams[i].total = rows.Totals[0]
		}
	})
	return d.merge(ctx, q, streams)
}

// OfCustomers returns each customer's page. A customer's rows come from every
// source that feeds the entity and knows him.
func (d *Documents[T, P]) OfCustomers(ctx context.Context, parents []*schema.Customer, a Args) ([]*schema.Page[T], error) {
	q, err := d.question(ctx, "Customer."+d.name, a)
	if err != nil {
		return nil, err
	}
	perSource := make([][]stream[T], len(q.owners)) // by owner, then streams tagged with their parent
	each(len(q.owners), func(i int) {
		perSource[i] = d.customerStreams(ctx, parents, q, i)
	})
	streams := make([][]stream[T], len(parents))
	for _, list := range perSource {
		for _, s := range list {
			streams[s.parent] = append(streams[s.parent], s)
		}
	}
	pages := make([]*schema.Page[T], len(parents))
	errs := make([]error, len(parents))
	for p := range parents {
		pages[p], errs[p] = d.merge(ctx, q, streams[p])
	}
	return pages, perItem(errs)
}

// customerStreams asks one source for the rows of all customers it knows.
func (d *Documents[T, P]) customerStreams(ctx context.Context, parents []*schema.Customer, q *question, owner int) []stream[T] {
	s := q.owners[owner]
	var streams []stream[T]
	var keys []string
	seen := map[string]bool{}
	for p, c := range parents {
		ids, state := d.l.Directory.Keys(c.Key, s.Name)
		if state == schema.CoverageUnavailable && len(ids) == 0 {
			streams = append(streams, stream[T]{parent: p, source: s.Name, err: schema.SourceErrorf(schema.SourceUnavailable, s.Name, "the customers of %s have not been read yet", s.Name)})
		}
		for _, id := range ids {
			streams = append(streams, stream[T]{parent: p, source: s.Name, key: id})
			if !seen[id] {
				seen[id] = true
				keys = append(keys, id)
			}
		}
	}
	if len(keys) == 0 {
		return streams
	}
	found := parentsOf[T](d, s, "customer", q.query(owner)).load(ctx, keys)
	for i := range streams {
		if streams[i].key != "" {
			streams[i].fill(found[streams[i].key])
		}
	}
	return streams
}

func parentsOf[T any, P entity[T]](d *Documents[T, P], s *datasources.Connected, rel datasources.Relation, q datasources.Query) *batch[page[T]] {
	return parents[T](d.l, s, d.name, rel, q)
}

// ByID returns the row an id names, nil when there is none.
func (d *Documents[T, P]) ByID(ctx context.Context, id string) (*T, error) {
	entity, source, key, err := d.l.Seal.OpenID(id)
	if err != nil || entity != d.name {
		return nil, schema.Errorf(schema.BadRequest, "id is not the id of a %s", d.name)
	}
	return d.byRef(ctx, source, key)
}

func (d *Documents[T, P]) byRef(ctx context.Context, source, key string) (*T, error) {
	s := d.l.Catalog.Source(source)
	if s == nil || !s.Has(d.name) {
		return nil, nil // the source was taken out of the configuration
	}
	r := byKeys[T, P](d.l, s, d.name, d.l.fields(ctx, Args{})).load(ctx, []string{key})[key]
	return r.value, r.err
}

// ByNumber returns the row with a business key: of the one source named, or of
// the first in authority that has it. Twice in one source is AMBIGUOUS.
func (d *Documents[T, P]) ByNumber(ctx context.Context, number string, source *string) (*T, error) {
	owners := d.l.Catalog.Owners(d.name)
	if source != nil {
		s := d.l.Catalog.Source(*source)
		if s == nil || !s.Has(d.name) {
			return nil, schema.Errorf(schema.BadRequest, "there is no source of that name with %s", d.name)
		}
		owners = []*datasources.Connected{s}
	}
	found := make([]result[page[T]], len(owners))
	each(len(owners), func(i int) { found[i] = d.numbered(ctx, owners[i], number) })
	for i := range owners {
		switch f := found[i]; {
		case schema.CodeOf(f.err) == schema.NotEnabled && len(owners) > 1:
		case f.err != nil:
			return nil, f.err
		case len(f.value.items) > 1:
			return nil, schema.SourceErrorf(schema.Ambiguous, owners[i].Name, "%s has several %s with this number", owners[i].Name, d.name)
		case len(f.value.items) == 1:
			return &f.value.items[0], nil
		}
	}
	return nil, nil
}

func (d *Documents[T, P]) numbered(ctx context.Context, s *datasources.Connected, number string) result[page[T]] {
	e := s.Entity(d.name)
	q := datasources.Query{Fields: d.l.fields(ctx, Args{}), First: 2, Order: e.Default}
	if e.Relation("number") != nil {
		return parentsOf[T](d, s, "number", q).load(ctx, []string{number})[number]
	}
	column := "number"
	if d.name == "Product" {
		column = "sku"
	}
	q.Where = schema.Compare(column, schema.Eq, schema.String(number))
	q.Fields = q.Fields.With(column)
	d.l.count(s.Name, d.name, "list", 1)
	ctx, cancel := share(ctx)
	defer cancel()
	rows, err := datasources.ReaderOf[T](s, d.name).List(ctx, q)
	d.l.Report.read(s.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
	return result[page[T]]{page[T]{items: rows.Items}, err}
}

// One returns the row named by exactly one of id and number.
func (d *Documents[T, P]) One(ctx context.Context, id, number, source *string) (*T, error) {
	switch {
	case id != nil && number == nil && source == nil:
		return d.ByID(ctx, *id)
	case number != nil && id == nil && *number != "":
		return d.ByNumber(ctx, *number, source)
	}
	return nil, schema.Errorf(schema.BadRequest, "give either an id, or a number with or without a source")
}

// each runs f for 0 … n-1 side by side and waits.
func each(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { f(i) })
	}
	wait.Wait()
}
