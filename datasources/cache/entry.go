package cache

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// entry is what is known of one key, parent or list. No rows is an absence. It is
// never changed once others can see it, but for at.
type entry[T any] struct {
	Rows     []T
	More     bool
	Total    int
	AsOf     time.Time // when the source said so
	Read     time.Time // when it was put here
	Customer string    // whose it is alone, "" = not known or of several
	Seq      uint64    // the last shared change known before it was read

	isKey bool          // of one key: its absence is a row that does not exist
	size  int           // estimated bytes, set before it is kept
	at    atomic.Uint64 // the last change of this process it is known to be good for
}

// state is what an entry may be used for.
type state uint8

const (
	useless state = iota
	old           // instead of an error only
	aged          // at once, marked as stale, while it is read again
	fresh
)

// weighed is an entry of any row type.
type weighed interface {
	bytes() int
	count() int
	isAbsence() bool
	ends() (after time.Duration, ok bool) // what is not kept as long as the rest
}

func (e *entry[T]) bytes() int { return e.size }
func (e *entry[T]) count() int { return len(e.Rows) }

func (e *entry[T]) ends() (time.Duration, bool) { return 0, false }

// isAbsence reports whether a row does not exist; an empty list does.
func (e *entry[T]) isAbsence() bool { return e.isKey && len(e.Rows) == 0 }

// life is how long an entry may be of use.
func (c *Cache) life(e weighed) time.Duration {
	if after, ok := e.ends(); ok {
		return after
	}
	if e.isAbsence() {
		return max(c.cfg.Absent, minTTL)
	}
	return c.keep
}

// weight is an entry's share of the bounds, in bytes: the larger of its share of
// Bytes and, where rows are bounded too, of Rows. Thus neither bound is passed.
func (c *Cache) weight(e weighed) uint32 {
	w := int64(e.bytes())
	if c.cfg.Rows > 0 {
		w = max(w, int64(e.count()+1)*(c.cfg.Bytes/int64(c.cfg.Rows)))
	}
	return uint32(min(w, 1<<31))
}

// largest is the size from which on an entry is not kept: one answer shall not
// push out all others.
func (c *Cache) largest() int { return int(c.cfg.Bytes / 16) }

// put keeps an entry in this process.
func put(c *Cache, n name, e weighed) bool {
	size := e.bytes()
	if size > c.largest() {
		c.count.tooLarge.Add(1)
		c.l1.Invalidate(n) // what was there is older
		return false
	}
	// Counted before: it may leave again while Set runs.
	c.count.bytes.Add(uint64(size))
	c.count.entries.Add(1)
	n.key = strings.Clone(n.key) // it may be a piece of a whole reply
	c.l1.Set(n, e)
	return true
}

// left counts what leaves this process. It runs under a lock of otter.
func (c *Cache) left(d otter.DeletionEvent[name, any]) {
	c.count.bytes.Add(-uint64(d.Value.(weighed).bytes()))
	c.count.entries.Add(^uint64(0))
	if d.Cause == otter.CauseOverflow {
		c.count.evictions.Add(1)
	}
}

// state tells what an entry of this process may be used for.
func (r *reader[T, P]) state(e *entry[T], now time.Time) state {
	return r.judge(e, now, r.isGood(e), func() bool { return r.marks.isErased(r.entity, e.Customer, r.isLinked, e.at.Load()) })
}

// clockSkew is how far another process's clock may be ahead.
const clockSkew = 5 * time.Second

// judge tells what an entry may be used for by its age, whether nothing changed
// since it was read, and whether what it holds was deleted.
func (r *reader[T, P]) judge(e *entry[T], now time.Time, isGood bool, isErased func() bool) state {
	age := now.Sub(e.Read)
	if age < -clockSkew {
		return useless
	}
	soft, hard := r.c.cfg.TTL, r.c.cfg.Hard
	if len(e.Rows) == 0 {
		// «It is not there» is the answer that hurts most when it is wrong.
		soft, hard = r.c.cfg.Absent, r.c.cfg.Absent
	}
	switch {
	case r.keeper != nil && isGood && (age >= soft || !r.keeper.IsCurrent(e.AsOf)):
		// Read again: whether it is stale is said by who keeps the rows.
	case isGood && age < soft:
		return fresh
	case isGood && age < hard:
		return aged
	}
	switch {
	case age >= r.c.cfg.StaleIfError, e.isAbsence(), isErased():
		return useless
	}
	return old
}

// isGood reports whether nothing of what an entry holds was changed since it was
// read. Where nothing of the source was, that costs one comparison.
func (r *reader[T, P]) isGood(e *entry[T]) bool {
	last := r.marks.last.Load()
	at := e.at.Load()
	if at >= last {
		return true
	}
	if r.marks.newest(r.entity, e.Customer, r.isLinked).local > at {
		return false
	}
	// Compared once for each change, not for each hit. A race stores the older of
	// two right values.
	e.at.Store(last)
	return true
}
