package quota

import (
	"context"
	"time"
)

const (
	// rowsFresh is how long what Redis said of an account's rows holds: others count
	// there too.
	rowsFresh = time.Second
	// rowsRetry is the pause after Config.Rows failed, and rowsTimeout its deadline.
	rowsRetry   = 10 * time.Second
	rowsTimeout = 2 * time.Second
)

// learnRows sees to it that what was counted elsewhere today is known. One caller
// of an account asks, others wait for him within their own ctx.
func (l *Limiter) learnRows(ctx context.Context, account string) {
	now, day := l.clock()
	l.mu.Lock()
	r := &l.counters.get(account, now, day).rows
	if loading := r.loading; loading != nil {
		l.mu.Unlock()
		select {
		case <-loading:
		case <-ctx.Done():
		}
		return
	}
	ask := !r.known && isOver(l.cfg.Now(), r.askedAt, rowsRetry)
	if !ask && (l.remote == nil || !isOver(l.cfg.Now(), r.at, rowsFresh)) {
		l.mu.Unlock()
		return
	}
	done := make(chan struct{})
	r.loading = done
	l.mu.Unlock()
	defer func() { // also when Config.Rows panics
		l.mu.Lock()
		// It may be another counter by now: this one was dropped, or the day has changed.
		if c := l.counters.by[account]; c != nil && c.rows.loading == done {
			c.rows.loading = nil
		}
		l.mu.Unlock()
		close(done)
	}()
	l.loadRows(ctx, account, day, ask)
}

// isOver reports whether d has passed since at, or the clock was set back.
func isOver(now, at time.Time, d time.Duration) bool {
	age := now.Sub(at)
	return at.IsZero() || age >= d || age < 0
}

// loadRows asks Redis, and, when ask is set and Redis knows nothing, what was
// written down.
func (l *Limiter) loadRows(ctx context.Context, account string, day int64, ask bool) {
	var sum int64
	var found bool
	inRedis := l.remote != nil && l.remote.do(ctx, func(ctx context.Context) (err error) {
		sum, found, err = l.remote.rows(ctx, account, date(day))
		return err
	})
	isKnown := found
	if !found && ask {
		sum, isKnown = l.askRows(ctx, account, date(day))
		if inRedis && sum > 0 {
			l.remote.do(ctx, func(ctx context.Context) error {
				return l.remote.begin(ctx, account, date(day), l.cfg.Now(), sum)
			})
		}
	}
	now, today := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &l.counters.get(account, now, today).rows
	if r.day != day {
		return
	}
	r.at = l.cfg.Now()
	if ask {
		r.askedAt = r.at
	}
	r.known = r.known || isKnown
	// Answers may overtake each other, and Redis may have been emptied: a sum only
	// grows.
	r.base = max(r.base, min(sum, greatest))
}

// askRows returns what was written down, false when that could not be learnt.
func (l *Limiter) askRows(ctx context.Context, account string, date time.Time) (int64, bool) {
	if l.cfg.Rows == nil {
		return 0, true
	}
	inner, cancel := context.WithTimeout(context.WithoutCancel(ctx), rowsTimeout)
	defer cancel()
	n, err := l.cfg.Rows(inner, account, date)
	if err != nil {
		l.log.WarnContext(ctx, "could not learn today's rows", "account", account, "err", err)
		return 0, false
	}
	return max(0, n), true
}

// addRows counts rows of a day here, and in Redis together with those it has not got
// yet. It ends a reservation, nil for none.
func (l *Limiter) addRows(ctx context.Context, account string, day, n int64, held *Reservation) {
	n = min(n, greatest)
	now, today := l.clock()
	l.mu.Lock()
	unsent, member := n, ""
	if r := &l.counters.get(account, now, today).rows; r.day == day {
		r.mine = min(r.mine+n, greatest)
		if held != nil { // the counter may be a new one that knows of no reservation
			r.held = max(0, r.held-held.rows)
		}
		if l.remote != nil { // taken out for the way, so that nobody sends them too
			unsent, r.mine = r.mine, 0
			r.base = min(r.base+unsent, greatest)
		}
	}
	l.mu.Unlock()
	if held != nil {
		member = held.member
	}
	if l.remote == nil || unsent == 0 && member == "" {
		return
	}
	var sum int64
	sent := l.remote.do(ctx, func(ctx context.Context) (err error) {
		sum, err = l.remote.add(ctx, account, date(day), l.cfg.Now(), unsent, member)
		return err
	})
	now, today = l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch r := &l.counters.get(account, now, today).rows; {
	case r.day != day:
	case sent:
		r.base, r.at = max(r.base, min(sum, greatest)), l.cfg.Now()
	default:
		r.base = max(0, r.base-unsent)
		r.mine = min(r.mine+unsent, greatest)
	}
}

// rowsWindow is called with mu held.
func (l *Limiter) rowsWindow(r *rows, agreed int64, instances int) *Window {
	whole, left := r.window(agreed, instances)
	t := l.cfg.Now().UTC()
	midnight := t.Truncate(24 * time.Hour).Add(24 * time.Hour)
	return &Window{Limit: min(whole, agreed), Remaining: left, Reset: midnight.Sub(t), name: "rows", seconds: 86_400, burst: min(whole, agreed)}
}
