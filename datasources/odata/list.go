package odata

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// List implements datasources.Reader.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	w, err := r.open(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	return r.list(ctx, w, q, everything())
}

// list answers a query among the rows that fulfil a further condition.
func (r *reader[T, P]) list(ctx context.Context, w *view[T], q datasources.Query, extra cond) (datasources.Rows[T], error) {
	if q.Order.Column == "" {
		q.Order = r.s.desc.Entity(r.entity).Default
	}
	push, local := w.narrowed.Split(q.Where)
	x := &listing[T]{w: w, q: q, strict: local.Op == schema.All, where: and(w.fixed, extra, w.filters().of(push))}
	if x.where.none || local.Op == schema.None {
		return datasources.Rows[T]{More: []bool{false}, Totals: []int{0}}, nil
	}
	x.plan = w.plan.Select(w.needed(q))
	x.tally = x.plan.Tally()
	defer r.s.ledger.Take(x.tally)
	return r.listed(ctx, x)
}

// listed answers a listing by the way its order asks for.
func (r *reader[T, P]) listed(ctx context.Context, x *listing[T]) (datasources.Rows[T], error) {
	w, q := x.w, x.q
	if q.Order.Column != "" {
		declared := r.s.desc.Entity(r.entity).Column(q.Order.Column)
		if declared == nil || !declared.Sortable {
			return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, r.s.cfg.Name, "%s cannot sort %s by %s", r.s.cfg.Name, r.entity, q.Order.Column)
		}
		if c := w.columns[q.Order.Column]; !c.sortable() {
			return r.whole(ctx, x)
		}
		return r.ordered(ctx, x)
	}
	return r.unordered(ctx, x)
}

// listing is one list under way.
type listing[T any] struct {
	w      *view[T]
	q      datasources.Query
	where  cond
	strict bool // the service evaluates the whole filter
	plan   *mapping.Plan[T]
	tally  *mapping.Tally

	pager *pager[T]
	seen  map[string]bool
	total int // told by the service with the first page, -1 = not
	read  int
}

// ordered lists by a column the service sorts by.
func (r *reader[T, P]) ordered(ctx context.Context, x *listing[T]) (datasources.Rows[T], error) {
	c := x.w.columns[x.q.Order.Column]
	from, isExact := x.w.cursor(c, x.q.Order, x.q.After, r.order.Load() == orderYes)
	order := c.path
	if x.q.Order.Desc {
		order += " desc"
	}
	return r.gather(ctx, x, x.q, and(x.where, from), order+","+x.w.byKey(), isExact)
}

// unordered lists by key: the service's own order of keys decides, and its own
// comparison says what is behind one.
func (r *reader[T, P]) unordered(ctx context.Context, x *listing[T]) (datasources.Rows[T], error) {
	q := x.q
	if q.After == nil || q.After.ID == "" {
		return r.gather(ctx, x, q, x.where, x.w.byKey(), true)
	}
	if state := r.order.Load(); state != orderNo {
		where := and(x.where, x.w.behind(q.After.ID))
		if where.none {
			return datasources.Rows[T]{More: []bool{false}}, nil
		}
		q.After, q.Total = nil, false
		rows, err := r.gather(ctx, x, q, where, x.w.byKey(), true)
		if err == nil {
			r.order.CompareAndSwap(orderUnknown, orderYes)
			return r.totalled(ctx, x, rows)
		}
		if state == orderYes || !isUnable(err) {
			return rows, err
		}
		// Without a comparison of keys the list is walked from its beginning.
		r.order.Store(orderNo)
		q = x.q
	}
	return r.gather(ctx, x, q, x.where, x.w.byKey(), false)
}

