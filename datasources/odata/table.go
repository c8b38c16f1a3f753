package odata

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// table is one configured entity: an entity of the graph, or the customers of the
// directory.
type table[T any] struct {
	s      *source
	entity string
	key    func(*T) string
	opened atomic.Pointer[view[T]]
	// order is whether the service compares its keys: it is found out once.
	order atomic.Int32
	// most is the most rows a page has had, see view.isLast.
	most atomic.Int64
}

// The states of table.order.
const (
	orderUnknown int32 = iota
	orderYes
	orderNo
)

func newTable[T any](s *source, entity string, key func(*T) string) *table[T] {
	return &table[T]{s: s, entity: entity, key: key}
}

// view is a table with what was found out about it.
type view[T any] struct {
	*layout
	t    *table[T]
	v    version
	lit  literals
	plan *mapping.Plan[T]
	// What is asked to sweep, and to follow changes: the latter only where something
	// tells of them.
	swept, changed wish

	mu     sync.Mutex // guards wishes
	wishes map[string]wish
}

// maxWishes bounds how many sets of columns are remembered: clients ask for few
// again and again.
const maxWishes = 64

func (w *view[T]) wish(f datasources.Fields) wish {
	name := f.Key()
	w.mu.Lock()
	defer w.mu.Unlock()
	if found, ok := w.wishes[name]; ok {
		return found
	}
	made := w.wishOf(w.tree(f))
	if w.wishes == nil {
		w.wishes = map[string]wish{}
	}
	if len(w.wishes) < maxWishes {
		w.wishes[name] = made
	}
	return made
}

// open finds out how the entity lies in the system, once.
func (t *table[T]) open(ctx context.Context) (*view[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, asError(t.s.cfg.Name, err)
	}
	if w := t.opened.Load(); w != nil {
		return w, nil
	}
	l, v, err := t.s.layout(ctx, t.entity)
	if err != nil {
		return nil, err
	}
	plan, err := mapping.Compile[T](mapping.Options{
		Entity: t.entity, Source: t.s.cfg.Name, Fields: l.fields, Locale: t.s.cfg.Locale,
		Currency: t.s.cfg.Currency, Country: t.s.cfg.Country, Links: l.rules, Names: l.names(),
	})
	if err != nil {
		return nil, schema.SourceErrorf(schema.Internal, t.s.cfg.Name, "%s of %s cannot be read", t.entity, t.s.cfg.Name).Because(err)
	}
	w := &view[T]{layout: l, t: t, v: v, lit: literals{version: v, zone: t.s.zone}, plan: plan}
	w.swept = w.wishOf(w.stamps(), versionNames()...)
	if c := w.change; c != nil {
		all := w.tree(nil)
		all.add(c.found.steps, c.found.name, c.typ)
		w.changed = w.wishOf(all, versionNames()...)
	}
	if state, sure := l.keyOrder(w.lit); sure {
		t.order.Store(state)
	}
	t.opened.Store(w)
	return w, nil
}

// keyOrder tells whether keys can be compared by "gt". Several services cannot
// compare GUIDs; that must be tried.
func (l *layout) keyOrder(lit literals) (state int32, sure bool) {
	state = orderYes
	for _, k := range l.keys {
		switch {
		case k.typ.kind == kindGUID:
			state = orderUnknown
		case k.typ.kind != kindText && !k.typ.isNumber() && (!k.typ.isTime() || lit.cuts(k.typ)):
			return orderNo, true
		}
	}
	return state, state != orderUnknown
}

// tree is what must be selected for the columns asked for. It follows what
// mapping's plan reads for them.
func (l *layout) tree(f datasources.Fields) *tree {
	t := newTree()
	for _, k := range l.keys {
		t.props[k.name] = k.typ
	}
	for _, name := range slices.Sorted(maps.Keys(l.places)) {
		if !isWanted(name, f) {
			continue
		}
		for _, p := range l.places[name] {
			t.add(p.steps, p.name, p.typ)
		}
	}
	return t
}

func isWanted(name string, f datasources.Fields) bool {
	if f == nil || f.Has(name) {
		return true
	}
	amounts := f.Has("total") || f.Has("net") || f.Has("tax") || f.Has("computed")
	switch name {
	case "customer", "order", "quote", "invoice", "code", "number", "sku", "deleted":
		return true
	case "currency":
		return amounts || f.Has("paid") || f.Has("amount") || f.Has("price") || f.Has("lines")
	case "net", "total", "tax":
		return amounts
	case "orderNumbers", linkPrefix + "order":
		return f.Has("orderNumber") || f.Has("order")
	case "quoteNumbers", linkPrefix + "quote":
		return f.Has("quoteNumber") || f.Has("quote")
	case "invoiceNumbers", linkPrefix + "invoice":
		return f.Has("invoiceNumber") || f.Has("invoice")
	}
	return false
}

// needed are the columns a query reads: those asked for and those that are looked
// at here.
func (l *layout) needed(q datasources.Query, more ...string) datasources.Fields {
	if q.Fields == nil {
		return nil
	}
	names := slices.Clone(more)
	q.Where.Columns(func(c string) {
		names = append(names, c)
		if c == "currency" { // is that of an amount
			names = append(names, "total", "amount", "price")
		}
	})
	if q.Order.Column != "" {
		names = append(names, q.Order.Column)
	}
	return q.Fields.With(names...)
}

