package wire

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPause bounds how long one reply's Retry-After stops all calls: a source
// that says "tomorrow" is asked again after this.
const maxPause = time.Minute

// gate holds the calls to the agreed rate, and to the pause an upstream asked
// for.
type gate struct {
	limiter *rate.Limiter // nil = none agreed
	now     func() time.Time

	mu    sync.Mutex // guards until
	until time.Time  // no call before
}

func newGate(perMinute, burst int, now func() time.Time) *gate {
	g := &gate{now: now}
	if perMinute > 0 {
		g.limiter = rate.NewLimiter(rate.Limit(float64(perMinute)/60), burst)
	}
	return g
}

// pause stops calls for d.
func (g *gate) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	until := g.now().Add(min(d, maxPause))
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until = until
	}
}

// reserve takes a place and tells how long to wait for it. undo gives it back
// when the call is not made after all.
func (g *gate) reserve() (wait time.Duration, undo func()) {
	now := g.now()
	wait = max(0, g.pausedUntil().Sub(now))
	if g.limiter == nil {
		return wait, func() {}
	}
	r := g.limiter.ReserveN(now, 1)
	return max(wait, r.DelayFrom(now)), func() { r.CancelAt(g.now()) }
}

// waitFor tells how long the n-th call from now waits for the agreed rate and for
// the pause; the first of them has reserved, unless that is nil.
func (g *gate) waitFor(n int, reserved *slot) time.Duration {
	now := g.now()
	wait := max(0, g.pausedUntil().Sub(now))
	if reserved != nil {
		wait = max(wait, reserved.at.Sub(now))
		n--
	}
	if g.limiter == nil || n <= 0 {
		return wait
	}
	missing := float64(n) - g.limiter.TokensAt(now)
	return max(wait, time.Duration(missing/float64(g.limiter.Limit())*float64(time.Second)))
}

// pausedUntil returns the end of the last pause.
func (g *gate) pausedUntil() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until
}

// retryBudget keeps repeated attempts to a share of calls, so that a source in
// trouble does not get a multiple of its load. Each read pays in its share, each
// repetition takes a whole; a floor that refills slowly serves sources which are
// called rarely.
type retryBudget struct {
	share float64
	now   func() time.Time

	mu     sync.Mutex // guards the rest
	tokens float64
	at     time.Time // of the last refill of the floor
}

const (
	retryFloor  = 3.0              // repetitions always allowed, when unused for a while
	retryRefill = 10 * time.Second // time in which one of the floor comes back
	retryCap    = 20.0             // saved share: calm hours do not pay for a storm
)

func newRetryBudget(share float64, now func() time.Time) *retryBudget {
	return &retryBudget{share: share, now: now, tokens: retryFloor, at: now()}
}

func (b *retryBudget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(retryCap, b.tokens+b.share)
}

func (b *retryBudget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.tokens < retryFloor {
		b.tokens = min(retryFloor, b.tokens+max(0, now.Sub(b.at).Seconds()/retryRefill.Seconds()))
	}
	b.at = now
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}
