package copies

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// resumeWithin is how long after its last page a reading is gone on with: later,
// too much has changed behind its mark.
const resumeWithin = 24 * time.Hour

// idlePages is how many pages in a row may bring no new row before a reading is
// ended as doubtful: some scans overlap a little, none does so for long.
const idlePages = 100

// errIdle ends such a reading.
var errIdle = errors.New("copies: the pages of a source repeat themselves")

// outcome is what came of one reading of one entity.
type outcome struct {
	set     Set
	deleted int64
	// again says that rows were not met which a reading such as this one may miss:
	// one more decides.
	again bool
}

// byKeys is behind the settings of a reading by keys: its marks are not those of a
// full one.
const byKeys = " keys"

// fromHead is behind the settings of a reading that began with a cursor, and before that
// cursor, in base64: from where the changes are followed once it has ended.
const fromHead = " from="

// ByConsent is behind the settings of a reading that began with this consent to garbled
// values: what others have read so far is read again, since they may have kept rows.
func (s *Set) ByConsent() string {
	return " by consent until " + strconv.FormatInt(s.AcceptGarbled.UnixMicro(), 10)
}

// IsByConsent reports whether the last reading began, or the one under way did, with the
// consent to garbled values that there is now.
func (s *Set) IsByConsent() bool {
	_, kind := s.settings()
	return !s.AcceptGarbled.IsZero() && kind == s.ByConsent()
}

// settings are those of a copy that a reading began with, and what is behind them and
// its cursor.
func (s *Set) settings() (base, kind string) {
	base, kind, _ = s.begun()
	return base, kind
}

// begun is how a reading began: the settings of the copy, of which kind it is, and the
// cursor of then, nil = it tells none.
func (s *Set) begun() (base, kind string, head *string) {
	base, _, _ = strings.Cut(s.Settings, " ")
	kind = s.Settings[len(base):]
	rest, isThere := strings.CutPrefix(kind, fromHead)
	if !isThere {
		return base, kind, nil
	}
	text, _, _ := strings.Cut(rest, " ")
	cursor, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil { // it is not ours
		return base, kind, nil
	}
	known := string(cursor)
	return base, rest[len(text):], &known
}

// isByKeys reports whether the last reading was, or is, one by keys.
func (s *Set) isByKeys() bool { return strings.HasSuffix(s.Settings, byKeys) }

// reading is how an entity is read.
type reading struct {
	s      *set
	full   bool // by keys never
	report func(Set, Step)
	// between is called between two pages, nil = nobody waits. What follows other
	// sets, and this one, goes here, in the goroutine of the reading: a page is read
	// from the source after all followings so far, and saved before the next, so that
	// it never puts an older row in the place of one that was followed.
	between func(ctx context.Context)
}

// run reads one entity to its end: it goes on with a reading that was
// interrupted, or begins one.
func (c *Copy) run(ctx context.Context, r *reading) (outcome, error) {
	state, err := c.begin(ctx, r)
	if err != nil {
		return outcome{}, err
	}
	r.report(state, step(&state))
	if !state.AtEnd {
		if state, err = c.scan(ctx, r, state); err != nil {
			return outcome{set: state}, err
		}
	}
	return c.end(ctx, r.s, state)
}

func step(state *Set) Step {
	if state.isByKeys() {
		return Sweeping
	}
	return Reading
}

// begin finds out where the entity stands, which another process may have
// changed.
func (c *Copy) begin(ctx context.Context, r *reading) (Set, error) {
	s := r.s
	state, err := c.deps.store.OpenCopy(ctx, c.cfg.Name, s.entity, s.layout)
	if err != nil {
		return state, fmt.Errorf("find the copy of %s: %w", s.entity, err)
	}
	isAccepted := c.accepts(&state)
	r.full = r.full || isAccepted // values may be garbled in rows whose versions are as they were
	base, kind := state.settings()
	canResume := base == c.settings && state.Running && (state.Mark != "" || state.AtEnd) && c.deps.Now().Sub(state.Saved) < resumeWithin
	switch {
	case isAccepted:
		canResume = canResume && kind == state.ByConsent()
	case kind == byKeys:
		canResume = canResume && !r.full && s.sweep != nil && state.Cursor != ""
	}
	if canResume {
		return c.beginAt(ctx, s, state, Begin{Resume: true})
	}
	return c.beginAnew(ctx, r, state)
}

// beginAnew begins a reading and notes the cursor of now with it. Once the reading has
// ended, what changes from now on is followed: that of a source which went back in
// time is put right as well, and what lies between the old one and the new one was
// read. Until then the old one stays: a reading that is refused, or never ends, has
// not taken what lies between.
func (c *Copy) beginAnew(ctx context.Context, r *reading, state Set) (Set, error) {
	s := r.s
	cursor, err := c.head(ctx, s)
	if err != nil {
		return state, err
	}
	isKnown := c.hasCursor(s, &state)
	if !isKnown { // or it would count as one of these settings
		if state, err = c.moveCursor(ctx, s, state, ""); err != nil {
			return state, err
		}
	}
	begin := Begin{Settings: c.settings + fromHead + base64.RawURLEncoding.EncodeToString([]byte(cursor))}
	if c.accepts(&state) {
		begin.Settings += state.ByConsent()
	} else if isKnown && cursor != "" && !r.full && s.sweep != nil && state.Complete > 0 {
		begin.Settings += byKeys
	}
	return c.beginAt(ctx, s, state, begin)
}