// fetched is one page of rows.
type fetched[T any] struct {
	items []T
	n     int    // rows the service sent
	first string // key of the first of them
	last  string // key of the last that has one
	next  string // the service's link to what follows
	count int
	met   []met // of all rows the service sent, where it was asked for
}

// met is what is known of a row beside its columns.
type met struct {
	key  string    // "" = it has none
	at   time.Time // of its last change, zero = it has none
	etag string
	fate mapping.Fate
}

// fetch reads one page: of q, or what a link leads to. isAsked judges each key
// while the reply can still be refused as a whole; nil accepts all.
func (w *view[T]) fetch(ctx context.Context, q request, link string, isAsked func(key []byte) bool, plan *mapping.Plan[T], tally *mapping.Tally) (fetched[T], error) {
	var out fetched[T]
	p, err := w.t.s.client.read(ctx, w.v, q, link, func(p page) error {
		out = fetched[T]{n: p.n, next: p.next, count: p.count}
		return w.amend(p, &q, isAsked, &out)
	})
	if err != nil {
		return fetched[T]{}, err
	}
	if q.stamped {
		w.stamp(p.rows, plan, tally, &out)
	} else {
		out.items, _ = plan.Rows(p.rows, tally, nil)
	}
	p.free()
	w.t.note(out.n)
	return out, nil
}

// amend puts the rows of a page into the form the plan reads, and judges their keys.
func (w *view[T]) amend(p page, q *request, isAsked func(key []byte) bool, out *fetched[T]) error {
	if q.stamped {
		out.met = make([]met, 0, p.n)
	}
	a := amender{clock: clock{w.lit.zone}, keys: w.keys, form: q.form}
	var last mapping.Value
	i := 0
	for row := range p.rows.Items() {
		etag := ""
		if q.stamped {
			etag = etagOf(row)
		}
		key := a.record(row)
		if q.stamped {
			out.met = append(out.met, met{key: key.String(), etag: etag})
		}
		if i == 0 {
			out.first = key.String()
		}
		i++
		if key.Kind() == mapping.Absent {
			continue
		}
		last = key
		if isAsked != nil && !isAsked(key.Raw()) {
			return wire.Invalid(errForeign)
		}
	}
	out.last = last.String()
	if p.n > 0 && out.last == "" {
		return wire.Invalid(schema.Garbled(w.t.s.cfg.Name, w.entity, "id").Because(errNoKey))
	}
	return nil
}

// stamp reads the rows of a page with what is known of each beside its columns.
func (w *view[T]) stamp(list mapping.Value, plan *mapping.Plan[T], tally *mapping.Tally, out *fetched[T]) {
	out.items = make([]T, 0, out.n)
	i := 0
	for rec := range list.Items() {
		var row T
		fate := plan.Row(rec, tally, &row)
		if fate == mapping.Kept {
			out.items = append(out.items, row)
		}
		out.met[i].at, out.met[i].fate = w.change.of(rec), fate
		i++
	}
}

// note remembers the most rows a page has had.
func (t *table[T]) note(n int) {
	for {
		most := t.most.Load()
		if int64(n) <= most || t.most.CompareAndSwap(most, int64(n)) {
			return
		}
	}
}

// is is the condition that a row has a key, none when no row can have it.
func (w *view[T]) is(key string) cond {
	parts, ok := splitKey(key, len(w.keys))
	if !ok {
		return nothing()
	}
	list := make([]cond, len(parts))
	for i, k := range w.keys {
		literal, ok := w.lit.value(k.typ, schema.Value{Kind: schema.KindString, Str: parts[i]})
		if !ok || canonical(k.typ, parts[i]) != parts[i] {
			return nothing()
		}
		list[i] = term(k.name + " eq " + literal)
	}
	return and(list...)
}

// behind is the condition that a row stands behind a key in the order of keys.
func (w *view[T]) behind(key string) cond {
	parts, ok := splitKey(key, len(w.keys))
	if !ok {
		return nothing()
	}
	var ors []cond
	var same []cond
	for i, k := range w.keys {
		literal, ok := w.lit.value(k.typ, schema.Value{Kind: schema.KindString, Str: parts[i]})
		if !ok {
			return nothing()
		}
		ors = append(ors, and(append(slices.Clone(same), term(k.name+" gt "+literal))...))
		same = append(same, term(k.name+" eq "+literal))
	}
	return or(ors...)
}

// byKey is the order of keys.
func (l *layout) byKey() string {
	names := make([]string, len(l.keys))
	for i, k := range l.keys {
		names[i] = k.name
	}
	return strings.Join(names, ",")
}

// request makes a read of columns.
func (w *view[T]) request(f datasources.Fields, where cond) request {
	return request{name: w.entity, set: w.set, wish: w.wish(f), where: where}
}

// filters returns the translator of predicates.
func (w *view[T]) filters() *filters {
	return &filters{
		lit: w.lit, trust: w.t.s.trust, source: w.t.s.cfg.Name, is: w.is,
		column: func(name string) *column {
			if list := w.links[name]; len(list) == 1 {
				return list[0]
			}
			return w.columns[name]
		},
	}
}
