package rest

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// ByParent implements datasources.Reader.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	q = r.completed(q)
	column := r.column(rel)
	first, plan, err := r.live(q.Fields, append(columnsOf(q), column)...)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	k := first.cfg.Relations[string(rel)]
	if k.Param == "" || r.t.joins() {
		return datasources.Rows[T]{}, unsupported(r.t.s.cfg.Name, "cannot be asked for %s by their %s", plural(r.e.Name), rel)
	}
	all := set(parents)
	w := r.t.wanted(q.Fields)
	return gather.ByParent[T, P](ctx, parents, first.keyBatch(k), q, gather.Parents[T]{
		Fetch: func(ctx context.Context, chunk []string) ([]T, bool, error) {
			if len(chunk) == len(parents) {
				return r.children(ctx, first, plan, &k, column, chunk, all, w)
			}
			return r.children(ctx, first, plan, &k, column, chunk, nil, w)
		},
		One: func(context.Context, string) (datasources.Rows[T], error) {
			return datasources.Rows[T]{}, unsupported(r.t.s.cfg.Name, "has more than %d %s of one %s", r.t.s.cfg.LocalBound, plural(r.e.Name), rel)
		},
		ParentOf: func(x *T) string { return r.parentOf(x, column, all) },
		Fault:    func(x *T) error { return r.t.fault(w, x) },
	})
}

// completed is q with the entity's default order where it asks for none.
func (r *reader[T, P]) completed(q datasources.Query) datasources.Query {
	if q.Order.Column == "" {
		q.Order = r.e.Default
	}
	return q
}

// columnsOf are the columns a query needs besides those it asks for.
func columnsOf(q datasources.Query) []string {
	var list []string
	q.Where.Columns(func(c string) { list = append(list, c) })
	if q.Order.Column != "" {
		list = append(list, q.Order.Column)
	}
	return list
}

// column is what a relation's parents stand in: a product's number is its sku.
func (r *reader[T, P]) column(rel datasources.Relation) string {
	if rel == "number" && r.e.Name == "Product" {
		return "sku"
	}
	return string(rel)
}

func set(keys []string) map[string]bool {
	m := make(map[string]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}

// parentOf is the parent a row belongs to, "" when none was asked for. Of several
// numbers the first that was asked for counts.
func (r *reader[T, P]) parentOf(x *T, column string, asked map[string]bool) string {
	list, isList := numbers(P(x), column)
	if !isList {
		if v := P(x).Column(column).Text(); asked[v] {
			return v
		}
		return ""
	}
	for _, v := range list {
		if asked[v] {
			return v
		}
	}
	return ""
}

// ofOneParent are the rows without those that came twice. Two of one id that name
// different parents are two records, of which nobody knows which is meant by it.
func (r *reader[T, P]) ofOneParent(rows []T, column string) ([]T, error) {
	rows, isSound := distinctAs(rows, r.t.shape.id, func(a, b *T) bool {
		if _, isList := numbers(P(a), column); isList {
			return true
		}
		return P(a).Column(column) == P(b).Column(column)
	})
	if !isSound {
		return nil, datasources.Garbled(r.t.s.cfg.Name, r.e.Name, "id")
	}
	return rows, nil
}

// own are the rows of the parents that were asked for. A database may take texts
// for equal that are not: such a row is nobody's, and no error, which would tell
// that it exists. Any other row refuses the answer. asked is the set of the parents,
// nil = it is not yet made.
func (r *reader[T, P]) own(rows []T, column string, parents []string, asked map[string]bool) ([]T, error) {
	if asked == nil {
		asked = set(parents)
	}
	var loose map[string]bool
	kept := rows[:0]
	for i := range rows {
		if r.parentOf(&rows[i], column, asked) != "" {
			if len(kept) == i {
				kept = rows[:i+1] // it stays where it is
				continue
			}
			kept = append(kept, rows[i])
			continue
		}
		if loose == nil {
			loose = make(map[string]bool, len(parents))
			for _, p := range parents {
				loose[fold(p)] = true
			}
		}
		list, isList := numbers(P(&rows[i]), column)
		if !isList {
			list = []string{P(&rows[i]).Column(column).Text()}
		}
		if !slices.ContainsFunc(list, func(n string) bool { return loose[fold(n)] }) {
			return nil, invalid(r.t.s.cfg.Name, r.e.Name, errForeign)
		}
	}
	return kept, nil
}

// fold is a text without what databases overlook: letter case, accents and space
// at the ends.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKD.String(strings.TrimSpace(s))))
}

// numbers are all values of a column that may hold several, false when it holds
// one.
func numbers(row schema.Entity, column string) ([]string, bool) {
	switch column {
	case "orderNumber", "quoteNumber", "invoiceNumber":
	default:
		return nil, false
	}
	l, ok := row.(interface{ LinkKeys() *schema.Links })
	if !ok {
		return nil, false
	}
	switch column {
	case "orderNumber":
		return l.LinkKeys().OrderNumbers, true
	case "quoteNumber":
		return l.LinkKeys().QuoteNumbers, true
	}
	return l.LinkKeys().InvoiceNumbers, true
}

// children are all rows of some parents, incomplete when there are more than
// LocalBound. asked is the set of the parents, or nil.
func (r *reader[T, P]) children(ctx context.Context, first *resource, plan *mapping.Plan[T], k *Keys, column string, parents []string, asked map[string]bool, w *wanted) ([]T, bool, error) {
	var failed map[string]error
	good := make([]string, 0, len(parents))
	for _, key := range parents {
		switch {
		case !first.isKey(k, key):
		case k.canHold(key):
			good = append(good, key)
		default:
			if failed == nil {
				failed = map[string]error{}
			}
			failed[key] = cannotHold(r.t.s.cfg.Name, r.e.Name)
		}
	}
	if len(good) < len(parents) {
		asked = nil // a key that was not asked for has no rows
	}
	var rows []T
	isWhole := true
	if len(good) > 0 {
		p := r.t.s.pager(first, position{}, []param{k.param(good)})
		var err error
		if rows, isWhole, err = r.t.fetchAll(ctx, p, plan, w, r.t.s.cfg.LocalBound); err != nil {
			return nil, false, err
		}
		if rows, err = r.ofOneParent(rows, column); err != nil {
			return nil, false, err
		}
		if rows, err = r.own(rows, column, good, asked); err != nil {
			return nil, false, err
		}
	}
	if len(failed) > 0 {
		return rows, isWhole, &datasources.BatchError{ByKey: failed}
	}
	return rows, isWhole, nil
}
