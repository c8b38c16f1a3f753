package otrs

import (
	"context"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The sorts lists use. Age is the server's name of the creation time, descending
// when the order is Down, and known by all versions; the number makes the order
// of the tickets of one second stable (#164).
const (
	sortCreated = "Age"
	sortChanged = "Changed"
	sortNumber  = "TicketNumber"
)

const (
	// slack is how many more ids than a page needs are asked for, so that the
	// tickets of the last second are all among them.
	slack = 8
	// maxLimit is the most ids one search may bring before tickets of one second
	// are too many to be parted.
	maxLimit = 100_000
)

// walk reads a sorted list from the cursor on until the page is full. The server
// has no offset: where a search ends, the next begins at the last ticket's time,
// and leaves out what was seen. Tickets of one second come in the server's order
// and are sorted by their key here, so a page ends where a second does.
type walk struct {
	r    *tickets
	ab   *abilities
	q    datasources.Query // its order has a column
	push pushed
	// owns reports whether a ticket belongs to the parent the list is of; nil is
	// always.
	owns func(*schema.Ticket) (bool, error)

	seen     map[string]struct{} // ids that were read
	gone     int                 // ids that could not be read
	rows     []schema.Ticket     // those that match
	last     schema.Value        // the order's value of the last ticket read
	rejected int                 // tickets the server found which do not match
	moved    int                 // tickets that were not in their place
}

// page reads the page the query asks for. Its total is the number of ids found,
// when each of them is known to match.
func (w *walk) page(ctx context.Context) (datasources.Rows[schema.Ticket], error) {
	w.seen = map[string]struct{}{}
	search, err := w.start()
	if err != nil {
		return datasources.Rows[schema.Ticket]{}, err
	}
	limit := w.firstLimit()
	whole := -1 // ids of the first search, when they are all there are
	for n := 0; ; n++ {
		search[paramLimit] = limit
		ids, err := w.r.c.find(ctx, w.ab, search)
		if err != nil {
			return datasources.Rows[schema.Ticket]{}, err
		}
		full := len(ids) >= limit
		if n == 0 && !full {
			whole = len(ids)
		}
		fresh := slices.DeleteFunc(ids, func(k string) bool { _, ok := w.seen[k]; return ok })
		done, err := w.read(ctx, fresh)
		if err != nil {
			return datasources.Rows[schema.Ticket]{}, err
		}
		if done || !full {
			return w.finish(ctx, !done, whole)
		}
		if len(fresh) == 0 || w.last.IsNull() {
			// All of them lie in one second, or were deleted meanwhile.
			if limit *= 2; limit > maxLimit {
				return datasources.Rows[schema.Ticket]{}, w.r.c.unsupported("page through so many tickets of one second")
			}
			continue
		}
		if err := w.from(search, w.last); err != nil {
			return datasources.Rows[schema.Ticket]{}, err
		}
	}
}

// start makes the search from the cursor on.
func (w *walk) start() (params, error) {
	search := w.push.params.clone()
	by := sortCreated
	if w.q.Order.Column == "updatedAt" {
		by = sortChanged
	}
	way := "Up"
	if w.q.Order.Desc {
		way = "Down"
	}
	search[paramSort], search[paramOrder] = []string{by, sortNumber}, []string{way, way}
	if w.q.After == nil || w.q.After.Value.IsNull() {
		return search, nil
	}
	return search, w.from(search, w.q.After.Value)
}

// from moves the search's begin to v, whose second is read again.
func (w *walk) from(search params, v schema.Value) error {
	op := schema.Ge
	if w.q.Order.Desc {
		op = schema.Le
	}
	if !w.bounds() {
		return w.r.c.unsupported("go on in a list by " + w.q.Order.Column)
	}
	// Not exact is no harm: it begins earlier then.
	pusher{c: w.r.c, ab: w.ab}.bound(&pushed{params: search}, w.q.Order.Column, op, v)
	return nil
}

func (w *walk) bounds() bool {
	if w.q.Order.Column == "updatedAt" {
		return w.ab.changed
	}
	return w.ab.created
}

func (w *walk) firstLimit() int {
	limit := min(w.q.First, maxLimit) + 1 + slack
	if !w.push.exact {
		limit = max(limit, w.r.c.cfg.LocalBound+1)
	}
	if w.counts() {
		limit = max(limit, w.r.c.cfg.TotalBound+1)
	}
	return limit
}

// counts reports whether the first search can give the total.
func (w *walk) counts() bool { return w.q.Total && w.q.After == nil && w.push.exact }

// read gets tickets in the server's order until the page is full or ids end.
func (w *walk) read(ctx context.Context, ids []string) (done bool, err error) {
	m := w.r.mapper(w.q.Fields)
	for len(ids) > 0 {
		n := min(len(ids), w.missing())
		found, err := getAll(ctx, w.r.c, w.ab, ids[:n], m.want(), m.ticket)
		if err != nil {
			return false, err
		}
		for _, k := range ids[:n] {
			w.seen[k] = struct{}{}
		}
		ids = ids[n:]
		w.gone += n - len(found)
		if err := w.take(found); err != nil {
			return false, err
		}
		if w.isFull() {
			return true, nil
		}
		if w.rejected > w.r.c.cfg.LocalBound {
			return false, w.r.c.unsupported("filter Ticket by " + w.loose())
		}
	}
	return false, nil
}

// missing is how many tickets to read next.
func (w *walk) missing() int {
	q := w.q
	q.First = -1
	n := w.q.First + 2 - len(datasources.Cut(slices.Clone(w.rows), q).Items)
	if !w.push.exact {
		// How many of them match nobody knows: whole batches.
		return max(n, w.r.c.cfg.Batch)
	}
	return max(n, slack)
}

func (w *walk) loose() string {
	if w.push.loose != "" {
		return w.push.loose
	}
	return "this value"
}

// take keeps the tickets that match, and makes sure that the server sorted them.
func (w *walk) take(found []schema.Ticket) error {
	for i := range found {
		if err := w.advance(found[i].Column(w.q.Order.Column)); err != nil {
			return err
		}
		ok := w.q.Where.Match(&found[i])
		if ok && w.owns != nil {
			var err error
			if ok, err = w.owns(&found[i]); err != nil {
				return err
			}
		}
		if !ok {
			w.rejected++
			continue
		}
		w.rows = append(w.rows, found[i])
	}
	return nil
}

// maxMoved is how many tickets may change between a search and the TicketGet
// that follows it, before the server's sort is not believed.
const maxMoved = 16

// advance moves last to v. A ticket that changed since the search is out of
// place: it is kept, and sorted here, but does not tell how far the list was
// read.
func (w *walk) advance(v schema.Value) error {
	c := v.Compare(w.last)
	if w.q.Order.Desc {
		c = -c
	}
	if w.last.IsNull() || c >= 0 {
		w.last = v
		return nil
	}
	w.moved++
	if w.q.Order.Column != "updatedAt" || w.moved > maxMoved {
		return w.r.c.unsorted()
	}
	if !w.q.Order.Desc {
		// The one before it was the one that moved, to a later time.
		w.last = v
	}
	return nil
}

// isFull reports whether the page and what tells of a next one are there: one row
// more than the page, and a last ticket behind the page's last second.
func (w *walk) isFull() bool {
	cut := datasources.Cut(slices.Clone(w.rows), w.q)
	if !cut.More[0] {
		return false
	}
	if len(cut.Items) == 0 {
		return true
	}
	return cut.Items[len(cut.Items)-1].Column(w.q.Order.Column).Compare(w.last) != 0
}

// finish cuts the page. ended says that the list was read to its end; whole is
// the number of ids it has, when one search brought them all.
func (w *walk) finish(ctx context.Context, ended bool, whole int) (datasources.Rows[schema.Ticket], error) {
	rows := datasources.Cut(w.rows, w.q)
	total := rows.Totals[0]
	rows.Totals = []int{-1}
	if !w.q.Total {
		return rows, nil
	}
	if ended && w.q.After == nil {
		rows.Totals[0] = total
		return rows, nil
	}
	ok, err := w.isCountable(ctx)
	if err != nil || !ok {
		return rows, err
	}
	switch {
	case w.q.After != nil:
		rows.Totals[0], err = w.count(ctx)
	case whole >= 0:
		rows.Totals[0] = whole - w.gone
	}
	return rows, err
}

// isCountable reports whether each id the search finds is one of a row that
// matches.
func (w *walk) isCountable(ctx context.Context) (bool, error) {
	if !w.push.exact || w.rejected > 0 {
		return false, nil
	}
	if !w.push.cased {
		return true, nil
	}
	if letterCase(w.ab.letters.Load()) == caseUnknown {
		for i := range w.rows {
			if key := w.rows[i].CustomerKey; strings.ToUpper(key) != strings.ToLower(key) {
				if err := w.r.c.learnCase(ctx, w.ab, key); err != nil {
					return false, err
				}
				break
			}
		}
	}
	return letterCase(w.ab.letters.Load()) == caseExact, nil
}

// count is the number of all ids, -1 beyond TotalBound.
func (w *walk) count(ctx context.Context) (int, error) {
	search := w.push.params.clone()
	search[paramLimit] = w.r.c.cfg.TotalBound + 1
	ids, err := w.r.c.find(ctx, w.ab, search)
	if err != nil || len(ids) > w.r.c.cfg.TotalBound {
		return -1, err
	}
	return len(ids), nil
}
