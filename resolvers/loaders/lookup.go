package loaders

import (
	"context"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A row that may not be seen is looked up like any other and then answered like
// one that does not exist: with null, and after the same call.

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
	found := d.byKeys(ctx, s, d.l.rule(ctx, d.name, ""), keysOf(key)).result(key)
	return d.showOne(ctx, "", found.value), found.err
}

// byKeys returns the rows of one source by their keys; what the rule does not show
// is nil.
func (d *Documents[T, P]) byKeys(ctx context.Context, s *datasources.Connected, rule schema.Predicate, keys *keySet) found[*T] {
	sc := d.l.scopeOf(s.Entity(d.name), s.Name, rule)
	if sc.err != nil {
		return failed[*T](keys, sc.err)
	}
	if sc.rows.Op == schema.None {
		return found[*T]{}
	}
	rows := byKeys[T, P](ctx, d.l, s, d.name, d.fields(ctx, Args{}, sc.columns(nil)...)).load(ctx, keys)
	if sc.rows.Op == schema.All {
		return rows
	}
	rows = rows.own()
	for i := range rows.of {
		if r := &rows.of[i]; r.value != nil && !sc.rows.Permits(P(r.value)) {
			r.value = nil
		}
	}
	return rows
}

// ByNumber returns the row with a business key: of the one source named, or of
// the first in authority that has it. Twice in one source is AMBIGUOUS, of the
// rows that may be seen.
func (d *Documents[T, P]) ByNumber(ctx context.Context, number string, source *string) (*T, error) {
	owners := d.l.Catalog.Owners(d.name)
	reads := []string{d.numberColumn()}
	if source != nil {
		s := d.l.Catalog.Source(*source)
		if s == nil || !s.Has(d.name) {
			return nil, schema.Errorf(schema.BadRequest, "there is no source of that name with %s", d.name)
		}
		owners = []*datasources.Connected{s}
		reads = append(reads, "source")
	}
	rule := d.l.rule(ctx, d.name, "", reads...)
	if rule.Op == schema.None {
		return nil, nil
	}
	found := make([]result[page[T]], len(owners))
	each(len(owners), func(i int) { found[i] = d.numbered(ctx, owners[i], rule, number) })
	for i := range owners {
		switch f := found[i]; {
		case schema.CodeOf(f.err) == schema.NotEnabled && len(owners) > 1:
		case f.err != nil:
			return nil, f.err
		case len(f.value.items) > 1:
			return nil, schema.SourceErrorf(schema.Ambiguous, owners[i].Name, "%s has several %s with this number", owners[i].Name, d.name)
		case len(f.value.items) == 1:
			return d.showOne(ctx, "", &f.value.items[0]), nil
		}
	}
	return nil, nil
}

// numberColumn is the column of the business key.
func (d *Documents[T, P]) numberColumn() string {
	if d.name == "Product" {
		return "sku"
	}
	return "number"
}

func (d *Documents[T, P]) numbered(ctx context.Context, s *datasources.Connected, rule schema.Predicate, number string) result[page[T]] {
	e := s.Entity(d.name)
	sc := d.l.scopeOf(e, s.Name, rule)
	if sc.err != nil || sc.rows.Op == schema.None {
		return result[page[T]]{err: sc.err}
	}
	q := datasources.Query{Fields: d.fields(ctx, Args{}, sc.columns(nil)...), Where: sc.rows, First: 2, Order: e.Default}
	if e.Relation("number") != nil {
		return d.loadParents(ctx, s, sc, "number", q, keysOf(number)).result(number)
	}
	column := d.numberColumn()
	q.Where = schema.AllOf(sc.rows, schema.Compare(column, schema.Eq, schema.String(number)))
	q.Fields = q.Fields.With(column)
	d.l.count(s.Name, d.name, "list", 1)
	reading, cancel := share(ctx)
	defer cancel()
	rows, err := datasources.ReaderOf[T](s, d.name).List(reading, q)
	d.l.Report.read(s.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
	// A source that overlooks letter case has found another number.
	var items []T
	for i := range rows.Items {
		if P(&rows.Items[i]).Column(column).Str == strings.TrimSpace(number) {
			items = append(items, rows.Items[i])
		}
	}
	return result[page[T]]{d.checked(ctx, s.Name, sc, page[T]{items: items}), err}
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
