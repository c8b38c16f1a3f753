package quota

import "time"

// counter is what is known here of one account.
type counter struct {
	account     string
	calls, cost gauge
	rows        rows
	prev, next  *counter // in the order of use
}

// gauge is a limit's counter.
type gauge struct {
	// share is what this instance lets through by itself. While Redis decides, it is
	// kept along, so that a loss of Redis does not begin with a full share.
	share bucket
	// seen is Redis's counter when it was last heard of: the real one may have less.
	seen bucket
}

// counters is a bounded map in the order of last use. It is guarded by the
// Limiter's lock.
type counters struct {
	most int
	by   map[string]*counter
	head counter // of a ring: next is the one used last, prev the longest unused
}

func newCounters(most int) *counters {
	c := &counters{most: most, by: make(map[string]*counter)}
	c.head.prev, c.head.next = &c.head, &c.head
	return c
}

// get returns an account's counter, a new one when there is none. A new one makes
// room: of the longest unused those that hold nothing go, and one that does goes
// when there are too many.
func (c *counters) get(account string, now float64, day int64) *counter {
	k := c.by[account]
	if k == nil {
		for range 2 { // two for one: the map shrinks again after a rush
			old := c.head.prev
			if old == &c.head || len(c.by) < c.most && !old.isIdle(now, day) {
				break
			}
			old.unlink()
			delete(c.by, old.account)
		}
		k = &counter{account: account, calls: gauge{full(), full()}, cost: gauge{full(), full()}, rows: rows{day: day}}
		c.by[account] = k
	} else {
		k.unlink()
		k.rows.roll(day)
	}
	k.prev, k.next = &c.head, c.head.next
	k.prev.next, k.next.prev = k, k
	return k
}

func (k *counter) unlink() { k.prev.next, k.next.prev = k.next, k.prev }

// isIdle reports whether the counter tells no more than a new one would.
func (k *counter) isIdle(now float64, day int64) bool {
	return k.calls.share.isFull(now) && k.cost.share.isFull(now) && (k.rows.day != day || k.rows.used() == 0 && k.rows.held == 0)
}

// rows is what an account was given of rows today.
type rows struct {
	day int64 // since 1970, UTC
	// base is what was counted elsewhere or before: Redis's sum when last heard of,
	// or what Config.Rows told. mine was counted here and is not in base.
	base, mine int64
	held       int64         // set aside here for answers under way
	known      bool          // what was counted before this process is in base
	at         time.Time     // when Redis was last heard of it
	askedAt    time.Time     // when Config.Rows was last asked
	loading    chan struct{} // closed when the load under way has ended
}

func (r *rows) used() int64 { return r.base + r.mine } // both are at most greatest

// roll begins a new day: nothing was counted in it, since this process saw it
// begin. A load under way is yesterday's and finds the day changed.
func (r *rows) roll(day int64) {
	if r.day != day {
		*r = rows{day: day, known: true}
	}
}

// window is what n instances leave to this one: a part of what is left of base,
// at least one row of it.
func (r *rows) window(agreed int64, n int) (whole, left int64) {
	free := max(0, agreed-r.base)
	part := free / int64(n)
	if free%int64(n) > 0 {
		part++
	}
	return r.base + part, max(0, part-r.mine)
}
