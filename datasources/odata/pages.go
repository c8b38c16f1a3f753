package odata

import (
	"context"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// problemRepeats is the kind of a problem: paging came back to where it was.
const problemRepeats = "page that repeats"

// pages reads all pages of q: the service's links are followed; without a link a
// full page is followed by $skip. It stops when f is false, and when more than
// limit rows came, which is no error: f sees how many.
func (w *view[T]) pages(ctx context.Context, q request, limit int, isAsked func([]byte) bool, f func(fetched[T]) bool, plan *mapping.Plan[T], tally *mapping.Tally) error {
	p := pager[T]{w: w, q: q, isAsked: isAsked, plan: plan, tally: tally}
	for read := 0; ; {
		got, err := p.next(ctx)
		if err != nil {
			return err
		}
		read += got.n
		if !f(got) || p.isEnd || read > limit {
			return nil
		}
	}
}

// pager walks through the pages of one request.
type pager[T any] struct {
	w       *view[T]
	q       request
	isAsked func([]byte) bool
	plan    *mapping.Plan[T]
	tally   *mapping.Tally

	link  string
	isEnd bool
	begun bool
	first string          // key of the first row of the last page
	links map[string]bool // that were followed
	read  int             // rows of the request under way, links included
}

// maxPages bounds the links that are followed for one request, whatever they lead
// to: pages may be empty.
const maxPages = 10_000

// next reads the next page.
func (p *pager[T]) next(ctx context.Context) (fetched[T], error) {
	got, err := p.w.fetch(ctx, p.q, p.link, p.isAsked, p.plan, p.tally)
	if err != nil {
		return got, err
	}
	p.read += got.n
	p.q.count = false
	// A server that ignores $skip, or the mark in its own link, sends a page again.
	if p.begun && got.n > 0 && got.first == p.first && got.first != "" {
		return got, p.w.loop()
	}
	p.begun, p.first = true, got.first
	switch {
	case got.next != "":
		if p.links[got.next] || len(p.links) >= maxPages {
			return got, p.w.loop()
		}
		if p.links == nil {
			p.links = map[string]bool{}
		}
		p.links[got.next], p.link = true, got.next
	case p.q.top == 0, p.read < p.q.top, p.link == "" && got.n > p.q.top:
		// The last: a server that ignores $top has sent all there is.
		p.isEnd = true
	default:
		p.q.skip += p.read
		p.read, p.link = 0, ""
	}
	return got, nil
}

// loop is the error of pages that repeat.
func (w *view[T]) loop() error {
	w.t.s.ledger.Add(w.entity, "", problemRepeats, 1)
	return schema.SourceErrorf(schema.SourceInvalid, w.t.s.cfg.Name, "%s gave the same page of %s again", w.t.s.cfg.Name, w.entity).
		Because(wire.Invalid(errLoop))
}
