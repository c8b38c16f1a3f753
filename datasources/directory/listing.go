package directory

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// listing goes through the customers of a list, in one state of the directory: what
// changes meanwhile is not seen.
type listing struct {
	d *Directory
	s *snapshot
	q datasources.Query
	o order
	r *row
	// all is that nothing is asked of the customers, who match then.
	all bool
	// at is the place of the next customer; between two takes he is one who matches.
	at int
}

// listing begins a list. The rows it returns are empty: they tell how old the list is.
func (d *Directory) listing(q datasources.Query) (*listing, datasources.Rows[schema.Customer], error) {
	s := d.snapshot.Load()
	rows := d.age(s)
	if err := d.filling(s); err != nil {
		return nil, rows, err
	}
	o, err := s.order(q.Order)
	if err != nil {
		return nil, rows, err
	}
	if err := filterable(q.Where); err != nil {
		return nil, rows, err
	}
	l := &listing{d: d, s: s, q: q, o: o, r: &row{snapshot: s}, all: q.Where.Op == schema.All}
	if !l.all {
		s.narrow(&l.o, q)
	}
	l.at = l.o.from(s, q.After)
	return l, rows, nil
}

func (l *listing) matches(customer int32) bool {
	l.r.customer = customer
	return l.all || l.q.Where.Match(l.r)
}

// isOver reports, after a take, whether there are no more customers.
func (l *listing) isOver() bool { return l.at >= l.o.list.len() }

// take makes the golden records of the next n customers, of fewer where there are not
// so many.
func (l *listing) take(ctx context.Context, n int) ([]schema.Customer, error) {
	room := min(n, l.o.list.len()-l.at)
	if !l.all {
		room = 0 // it may be any number
	}
	items := make([]schema.Customer, 0, room)
	for ; l.at < l.o.list.len(); l.at++ {
		if l.at&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c := l.o.at(l.at)
		if !l.matches(c) {
			continue
		}
		if len(items) >= n {
			break
		}
		items = append(items, l.d.golden(l.s, c, l.s.id(c), l.q.Fields))
	}
	return items, nil
}

// total counts all who match, of whom n lie between two places.
func (l *listing) total(ctx context.Context, from, to, n int) (int, error) {
	if l.all {
		return l.o.list.len(), nil
	}
	for i := range l.o.list.len() {
		if i&0xfff == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if (i < from || i >= to) && l.matches(l.o.at(i)) {
			n++
		}
	}
	return n, nil
}

// Parts answers the page that List would, in parts of n customers: the first call of
// next returns the first n, and so on, while more is true. All are of the state the
// directory has now, whatever is read meanwhile. Every part tells the total, when it
// is asked; the last tells whether the list goes on behind the page. next is not to be
// called by two goroutines at the same time.
func (d *Directory) Parts(ctx context.Context, q datasources.Query, n int) (next func(context.Context) (rows datasources.Rows[schema.Customer], more bool, err error), err error) {
	l, age, err := d.listing(q)
	if err != nil {
		return nil, err
	}
	if q.Total {
		total, err := l.total(ctx, 0, 0, 0)
		if err != nil {
			return nil, err
		}
		age.Totals = []int{total}
	}
	left := q.First
	return func(ctx context.Context) (datasources.Rows[schema.Customer], bool, error) {
		rows := age
		items, err := l.take(ctx, min(n, left))
		if err != nil {
			return rows, false, err
		}
		left -= len(items)
		rows.Items, rows.More = items, []bool{!l.isOver()}
		return rows, left > 0 && !l.isOver(), nil
	}, nil
}
