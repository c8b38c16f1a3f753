package tokens

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxPending bounds what waits to be written when the store is away. What is
// beyond it is noted in the next hour.
const maxPending = 100_000

// used collects in which hour tokens were used last. No call waits for it to be
// written.
type used struct {
	mu      sync.Mutex
	pending map[string]int64 // hours since 1970, by token
}

func (u *used) add(id string, hour int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.pending == nil {
		u.pending = map[string]int64{}
	}
	if old, ok := u.pending[id]; ok && old >= hour || !ok && len(u.pending) >= maxPending {
		return
	}
	u.pending[id] = hour
}

func (u *used) take() map[string]int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.pending
	u.pending = nil
	return all
}

// Flush writes in which hour tokens were used: once for each token and hour. What
// could not be written is kept for the next time.
func (s *Service) Flush(ctx context.Context) error {
	byHour := map[int64][]string{}
	for id, hour := range s.used.take() {
		byHour[hour] = append(byHour[hour], id)
	}
	var errs []error
	for hour, ids := range byHour {
		if err := s.store.Used(ctx, ids, time.Unix(hour*3600, 0).UTC()); err != nil {
			errs = append(errs, err)
			for _, id := range ids {
				s.used.add(id, hour)
			}
		}
	}
	return errors.Join(errs...)
}

// How often Run writes what was used, and looks for tokens that end.
const (
	flushEvery = 10 * time.Second
	warnEvery  = time.Hour
)

// Run writes behind what Verify noted and logs which tokens end soon, until ctx
// ends; then it writes what is left. A store that fails is told of once, until it
// works again.
func (s *Service) Run(ctx context.Context) error {
	flush, warn := time.NewTicker(flushEvery), time.NewTicker(warnEvery)
	defer flush.Stop()
	defer warn.Stop()
	failing := false
	report := func(err error) {
		if err != nil && !failing && ctx.Err() == nil {
			s.log.WarnContext(ctx, "did not note the use of tokens", "error", err)
		}
		failing = err != nil
	}
	report(s.LogExpiring(ctx))
	for {
		select {
		case <-flush.C:
			report(s.Flush(ctx))
		case <-warn.C:
			report(s.LogExpiring(ctx))
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.Flush(last)
		}
	}
}
