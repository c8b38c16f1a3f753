package copies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trama-graph/trama/schema"
)

// followPages is how many pages one following takes at most: then others have
// their turn, and it goes on at its cursor.
const followPages = 1000

// errCursor says that a set is not followed any more: the source does not know the
// cursor, or does not tell its changes. A reading is due.
var errCursor = errors.New("copies: the source does not know the cursor")

// followed is what came of one following.
type followed struct {
	set     Set
	began   time.Time
	rows    int64 // given, also those that were as they are
	changed int64
	deleted int64
	refused int64 // deletions that were too many
	pages   int64
	more    bool // it stopped before the end

	garbled garbling
}

// hasCursor reports whether the changes of a set are known since a cursor, which
// was made for the settings of now.
func (c *Copy) hasCursor(s *set, state *Set) bool {
	base, _ := state.settings()
	return s.changes != nil && state.Cursor != "" && base == c.settings
}

// canFollow reports whether a set is followed now: what was never read whole is
// not, since nobody is answered from it.
func (c *Copy) canFollow(s *set) bool {
	state := s.snapshot()
	return c.hasCursor(s, &state) && state.Complete > 0 && state.Refusal == ""
}

// every is how often a set is read, by its keys or in full.
func (c *Copy) every(s *set, state *Set) time.Duration {
	if c.hasCursor(s, state) {
		return c.cfg.Sweep
	}
	return c.cfg.Every
}

// head is the cursor of now, "" when the set is not followed for the time being.
func (c *Copy) head(ctx context.Context, s *set) (string, error) {
	if s.changes == nil {
		return "", nil
	}
	s.mu.Lock()
	rests := c.deps.Now().Before(s.rest)
	s.mu.Unlock()
	if rests {
		return "", nil
	}
	cursor, err := s.changes.head(ctx)
	var e *schema.Error
	if errors.As(err, &e) && (e.Code == schema.NotEnabled || e.Code == schema.UnsupportedFilter || isUseless(err)) {
		c.tellNotFollowed(ctx, s, e)
		return "", nil
	}
	return cursor, err
}

// tellNotFollowed lets a source that does not tell its changes rest: it is asked
// again after a sweep's time, and read in full until then.
func (c *Copy) tellNotFollowed(ctx context.Context, s *set, e *schema.Error) {
	s.mu.Lock()
	isFirst := s.rest.IsZero()
	s.rest = c.deps.Now().Add(c.cfg.Sweep)
	s.mu.Unlock()
	if isFirst {
		c.deps.Log.InfoContext(ctx, "found that the changes of a copy cannot be followed", "source", c.cfg.Name, "entity", s.entity, "code", e.Code, "cause", e.Err)
	}
}

// moveCursor puts a cursor in the place of another, with no rows.
func (c *Copy) moveCursor(ctx context.Context, s *set, state Set, next string) (Set, error) {
	if state.Cursor == next {
		return state, nil
	}
	moved, err := s.save(func() (Set, error) {
		return c.deps.store.SaveChanges(ctx, s.id, &ChangeSet{From: state.Cursor, Next: next, At: c.deps.Now()})
	})
	if err != nil {
		return state, fmt.Errorf("save the cursor of %s: %w", s.entity, err)
	}
	return moved, nil
}

// follow reads what changed since the cursor, page by page: rows and the cursor
// behind them are one transaction, so that a process which is killed in between
// goes on where it was.
//
// What a source that was restored from a backup changes again has times before the
// cursor and is not given; nothing tells that from a source where nothing happens.
// The next sweep reads all of it, and takes the cursor anew.
func (c *Copy) follow(ctx context.Context, s *set, report func(*followed)) (followed, error) {
	out := followed{began: c.deps.Now()}
	state, err := c.deps.store.OpenCopy(ctx, c.cfg.Name, s.entity, s.layout)
	if err != nil {
		return out, fmt.Errorf("find the copy of %s: %w", s.entity, err)
	}
	if s.note(state); !c.canFollow(s) {
		return out, errCursor // another process has begun to read it anew
	}
	out.set = state
	report(&out)
	allowed := max(int64(c.cfg.Handful), int64(float64(state.Rows)*c.cfg.MaxDelete))
	if out.began.Before(state.Accept) {
		allowed = state.Rows
	}
	for out.more = true; out.more && out.pages < followPages; out.pages++ {
		part, err := s.changes.since(ctx, out.set.Cursor)
		var e *schema.Error
		if errors.As(err, &e) && (e.Code == schema.BadRequest || e.Code == schema.NotEnabled) {
			return out, c.unfollow(ctx, s, out.set, e)
		}
		if err != nil {
			return out, err
		}
		if err := c.saveDelta(ctx, s, part, &out, allowed); err != nil {
			return out, err
		}
		report(&out)
	}
	return out, nil
}

// unfollow drops a cursor, and returns errCursor.
func (c *Copy) unfollow(ctx context.Context, s *set, state Set, e *schema.Error) error {
	if _, err := c.moveCursor(ctx, s, state, ""); err != nil {
		return err
	}
	if e.Code == schema.NotEnabled {
		c.tellNotFollowed(ctx, s, e)
	} else {
		c.deps.Log.WarnContext(ctx, "found that a source does not know how far it was followed", "source", c.cfg.Name, "entity", s.entity, "cause", e.Err)
	}
	return errCursor
}

// saveDelta saves a part of the changes with the cursor behind it.
func (c *Copy) saveDelta(ctx context.Context, s *set, d *delta, out *followed, allowed int64) error {
	s.sifting.Lock()
	defer s.sifting.Unlock()
	good, err := c.sift(ctx, s, &out.set, &out.garbled, d.rows)
	if err != nil {
		return err
	}
	set := &ChangeSet{Rows: good.rows, Held: good.held, ByConsent: good.byConsent, From: out.set.Cursor, Next: d.next, At: c.deps.Now(), KeepDeleted: c.keeps(s)}
	if set.Next == "" { // it would begin with everything
		set.Next = set.From
	}
	var dead int64
	if len(d.deleted) > 0 {
		if dead, err = c.exist(ctx, s, d.deleted); err != nil {
			return err
		}
		// What a source tells in so many words is believed, but no more of it at once
		// than of a reading: the sweep decides on what is too much.
		if out.deleted+dead > allowed {
			out.refused, dead = out.refused+dead, 0
		} else {
			set.Deleted = d.deleted
		}
	}
	if !d.more && out.refused == 0 { // else not all of it was taken
		set.Followed = out.began
	}
	state, err := s.save(func() (Set, error) { return c.deps.store.SaveChanges(ctx, s.id, set) })
	if err != nil {
		return fmt.Errorf("save the changes of %s: %w", s.entity, err)
	}
	out.changed += max(state.Changed-out.set.Changed, 0)
	out.deleted += dead
	out.rows += int64(len(d.rows))
	out.more = d.more
	last := out.set
	out.set = state
	switch {
	case d.more && state.Cursor == last.Cursor:
		return schema.SourceErrorf(schema.SourceInvalid, c.cfg.Name, "%s says that there are more changes of %s, and gives no place to go on", c.cfg.Name, s.entity)
	case state.Rows > c.cfg.MaxRows:
		return c.tooMany(s)
	}
	return nil
}

func (c *Copy) tooMany(s *set) error {
	return schema.SourceErrorf(schema.Limited, c.cfg.Name, "%s has more than %d rows of %s, the most a copy takes", c.cfg.Name, c.cfg.MaxRows, s.entity)
}
