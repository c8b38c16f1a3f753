package odata

import (
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// usage counts the calls that were sent, attempts that were repeated among them.
type usage struct {
	perMinute int
	zone      *time.Location
	now       func() time.Time

	mu      sync.Mutex // guards the rest
	seconds [60]int    // calls by the second they were made in
	last    int64      // the second that was counted in last
	day     string
	today   int
}

func newUsage(perMinute int, zone *time.Location, now func() time.Time) *usage {
	return &usage{perMinute: perMinute, zone: zone, now: now}
}

// observe counts and passes on.
func (u *usage) observe(next func(wire.Observation)) func(wire.Observation) {
	return func(o wire.Observation) {
		switch o.Outcome {
		case wire.OutcomeOpen, wire.OutcomeBudget, wire.OutcomeQueue: // never sent
		default:
			u.add()
		}
		if next != nil {
			next(o)
		}
	}
}

func (u *usage) add() {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance(now)
	u.seconds[now.Unix()%60]++
	u.today++
}

// advance forgets what is older than a minute, or of yesterday.
func (u *usage) advance(now time.Time) {
	second := now.Unix()
	for s := max(u.last+1, second-59); s <= second; s++ {
		u.seconds[s%60] = 0
	}
	u.last = max(u.last, second)
	if day := now.In(u.zone).Format(time.DateOnly); day != u.day {
		u.day, u.today = day, 0
	}
}

// report implements datasources.Meter for the source.
func (u *usage) report() []datasources.Usage {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance(now)
	n := 0
	for _, calls := range u.seconds {
		n += calls
	}
	return []datasources.Usage{{LastMinute: n, Today: u.today, PerMinute: u.perMinute}}
}
