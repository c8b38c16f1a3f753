package cache

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// version is part of every key: entries of another layout are never read.
const version = "2"

// reader is a Reader whose answers are remembered.
type reader[T any, P datasources.EntityOf[T]] struct {
	c        *Cache
	inner    datasources.Reader[T]
	marks    *marks        // the source's changes
	slots    chan struct{} // the source's background readings
	entity   string
	prefix   string // version, source and entity
	isLinked bool   // its rows may belong to customers
	extra    sizer  // of a row, nil = it points to nothing
	keeper   keeper // of the rows, nil = the source does not keep them here

	again askedAgain

	restUntil atomic.Int64 // unix nanoseconds until which nothing is refreshed

	mu      sync.Mutex // guards flights and how many wait for them
	flights map[name]*flight[T]
}

// keeper is a reader of rows that Trama keeps itself. It knows how old they may be: an
// answer of it that is remembered is repeated while it is as good as a new one, and
// never as stale, for which it would have to be read from afar.
type keeper interface {
	// IsCurrent reports whether rows that were answered as of a time may be served
	// unmarked. It makes no call.
	IsCurrent(asOf time.Time) bool
}

func wrap[T any, P datasources.EntityOf[T]](s *source, inner any, entity string) any {
	in, ok := inner.(datasources.Reader[T])
	if !ok {
		return nil
	}
	_, isLinked := any(new(T)).(linked)
	kept, _ := inner.(keeper)
	return &reader[T, P]{
		c: s.c, inner: in, marks: s.marks, slots: s.slots, entity: entity,
		prefix:   s.c.cfg.Prefix + ":" + version + ":" + s.name + ":" + entity + ":",
		isLinked: isLinked, extra: sizerOf(reflect.TypeFor[T]()), keeper: kept, flights: map[name]*flight[T]{},
	}
}

// ByKeys answers from the cache what it can, and asks for the rest at once.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	if r.c.cfg.TTL <= 0 {
		return r.dated(r.inner.ByKeys(ctx, keys, f))
	}
	of, prefix := r.keysName(f)
	got := r.ask(ctx, &question[T]{
		of: of, prefix: prefix, ofKeys: true,
		fetch: func(ctx context.Context, keys []string) reply[T] {
			rows, err := r.inner.ByKeys(ctx, keys, f)
			byKey := make(map[string]*T, len(rows.Items))
			for i := range rows.Items {
				_, k := P(&rows.Items[i]).Identity()
				byKey[k] = &rows.Items[i]
			}
			return made(keys, rows, err, func(i int) *entry[T] {
				e := &entry[T]{}
				if row := byKey[keys[i]]; row != nil {
					e.Rows = []T{*row}
				}
				return e
			})
		},
	}, keys)
	if got.whole != nil {
		return *got.whole, got.err
	}
	out := datasources.Rows[T]{Items: make([]T, 0, len(got.parts)), Stale: got.isStale}
	for _, e := range got.parts {
		if e != nil {
			out.Items = append(out.Items, e.Rows...)
			out.AsOf = older(out.AsOf, e.AsOf)
		}
	}
	return out, got.err
}

// ByParent answers from the cache what it can, and asks for the rest at once.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	if r.c.cfg.TTL <= 0 {
		return r.dated(r.inner.ByParent(ctx, rel, parents, q))
	}
	of, prefix := r.pagesName(rel, q)
	whole, isLevel := levelName(of, parents)
	if isLevel {
		if rows, ok := r.level(whole, len(parents)); ok {
			return rows, nil
		}
	}
	got := r.ask(ctx, &question[T]{
		of: of, prefix: prefix, ofCustomers: rel == "customer",
		fetch: func(ctx context.Context, parents []string) reply[T] {
			rows, err := r.inner.ByParent(ctx, rel, parents, q)
			return made(parents, rows, err, func(i int) *entry[T] {
				// A copy: one page that is kept shall not hold those of all others.
				return paged(append([]T(nil), rows.Parent(i)...), &rows, i)
			})
		},
	}, parents)
	if got.whole != nil {
		return *got.whole, got.err
	}
	rows := assemble(got.parts, got.isStale)
	if isLevel {
		r.keepLevel(whole, &got, &rows)
	}
	return rows, got.err
}

