package odata

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

var (
	_ datasources.Follower[schema.Order] = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.KeyScanner             = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.CustomerFollower       = (*customers)(nil)
)

// mark is how far changes were read, in the order of the time of the change and
// then of keys. Many records have the same time, as jobs write them.
type mark struct {
	Newest time.Time `json:"t,omitzero"`  // change that was given
	Within bool      `json:"w,omitempty"` // a pass is under way
	// From is where the pass goes on: at the time of the last row given, of whose
	// time Ties were. Lost counts how often that row was not met again.
	From time.Time `json:"f,omitzero"`
	Key  string    `json:"k,omitempty"`
	Ties int       `json:"n,omitempty"`
	Lost int       `json:"l,omitempty"`
}

func (m mark) cursor() datasources.Cursor {
	// Times, texts and numbers always encode.
	text, _ := json.Marshal(m)
	return datasources.Cursor(text)
}

func readMark(source string, c datasources.Cursor) (mark, error) {
	m := mark{Within: true}
	if c == "" {
		return m, nil
	}
	m = mark{}
	d := json.NewDecoder(strings.NewReader(string(c)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil || m.Ties < 0 || m.Lost < 0 || d.More() {
		return m, schema.SourceErrorf(schema.BadRequest, source, "the mark does not belong to %s", source).Because(err)
	}
	return m, nil
}

// problemUndated is the kind of a problem: the record cannot be followed.
const problemUndated = "record without a time of change: found by the sweep only"

// problemNoETag is the kind of a problem: the config says that there are ETags.
const problemNoETag = "page of records without an ETag"

// maxLost is how often in a row the last row of a page may not be met again.
const maxLost = 5

var (
	errMoving   = errors.New("odata: the order of equal times is never the same")
	errUnsorted = errors.New("odata: rows came in another order than asked for")
)

func (t *table[T]) notFollowed() error {
	return schema.SourceErrorf(schema.NotEnabled, t.s.cfg.Name, "%s cannot be asked for what changed of %s", t.s.cfg.Name, t.entity)
}

// followed is the table where a property tells when a record was changed.
func (t *table[T]) followed(ctx context.Context) (*view[T], error) {
	w, err := t.open(ctx)
	if err == nil && w.change == nil {
		err = t.notFollowed()
	}
	return w, err
}

// Head implements datasources.Follower: one call for the newest change.
func (t *table[T]) Head(ctx context.Context) (datasources.Cursor, error) {
	w, err := t.followed(ctx)
	if err != nil {
		return "", err
	}
	c := w.change
	q := w.request(datasources.Fields{}, w.filter)
	q.wish, q.stamped, q.top = w.swept, true, 1
	q.order = c.path + " desc," + w.byKey()
	if !c.isRequired && !t.s.trust.noNull {
		// Where empty values stand is every service's own affair.
		q.where = and(q.where, w.filters().timed(c.column, schema.Gt, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)))
	}
	got, err := w.fetch(ctx, q, "", nil, w.plan, w.plan.Tally())
	if err != nil {
		return "", err
	}
	var m mark
	for _, x := range got.met {
		m.Newest = later(m.Newest, x.at)
	}
	return t.done(m).cursor(), nil
}

// Since implements datasources.Follower: the rows in the order of their last
// change, a page for a call. A pass that came to its end is followed by one that
// begins Overlap before the newest change.
func (t *table[T]) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	var none datasources.Changes[T]
	m, err := readMark(t.s.cfg.Name, c)
	if err != nil {
		return none, err
	}
	w, err := t.followed(ctx)
	if err != nil {
		return none, err
	}
	if !m.Within {
		m = mark{Newest: m.Newest, Within: true, From: w.before(m.Newest)}
	}
	tally := w.plan.Tally()
	for {
		got, isEnd, isLost, err := w.step(ctx, m, tally)
		if err != nil {
			return none, err
		}
		if isLost {
			if m.Lost++; m.Lost > maxLost {
				return none, asError(t.s.cfg.Name, errMoving)
			}
			m.Key, m.Ties = "", 0
			continue
		}
		out := datasources.Changes[T]{Items: got.items, More: !isEnd}
		for _, x := range got.met {
			if x.fate == mapping.Gone && x.key != "" {
				out.Deleted = append(out.Deleted, x.key)
			}
			if err := m.pass(x); err != nil {
				return none, asError(t.s.cfg.Name, err)
			}
			if x.at.IsZero() {
				t.s.ledger.Add(t.entity, "changed", problemUndated, 1)
			}
		}
		t.s.ledger.Take(tally)
		m.Lost = 0
		if isEnd {
			m = t.done(m)
		}
		out.Next = m.cursor()
		return out, nil
	}
}

