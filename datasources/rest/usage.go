package rest

import (
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// usage counts the calls of the whole source and of each package.
type usage struct {
	perMinute int
	zone      *time.Location
	now       func() time.Time
	classes   map[string]string // of the calls, by their names; read-only

	mu    sync.Mutex // guards the meters' counts
	whole *meter
	packs map[string]*meter
}

// meter counts the calls of a minute by seconds, and those of a day.
type meter struct {
	seconds [60]int64 // the second a count is of
	counts  [60]int
	day     string
	today   int
}

func newUsage(s *source) *usage {
	u := &usage{
		perMinute: s.cfg.Rate.PerMinute, zone: s.zone, now: s.now,
		classes: map[string]string{}, whole: &meter{}, packs: map[string]*meter{},
	}
	for _, e := range s.entities {
		for _, r := range append(slices.Clone(e.from), e.stock) {
			if r == nil || r.pack == "" {
				continue
			}
			u.classes[r.call] = r.pack
			u.packs[r.pack] = &meter{}
		}
	}
	return u
}

// observe counts a call that was sent: one that was turned away took no time.
func (u *usage) observe(o wire.Observation) {
	if o.Took <= 0 {
		return
	}
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.whole.count(now, u.zone)
	if m := u.packs[u.classes[o.Name]]; m != nil {
		m.count(now, u.zone)
	}
}

func (m *meter) count(now time.Time, zone *time.Location) {
	second := now.Unix()
	if i := second % 60; m.seconds[i] != second {
		m.seconds[i], m.counts[i] = second, 1
	} else {
		m.counts[i]++
	}
	if day := now.In(zone).Format(time.DateOnly); day != m.day {
		m.day, m.today = day, 0
	}
	m.today++
}

func (m *meter) read(class string, now time.Time, zone *time.Location) datasources.Usage {
	u := datasources.Usage{Class: class}
	for i, second := range m.seconds {
		if age := now.Unix() - second; age >= 0 && age < 60 {
			u.LastMinute += m.counts[i]
		}
	}
	if m.day == now.In(zone).Format(time.DateOnly) {
		u.Today = m.today
	}
	return u
}

// all is the whole source first, which the agreed rate is of, then the packages.
func (u *usage) all() []datasources.Usage {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	sum := u.whole.read("", now, u.zone)
	sum.PerMinute = u.perMinute
	list := []datasources.Usage{sum}
	for class, m := range u.packs {
		list = append(list, m.read(class, now, u.zone))
	}
	slices.SortFunc(list, func(a, b datasources.Usage) int {
		switch {
		case a.Class < b.Class:
			return -1
		case a.Class > b.Class:
			return 1
		}
		return 0
	})
	return list
}