// assemble hands the kept pages out as they lie: nobody changes them.
func assemble[T any](parts []*entry[T], isStale bool) datasources.Rows[T] {
	out := datasources.Rows[T]{
		Pages: make([][]T, len(parts)), More: make([]bool, len(parts)), Totals: make([]int, len(parts)), Stale: isStale,
	}
	for i, e := range parts {
		out.Totals[i] = -1
		if e != nil {
			out.Pages[i] = e.Rows[:len(e.Rows):len(e.Rows)]
			out.More[i], out.Totals[i] = e.More, e.Total
			out.AsOf = older(out.AsOf, e.AsOf)
		}
	}
	return out
}

// List answers a list it has seen from the cache. Rows that Trama keeps itself are as
// quickly read there as here: who wants all of them once leaves the cache to others.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	if r.c.cfg.TTL <= 0 || r.keeper != nil && datasources.IsReadOnce(ctx) {
		return r.dated(r.inner.List(ctx, q))
	}
	of, prefix := r.listName(q)
	got := r.ask(ctx, &question[T]{
		of: of, prefix: prefix,
		fetch: func(ctx context.Context, keys []string) reply[T] {
			rows, err := r.inner.List(ctx, q)
			return made(keys, rows, err, func(int) *entry[T] { return paged(rows.Items[:len(rows.Items):len(rows.Items)], &rows, 0) })
		},
	}, []string{""})
	if got.whole != nil {
		return *got.whole, got.err
	}
	e := got.parts[0]
	if e == nil {
		return datasources.Rows[T]{}, got.err
	}
	return datasources.Rows[T]{Items: e.Rows, More: []bool{e.More}, Totals: []int{e.Total}, AsOf: e.AsOf, Stale: got.isStale}, nil
}

// made is a source's answer as entries; one is called for each key that did not
// fail.
func made[T any](keys []string, rows datasources.Rows[T], err error, one func(i int) *entry[T]) reply[T] {
	var some *datasources.BatchError
	if err != nil && !errors.As(err, &some) {
		return reply[T]{rows: rows, err: err}
	}
	out := reply[T]{rows: rows, each: make([]*entry[T], len(keys))}
	if some != nil {
		out.errs = some.ByKey
	}
	for i, k := range keys {
		if out.errs[k] == nil {
			out.each[i] = one(i)
			out.each[i].AsOf = rows.AsOf
		}
	}
	return out
}

// paged is the page of the i-th parent as an entry.
func paged[T any](items []T, rows *datasources.Rows[T], i int) *entry[T] {
	e := &entry[T]{Rows: items, Total: -1}
	if i < len(rows.More) {
		e.More = rows.More[i]
	}
	if i < len(rows.Totals) {
		e.Total = rows.Totals[i]
	}
	return e
}

// sizeOf estimates what keeping an entry costs.
func (r *reader[T, P]) sizeOf(key string, e *entry[T]) int {
	n := overhead + allocated(len(key)) + allocated(cap(e.Rows)*int(reflect.TypeFor[T]().Size()))
	if r.extra != nil {
		for i := range e.Rows {
			n += r.extra(reflect.ValueOf(&e.Rows[i]).Elem())
		}
	}
	return n
}

// dated says when a source answered that does not say so itself.
func (r *reader[T, P]) dated(rows datasources.Rows[T], err error) (datasources.Rows[T], error) {
	if rows.AsOf.IsZero() && err == nil {
		rows.AsOf = r.c.cfg.Now()
	}
	return rows, err
}

func older(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
