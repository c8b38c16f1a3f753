package onec

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// List implements datasources.Reader.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	m, objects, err := r.objects(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	if q.Order.Column == "" {
		q.Order = r.e.Default
	}
	q.Fields = r.fields(q)
	rows, err := r.list(ctx, m, objects, q, nil, "")
	if err == nil && r.finish != nil {
		err = asError(r.s.cfg.Name, r.finish(ctx, m, rows.Items, q.Fields))
	}
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	return rows, nil
}

// pushable returns the entity with the comparisons that can really be pushed for
// this filter: some cannot be said exactly, others would make the address too
// long. What is taken away is checked here, within the entity's bound.
func (r *reader[T, P]) pushable(m *model, objects []*object, where schema.Predicate) *datasources.Entity {
	e := r.e
	room := int(r.s.client.longest.Load()) / queryShare
	for _, c := range where.Conjuncts() {
		if push, _ := e.Split(c); push.Op == schema.All {
			continue
		}
		longest := 0
		var err error
		for _, o := range objects {
			var text cond
			if text, err = r.filterer(m, o).render(c); err != nil {
				break
			}
			longest = max(longest, len(wire.QueryEscape20(text.text))+len(orWord))
		}
		if err == nil && longest <= room {
			room -= longest
			continue
		}
		e = without(e, c)
	}
	return e
}

// without returns the entity with no comparison of the columns c reads.
func without(e *datasources.Entity, c schema.Predicate) *datasources.Entity {
	copied := *e
	copied.Columns = slices.Clone(e.Columns)
	c.Columns(func(name string) {
		if col := copied.Column(name); col != nil {
			col.Ops = nil
		}
	})
	return &copied
}

