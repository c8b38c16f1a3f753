package copies

import (
	"context"
	"errors"
	"fmt"
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

// run reads one entity to its end: it goes on with a reading that was
// interrupted, or begins one.
func (c *Copy) run(ctx context.Context, s *set, report func(Set, Step)) (outcome, error) {
	state, err := c.begin(ctx, s)
	if err != nil {
		return outcome{}, err
	}
	report(state, Reading)
	if !state.AtEnd {
		if state, err = c.scan(ctx, s, state, report); err != nil {
			return outcome{set: state}, err
		}
	}
	return c.end(ctx, s, state)
}

// begin finds out where the entity stands, which another process may have
// changed.
func (c *Copy) begin(ctx context.Context, s *set) (Set, error) {
	state, err := c.deps.store.OpenCopy(ctx, c.cfg.Name, s.entity, s.layout)
	if err != nil {
		return state, fmt.Errorf("find the copy of %s: %w", s.entity, err)
	}
	now := c.deps.Now()
	resume := state.Running && state.Settings == c.settings && (state.Mark != "" || state.AtEnd) && now.Sub(state.Saved) < resumeWithin
	return c.beginAt(ctx, s, state, resume)
}

func (c *Copy) beginAt(ctx context.Context, s *set, state Set, resume bool) (Set, error) {
	last := state
	state, err := c.deps.store.BeginRun(ctx, s.id, state.Run, state.Pages, Begin{Resume: resume, Settings: c.settings, At: c.deps.Now()})
	if err != nil {
		return state, fmt.Errorf("begin to read %s: %w", s.entity, err)
	}
	s.note(state)
	if !resume {
		s.began(last)
	}
	return state, nil
}

// scan reads pages and saves each, from where the state says to the end.
func (c *Copy) scan(ctx context.Context, s *set, state Set, report func(Set, Step)) (Set, error) {
	from := state.Mark
	pages, idle := state.Pages, 0
	take := func(p *Page, unusable int) error {
		p.At = c.deps.Now()
		next, err := c.deps.store.SavePage(ctx, s.id, state.Run, state.Pages, p)
		if err != nil {
			return fmt.Errorf("save a page of %s: %w", s.entity, err)
		}
		if idle++; next.Seen > state.Seen {
			idle = 0
		}
		state = next
		s.note(state)
		if unusable > 0 {
			s.mu.Lock()
			s.unusable += unusable
			s.mu.Unlock()
		}
		report(state, Reading)
		switch {
		case idle == idlePages && !p.Last:
			return errIdle
		case state.Seen > c.cfg.MaxRows:
			return schema.SourceErrorf(schema.Limited, c.cfg.Name, "%s has more than %d rows of %s, the most a copy takes", c.cfg.Name, c.cfg.MaxRows, s.entity)
		}
		return nil
	}
	err := s.feed(ctx, from, take)
	if err != nil && from != "" && state.Pages == pages && isUseless(err) {
		// The source does not know its mark any more: begin anew.
		if state, err = c.beginAt(ctx, s, state, false); err != nil {
			return state, err
		}
		err = s.feed(ctx, "", take)
	}
	if (err == nil || errors.Is(err, errIdle)) && !state.AtEnd {
		// A scan that ends without a last page ended too early.
		err = take(&Page{Mark: state.Mark, Last: true, Doubtful: true}, 0)
	}
	return state, err
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
	e := End{At: c.deps.Now(), Most: max(int64(c.cfg.Handful), int64(float64(s.rowsBefore(state))*c.cfg.MaxDelete))}
	switch {
	case state.Doubtful:
	case isSure:
		e.Before = state.Run
	default:
		e.Before = state.Sound
	}
	ended, err := c.deps.store.EndRun(ctx, s.id, state.Run, state.Pages, e)
	if err != nil {
		return outcome{set: state}, fmt.Errorf("end the reading of %s: %w", s.entity, err)
	}
	s.note(ended.Set)
	if _, err := c.deps.store.PurgeCopies(ctx, c.cfg.Name, c.deps.Now().Add(-c.cfg.Keep)); err != nil {
		return outcome{set: ended.Set}, fmt.Errorf("forget old deletions of %s: %w", s.entity, err)
	}
	isFirst := state.Complete == 0
	if isFirst || state.Changed > 0 || ended.Deleted > 0 {
		c.deps.Changed(s.entity)
	}
	return outcome{set: ended.Set, deleted: ended.Deleted, again: !state.Doubtful && !isSure && ended.Set.Missing > 0}, nil
}
