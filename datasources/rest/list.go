package rest

import (
	"context"
	"errors"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// List implements datasources.Reader: by the keys or parents the filter names, by
// the system's own order page by page, or by all rows within LocalBound. The whole
// filter is always checked again.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	q = r.completed(q)
	first, plan, err := r.live(q.Fields, columnsOf(q)...)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	if q.Where.Op == schema.None {
		return datasources.Rows[T]{More: []bool{false}, Totals: []int{0}}, nil
	}
	if c := r.e.Column(q.Order.Column); q.Order.Column != "" && (c == nil || !c.Sortable) {
		return datasources.Rows[T]{}, unsupported(r.t.s.cfg.Name, "cannot sort %s by %s", r.e.Name, q.Order.Column)
	}
	if !r.t.joins() {
		if rows, ok, err := r.narrowed(ctx, first, plan, q); ok || err != nil {
			return rows, err
		}
		if how, ok := first.cfg.Orders[q.Order.Column]; ok {
			return r.ordered(ctx, first, plan, how, q)
		}
	}
	rows, isWhole, err := r.t.readAll(ctx, r.t.s.cfg.LocalBound)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	if !isWhole {
		return datasources.Rows[T]{}, r.beyond()
	}
	return r.cut(rows, q), nil
}

func (r *reader[T, P]) beyond() error {
	return unsupported(r.t.s.cfg.Name, "has more than %d %s, which is as many as are read to filter and sort them", r.t.s.cfg.LocalBound, plural(r.e.Name))
}

func (r *reader[T, P]) cut(rows []T, q datasources.Query) datasources.Rows[T] {
	rows = slices.DeleteFunc(rows, func(x T) bool { return !q.Where.Match(P(&x)) })
	return datasources.Cut[T, P](rows, q)
}

// narrowed answers a list whose filter names ids or parents the system can be
// asked by; false when it does not.
func (r *reader[T, P]) narrowed(ctx context.Context, first *resource, plan *mapping.Plan[T], q datasources.Query) (datasources.Rows[T], bool, error) {
	for _, c := range q.Where.Conjuncts() {
		if c.Op != schema.Eq && c.Op != schema.In {
			continue
		}
		k, column := first.cfg.Relations[c.Column], c.Column
		if r.e.Name == "Product" && c.Column == "sku" {
			k = first.cfg.Relations["number"]
		}
		if c.Column == "id" {
			k = first.cfg.Keys
		}
		keys := textsOf(c.Values)
		if k.Param == "" || len(keys) == 0 || !slices.ContainsFunc(keys, k.canHold) {
			continue
		}
		rows, isWhole, err := r.byColumn(ctx, first, plan, &k, column, keys)
		if err != nil {
			return datasources.Rows[T]{}, true, err
		}
		if !isWhole {
			return datasources.Rows[T]{}, true, r.beyond()
		}
		return r.cut(rows, q), true, nil
	}
	return datasources.Rows[T]{}, false, nil
}

// byColumn are all rows with one of the values in a column. A value that cannot be
// asked for is an error, not a missing row.
func (r *reader[T, P]) byColumn(ctx context.Context, first *resource, plan *mapping.Plan[T], k *Keys, column string, keys []string) ([]T, bool, error) {
	var all []T
	for _, chunk := range gather.Chunks(keys, first.keyBatch(*k)) {
		rows, isWhole, err := r.children(ctx, first, plan, k, column, chunk, nil)
		if err != nil {
			var some *datasources.BatchError
			if errors.As(err, &some) {
				err = cannotHold(r.t.s.cfg.Name, r.e.Name)
			}
			return nil, false, err
		}
		all = append(all, rows...)
		if !isWhole || len(all) > r.t.s.cfg.LocalBound {
			return nil, false, nil
		}
	}
	return distinct(all, r.t.shape.id), true, nil
}

func textsOf(values []schema.Value) []string {
	var list []string
	for _, v := range values {
		if v.Kind == schema.KindString && v.Str != "" && !slices.Contains(list, v.Str) {
			list = append(list, v.Str)
		}
	}
	return list
}

// ordered pages through the system's own order. Rows before a cursor are read
// again, as the system cannot be told where to begin.
func (r *reader[T, P]) ordered(ctx context.Context, first *resource, plan *mapping.Plan[T], how Order, q datasources.Query) (datasources.Rows[T], error) {
	by := how.Asc
	if q.Order.Desc {
		by = how.Desc
	}
	// The ops that keys give are not evaluated by a list.
	e := *r.e
	e.Columns = slices.Clone(e.Columns)
	for i := range e.Columns {
		e.Columns[i].Ops = nil
	}
	tally := plan.Tally()
	defer r.t.s.ledger.Take(tally)
	more := append(params(by), first.cfg.Window.params(r.t.s.now(), r.t.s.zone)...)
	p := r.t.s.pager(first, position{}, more)
	p.shape = plan.Shape()
	var last schema.Value
	return gather.List[T, P](ctx, r.t.s.cfg.Name, &e, q, gather.Lister[T]{
		Page: func(ctx context.Context, _ gather.PageRequest) (gather.Reply[T], error) {
			if p.at.Rows >= r.t.s.cfg.LocalBound {
				return gather.Reply[T]{}, r.beyond()
			}
			var rows []T
			// A page of nothing but deleted records is not the end.
			for len(rows) == 0 && !p.end {
				records, err := p.next(ctx)
				if err != nil {
					return gather.Reply[T]{}, err
				}
				if rows, err = rowsOf(r.t.s.cfg.Name, r.e.Name, plan, records, tally, nil); err != nil {
					return gather.Reply[T]{}, err
				}
				p.free(records)
			}
			if p.doubtful {
				return gather.Reply[T]{}, invalid(r.t.s.cfg.Name, r.e.Name, errDoubtful)
			}
			if !isSorted[T, P](rows, q.Order, &last) {
				return gather.Reply[T]{}, invalid(r.t.s.cfg.Name, r.e.Name, errUnsorted)
			}
			return gather.Reply[T]{Items: rows, End: p.end}, nil
		},
		Count: func(context.Context, schema.Predicate) (int, error) { return p.total, nil },
	})
}

// isSorted checks the order that was asked for; where rows without a value stand
// is the system's affair.
func isSorted[T any, P gather.Entity[T]](rows []T, order schema.Sort, last *schema.Value) bool {
	for i := range rows {
		v := P(&rows[i]).Column(order.Column)
		if v.IsNull() {
			continue
		}
		if !last.IsNull() {
			if c := last.Compare(v); !order.Desc && c > 0 || order.Desc && c < 0 {
				return false
			}
		}
		*last = v
	}
	return true
}