// gather lets package gather page, check and cut. The rows begin with those that
// where lets through.
func (r *reader[T, P]) gather(ctx context.Context, x *listing[T], q datasources.Query, where cond, order string, isExact bool) (datasources.Rows[T], error) {
	x.pager, x.seen, x.total, x.read = nil, nil, -1, 0
	e := x.w.narrowed
	e.Default = q.Order
	return gather.List[T, P](ctx, r.s.cfg.Name, &e, q, gather.Lister[T]{
		Page: func(ctx context.Context, req gather.PageRequest) (gather.Reply[T], error) {
			if x.pager == nil {
				size := req.Size
				if x.strict && q.After != nil && q.After.ID != "" {
					size = min(size, q.First+1)
					if !isExact {
						size = min(req.Size, q.First+ties)
					}
				}
				ask := x.w.request(x.w.needed(x.q), where)
				ask.order, ask.top = order, size
				ask.count = q.Total && q.After == nil && x.strict && !where.loose
				x.pager = &pager[T]{w: x.w, q: ask, plan: x.plan, tally: x.tally}
			}
			return x.page(ctx, r.key)
		},
		Count: func(ctx context.Context, _ schema.Predicate) (int, error) { return x.count(ctx) },
	})
}

// ties are how many rows of the cursor's own value a page has room for.
const ties = 33

// page reads on until there are rows or nothing follows: rows that are marked as
// deleted, or that came before, are none.
func (x *listing[T]) page(ctx context.Context, key func(*T) string) (gather.Reply[T], error) {
	for {
		got, err := x.pager.next(ctx)
		if err != nil {
			return gather.Reply[T]{}, err
		}
		if got.count >= 0 && x.total < 0 {
			x.total = got.count
		}
		// What the server's collation lets through beyond the filter is bounded as
		// what is filtered here.
		if x.read += got.n; x.where.loose && x.read > x.w.narrowed.LocalBound {
			return gather.Reply[T]{}, unsupported(x.w.t.s.cfg.Name, x.w.entity, "a text")
		}
		if x.seen == nil {
			x.seen = make(map[string]bool, len(got.items))
		}
		items := got.items[:0]
		for i := range got.items {
			k := key(&got.items[i])
			// A row that is there already is not counted again.
			n := len(x.seen)
			if x.seen[k] = true; len(x.seen) > n {
				items = append(items, got.items[i])
			}
		}
		if len(items) > 0 || x.pager.isEnd {
			return gather.Reply[T]{Items: items, End: x.pager.isEnd}, nil
		}
	}
}

// count is the exact number of rows, -1 when the server's idea of equal texts
// stands in the way.
func (x *listing[T]) count(ctx context.Context) (int, error) {
	if !x.strict || x.where.loose {
		return -1, nil
	}
	if x.total >= 0 {
		return x.total, nil
	}
	return x.w.t.s.client.count(ctx, x.w.v, request{name: x.w.entity, set: x.w.set, where: x.where})
}

// totalled adds the total to a page that was asked for without.
func (r *reader[T, P]) totalled(ctx context.Context, x *listing[T], rows datasources.Rows[T]) (datasources.Rows[T], error) {
	if !x.q.Total {
		return rows, nil
	}
	n, err := x.count(ctx)
	rows.Totals = []int{n}
	return rows, err
}

// whole lists by a column the service cannot sort by as the graph does: all rows
// are read, within the bound.
func (r *reader[T, P]) whole(ctx context.Context, x *listing[T]) (datasources.Rows[T], error) {
	ask := x.w.request(x.w.needed(x.q), x.where)
	ask.order, ask.top = x.w.byKey(), r.s.cfg.Page
	x.pager, x.seen, x.total = &pager[T]{w: x.w, q: ask, plan: x.plan, tally: x.tally}, nil, -1
	var items []T
	for read := 0; ; {
		got, err := x.page(ctx, r.key)
		if err != nil {
			return datasources.Rows[T]{}, err
		}
		if read += len(got.Items); read > r.s.cfg.LocalBound {
			return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, r.s.cfg.Name, "%s cannot sort %s by %s", r.s.cfg.Name, r.entity, x.q.Order.Column)
		}
		for i := range got.Items {
			if x.q.Where.Match(P(&got.Items[i])) {
				items = append(items, got.Items[i])
			}
		}
		if got.End {
			return datasources.Cut[T, P](items, x.q), nil
		}
	}
}
