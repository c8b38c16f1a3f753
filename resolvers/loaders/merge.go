package loaders

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/schema"
)

// stream is what one source has for one list, in order.
type stream[T any] struct {
	parent int
	source string
	key    string
	items  []T  // as the source gave them, or
	picked []*T // picked out of what it gave
	total  int
	more   bool
	odd    bool // rows were dropped that should not have come
	err    error
}

func (s *stream[T]) fill(r *result[page[T]]) {
	s.items, s.more, s.total, s.odd, s.err = r.value.items, r.value.more, r.value.total, r.value.odd, r.err
}

func (s *stream[T]) len() int { return len(s.items) + len(s.picked) }

func (s *stream[T]) row(i int) *T {
	if s.picked != nil {
		return s.picked[i]
	}
	return &s.items[i]
}

// merge makes the page of a list out of its sources' streams: a k-way merge by
// (order, source), each stream keeping its own order. Sources that failed are
// named in the page; when every source failed, their error is the answer. A
// source that does not have this kind of record (NOT_ENABLED) is no failure
// beside others that have.
func (d *Documents[T, P]) merge(ctx context.Context, q *question, streams []stream[T]) (*schema.Page[T], error) {
	page := &schema.Page[T]{}
	if err := d.mergeInto(ctx, q, streams, page); err != nil {
		return nil, err
	}
	return page, nil
}

func (d *Documents[T, P]) mergeInto(ctx context.Context, q *question, streams []stream[T], page *schema.Page[T]) error {
	page.HasPrev, page.Nodes = q.after != nil, []*T{}
	slices.SortStableFunc(streams, func(a, b stream[T]) int { return strings.Compare(a.source, b.source) })
	var alive []*stream[T]
	var failures []error
	var absent map[string]error
	total, known := 0, true
	for i := range streams {
		s := &streams[i]
		if schema.CodeOf(s.err) == schema.NotEnabled {
			if absent == nil {
				absent = map[string]error{}
			}
			absent[s.source] = s.err
			continue
		}
		if s.err != nil {
			failures = append(failures, s.err)
			page.Missing = appendNew(page.Missing, s.source)
			continue
		}
		if s.odd {
			failures = append(failures, schema.SourceErrorf(schema.SourceInvalid, s.source, "%s answered rows it was not asked for", s.source))
			page.Missing = appendNew(page.Missing, s.source)
		}
		if s.total < 0 {
			known = false
		}
		total += s.total
		alive = append(alive, s)
	}
	switch {
	case len(alive) > 0:
	case len(failures) > 0:
		return worst(failures)
	case len(absent) > 0 && len(absent) == len(q.owners):
		return absent[q.owners[0].Name] // nobody has such records
	}
	for _, err := range failures {
		d.l.Report.partial(ctx, q.list, err)
	}
	d.take(page, alive, q)
	switch {
	case len(failures) > 0 || !q.total:
	case known:
		page.TotalCount = &total
	default:
		d.l.Report.unknownTotal(d.name)
	}
	page.CursorOf = d.cursors(q, len(failures) > 0)
	return nil
}

// cursors seals the places of rows of a list. Behind a partial page lie rows that were
// never seen: its cursors lead nowhere.
func (d *Documents[T, P]) cursors(q *question, isPartial bool) func(*T) string {
	return func(x *T) string {
		source, _ := P(x).Identity()
		sealed := q.shape()
		if isPartial {
			sealed = append([]byte("partial\x00"), sealed...)
		}
		return d.l.cursorOf(P(x), d.ownOrder(q, source).Column, sealed)
	}
}

// take moves the first rows of the streams into the page.
func (d *Documents[T, P]) take(page *schema.Page[T], alive []*stream[T], q *question) {
	at := make([]int, len(alive))
	for len(page.Nodes) < q.first {
		best := -1
		for i, s := range alive {
			if at[i] < s.len() && (best < 0 || d.before(s.row(at[i]), alive[best].row(at[best]), q)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		page.Nodes = append(page.Nodes, alive[best].row(at[best]))
		at[best]++
	}
	for i, s := range alive {
		if !q.isGiven(s.source) && (s.more || at[i] < s.len()) {
			page.HasNext = true
		}
	}
}

// before reports whether a stands before b; the streams come sorted by source, so
// that equal rows keep that order. Rows of one source and one value that come in
// two streams stand by key. Without a common order, two streams of one source
// stand in its own.
func (d *Documents[T, P]) before(a, b *T, q *question) bool {
	s, k := P(a).Identity()
	t, m := P(b).Identity()
	order := q.order
	if order.Column == "" && s == t {
		order = d.ownOrder(q, s)
	}
	if order.Column != "" {
		c := P(a).Column(order.Column).Compare(P(b).Column(order.Column))
		if order.Desc {
			c = -c
		}
		if c != 0 {
			return c < 0
		}
	}
	return s == t && k < m
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// worst chooses the error to show for several: one that cannot be repeated before
// one that can.
func worst(errs []error) error {
	for _, err := range errs {
		var e *schema.Error
		if !errors.As(err, &e) || !e.Retryable {
			return err
		}
	}
	return errs[0]
}

// perItem makes the error of a batch resolver, nil when no item failed.
func perItem(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return graphql.BatchErrorList(errs)
		}
	}
	return nil
}
