package quota

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// State is what an account has left.
type State struct {
	Calls, Cost, Rows *Window // nil: not agreed
	// Degraded says that Redis is lost and the windows are this instance's share.
	Degraded bool

	refused *Window // the one that was used up
	wait    time.Duration
}

// Window is one limit: so many in all, so many left, and how long until it is
// whole again.
type Window struct {
	Limit, Remaining int64
	Reset            time.Duration

	name    string
	seconds int   // which Limit is for
	burst   int64 // how many may come at once: Remaining when nothing was used
}

// Headers sets the fields of draft-ietf-httpapi-ratelimit-headers in the form of
// its revisions 03 to 07, which is what clients read: RateLimit-Limit,
// RateLimit-Remaining and RateLimit-Reset (seconds, rounded up) of the limit that
// refused, else of the one that is nearest its end; RateLimit-Policy names all of
// them. After a refusal that a wait would end there is Retry-After, in seconds,
// rounded up, at least 1 (RFC 9110 §10.2.3). It sets nothing when nothing is agreed.
func (s State) Headers(h http.Header) {
	nearest := s.refused
	var policy []string
	for _, w := range []*Window{s.Calls, s.Cost, s.Rows} {
		if w == nil {
			continue
		}
		policy = append(policy, w.policy())
		if s.refused == nil && (nearest == nil || w.left() < nearest.left()) {
			nearest = w
		}
	}
	if nearest == nil {
		return
	}
	h.Set("RateLimit-Limit", strconv.FormatInt(nearest.Limit, 10))
	h.Set("RateLimit-Remaining", strconv.FormatInt(nearest.Remaining, 10))
	h.Set("RateLimit-Reset", strconv.FormatInt(ceil(nearest.Reset), 10))
	h.Set("RateLimit-Policy", strings.Join(policy, ", "))
	if s.wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(max(1, ceil(s.wait)), 10))
	}
}

// left is the share that is left.
func (w *Window) left() float64 { return float64(w.Remaining) / float64(max(1, w.burst)) }

func (w *Window) policy() string {
	text := fmt.Sprintf("%d;w=%d", w.Limit, w.seconds)
	if w.burst != w.Limit {
		text += fmt.Sprintf(";burst=%d", w.burst)
	}
	return text + fmt.Sprintf(";comment=%q", w.name)
}

func ceil(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

func newWindow(name string, l limit, t taken) *Window {
	return &Window{Limit: l.rate, Remaining: t.remaining, Reset: t.reset, name: name, seconds: 60, burst: l.burst}
}
