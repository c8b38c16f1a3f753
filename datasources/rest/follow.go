package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// mark is how far changes were read.
type mark struct {
	// Newest is the newest time of a change that was given, less than the system's
	// own time when it was.
	Newest time.Time `json:"t,omitzero"`
	// All: everything is being read, page by page; At is how far.
	All bool      `json:"a,omitempty"`
	At  *position `json:"p,omitempty"`
	// Near: the near part of the window is read each time; Print is what it was.
	Near  bool   `json:"n,omitempty"`
	Print string `json:"r,omitempty"`
}

func (m mark) cursor() datasources.Cursor {
	// Times, texts and numbers always encode.
	text, _ := json.Marshal(m)
	return datasources.Cursor(text)
}

func (t *table[T]) readMark(c datasources.Cursor, isNear bool) (mark, error) {
	var m mark
	d := json.NewDecoder(strings.NewReader(string(c)))
	d.DisallowUnknownFields()
	err := d.Decode(&m)
	if err != nil || d.More() || m.Near != isNear || m.At != nil && (m.At.Page < 0 || m.At.Rows < 0) || len(m.Print) > 64 {
		return m, schema.SourceErrorf(schema.BadRequest, t.s.cfg.Name, "the mark does not belong to %s of %s", t.e.name, t.s.cfg.Name).Because(err)
	}
	return m, nil
}

// followed reports whether the config says how the entity is followed.
func (e *Entity) followed() bool {
	return e.SinceParam != "" && hasField(e.Fields, "updatedAt") || e.isNear()
}

// isNear reports whether it is followed by a part of its window.
func (e *Entity) isNear() bool {
	return e.SinceParam == "" && (e.Follow.Back > 0 || e.Follow.Ahead > 0)
}

// near is the part of the window that is read often.
func (e *Entity) near() *Window {
	w := e.Window
	w.From, w.To = max(w.From, -e.Follow.Back), min(w.To, e.Follow.Ahead)
	if e.Window.FromParam == "" {
		w.From = -e.Follow.Back
	}
	if e.Window.ToParam == "" {
		w.To = e.Follow.Ahead
	}
	return &w
}

// sinceFormat is how the value of since_param is written.
func (c *Config) sinceFormat(e Entity) string {
	for _, layouts := range [][]string{{e.Follow.Format}, e.Fields["updatedAt"].Dates, c.Locale.Dates, mapping.DefaultDates()} {
		if len(layouts) > 0 && layouts[0] != "" {
			return layouts[0]
		}
	}
	return time.RFC3339
}

// grain is the least step of a format: values are cut to it. A filter may be for
// what is later than its value, so that one step more is asked for.
func grain(format string) time.Duration {
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	for _, step := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
		if moment(noon.Add(step), format, time.UTC) != moment(noon, format, time.UTC) {
			return step
		}
	}
	return 24 * time.Hour
}

// anyZone is more than clocks of the world differ: so much a system may take its
// time for another than it is.
const anyZone = 26 * time.Hour

// from is the value for since_param behind a newest change. In the hour that a
// clock goes through twice, a later change may have an earlier time.
func (t *table[T]) from(newest time.Time, r *resource) (time.Time, param) {
	format := t.s.cfg.sinceFormat(r.cfg)
	at := newest.Add(-cmp.Or(r.cfg.Follow.Overlap, defaultOverlap) - grain(format))
	const clock = "2006-01-02 15:04:05"
	for _, d := range []time.Duration{-time.Hour, time.Hour} {
		if newest.Add(d).In(t.s.zone).Format(clock) == newest.In(t.s.zone).Format(clock) {
			at = at.Add(-2 * time.Hour)
			break
		}
	}
	return at, text(r.cfg.SinceParam, moment(at, format, t.s.zone))
}

// follows is the resource that is followed, NOT_ENABLED where there is none.
func (t *table[T]) follows() (*resource, error) {
	first, err := t.e.first(t.s.cfg.Name)
	if err == nil && (t.joins() || !first.cfg.followed() || t.isDeaf.Load()) {
		err = notFollowed(t.s.cfg.Name, t.e.name)
	}
	return first, err
}

// head asks for what changed lately: one call, by which the system tells its time,
// and shows whether it minds the parameter.
func (t *table[T]) head(ctx context.Context) (datasources.Cursor, error) {
	r, err := t.follows()
	if err != nil {
		return "", err
	}
	if r.cfg.isNear() {
		return mark{Near: true}.cursor(), nil
	}
	asked, since := t.from(t.s.now().Add(-anyZone), r)
	p := t.s.pager(r, position{}, append([]param{since}, r.cfg.Window.params(t.s.now(), t.s.zone)...))
	p.isQuiet = true
	got := newGathered(t, asked)
	if err := got.page(ctx, p); err != nil {
		return "", err
	}
	if got.isDeaf {
		t.deaf()
		return "", notFollowed(t.s.cfg.Name, t.e.name)
	}
	if t.s.clock.Load() == nil {
		return mark{All: true}.cursor(), nil // nobody tells what was when
	}
	// Its records may be of another zone than its web server.
	return mark{Newest: t.s.time().Add(-anyZone).UTC()}.cursor(), nil
}

