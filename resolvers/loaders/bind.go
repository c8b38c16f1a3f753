package loaders

import (
	"context"

	"github.com/trama-graph/trama/schema"
)

// binder makes the pages of many parents out of their sources' streams. Nearly always
// a parent has one stream that did not fail: its page is then its first rows, and all
// such pages, their nodes and totals lie in one piece each.
type binder[T any, P entity[T]] struct {
	d *Documents[T, P]
	q *question

	perOwner [][]stream[T] // by owner, each in the order of the parents
	at       []int         // how far each has come
	several  []stream[T]   // of a parent with streams of several owners

	pages   []*schema.Page[T]
	slab    []schema.Page[T]
	nodes   []*T
	totals  []int
	cursors func(*T) string
}

func newBinder[T any, P entity[T]](d *Documents[T, P], q *question, parents int, perOwner [][]stream[T]) *binder[T, P] {
	rows := 0
	for _, list := range perOwner {
		for i := range list {
			rows += min(list[i].len(), q.first)
		}
	}
	b := &binder[T, P]{
		d: d, q: q, perOwner: perOwner, at: make([]int, len(perOwner)),
		pages: make([]*schema.Page[T], parents), slab: make([]schema.Page[T], parents), nodes: make([]*T, 0, rows), cursors: d.cursors(q, false),
	}
	if q.total {
		b.totals = make([]int, parents)
	}
	return b
}

// streams returns the streams of the parent in turn.
func (b *binder[T, P]) streams(parent int) []stream[T] {
	var one []stream[T]
	owners := 0
	for i, list := range b.perOwner {
		from := b.at[i]
		to := from
		for to < len(list) && list[to].parent == parent {
			to++
		}
		if b.at[i] = to; from == to {
			continue
		}
		if owners++; owners == 1 {
			one = list[from:to:to]
			continue
		}
		if owners == 2 {
			b.several = append(b.several[:0], one...)
		}
		b.several = append(b.several, list[from:to]...)
	}
	if owners > 1 {
		return b.several
	}
	return one
}

// page makes the page of the parent in turn; an error leaves it null.
func (b *binder[T, P]) page(ctx context.Context, parent int) error {
	page := &b.slab[parent]
	streams := b.streams(parent)
	if len(streams) != 1 || streams[0].err != nil || streams[0].odd || b.q.total && streams[0].total < 0 {
		if err := b.d.mergeInto(ctx, b.q, streams, page); err != nil {
			return err
		}
		b.pages[parent] = page
		return nil
	}
	s := &streams[0]
	from := len(b.nodes)
	n := min(s.len(), b.q.first)
	for i := range n {
		b.nodes = append(b.nodes, s.row(i))
	}
	page.Nodes, page.CursorOf, page.HasPrev = b.nodes[from:len(b.nodes):len(b.nodes)], b.cursors, b.q.after != nil
	page.HasNext = (s.more || n < s.len()) && !b.q.isGiven(s.source)
	if b.q.total {
		b.totals[parent] = s.total
		page.TotalCount = &b.totals[parent]
	}
	b.pages[parent] = page
	return nil
}

// isGiven reports whether the rows of a source were given by the pages before: where
// the sources stand one after the other, those before the cursor's.
func (q *question) isGiven(source string) bool {
	return q.order.Column == "" && q.after != nil && source < q.after.Source
}
