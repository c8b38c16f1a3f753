package odatafake

import "sync/atomic"

// Cache keeps the records of the rows asked last, for records that are computed: the columns of one row are read one
// after the other, and each of them would compute it again.
type Cache[T any] struct {
	load  func(row int) *T
	slots [cacheSlots]atomic.Pointer[slot[T]]
}

const cacheSlots = 1024

type slot[T any] struct {
	row int
	rec *T
}

// NewCache returns a cache around load, which must be pure.
func NewCache[T any](load func(row int) *T) *Cache[T] { return &Cache[T]{load: load} }

// Get returns the record of a row; it must not be changed.
func (c *Cache[T]) Get(row int) *T {
	at := &c.slots[uint(row)%cacheSlots]
	if s := at.Load(); s != nil && s.row == row {
		return s.rec
	}
	s := &slot[T]{row: row, rec: c.load(row)}
	at.Store(s)
	return s.rec
}