func (c *Copy) beginAt(ctx context.Context, s *set, state Set, b Begin) (Set, error) {
	last := state
	b.At = c.deps.Now()
	state, err := s.save(func() (Set, error) { return c.deps.store.BeginRun(ctx, s.id, state.Run, state.Pages, b) })
	if err != nil {
		return state, fmt.Errorf("begin to read %s: %w", s.entity, err)
	}
	if !b.Resume {
		s.began(last)
	}
	return state, nil
}

// scan reads pages and saves each, from where the state says to the end.
func (c *Copy) scan(ctx context.Context, r *reading, state Set) (Set, error) {
	s, from := r.s, state.Mark
	pages, idle := state.Pages, 0
	take := func(p *Page, unusable int) error {
		next, err := c.savePage(ctx, s, &state, p)
		if err != nil {
			return err
		}
		if idle++; next.Seen > state.Seen {
			idle = 0
		}
		state = next
		if unusable > 0 {
			s.mu.Lock()
			s.unusable += unusable
			s.mu.Unlock()
		}
		r.report(state, step(&state))
		switch {
		case idle == idlePages && !p.Last:
			return errIdle
		case state.Seen > c.cfg.MaxRows:
			return c.tooMany(s)
		}
		if r.between != nil && !p.Last {
			r.between(ctx)
		}
		return ctx.Err()
	}
	feed := s.feed
	if state.isByKeys() {
		feed = s.sweep
	}
	err := feed(ctx, from, take)
	if err != nil && from != "" && state.Pages == pages && isUseless(err) && !errors.As(err, new(*schema.ColumnError)) {
		// The source does not know its mark any more: begin anew.
		if state, err = c.beginAnew(ctx, r, state); err != nil {
			return state, err
		}
		if feed = s.feed; state.isByKeys() {
			feed = s.sweep
		}
		err = feed(ctx, "", take)
	}
	if (err == nil || errors.Is(err, errIdle)) && !state.AtEnd {
		// A scan that ends without a last page ended too early.
		err = take(&Page{Mark: state.Mark, Last: true, Doubtful: true}, 0)
	}
	return state, err
}

// savePage saves what may be saved of a page.
func (c *Copy) savePage(ctx context.Context, s *set, state *Set, p *Page) (Set, error) {
	s.sifting.Lock()
	defer s.sifting.Unlock()
	good, err := c.sift(ctx, s, state, &s.garbled, p.Rows)
	if err != nil {
		return *state, err
	}
	p.Rows, p.Held, p.ByConsent, p.At = good.rows, good.held, good.byConsent, c.deps.Now()
	next, err := s.save(func() (Set, error) { return c.deps.store.SavePage(ctx, s.id, state.Run, state.Pages, p) })
	if err != nil {
		return *state, fmt.Errorf("save a page of %s: %w", s.entity, err)
	}
	return next, nil
}

// isUseless reports whether asking again from the same mark would give the same
// error.
func isUseless(err error) bool {
	if errors.Is(err, errMark) {
		return true
	}
	var e *schema.Error
	return errors.As(err, &e) && (e.Code == schema.BadRequest || e.Code == schema.SourceInvalid || e.Code == schema.NotFound)
}

// end decides what the reading may delete. What it did not meet is gone when it
// could not have missed it, or when the reading before did not meet it either.
func (c *Copy) end(ctx context.Context, s *set, state Set) (outcome, error) {
	isSure := !state.Resumed && (!state.Shifting || state.Pages == 1)
	e := End{At: c.deps.Now(), Full: !state.isByKeys(), KeepDeleted: c.keeps(s), Most: max(int64(c.cfg.Handful), int64(float64(s.rowsBefore(state))*c.cfg.MaxDelete))}
	switch {
	case state.Doubtful:
	case isSure:
		e.Before = state.Run
	default:
		e.Before = state.Sound
	}
	if _, _, head := state.begun(); head != nil {
		var err error
		if state, err = c.moveCursor(ctx, s, state, *head); err != nil {
			return outcome{set: state}, err
		}
	}
	var ended Ended
	_, err := s.save(func() (_ Set, err error) {
		ended, err = c.deps.store.EndRun(ctx, s.id, state.Run, state.Pages, e)
		return ended.Set, err
	})
	if err != nil {
		return outcome{set: state}, fmt.Errorf("end the reading of %s: %w", s.entity, err)
	}
	s.completed(ended.Set)
	c.tellAccepted(ctx, s, &state, &ended.Set)
	if _, err := c.deps.store.PurgeCopies(ctx, c.cfg.Name, c.deps.Now().Add(-c.cfg.Keep)); err != nil {
		return outcome{set: ended.Set}, fmt.Errorf("forget old deletions of %s: %w", s.entity, err)
	}
	isFirst := state.Complete == 0
	if isFirst || state.Changed > 0 || ended.Deleted > 0 {
		c.deps.Changed(s.entity)
	}
	return outcome{set: ended.Set, deleted: ended.Deleted, again: !state.Doubtful && !isSure && ended.Set.Missing > 0}, nil
}
