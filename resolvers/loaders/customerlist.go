package loaders

import (
	"context"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// customerList makes the page of a list of customers, in one piece or in parts.
type customerList struct {
	*customers
	seen    schema.Predicate // the rule, as the directory sees it
	column  string           // the order's
	shape   []byte           // what its cursors are bound to
	hasPrev bool
}

// page makes what the directory has given the page of a list, or a part of it.
func (l *customerList) page(ctx context.Context, rows datasources.Rows[schema.Customer]) *schema.Page[schema.Customer] {
	page := &schema.Page[schema.Customer]{HasPrev: l.hasPrev, Nodes: make([]*schema.Customer, 0, len(rows.Items))}
	for i := range rows.Items {
		if l.l.matches(&rows.Items[i], l.seen) {
			page.Nodes = append(page.Nodes, &rows.Items[i])
		}
	}
	page.HasNext = len(rows.More) == 1 && rows.More[0]
	if len(rows.Totals) == 1 && rows.Totals[0] >= 0 {
		page.TotalCount = &rows.Totals[0]
	}
	page.CursorOf = func(x *schema.Customer) string { return l.l.cursorOf(x, l.column, l.shape) }
	page.Nodes = l.show(ctx, "", page.Nodes)
	return page
}

// inParts is a Directory that can give a page in parts of n rows, all of the state it
// has when it is asked. next gives one after the other, while more is true.
type inParts interface {
	Parts(ctx context.Context, q datasources.Query, n int) (next partFunc, err error)
}

type partFunc = func(context.Context) (rows datasources.Rows[schema.Customer], more bool, err error)

// parted returns the directory and the size of a part, when a list of customers may be
// given in parts.
func (l *Loaders) parted(ctx context.Context) (inParts, int) {
	if l.Part == nil {
		return nil, 0
	}
	size := l.Part(ctx)
	if size <= 0 {
		return nil, 0
	}
	d, _ := l.Directory.(inParts)
	return d, size
}

// begin gives the first part.
func (l *customerList) begin(ctx context.Context, d inParts, q datasources.Query, size int) (*schema.Page[schema.Customer], error) {
	next, err := d.Parts(ctx, q, size)
	if err != nil {
		l.l.Report.read("directory", 0, time.Time{}, false, err)
		return nil, err
	}
	rows, more, err := next(ctx)
	l.l.Report.read("directory", len(rows.Items), rows.AsOf, rows.Stale, err)
	if err != nil {
		return nil, err
	}
	return l.part(ctx, &schema.Page[schema.Customer]{}, rows, more, next), nil
}

// part is the one behind a part.
func (l *customerList) part(ctx context.Context, before *schema.Page[schema.Customer], rows datasources.Rows[schema.Customer], more bool, next partFunc) *schema.Page[schema.Customer] {
	page := l.page(ctx, rows)
	if !more {
		before.Follow(page, nil)
		return page
	}
	before.Follow(page, func(ctx context.Context) (*schema.Page[schema.Customer], error) {
		rows, more, err := next(ctx)
		if err != nil {
			return nil, err
		}
		l.l.Report.more("directory", len(rows.Items))
		return l.part(ctx, page, rows, more, next), nil
	})
	return page
}

// more adds rows of a source to those of a read that was noted when it began.
func (r *Report) more(source string, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.find(source); s != nil {
		s.Rows += rows
	}
}
