package directory

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A list is mostly one that was asked for a moment ago: by the next who opens the same
// view, or by the same one again. The records of one state of the directory do not
// change, so the pages that were made of it last are kept beside it and go with it.

// The bounds of what is kept: 16 pages of 200 records of some 500 bytes.
const (
	recentPages = 16
	recentRows  = 200
)

// recent are the pages made last. A page has one place, by what was asked; whoever
// comes there later takes it.
type recent [recentPages]atomic.Pointer[recentPage]

// recentPage is what was asked, and the records, which are shared and never changed.
type recentPage struct {
	column  string
	desc    bool
	from, n int
	fields  datasources.Fields
	items   []schema.Customer
}

func (p *recentPage) place() int {
	return (p.from/max(p.n, 1) + p.n + len(p.fields) + len(p.column)) % recentPages
}

// answers reports whether the page is what another was made for.
func (p *recentPage) answers(asked *recentPage) bool {
	return p.column == asked.column && p.desc == asked.desc && p.from == asked.from && p.n == asked.n && slices.Equal(p.fields, asked.fields)
}

// page is take for a whole page, which may have been made before.
func (l *listing) page(ctx context.Context, n int) ([]schema.Customer, error) {
	if !l.isKept(n) {
		return l.take(ctx, n)
	}
	p := &recentPage{column: l.q.Order.Column, desc: l.q.Order.Desc, from: l.at, n: n, fields: l.q.Fields}
	place := &l.s.recent[p.place()]
	if made := place.Load(); made != nil && made.answers(p) {
		l.at += len(made.items)
		return made.items, nil
	}
	var err error
	if p.items, err = l.take(ctx, n); err != nil {
		return nil, err
	}
	p.fields = slices.Clone(p.fields)
	place.Store(p)
	return p.items, nil
}

// isKept reports whether a page is one to keep: short, of all customers, and nothing in
// it is of when it was made, as coverage and what a record says of the sources are.
func (l *listing) isKept(n int) bool {
	f := l.q.Fields
	return l.all && n <= recentRows && f != nil && !f.Has("members") && !f.Has("coverage") && !f.Has("conflicts") && !f.Has("provenance")
}
