package copies

import (
	"context"
	"fmt"
)

// watch looks up every Config.Poll what other instances have written, until ctx
// ends: they follow, read and refresh, and are pushed to, and this instance serves
// it. A store that is away is asked again; it is logged once.
func (c *Copy) watch(ctx context.Context) {
	isAway := false
	for sleep(ctx, c.cfg.Poll) {
		err := c.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !isAway {
			c.deps.Log.WarnContext(ctx, "could not look up where the copies stand", "source", c.cfg.Name, "err", err)
		}
		isAway = err != nil
	}
}

// look takes over what the store says of the sets, and tells of what others have
// changed.
func (c *Copy) look(ctx context.Context) error {
	before := make([]int, len(c.sets))
	for i, s := range c.sets {
		s.mu.Lock()
		if before[i] = s.begun; s.begun != s.ended {
			before[i] = -1 // it is being written: the writer notes what comes of it
		}
		s.mu.Unlock()
	}
	list, err := c.deps.store.Copies(ctx, c.cfg.Name)
	if err != nil {
		return fmt.Errorf("look up the copies of %s: %w", c.cfg.Name, err)
	}
	byID := make(map[int64]*Set, len(list))
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	for i, s := range c.sets {
		now := byID[s.id]
		if now == nil {
			continue
		}
		s.mu.Lock()
		last, isOurs := s.state, before[i] != s.begun
		if !isOurs {
			s.state = *now
		}
		s.mu.Unlock()
		if !isOurs && isNews(&last, now) {
			c.deps.Changed(s.entity)
		}
		if s.hasGrant(c.deps.Now()) {
			select {
			case c.granted <- struct{}{}:
			default: // it is known already
			}
		}
	}
	return nil
}

// isNews reports whether rows may have changed from one state of a set to a later
// one. The pages of a reading under way are none: its end is.
func isNews(last, now *Set) bool {
	switch {
	case now.Complete == 0:
		return false
	case last.Run != now.Run:
		// What was between the two readings is not known.
		return last.Running || now.Run > last.Run+1 || last.Cursor != now.Cursor || !now.Running && (now.Changed > 0 || last.Rows != now.Rows)
	case last.Running != now.Running:
		return now.Changed > 0 || last.Rows != now.Rows || last.Complete == 0
	case now.Running:
		return last.Cursor != now.Cursor || !last.Followed.Equal(now.Followed) && last.Changed != now.Changed
	}
	return last.Rows != now.Rows || last.Changed != now.Changed
}
