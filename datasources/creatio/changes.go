package creatio

import (
	"context"
	"time"

	"github.com/trama-graph/trama/schema"
)

// changed is one table in the order of a time: of its changes, or of its
// creations where nothing may move.
type changed struct {
	s      *source
	st     *site
	set    string
	up     string // the column of the time
	field  string // its field in sel
	sel    *selection
	filter string
	// forget says that nothing is read again: marks remember no rows.
	forget bool
}

// changeColumns are what tells that a row was changed, and no more.
func changeColumns(up string) []column {
	return []column{{field: "id", up: "Id", kind: ident}, {field: "updatedAt", up: up, kind: moment}}
}

// since gives the next part of the changes behind m, and the mark behind it. It
// makes one call; three when a reading turns out to need more than one page.
func (t *changed) since(ctx context.Context, m mark) ([]record, mark, error) {
	var err error
	switch {
	case m.isBegun():
		records, next, err := t.part(ctx, m)
		return m.fresh(records), next, err
	case !m.Done:
		// Everything: what is changed meanwhile must be behind a known place.
		if m, err = t.beginning(ctx); err != nil {
			return nil, mark{}, err
		}
		return t.part(ctx, mark{Began: m.Time})
	}
	records, next, err := t.part(ctx, m)
	if err != nil {
		return nil, mark{}, err
	}
	if !next.Done {
		// The place has to be known from before the first page.
		newest, err := t.beginning(ctx)
		if err != nil {
			return nil, mark{}, err
		}
		began := m
		began.Began = newest.Time
		if records, next, err = t.partFrom(ctx, m.from(t.s.cfg.Overlap), began); err != nil {
			return nil, mark{}, err
		}
	}
	if len(records) == 0 && m.ID != "" {
		// The last row was given, and is not there any more.
		if err := t.wasSetBack(ctx, m); err != nil {
			return nil, mark{}, err
		}
		next.ID, next.Seen = "", nil
	}
	return m.fresh(records), next, nil
}

// beginning is the mark of a table none of whose changes are wanted but those to
// come. It makes one call.
func (t *changed) beginning(ctx context.Context) (mark, error) {
	m, _, err := t.newest(ctx)
	return m, err
}

// newest is beginning, with how far the newest change is ahead of the site's
// clock.
func (t *changed) newest(ctx context.Context) (m mark, ahead time.Duration, err error) {
	sel := &selection{columns: changeColumns(t.up)}
	// Some databases sort rows without a time first.
	filter := both(t.up+" gt "+instant(time.Unix(0, 0)), t.filter)
	a := ask{set: t.set, cols: sel.names(), filter: filter, order: t.up + " desc,Id", top: 1}
	reply, err := t.s.page(ctx, t.st, chain{ask: a}, "", sel, nil)
	if err != nil {
		return mark{}, 0, err
	}
	m.Done = true
	if len(reply.records) > 0 {
		at := reply.records[0].cell("updatedAt").at
		m.Time, m.ID = t.s.notAhead(at), reply.records[0].id
		ahead = at.Sub(m.Time)
	}
	return m, ahead, nil
}

// wasSetBack asks for the rows that were given last, none of which is where it
// was. Deleted ones leave no trace. One with an earlier time tells that the site
// went back in time: it was restored from a backup.
func (t *changed) wasSetBack(ctx context.Context, m mark) error {
	ids := []string{m.ID}
	for id := range m.Seen {
		if id != m.ID && len(ids) < maxChain {
			ids = append(ids, id)
		}
	}
	terms := make([]term, len(ids))
	for i, id := range ids {
		terms[i] = term{id, "Id eq " + id}
	}
	sel := &selection{columns: changeColumns(t.up)}
	from := m.from(t.s.cfg.Overlap)
	for _, c := range chains(ask{set: t.set, cols: sel.names()}, terms) {
		reply, err := t.s.page(ctx, t.st, c, "", sel, onlyIDs)
		if err != nil {
			return err
		}
		for i := range reply.records {
			if reply.records[i].cell("updatedAt").at.Before(from) {
				return schema.SourceErrorf(schema.BadRequest, t.s.cfg.Name, "%s went back in time: its last changes are not there any more", t.s.cfg.Name)
			}
		}
	}
	return nil
}

