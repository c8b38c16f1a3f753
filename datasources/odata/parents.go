package odata

import (
	"context"
	"errors"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// ByParent implements datasources.Reader. A row that holds several of the numbers
// asked for belongs to the first of them.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	w, err := r.open(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	columns, ok := w.related(rel)
	if !ok {
		return datasources.Rows[T]{}, unsupported(r.s.cfg.Name, r.entity, string(rel))
	}
	f := w.filters()
	k := &kinship[T, P]{r: r, w: w, q: q, column: columnOf(r.entity, rel), asked: newRelated(parents, columns)}
	k.each = func(parent string) cond {
		list := make([]cond, len(columns))
		for i, c := range columns {
			own := *f
			own.column = func(string) *column { return c }
			list[i] = own.equal(c.name, schema.String(parentValue(c.typ, parent)))
		}
		return or(list...)
	}
	k.ask = &asking{s: r.s, v: w.v, each: k.each, lit: w.lit}
	if len(columns) == 1 && columns[0].raws == nil {
		k.ask.single = columns[0]
	}
	push, _ := w.narrowed.Split(q.Where)
	k.where = and(w.fixed, f.of(push))
	if k.where.none {
		return gather.ByParent[T, P](ctx, parents, len(parents), q, gather.Parents[T]{
			Fetch:    func(context.Context, []string) ([]T, bool, error) { return nil, true, nil },
			ParentOf: k.parentOf,
		})
	}
	rows, err := gather.ByParent[T, P](ctx, parents, k.ask.size(w.request(k.fields(), k.where), parents), q, gather.Parents[T]{
		Fetch:    k.fetch,
		One:      k.one,
		ParentOf: k.parentOf,
	})
	var some *datasources.BatchError
	if errors.As(err, &some) && len(some.ByKey) == len(parents) {
		for _, all := range some.ByKey {
			return datasources.Rows[T]{}, all
		}
	}
	return rows, err
}

// related are the properties that hold what a relation asks by.
func (l *layout) related(rel datasources.Relation) (columns []*column, usable bool) {
	columns = l.links[string(rel)]
	if c := l.columns[columnOf(l.entity, rel)]; c != nil {
		columns = []*column{c}
	}
	usable = len(columns) > 0 && l.narrowed.Relation(rel) != nil
	for _, c := range columns {
		usable = usable && slices.Contains(c.ops(trust{search: searchNo}), schema.Eq)
	}
	return columns, usable
}

// kinship is one call of ByParent.
type kinship[T any, P gather.Entity[T]] struct {
	r      *reader[T, P]
	w      *view[T]
	q      datasources.Query
	column string
	where  cond
	each   func(parent string) cond
	ask    *asking
	asked  *related
}

func (k *kinship[T, P]) fields() datasources.Fields { return k.w.needed(k.q, k.column) }

// fetch reads all rows of a chunk of parents, or finds that they are too many, or
// their address too long.
func (k *kinship[T, P]) fetch(ctx context.Context, chunk []string) ([]T, bool, error) {
	chunk = slices.DeleteFunc(slices.Clone(chunk), func(p string) bool { return k.each(p).none })
	if len(chunk) == 0 {
		return nil, true, nil
	}
	q := k.w.request(k.fields(), k.where)
	q.order, q.top = k.w.byKey(), k.r.s.cfg.Page
	plan := k.w.plan.Select(k.fields())
	var items []T
	isAll := true
	err := k.ask.ask(ctx, q, chunk, func(q request) error {
		tally := plan.Tally()
		seen := map[string]bool{}
		items, isAll = items[:0], true
		read, isForeign, isGarbled := 0, false, false
		err := k.w.pages(ctx, q, k.r.s.cfg.LocalBound, nil, func(p fetched[T]) bool {
			if read += p.n; read > k.r.s.cfg.LocalBound {
				isAll = false
				return false
			}
			for i := range p.items {
				row := &p.items[i]
				switch {
				case !k.isAsked(row):
					// Of one whose column cannot be read nobody knows whose it is.
					isForeign, isGarbled = true, schema.FaultsOf(row).Has(k.column)
					return false
				case seen[k.r.key(row)] || k.parentOf(row) == "":
				default:
					seen[k.r.key(row)] = true
					items = append(items, p.items[i])
				}
			}
			return true
		}, plan, tally)
		switch {
		case err == nil && isGarbled:
			err = schema.Garbled(k.r.s.cfg.Name, k.r.entity, k.column)
		case err == nil && isForeign:
			err = asError(k.r.s.cfg.Name, wire.Invalid(errForeign))
		}
		if err == nil {
			k.r.s.ledger.Take(tally)
		}
		return err
	})
	if wire.IsTooLong(err) && len(chunk) > 1 {
		return nil, false, nil
	}
	return items, isAll, err
}

// one lists the rows of a single parent page by page.
func (k *kinship[T, P]) one(ctx context.Context, parent string) (datasources.Rows[T], error) {
	c := k.w.columns[k.column]
	if c == nil {
		return k.r.list(ctx, k.w, k.q, k.each(parent))
	}
	// As a part of the filter it is checked on the rows, too.
	q := k.q
	q.Where = schema.AllOf(q.Where, schema.Compare(k.column, schema.Eq, schema.String(parentValue(c.typ, parent))))
	return k.r.list(ctx, k.w, q, everything())
}

// values are what a row holds of the relation.
func (k *kinship[T, P]) values(row *T) []string {
	if linked, ok := any(row).(interface{ LinkKeys() *schema.Links }); ok {
		switch links := linked.LinkKeys(); k.column {
		case "orderNumber":
			return links.OrderNumbers
		case "quoteNumber":
			return links.QuoteNumbers
		case "invoiceNumber":
			return links.InvoiceNumbers
		}
	}
	if v := P(row).Column(k.column); !v.IsNull() {
		return []string{v.Text()}
	}
	return nil
}

// parentOf is the parent a row belongs to, "" when it came only because the server
// compares texts in another way.
func (k *kinship[T, P]) parentOf(row *T) string {
	for _, v := range k.values(row) {
		if parent, ok := k.asked.exact[v]; ok {
			return parent
		}
	}
	return ""
}

func (k *kinship[T, P]) isAsked(row *T) bool {
	for _, v := range k.values(row) {
		if k.asked.exact[v] != "" || k.asked.folded[fold(v)] {
			return true
		}
	}
	return false
}

// related are the parents of one call by the values their rows hold.
type related struct {
	exact  map[string]string
	folded map[string]bool // nil where the types have one form for each value
}

func newRelated(parents []string, columns []*column) *related {
	a := &related{exact: make(map[string]string, len(parents))}
	for _, p := range parents {
		for _, c := range columns {
			a.exact[parentValue(c.typ, p)] = p
			if c.typ.kind != kindText {
				continue
			}
			if a.folded == nil {
				a.folded = make(map[string]bool, len(parents))
			}
			a.folded[fold(p)] = true
		}
	}
	return a
}

// parentValue is how rows hold a parent: GUIDs are shown in lower case. A number
// written in another way ("007") is another parent's.
func parentValue(t edm, parent string) string {
	if t.kind == kindGUID {
		return canonical(t, parent)
	}
	return parent
}