// list reads a page of one or several objects and merges them. The rows of
// equal order values come object by object, and within an object in the base's
// own order. With k it is the list of one parent.
func (r *reader[T, P]) list(ctx context.Context, m *model, objects []*object, q datasources.Query, k *kin[T, P], parent string) (datasources.Rows[T], error) {
	e := r.pushable(m, objects, q.Where)
	lists := make([]datasources.Rows[T], len(objects))
	errs := make([]error, len(objects))
	from := -1 // the object the cursor's row is of
	if q.After != nil && q.After.ID != "" {
		for i, o := range objects {
			if _, ok := r.split(o.concept, q.After.ID); ok {
				from = i
				break
			}
		}
	}
	var wait sync.WaitGroup
	for i, o := range objects {
		q := q
		if q.After != nil && len(objects) > 1 && from >= 0 && i != from {
			// The other objects go on at the cursor's value: those before it in the
			// order of ties have given theirs.
			q.After = &datasources.After{Value: q.After.Value, Inclusive: i > from}
		}
		wait.Go(func() {
			b, err := r.s.builder(ctx, m, o, r.e.Name, r.key, q.Fields)
			if err != nil {
				errs[i] = err
				return
			}
			l := &lister[T, P]{r: r, b: b, q: q, k: k, parent: parent, f: r.filterer(m, o)}
			lists[i], errs[i] = l.list(ctx, e)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return datasources.Rows[T]{}, err
		}
	}
	if len(lists) == 1 {
		return lists[0], nil
	}
	return merge[T, P](lists, q), nil
}

// merge joins sorted lists into one page.
func merge[T any, P gather.Entity[T]](lists []datasources.Rows[T], q datasources.Query) datasources.Rows[T] {
	out := datasources.Rows[T]{More: []bool{false}, Totals: []int{0}}
	next := make([]int, len(lists))
	for {
		best := -1
		for i := range lists {
			if next[i] == len(lists[i].Items) {
				continue
			}
			if best < 0 || before(P(&lists[i].Items[next[i]]), P(&lists[best].Items[next[best]]), q.Order) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		if len(out.Items) == q.First {
			out.More[0] = true
			break
		}
		out.Items = append(out.Items, lists[best].Items[next[best]])
		next[best]++
	}
	for _, l := range lists {
		if len(l.More) == 1 && l.More[0] {
			out.More[0] = true
		}
		if len(l.Totals) != 1 || l.Totals[0] < 0 || out.Totals[0] < 0 {
			out.Totals[0] = -1
			continue
		}
		out.Totals[0] += l.Totals[0]
	}
	return out
}

func before(a, b schema.Row, order schema.Sort) bool {
	c := a.Column(order.Column).Compare(b.Column(order.Column))
	if order.Desc {
		c = -c
	}
	return c < 0
}

// lister reads the list of one object.
type lister[T any, P gather.Entity[T]] struct {
	r      *reader[T, P]
	b      *builder
	f      *filterer
	q      datasources.Query
	k      *kin[T, P]
	parent string

	seen   map[string]int // where each row given so far lies in the base's list
	text   string         // the filter of the first page
	strict bool           // the base evaluates the whole filter
}

func (l *lister[T, P]) list(ctx context.Context, e *datasources.Entity) (datasources.Rows[T], error) {
	l.seen = map[string]int{}
	_, local := e.Split(l.q.Where)
	l.strict = local.Op == schema.All
	rows, err := gather.List[T, P](ctx, l.r.s.cfg.Name, e, l.q, gather.Lister[T]{Page: l.page, Count: l.count})
	if n := len(rows.Items); err == nil && n > 0 && l.unordered() {
		_, key := P(&rows.Items[n-1]).Identity()
		l.r.marks.put(l.placeKey(key), l.seen[key], l.r.s.now())
	}
	return rows, err
}

// unordered says that a cursor tells nothing a filter could say.
func (l *lister[T, P]) unordered() bool { return l.q.Order.Column == "" }

func (l *lister[T, P]) placeKey(key string) string {
	return l.f.o.concept + " " + key + " " + l.text
}

// filter returns the whole filter for the base.
func (l *lister[T, P]) filter(push schema.Predicate) (string, bool, error) {
	f := *l.f
	f.widen = true
	c, err := f.render(push)
	if err != nil {
		return "", false, schema.SourceErrorf(schema.UnsupportedFilter, l.r.s.cfg.Name, "%s cannot filter %s so", l.r.s.cfg.Name, l.r.e.Name).Because(err)
	}
	parts := l.r.fixed(l.f.o)
	if l.k != nil {
		term := l.k.term(l.f.o, l.parent)
		if term == "" {
			return "", true, nil
		}
		parts = append(parts, "("+term+")")
	}
	return request{}.where(append(parts, c.text)...).filter, c.never, nil
}

// fewTies is how many rows beside a page are read for the sake of those that
// have the cursor's value.
const fewTies = 16

func (l *lister[T, P]) page(ctx context.Context, req gather.PageRequest) (gather.Reply[T], error) {
	filter, never, err := l.filter(req.Push)
	if err != nil || never {
		return gather.Reply[T]{End: true}, err
	}
	q := l.r.request(l.f.o, l.q.Fields)
	q.filter, q.order, q.top = filter, l.order(req.Order), req.Size
	// Next is where the base's own list goes on: rows may have been left out.
	hinted := false
	switch {
	case req.Next != "":
		if q.skip, err = strconv.Atoi(req.Next); err != nil {
			return gather.Reply[T]{}, err
		}
	case l.q.After != nil:
		l.text = filter
		if l.unordered() {
			q.skip = l.r.marks.get(l.placeKey(l.q.After.ID))
			hinted = q.skip > 0
		}
		if l.strict && (hinted || !l.unordered()) {
			// The page begins with the rows of the cursor's value: few, mostly.
			q.top = min(req.Size, l.q.First+fewTies)
		}
	default:
		l.text = filter
	}
	for {
		all, n, err := l.r.read(ctx, l.b, q, func(x *T) (bool, error) { return l.belongs(x) })
		if err != nil {
			return gather.Reply[T]{}, err
		}
		if hinted {
			hinted = false
			if !l.startsAt(all) { // the list has changed since
				q.skip, q.top = 0, req.Size
				continue
			}
		}
		kept := all[:0]
		known := 0
		for i := range all {
			_, key := P(&all[i]).Identity()
			if _, ok := l.seen[key]; ok {
				known++
				continue
			}
			l.seen[key] = q.skip + i
			if req.Push.Match(P(&all[i])) {
				kept = append(kept, all[i])
			}
		}
		if n > 0 && known == len(all) && known > 0 {
			return gather.Reply[T]{}, asError(l.r.s.cfg.Name, errors.New("the same page came twice"))
		}
		q.skip += n
		if end := n < q.top; end || len(kept) > 0 {
			return gather.Reply[T]{Items: kept, Next: strconv.Itoa(q.skip), End: end}, nil
		}
	}
}

func (l *lister[T, P]) startsAt(items []T) bool {
	if len(items) == 0 {
		return false
	}
	_, key := P(&items[0]).Identity()
	return key == l.q.After.ID
}

// belongs leaves out rows of another parent, which come where the database
// compares texts without letter case.
func (l *lister[T, P]) belongs(x *T) (bool, error) {
	if l.k == nil {
		return true, nil
	}
	return l.k.belongs(x, []string{l.parent})
}

// order always ends with the key: the order of equal rows is undefined
// otherwise, and so are pages (1C OData facts, §3).
func (l *lister[T, P]) order(s schema.Sort) string {
	name := s.Column
	if name == "amount" {
		name = "total"
	}
	prop := l.f.o.prop(name)
	switch {
	case prop == "":
		return "Ref_Key"
	case s.Desc:
		return prop + " desc,Ref_Key"
	}
	return prop + ",Ref_Key"
}

// count asks for the exact number of rows, -1 where the base compares texts: it
// may take two that differ in case for equal.
func (l *lister[T, P]) count(ctx context.Context, push schema.Predicate) (int, error) {
	loose := l.k != nil && isTextColumn(l.k.rel)
	push.Columns(func(c string) { loose = loose || isTextColumn(c) })
	if loose {
		return -1, nil
	}
	filter, never, err := l.filter(push)
	if err != nil || never {
		return 0, err
	}
	n, err := l.r.s.client.count(ctx, l.f.o.set, filter)
	if err != nil {
		return 0, asError(l.r.s.cfg.Name, err)
	}
	return n, nil
}
