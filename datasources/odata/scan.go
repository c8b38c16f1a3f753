package odata

import (
	"context"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// A mark is "k:" and the key of the last row, or "s:" and a number of rows where
// the service cannot compare keys.
const (
	markKey  = "k:"
	markSkip = "s:"
)

// problemCutOff is the kind of a problem: pages are shorter than asked for,
// without a link to the rest. Lists may lack rows: set page to that size.
const problemCutOff = "page cut off without a link"

// Scan implements datasources.Scanner: all rows in the order of their keys. Each
// page begins behind the key the last one ended with, so that rows which are
// added or removed meanwhile move no others.
func (t *table[T]) Scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[T]) error) error {
	w, err := t.open(ctx)
	if err != nil {
		return err
	}
	s := &scan[T]{w: w, plan: w.plan, stride: 1, take: func(got fetched[T], page datasources.Scanned[T]) error {
		page.Items = got.items
		return f(page)
	}}
	if err := s.begin(string(from)); err != nil {
		return err
	}
	if from == "" {
		t.s.ledger.Restart(t.entity)
	}
	s.tally = s.plan.Tally()
	return s.run(ctx)
}

// scan is one scan under way.
type scan[T any] struct {
	w     *view[T]
	take  func(fetched[T], datasources.Scanned[T]) error // the page is without its items
	plan  *mapping.Plan[T]
	tally *mapping.Tally
	// isSweep: keys and what tells of changes are read instead of all columns.
	isSweep bool

	bySkip bool
	key    string // of the last row
	skip   int
	first  string // key of the first row of the last page, when by skip
	full   bool   // a page had as many rows as were asked for
	short  bool   // the last page had fewer, and no link

	// An earlier key to meet again, and after how many pages a later one takes its
	// place: twice as many each time, so that a circle of any length is found and
	// nothing grows.
	anchor string
	steps  int
	stride int
}

func (s *scan[T]) begin(mark string) error {
	source, entity := s.w.t.s.cfg.Name, s.w.entity
	switch {
	case mark == "":
	case strings.HasPrefix(mark, markKey):
		if s.key = mark[len(markKey):]; !s.w.behind(s.key).none {
			return nil
		}
		return schema.SourceErrorf(schema.BadRequest, source, "the mark of the scan of %s is of another configuration", entity)
	case strings.HasPrefix(mark, markSkip):
		n, err := strconv.Atoi(mark[len(markSkip):])
		if err != nil || n < 0 {
			return schema.SourceErrorf(schema.BadRequest, source, "the mark of the scan of %s makes no sense", entity)
		}
		s.skip, s.bySkip = n, true
	default:
		return schema.SourceErrorf(schema.BadRequest, source, "the mark of the scan of %s makes no sense", entity)
	}
	s.bySkip = s.bySkip || s.w.t.order.Load() == orderNo
	return nil
}

func (s *scan[T]) mark() datasources.Mark {
	switch {
	case s.bySkip:
		return datasources.Mark(markSkip + strconv.Itoa(s.skip))
	case s.key == "":
		return ""
	}
	return datasources.Mark(markKey + s.key)
}

func (s *scan[T]) run(ctx context.Context) error {
	t := s.w.t
	for {
		got, err := s.page(ctx)
		if err != nil {
			return err
		}
		if s.short && got.n > 0 {
			// What looked like the end was not.
			t.s.ledger.Add(t.entity, "", problemCutOff, 1)
			s.full = false
		}
		isEnd := got.n == 0 || s.full && got.n < t.s.cfg.Page && got.next == ""
		s.full = s.full || got.n >= t.s.cfg.Page
		s.short = got.n > 0 && got.n < t.s.cfg.Page && got.next == "" && !isEnd
		if !s.isSweep { // what is not asked for is not missing
			if isEnd {
				s.tally.Absent()
			}
			t.s.ledger.Take(s.tally)
		}
		if err := s.take(got, datasources.Scanned[T]{Mark: s.mark(), Last: isEnd, Shifting: s.bySkip}); err != nil {
			return err
		}
		if isEnd {
			return nil
		}
	}
}

// page reads the next page and moves the mark behind it.
func (s *scan[T]) page(ctx context.Context) (fetched[T], error) {
	t := s.w.t
	q := s.w.request(nil, s.w.fixed)
	q.order, q.top = s.w.byKey(), t.s.cfg.Page
	if s.isSweep {
		q.wish, q.stamped = s.w.swept, true
	}
	tried := false
	switch {
	case s.bySkip:
		q.skip = s.skip
	case s.key != "":
		q.where = and(q.where, s.w.behind(s.key))
		tried = t.order.Load() == orderUnknown
		q.isTrial = tried
	}
	got, err := s.rows(ctx, q)
	switch {
	case err != nil && tried && isUnable(err) && ctx.Err() == nil:
		t.order.Store(orderNo)
		// How many rows stand before the key is known only in the scan that read them.
		s.bySkip, s.first = true, ""
		return s.page(ctx)
	case err != nil:
		return got, err
	case tried:
		t.order.CompareAndSwap(orderUnknown, orderYes)
	}
	if got.n == 0 {
		return got, nil
	}
	s.skip += got.n
	if s.bySkip {
		if got.first == s.first && s.first != "" {
			return got, s.w.loop()
		}
		s.first = got.first
		return got, nil
	}
	// A server that ignores the filter sends the beginning again and again.
	if got.last == s.key || got.last == s.anchor {
		return got, s.w.loop()
	}
	if s.steps++; s.steps == s.stride {
		s.anchor, s.steps, s.stride = got.last, 0, 2*s.stride
	}
	s.key = got.last
	return got, nil
}

// rows reads one page; an empty one with a link is no end.
func (s *scan[T]) rows(ctx context.Context, q request) (fetched[T], error) {
	p := pager[T]{w: s.w, q: q, plan: s.plan, tally: s.tally}
	for {
		got, err := p.next(ctx)
		if err != nil || got.n > 0 || p.isEnd {
			return got, err
		}
	}
}

// IndexCustomers implements datasources.CustomerIndexer.
func (c *customers) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	return c.table.Scan(ctx, "", func(page datasources.Scanned[datasources.CustomerRecord]) error {
		if len(page.Items) == 0 {
			return nil
		}
		return f(page.Items)
	})
}

// ScanCustomers implements datasources.CustomerScanner.
func (c *customers) ScanCustomers(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.CustomerRecord]) error) error {
	return c.table.Scan(ctx, from, f)
}
