package creatio

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// mark is how far a table's changes were read: the last row given, in the order
// (ModifiedOn, Id). Many rows have the same time, since bulk jobs write them
// ("Creatio facts", §7).
type mark struct {
	Time  time.Time `json:"t,omitzero"`
	ID    string    `json:"i,omitempty"`
	Ties  int       `json:"n,omitempty"` // rows given with that time
	Began time.Time `json:"b,omitzero"`  // when this reading of the table began
	Done  bool      `json:"d,omitempty"` // the table was read to its end
}

func parseMark(source string, c datasources.Cursor) (mark, error) {
	var m mark
	if c == "" {
		return m, nil
	}
	d := json.NewDecoder(strings.NewReader(string(c)))
	d.DisallowUnknownFields()
	err := d.Decode(&m)
	if err == nil && m.ID != "" {
		if _, ok := guid(m.ID); !ok {
			err = errWrongType
		}
	}
	if err != nil || m.Ties < 0 || !json.Valid([]byte(c)) {
		return mark{}, schema.SourceErrorf(schema.BadRequest, source, "not a cursor of %s", source).Because(err)
	}
	return m, nil
}

func (m mark) cursor() (datasources.Cursor, error) {
	b, err := json.Marshal(m)
	return datasources.Cursor(b), err
}

// Since gives what was made or changed since a mark, lines included; deletions
// are invisible, and a changed line does not touch its order's time. A reading
// that came to its end is followed by one that begins Overlap before its last
// row, or before its own beginning where that is earlier: rows of that time are
// given again.
func (r *reader[T, P]) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	var none datasources.Changes[T]
	m, err := parseMark(r.s.cfg.Name, c)
	if err != nil {
		return none, err
	}
	st, v, err := r.open(ctx)
	if err != nil {
		return none, err
	}
	if v.column("updatedAt") == nil {
		return none, r.s.missing("time of the last change of " + v.set)
	}
	sel := v.choose(nil, nil, "")
	records, next, err := r.s.changes(ctx, st, v.set, v.column("updatedAt").up, &sel, "", m)
	if err != nil {
		return none, err
	}
	out := datasources.Changes[T]{More: !next.Done}
	if out.Items, err = r.items(ctx, st, v, &sel, distinct(records)); err != nil {
		return none, err
	}
	if err := r.fill(ctx, st, out.Items, nil); err != nil {
		return none, err
	}
	if out.Next, err = next.cursor(); err != nil {
		return none, r.s.invalid(err)
	}
	return out, nil
}

// changes reads one page of a table's changes behind m. The last column of the
// order is the site's idea of ids, so the place is found by counting and checked
// by the last row's id; when that row has gone elsewhere, all rows of its time
// are given again rather than lost.
func (s *source) changes(ctx context.Context, st *site, set, up string, sel *selection, filter string, m mark) ([]record, mark, error) {
	a := ask{set: set, cols: sel.names(), order: up + ",Id", top: s.cfg.PageSize}
	floor := m.Time
	resume := false
	switch {
	case m.Done:
		from := m.Time
		if !m.Began.IsZero() && m.Began.Before(from) {
			from = m.Began
		}
		if !m.Time.IsZero() {
			a.filter = up + " gt " + instant(from.Add(-s.cfg.Overlap))
		}
		m = mark{Began: s.now().UTC()}
	case m.ID != "":
		resume = true
		if !m.Time.IsZero() {
			a.filter = up + " ge " + instant(m.Time)
		}
		a.skip = max(0, m.Ties-1)
		a.top++ // the last row given comes again
	default:
		m = mark{Began: s.now().UTC()}
	}
	a.filter = both(a.filter, filter)
	reply, err := s.page(ctx, st, chain{ask: a}, "", sel, nil)
	if err != nil {
		return nil, mark{}, err
	}
	records, size := reply.records, len(reply.records)
	given := 0 // rows of m.Time before records
	switch {
	case resume && size > 0 && records[0].id == m.ID:
		records, given = records[1:], m.Ties
	case resume && a.skip > 0:
		a.skip = 0
		if reply, err = s.page(ctx, st, chain{ask: a}, "", sel, nil); err != nil {
			return nil, mark{}, err
		}
		records, size = reply.records, len(reply.records)
	}
	if size == 0 && reply.next != "" {
		return nil, mark{}, s.invalid(errNextLink)
	}
	more := reply.next != "" || size >= a.top
	return records, m.after(records, given, more, floor), nil
}

// after is the mark behind records. given counts the rows of m's own time that
// stand before them.
func (m mark) after(records []record, given int, more bool, floor time.Time) mark {
	next := mark{Time: m.Time, ID: m.ID, Ties: given, Began: m.Began}
	for i := range records {
		at := records[i].cell("updatedAt").at
		if i == 0 && given == 0 || !at.Equal(next.Time) {
			next.Time, next.Ties = at, 0
		}
		next.Ties++
		next.ID = records[i].id
	}
	if more {
		return next
	}
	if next.Time.Before(floor) {
		next.Time = floor
	}
	return mark{Time: next.Time, Began: m.Began, Done: true}
}