// pass moves the mark behind a row.
func (m *mark) pass(x met) error {
	switch {
	case x.at.IsZero() && !m.From.IsZero():
		return nil // empty values stand last here
	case x.at.Before(m.From):
		return errUnsorted
	case x.at.After(m.From):
		m.From, m.Ties = x.at, 0
	}
	m.Ties++
	m.Key = x.key
	m.Newest = later(m.Newest, x.at)
	return nil
}

// done is the mark behind a pass. A time in the future, by the clock of the
// service, would hide what changes until then.
func (t *table[T]) done(m mark) mark {
	if now := t.s.client.time(); m.Newest.After(now) {
		m.Newest = now.UTC()
	}
	return mark{Newest: m.Newest}
}

// before is where a pass begins. In the hour that a wall clock goes through twice,
// a later change may have an earlier time.
func (w *view[T]) before(newest time.Time) time.Time {
	if newest.IsZero() {
		return newest
	}
	from := newest.Add(-w.t.s.cfg.Overlap)
	if k := w.change.typ.kind; k == kindWall || k == kindDay {
		shown := newest.In(w.lit.zone).Format(wallLayout)
		for _, d := range []time.Duration{-time.Hour, time.Hour} {
			if newest.Add(d).In(w.lit.zone).Format(wallLayout) == shown {
				from = from.Add(-2 * time.Hour)
				break
			}
		}
	}
	return w.lit.floor(w.change.typ, from)
}

// step reads one page of a pass. It begins with the last row given, which is left
// out; isLost says that it has gone elsewhere.
func (w *view[T]) step(ctx context.Context, m mark, tally *mapping.Tally) (got fetched[T], isEnd, isLost bool, err error) {
	c := w.change
	q := w.request(nil, w.filter)
	q.wish, q.stamped = w.changed, true
	q.order, q.top = c.path+","+w.byKey(), w.t.s.cfg.Page
	if !m.From.IsZero() {
		q.where = and(q.where, w.filters().timed(c.column, schema.Ge, m.From))
	}
	resumes := m.Ties > 0
	if resumes {
		q.skip = m.Ties - 1
		q.top++
	}
	most := w.t.most.Load()
	if got, err = w.fetch(ctx, q, "", nil, w.plan, tally); err != nil {
		return got, false, false, err
	}
	n := got.n
	if resumes {
		if n == 0 || got.met[0].key != m.Key {
			return got, false, true, nil
		}
		if got.met[0].fate == mapping.Kept {
			got.items = got.items[1:]
		}
		got.met = got.met[1:]
	}
	// A page shorter than asked for is the last, unless pages have never been longer.
	isEnd = got.next == "" && (len(got.met) == 0 || n < q.top && int64(n) < most)
	return got, isEnd, false, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// ScanKeys implements datasources.KeyScanner, where the config says what can be
// relied on as a version.
func (t *table[T]) ScanKeys(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.Keyed]) error) error {
	w, err := t.open(ctx)
	if err != nil {
		return err
	}
	byETag := t.s.cfg.Entities[t.entity].ETag
	if !byETag && (w.change == nil || !w.change.isDeclared) {
		return t.notFollowed()
	}
	s := &scan[T]{w: w, plan: w.plan, tally: w.plan.Tally(), isSweep: true, stride: 1}
	s.take = func(got fetched[T], page datasources.Scanned[T]) error {
		if byETag && got.n > 0 && !slices.ContainsFunc(got.met, func(x met) bool { return x.etag != "" }) {
			t.s.ledger.Add(t.entity, "etag", problemNoETag, 1)
			return t.notFollowed()
		}
		out := datasources.Scanned[datasources.Keyed]{Mark: page.Mark, Last: page.Last, Doubtful: page.Doubtful, Shifting: page.Shifting}
		for _, x := range got.met {
			if x.fate != mapping.Kept {
				continue
			}
			k := datasources.Keyed{Key: x.key, Version: x.etag}
			if !byETag {
				// A record that was never changed has a version, too.
				if k.Version = "never"; !x.at.IsZero() {
					k.Version = x.at.UTC().Format(time.RFC3339Nano)
				}
			}
			out.Items = append(out.Items, k)
		}
		return f(out)
	}
	if err := s.begin(string(from)); err != nil {
		return err
	}
	return s.run(ctx)
}

// CustomersHead implements datasources.CustomerFollower.
func (c *customers) CustomersHead(ctx context.Context) (datasources.Cursor, error) {
	return c.table.Head(ctx)
}

// CustomersSince implements datasources.CustomerFollower.
func (c *customers) CustomersSince(ctx context.Context, cur datasources.Cursor) (datasources.Changes[datasources.CustomerRecord], error) {
	return c.table.Since(ctx, cur)
}
