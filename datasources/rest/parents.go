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
	all := gather.PlacesOf(parents)
	return gather.ByParent[T, P](ctx, parents, first.keyBatch(k), q, gather.Parents[T]{
		Fetch: func(ctx context.Context, chunk []string) ([]T, bool, error) {
			if len(chunk) == len(parents) {
				return r.children(ctx, first, plan, &k, column, chunk, all)
			}
			return r.children(ctx, first, plan, &k, column, chunk, nil)
		},
		One: func(context.Context, string) (datasources.Rows[T], error) {
			return datasources.Rows[T]{}, unsupported(r.t.s.cfg.Name, "has more than %d %s of one %s", r.t.s.cfg.LocalBound, plural(r.e.Name), rel)
		},
		ParentOf: r.parentIn(column, all),
		Places:   all,
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

// parentIn tells the parent a row belongs to. Of several numbers the first that was
// asked for counts, "" when none was; a single value is told as it is.
func (r *reader[T, P]) parentIn(column string, asked *gather.Places) func(*T) string {
	switch column {
	case "customer":
		if _, ok := schema.Entity(P(nil)).(linked); ok {
			// What the column holds, without the way over its name: it is told of each row.
			return func(x *T) string { return schema.Entity(P(x)).(linked).LinkKeys().CustomerKey }
		}
	case "orderNumber", "quoteNumber", "invoiceNumber":
		return func(x *T) string {
			list, isList := numbers(P(x), column)
			if !isList {
				return P(x).Column(column).Text()
			}
			for _, v := range list {
				if asked.Has(v) {
					return v
				}
			}
			return ""
		}
	}
	return func(x *T) string { return P(x).Column(column).Text() }
}

// linked are the rows that refer to others.
type linked interface{ LinkKeys() *schema.Links }

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
		return nil, schema.Garbled(r.t.s.cfg.Name, r.e.Name, "id")
	}
	return rows, nil
}

// own are the rows of the parents that were asked for. A database may take texts
// for equal that are not: such a row is nobody's, and no error, which would tell
// that it exists. Any other row refuses the answer. asked is the set of the parents,
// nil = it is not yet made.
func (r *reader[T, P]) own(rows []T, column string, parents []string, asked *gather.Places) ([]T, error) {
	if asked == nil {
		asked = gather.PlacesOf(parents)
	}
	var loose map[string]bool
	kept := rows[:0]
	parentOf := r.parentIn(column, asked)
	last := "" // a parent that was asked for: his rows often stand together
	for i := range rows {
		parent := parentOf(&rows[i])
		if parent != "" && (parent == last || asked.Has(parent)) {
			last = parent
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
			if schema.FaultsOf(&rows[i]).Has(column) {
				return nil, schema.Garbled(r.t.s.cfg.Name, r.e.Name, column) // nobody knows whose it is
			}
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
	l, ok := row.(linked)
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

// askable are the keys that can be asked for; failed are those no call can hold. A key
// that does not look like one has no rows, and is in neither.
func (r *reader[T, P]) askable(first *resource, k *Keys, keys []string) (good []string, failed map[string]error) {
	p := first.patternOf(k)
	isKey := func(key string) bool { return p == nil || p.matches(key) }
	i := slices.IndexFunc(keys, func(key string) bool { return !isKey(key) || !k.canHold(key) })
	if i < 0 {
		return keys, nil // nearly always
	}
	good = slices.Clone(keys[:i])
	for _, key := range keys[i:] {
		switch {
		case !isKey(key):
		case k.canHold(key):
			good = append(good, key)
		default:
			if failed == nil {
				failed = map[string]error{}
			}
			failed[key] = cannotHold(r.t.s.cfg.Name, r.e.Name)
		}
	}
	return good, failed
}

// children are all rows of some parents, incomplete when there are more than
// LocalBound. asked is the set of the parents, or nil.
func (r *reader[T, P]) children(ctx context.Context, first *resource, plan *mapping.Plan[T], k *Keys, column string, parents []string, asked *gather.Places) ([]T, bool, error) {
	good, failed := r.askable(first, k, parents)
	if len(good) < len(parents) {
		asked = nil // a key that was not asked for has no rows
	}
	var rows []T
	isWhole := true
	if len(good) > 0 {
		p := r.t.s.pager(first, position{}, []param{k.param(good)})
		var err error
		if rows, isWhole, err = r.t.fetchAll(ctx, p, plan, r.t.s.cfg.LocalBound); err != nil {
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
