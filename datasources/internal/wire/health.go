package wire

import (
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// health is what Status tells, except for the breaker.
type health struct {
	mu   sync.Mutex // guards the rest
	s    datasources.Status
	took [33]time.Duration // ring of the last successful calls
	n    int               // calls put into took
	bad  bool              // the last call that taught anything failed
}

// note takes down the end of an attempt that was sent.
func (h *health) note(o *Observation, learned effect, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.s.Calls++
	switch {
	case o.Outcome == OutcomeOK:
		h.took[h.n%len(h.took)] = o.Took
		h.n++
		h.s.LastOKAt, h.bad = now, false
	case learned == failed:
		h.s.Failures++
		h.s.LastCode, h.s.LastErrorAt, h.bad = o.Code, now, true
	case o.Outcome == OutcomeLimited:
		h.s.LastCode, h.s.LastErrorAt, h.bad = o.Code, now, true
	case learned == succeeded:
		// It answers, if not as we would like.
		h.s.LastOKAt, h.bad = now, false
	}
}

// status returns what is known, with the state as far as the calls tell.
func (h *health) status() datasources.Status {
	h.mu.Lock()
	s, took, isBad := h.s, h.took, h.bad
	n := min(h.n, len(took))
	h.mu.Unlock()
	switch {
	case s.LastOKAt.IsZero() && s.LastErrorAt.IsZero():
		s.State = "unknown"
	case isBad:
		s.State = "degraded"
	default:
		s.State = "up"
	}
	if n > 0 {
		slices.Sort(took[:n])
		s.Latency = took[n/2]
	}
	return s
}
