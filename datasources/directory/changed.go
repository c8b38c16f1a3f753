package directory

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/schema"
)

// farAhead is how far in the future the last moment that was given may lie and still be
// held to: so much do the clocks of instances differ. One that lies farther was given
// by a clock that was wrong.
const farAhead = 10 * time.Minute

// stamp gives the customers whom changes touch the moment of now, and adds their ids to
// what is written: those of whom a record is new, has changed, came or went, whose ids
// merged or parted, and about whose records something was decided. It is called last
// before the changes are saved. Moments never go back, so that who asks for what has
// changed since finds everything.
func (d *Directory) stamp(s *snapshot, c *Changes) {
	rows := s.ids.rows
	isTouched := make([]bool, rows.n)
	n := 0
	touch := func(g int64) {
		if g >= 0 && g < int64(len(isTouched)) && !isTouched[g] {
			isTouched[g] = true
			n++
		}
	}
	touchID := func(id string) {
		if g, ok := s.ids.find(id); ok {
			touch(int64(g))
		}
	}
	for i := range c.Members {
		touch(c.Members[i].Customer - 1)
	}
	for i := range c.Golden {
		touch(c.Golden[i].Seq - 1)
		touch(c.Golden[i].MergedInto - 1)
	}
	for i := range c.Events {
		switch e := &c.Events[i]; e.Kind {
		case "merged", "split", "moved":
			touchID(e.Customer)
			touchID(e.Other)
		}
	}
	decided := func(refs ...RecordRef) {
		for _, ref := range refs {
			if rec := s.find(ref); rec >= 0 {
				touch(int64(s.ghost(rec).golden))
			}
		}
	}
	for i := range c.Decisions {
		decided(c.Decisions[i].A, c.Decisions[i].B)
	}
	for _, p := range c.Withdrawn {
		decided(p[:]...)
	}
	if n == 0 {
		return
	}
	at, limit := d.moment(s.ids)
	if s.ids.last().After(limit) { // nobody is to wait until those have come
		for g := range rows.n {
			if rows.ref(g).ChangedAt.After(limit) {
				touch(int64(g))
			}
		}
	}
	next := &ids{rows: rows.edit(), byID: s.ids.byID, added: s.ids.added, latest: at}
	c.Golden = make([]Golden, 0, n)
	for g, is := range isTouched {
		if !is {
			continue
		}
		row := next.rows.at(int32(g))
		row.ChangedAt = at
		next.rows.set(int32(g), row)
		c.Golden = append(c.Golden, row)
	}
	s.ids = next
}

// moment is now, to the millisecond, but after the last one that was given, unless that
// lies beyond the limit.
func (d *Directory) moment(known *ids) (at, limit time.Time) {
	now := d.deps.Now().Truncate(time.Millisecond)
	limit = now.Add(farAhead)
	if last := known.last(); !last.Before(now) && !last.After(limit) {
		return last.Add(time.Millisecond), limit
	}
	return now, limit
}

// last is the latest moment of all ids.
func (x *ids) last() time.Time {
	if !x.latest.IsZero() {
		return x.latest
	}
	var last time.Time
	for g := range x.rows.n {
		if at := x.rows.ref(g).ChangedAt; at.After(last) {
			last = at
		}
	}
	return last
}

// changedAt is when a customer was last seen to change: when his id was made, where
// that was before such moments were kept.
func (s *snapshot) changedAt(customer int32) time.Time {
	g := s.ids.rows.ref(s.key.at(customer))
	if g.ChangedAt.IsZero() {
		return g.CreatedAt.Truncate(time.Millisecond)
	}
	return g.ChangedAt
}

// changedOrder is the list of customers by changedAt, made when it is first asked for:
// few ask, and every change would change it.
type changedOrder struct {
	sync.Once
	list series[int32]
}

func (s *snapshot) byChange() series[int32] {
	s.changes.Do(func() {
		list := s.orders[byID].flat()
		at := make([]int64, s.customers())
		for _, c := range list {
			at[c] = nanos(s.changedAt(c))
		}
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(at[a], at[b]) })
		s.changes.list = seriesOf(list)
	})
	return s.changes.list
}

// compareChanged orders a customer and a cursor's value.
func (s *snapshot) compareChanged(customer int32, v schema.Value) int {
	return cmp.Compare(nanos(s.changedAt(customer)), nanos(v.Time))
}
