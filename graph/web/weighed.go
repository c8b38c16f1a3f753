package web

import (
	"container/list"
	"sync"
)

// weighed keeps the values used last, as many as their number and their weight allow.
// One value takes an eighth of the weight at most, so that it does not drive out all
// others. It is safe for use by several goroutines; its lock is held for look-ups only.
type weighed[K, V comparable] struct {
	most   int64 // of all weights
	number int   // of values, 0 = any

	mu     sync.Mutex // guards the rest
	known  map[K]*list.Element
	latest list.List // of *kept, the latest used in front
	weight int64
}

type kept[K, V comparable] struct {
	key    K
	value  V
	weight int64
}

func newWeighed[K, V comparable](most int64, number int) *weighed[K, V] {
	return &weighed[K, V]{most: most, number: number, known: map[K]*list.Element{}}
}

// get returns the value of a key, the zero value when there is none.
func (c *weighed[K, V]) get(key K) (v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.known[key]
	if e == nil {
		return v
	}
	c.latest.MoveToFront(e)
	return e.Value.(*kept[K, V]).value
}

// add keeps a value in the place of an older one, and reports whether it did.
func (c *weighed[K, V]) add(key K, value V, weight int64) bool {
	if weight > c.most/8 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.known[key]; old != nil {
		c.drop(old)
	}
	c.known[key] = c.latest.PushFront(&kept[K, V]{key, value, weight})
	c.weight += weight
	c.bound()
	return true
}

// grow notes that a value has come to weigh more. One that is not kept is nobody's.
func (c *weighed[K, V]) grow(key K, value V, by int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.of(key, value); k != nil {
		k.Value.(*kept[K, V]).weight += by
		c.weight += by
		c.bound()
	}
}

// forget drops a value, unless a better one stands in its place.
func (c *weighed[K, V]) forget(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.of(key, value); e != nil {
		c.drop(e)
	}
}

// size returns how many values there are, and what they weigh.
func (c *weighed[K, V]) size() (number int, weight int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.known), c.weight
}

func (c *weighed[K, V]) of(key K, value V) *list.Element {
	if e := c.known[key]; e != nil && e.Value.(*kept[K, V]).value == value {
		return e
	}
	return nil
}

func (c *weighed[K, V]) bound() {
	for c.weight > c.most || c.number > 0 && len(c.known) > c.number {
		c.drop(c.latest.Back())
	}
}

func (c *weighed[K, V]) drop(e *list.Element) {
	k := c.latest.Remove(e).(*kept[K, V])
	delete(c.known, k.key)
	c.weight -= k.weight
}
