package wire

import (
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// BreakerConfig says when a source is left alone. Within Window, once there were
// Calls calls and at least Ratio of them failed, the breaker opens and calls
// fail at once. After Open it lets Trials calls through: when they all succeed
// it closes, when one fails it opens again.
type BreakerConfig struct {
	Calls  int           // in Window before the ratio counts, default 5
	Ratio  float64       // of failures, default 0.5
	Window time.Duration // default 10s
	Open   time.Duration // default 5s
	Trials int           // default 1
}

// breaker is the library's breaker with two things it lacks: a permit that can
// be given back without a verdict, and results that count only in the state
// they were begun in. A call that was sent before the breaker opened tells
// nothing about the source now.
type breaker struct {
	mu      sync.Mutex // guards the pair of circuit and era
	circuit circuitbreaker.CircuitBreaker[struct{}]
	era     uint64 // counts the changes of state
	open    time.Duration
	changed chan struct{} // closed and replaced when a trial has ended
}

func newBreaker(cfg BreakerConfig) *breaker {
	b := circuitbreaker.NewBuilder[struct{}]().
		WithFailureRateThreshold(cfg.Ratio, uint(cfg.Calls), cfg.Window).
		WithSuccessThreshold(uint(cfg.Trials)).
		WithDelay(cfg.Open).
		Build()
	return &breaker{circuit: b, open: cfg.Open, changed: make(chan struct{})}
}

// permit is the right to make one call.
type permit struct{ era uint64 }

// try returns a permit, or how long to wait before there may be one.
func (b *breaker) try() (permit, time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.circuit.State()
	if b.circuit.TryAcquirePermit() {
		if b.circuit.State() != before {
			b.era++
		}
		return permit{b.era}, 0, true
	}
	return permit{}, b.wait(), false
}

// trial returns a channel that is closed when the trial under way has ended, nil
// when there is none: calls that come meanwhile need not fail, since in a moment
// it is known whether the source is back.
func (b *breaker) trial() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.circuit.State() != circuitbreaker.HalfOpenState {
		return nil
	}
	return b.changed
}

// wait is called with mu held.
func (b *breaker) wait() time.Duration {
	if d := b.circuit.RemainingDelay(); d > 0 {
		return d
	}
	// Trials are under way; their end is not known.
	return min(b.open, time.Second)
}

// openFor returns how long calls are certainly turned away, 0 when they may not
// be. It takes no permit.
func (b *breaker) openFor() time.Duration { return b.circuit.RemainingDelay() }

// done gives the permit back with what was learned, and returns the new state
// when that changed it, "" otherwise.
func (b *breaker) done(p permit, e effect) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.era != b.era {
		return ""
	}
	before := b.circuit.State()
	switch e {
	case succeeded:
		b.circuit.RecordSuccess()
	case failed:
		b.circuit.RecordFailure()
	case unknown:
		if before == circuitbreaker.HalfOpenState {
			// The library gives a trial's place back only with a verdict; a fresh
			// half-open state has all its places.
			b.circuit.Open()
			b.circuit.HalfOpen()
			b.tell()
		}
		return ""
	}
	if before == circuitbreaker.HalfOpenState {
		b.tell()
	}
	after := b.circuit.State()
	if after == before {
		return ""
	}
	b.era++
	return after.String()
}

// tell is called with mu held.
func (b *breaker) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// state returns "closed", "open" or "half-open". An open breaker that would let
// the next call through is half-open.
func (b *breaker) state() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.circuit.State()
	if s == circuitbreaker.OpenState && b.circuit.RemainingDelay() == 0 {
		s = circuitbreaker.HalfOpenState
	}
	return s.String()
}

// effect is what an attempt taught about the source.
type effect int

const (
	unknown effect = iota // nothing: it was cancelled, or never sent
	succeeded
	failed
)
