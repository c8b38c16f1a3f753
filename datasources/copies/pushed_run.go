package copies

import (
	"context"
	"fmt"
	"time"
)

// How often Run looks what other instances took, and forgets old tombstones.
const (
	pushLook  = time.Second
	pushPurge = time.Hour
)

// Run learns what was pushed to other instances and forgets old tombstones, until
// ctx ends. A store that fails is told of once, until it works again.
func (x *Pushed) Run(ctx context.Context) error {
	often := pushPurge
	if keep := x.cfg.KeepDeleted; keep > 0 && keep < often {
		often = max(keep, pushLook)
	}
	look, purge := time.NewTicker(pushLook), time.NewTicker(often)
	defer look.Stop()
	defer purge.Stop()
	isFailing := false
	x.c.purge(ctx) // what was kept by another configuration
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			err = x.Look(ctx)
		case <-purge.C:
			if _, err = x.store.PurgeCopies(ctx, x.cfg.Name, x.c.deps.Now().Add(-x.cfg.Keep)); err != nil {
				err = fmt.Errorf("forget old deletions of %s: %w", x.cfg.Name, err)
			}
			x.c.purge(ctx)
		}
		if err != nil && !isFailing && ctx.Err() == nil {
			x.logger().WarnContext(ctx, "could not look after a pushed source", "source", x.cfg.Name, "err", err)
		}
		isFailing = err != nil
	}
}

// Look finds out once what was pushed to other instances, and tells Deps.Changed.
func (x *Pushed) Look(ctx context.Context) error {
	list, err := x.store.Copies(ctx, x.cfg.Name)
	if err != nil {
		return fmt.Errorf("find what was pushed to %s: %w", x.cfg.Name, err)
	}
	for i := range list {
		s := x.c.byEntity[list[i].Entity]
		if s == nil || list[i].ID != s.id {
			continue
		}
		s.mu.Lock()
		before := s.state
		isNews := before.Changed < list[i].Changed || before.Complete == 0 && list[i].Complete > 0
		if isNews || before.AsOf.Before(list[i].AsOf) {
			s.state = list[i]
		}
		s.mu.Unlock()
		if isNews {
			x.c.deps.Changed(s.entity)
		}
	}
	return nil
}