func (t *table[T]) deaf() {
	t.isDeaf.Store(true)
	t.s.ledger.Add(t.e.name, "", sinceIgnored, 1)
}

func (t *table[T]) since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	var none datasources.Changes[T]
	r, err := t.follows()
	if err != nil {
		return none, err
	}
	isNear := r.cfg.isNear()
	m := mark{Near: isNear, All: true}
	switch {
	case c != "":
		if m, err = t.readMark(c, isNear); err != nil {
			return none, err
		}
	case !isNear:
		head, err := t.head(ctx)
		if err != nil {
			return none, err
		}
		if m, err = t.readMark(head, isNear); err != nil {
			return none, err
		}
		m.All = true
	}
	switch {
	case m.All:
		return t.everything(ctx, r, m)
	case isNear:
		return t.nearby(ctx, r, m)
	}
	return t.changed(ctx, r, m)
}

// everything reads a page of all.
func (t *table[T]) everything(ctx context.Context, r *resource, m mark) (datasources.Changes[T], error) {
	var at position
	if m.At != nil {
		at = *m.At
	}
	p := t.s.pager(r, at, r.cfg.Window.params(t.s.now(), t.s.zone))
	p.isScan = true
	got := newGathered(t, time.Time{})
	if err := got.page(ctx, p); err != nil {
		return datasources.Changes[T]{}, err
	}
	m.At = &p.at
	if p.end {
		if m = (mark{Newest: m.Newest, Near: m.Near}); m.Newest.IsZero() && !m.Near {
			m.Newest = got.newest(t.s.time())
		}
	}
	return got.changes(m, !p.end), nil
}

// nearby reads the near part of the window, and gives it unless it is what it was.
func (t *table[T]) nearby(ctx context.Context, r *resource, m mark) (datasources.Changes[T], error) {
	p := t.s.pager(r, position{}, r.cfg.near().params(t.s.now(), t.s.zone))
	p.isScan = true
	got := newGathered(t, time.Time{})
	if err := got.all(ctx, p); err != nil {
		return datasources.Changes[T]{}, err
	}
	was := m.Print
	if m.Print = got.text(); m.Print == was {
		return datasources.Changes[T]{Next: m.cursor()}, nil
	}
	return got.changes(m, false), nil
}

// maxPasses is how often a list of changes is read again when records that change
// move others between its pages.
const maxPasses = 4

// changed reads what changed since a time. Of several pages with records, a record may have
// moved past while they were read: they are read again until nothing new is among
// them. While that does not happen the mark stays.
func (t *table[T]) changed(ctx context.Context, r *resource, m mark) (datasources.Changes[T], error) {
	asked, since := t.from(m.Newest, r)
	got := newGathered(t, asked)
	isSure := false
	for n := 0; n < maxPasses && !isSure; n++ {
		p := t.s.pager(r, position{}, append([]param{since}, r.cfg.Window.params(t.s.now(), t.s.zone)...))
		p.isScan = true
		got.fresh = 0
		if err := got.all(ctx, p); err != nil {
			return datasources.Changes[T]{}, err
		}
		isSure = p.at.Rows <= p.at.Most || !r.isShifting() || got.fresh == 0 || got.isDeaf
	}
	if got.isDeaf {
		t.deaf() // everything came: that is right, and costs what it costs
	}
	if newest := got.newest(t.s.time()); isSure && !newest.IsZero() {
		m.Newest = newest
	}
	return got.changes(m, false), nil
}

// keeping tells how a copy keeps up with the entity.
func (t *table[T]) keeping() datasources.Finding {
	f := datasources.Finding{Subject: t.e.name + " copy", Level: datasources.OK}
	first := t.e.from[0]
	switch {
	case t.joins():
		f.Result = "not followed, as several resources are joined"
	case !first.cfg.followed():
		f.Result = "not followed, as nothing tells what changed"
	case t.isDeaf.Load():
		f.Result, f.Level = "not followed: "+first.cfg.SinceParam+" is ignored", datasources.Warn
	case first.cfg.isNear():
		w := first.cfg.near()
		f.Result = fmt.Sprintf("followed by reading the window from %s to %s", w.From, w.To)
	default:
		f.Result = "followed by " + first.cfg.SinceParam
	}
	f.Result += "; swept by reading all rows"
	return f
}