// part reads one page of the changes behind m. The last column of the order is
// the site's idea of ids, so the place is found by counting and checked by the
// last row's id; when that row has gone elsewhere, all rows of its time are given
// again rather than lost.
func (t *changed) part(ctx context.Context, m mark) ([]record, mark, error) {
	switch {
	case m.Done:
		// A single page is read at once: nothing can be committed behind its back.
		began := m
		began.Began = time.Time{}
		return t.partFrom(ctx, m.from(t.s.cfg.Overlap), began)
	case m.ID == "":
		return t.partFrom(ctx, time.Time{}, m)
	}
	a := t.ask()
	if !m.Time.IsZero() {
		a.filter = both(t.up+" ge "+instant(m.Time), t.filter)
	}
	a.skip = max(0, m.Ties-1)
	a.top++ // the last row given comes again
	reply, err := t.s.page(ctx, t.st, chain{ask: a}, "", t.sel, nil)
	if err != nil {
		return nil, mark{}, err
	}
	records, size := reply.records, len(reply.records)
	given := 0 // rows of m.Time before records
	switch {
	case size > 0 && records[0].id == m.ID:
		records, given = records[1:], m.Ties
	case a.skip > 0:
		a.skip = 0
		if reply, err = t.s.page(ctx, t.st, chain{ask: a}, "", t.sel, nil); err != nil {
			return nil, mark{}, err
		}
		records, size = reply.records, len(reply.records)
	}
	if size == 0 && reply.next != "" {
		return nil, mark{}, t.s.invalid(errNextLink)
	}
	next := t.after(m, records, given)
	more := reply.next != "" || size >= a.top
	if !more && len(records) > 0 && !next.Began.IsZero() && !next.Time.After(next.Began) {
		// The site may have cut the page off: what was there at the beginning is
		// behind us only when nothing comes.
		more = true
	}
	return records, t.conclude(records, next, m, more), nil
}

// partFrom reads the first page of a reading, whose times are at or behind from.
func (t *changed) partFrom(ctx context.Context, from time.Time, m mark) ([]record, mark, error) {
	a := t.ask()
	// A site whose own limit is lower than ours cuts replies off without a word.
	a.count = true
	if !from.IsZero() {
		a.filter = both(t.up+" ge "+instant(from), t.filter)
	}
	reply, err := t.s.page(ctx, t.st, chain{ask: a}, "", t.sel, nil)
	if err != nil {
		return nil, mark{}, err
	}
	size := len(reply.records)
	if size == 0 && reply.next != "" {
		return nil, mark{}, t.s.invalid(errNextLink)
	}
	next := t.after(mark{Began: m.Began}, reply.records, 0)
	more := reply.next != "" || size >= a.top || size > 0 && size < reply.count
	if reply.count < 0 && size > 0 && !next.Began.IsZero() {
		more = true // the next page tells, as in part
	}
	return reply.records, t.conclude(reply.records, next, m, more), nil
}

func (t *changed) ask() ask {
	return ask{set: t.set, cols: t.sel.names(), filter: t.filter, order: t.up + ",Id", top: t.s.cfg.PageSize}
}

// after is the place behind records. given counts the rows of m's own time that
// stand before them.
func (t *changed) after(m mark, records []record, given int) mark {
	next := mark{Time: m.Time, ID: m.ID, Ties: given, Began: m.Began}
	for i := range records {
		at := records[i].cell(t.field).at
		if i == 0 && given == 0 || !at.Equal(next.Time) {
			next.Time, next.Ties = at, 0
		}
		next.Ties++
		next.ID = records[i].id
	}
	return next
}

// conclude makes the mark of a page of a reading that began with m.
func (t *changed) conclude(records []record, next, m mark, more bool) mark {
	overlap := t.s.cfg.Overlap
	if more {
		if !t.forget {
			// The reading that follows this one begins there at the latest.
			next.remember(m.Seen, records, t.field, next.Began.Add(-overlap))
		}
		return next
	}
	done := mark{Time: t.s.notAhead(next.Time), ID: next.ID, Began: next.Began, Done: true}
	if done.Time.Before(m.Time) && (m.Done || len(records) == 0) {
		done.Time, done.ID = m.Time, m.ID
	}
	if !done.Began.Before(done.Time) {
		done.Began = time.Time{}
	}
	if t.forget {
		return done
	}
	before := m.Seen
	if m.Done {
		before = nil // they came again
	}
	done.remember(before, records, t.field, done.from(overlap))
	return done
}
