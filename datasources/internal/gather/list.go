package gather

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// PageRequest is one upstream page of a list: rows that match Push, sorted by
// Order and then by the source's own id order, from Skip on.
type PageRequest struct {
	Push  schema.Predicate
	Order schema.Sort
	Skip  int
	Size  int
	Next  string // the upstream's own continuation from the last reply, "" at first
}

// Reply is one upstream page.
type Reply[T any] struct {
	Items []T
	Next  string // how the upstream continues, "" = by Skip
	End   bool   // nothing follows
}

// Lister says how a list is fetched.
type Lister[T any] struct {
	Page func(ctx context.Context, req PageRequest) (Reply[T], error)
	// Count returns the exact number of rows that match push, -1 when the source
	// cannot tell. Nil = it cannot.
	Count func(ctx context.Context, push schema.Predicate) (int, error)
	// PageSize is the most rows one upstream page may have, 0 = entity's limit.
	PageSize int
}

// List answers Reader.List. What the source can evaluate is pushed down, the
// whole filter is checked again, and a filter that can only be checked here is
// paid for with at most the entity's LocalBound rows; beyond that the answer is
// UNSUPPORTED_FILTER.
//
// A page behind a cursor begins with all rows that have the cursor's order value,
// and drops them up to the cursor's id: so the source need not compare ids, only
// sort the same way twice. When that row is gone, rows of the same value are
// given again rather than lost.
func List[T any, P Entity[T]](ctx context.Context, source string, e *datasources.Entity, q datasources.Query, how Lister[T]) (datasources.Rows[T], error) {
	order := q.Order
	if order.Column == "" {
		order = e.Default
	}
	if c := e.Column(order.Column); order.Column != "" && (c == nil || !c.Sortable) {
		return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, source, "%s cannot sort %s by %s", source, e.Name, order.Column)
	}
	push, local := e.Split(q.Where)
	if push.Op == schema.None || local.Op == schema.None {
		return datasources.Rows[T]{More: []bool{false}, Totals: []int{0}}, nil
	}
	l := &listing[T]{q: q, order: order, push: push, strict: local.Op == schema.All}
	if !l.strict && e.LocalBound == 0 {
		return datasources.Rows[T]{}, unsupported(source, e, local)
	}
	req := PageRequest{Push: schema.AllOf(push, from(order, q.After)), Order: order, Size: how.PageSize}
	if req.Size == 0 {
		req.Size = e.PageLimit
	}
	if l.strict && q.First+1 < req.Size && (q.After == nil || q.After.ID == "") {
		req.Size = q.First + 1
	}
	read := 0
	for {
		reply, err := how.Page(ctx, req)
		if err != nil {
			return datasources.Rows[T]{}, err
		}
		read += len(reply.Items)
		if add[T, P](l, reply.Items) {
			break
		}
		if reply.End || len(reply.Items) == 0 {
			l.end = true
			break
		}
		if !l.strict && read >= e.LocalBound {
			return datasources.Rows[T]{}, unsupported(source, e, local)
		}
		req.Skip += len(reply.Items)
		req.Next = reply.Next
	}
	return finish(ctx, l, how)
}

type listing[T any] struct {
	q      datasources.Query
	order  schema.Sort
	push   schema.Predicate
	strict bool // the source evaluates the whole filter
	ties   []T  // rows of the cursor's value, kept until its row is met
	spare  []T  // of a cursor without a value: the rows behind those without one
	found  bool
	items  []T
	end    bool
}

// add takes rows of a page and reports whether the list has enough.
func add[T any, P Entity[T]](l *listing[T], items []T) bool {
	for i := range items {
		row := P(&items[i])
		if !l.q.Where.Match(row) {
			continue
		}
		if l.q.After != nil && !l.found {
			switch {
			case l.q.After.ID == "" && !l.q.After.Inclusive && l.order.Column != "" && row.Column(l.order.Column).Compare(l.q.After.Value) == 0:
				continue
			case l.q.After.ID == "":
				l.found = true
			case key(row) == l.q.After.ID:
				l.found, l.ties = true, nil
				continue
			case l.order.Column != "" && schema.FaultsOf(row).Has(l.order.Column):
				continue // where it stands in the order is the source's affair; it has been given, or its key is met
			case l.order.Column == "" || row.Column(l.order.Column).Compare(l.q.After.Value) == 0:
				l.ties = append(l.ties, items[i])
				continue
			case ahead(row, l.order, l.q.After):
				continue // the source could not be told where to begin
			case l.order.Column != "" && l.q.After.Value.IsNull():
				// The cursor's row is gone, or it is at fault and stands anywhere: only its key
				// tells. These are the rows that follow if it is not met.
				if len(l.spare) == 0 {
					l.spare, l.ties = l.ties, nil
				}
				if len(l.spare) <= l.q.First {
					l.spare = append(l.spare, items[i])
				}
				continue
			default: // the cursor's row is gone
				l.found, l.items, l.ties = true, append(l.items, l.ties...), nil
			}
		}
		l.items = append(l.items, items[i])
		if len(l.items) > l.q.First {
			return true
		}
	}
	return false
}

// ahead reports whether a row stands before the cursor's value.
func ahead(row schema.Entity, order schema.Sort, after *datasources.After) bool {
	c := row.Column(order.Column).Compare(after.Value)
	if order.Desc {
		c = -c
	}
	return c < 0
}

func key(row schema.Entity) string {
	_, k := row.Identity()
	return k
}

func finish[T any](ctx context.Context, l *listing[T], how Lister[T]) (datasources.Rows[T], error) {
	if !l.found && l.order.Column != "" {
		l.items = append(append(l.items, l.spare...), l.ties...)
	}
	rows := datasources.Rows[T]{Items: l.items, More: []bool{false}, Totals: []int{-1}}
	if len(rows.Items) > l.q.First {
		rows.Items, rows.More[0] = rows.Items[:l.q.First], true
	}
	if !l.q.Total {
		return rows, nil
	}
	switch {
	case l.end && l.q.After == nil:
		rows.Totals[0] = len(l.items)
	case l.strict && how.Count != nil:
		n, err := how.Count(ctx, l.push)
		if err != nil {
			return rows, err
		}
		rows.Totals[0] = n
	}
	return rows, nil
}

// from is the cursor as a condition: the rows at or behind its value. Rows without
// a value would be cut off by a descending cursor: a connector whose sortable
// column can be empty widens the condition itself.
func from(order schema.Sort, after *datasources.After) schema.Predicate {
	if after == nil || order.Column == "" || after.Value.IsNull() {
		return schema.Predicate{}
	}
	if order.Desc {
		return schema.Compare(order.Column, schema.Le, after.Value)
	}
	return schema.Compare(order.Column, schema.Ge, after.Value)
}

func unsupported(source string, e *datasources.Entity, local schema.Predicate) error {
	column := ""
	local.Columns(func(c string) {
		if column == "" {
			column = c
		}
	})
	return schema.SourceErrorf(schema.UnsupportedFilter, source, "%s cannot filter %s by %s", source, e.Name, column)
}
