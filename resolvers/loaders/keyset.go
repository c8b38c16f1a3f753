package loaders

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
)

// keySet gathers distinct keys in the order they come, and tells the place of each.
// A level asks with one: what is found is told by the keys' places, so that no map
// of them is made for each question.
type keySet struct {
	list []string
	// slots holds places, each plus one, 0 where there is none: a key is looked for
	// from the slot its hash gives. A few keys are looked for one by one.
	slots []int32
	seed  maphash.Seed
}

// fewKeys is how many keys are looked for one by one.
const fewKeys = 8

func newKeySet(room int) *keySet {
	s := &keySet{list: make([]string, 0, room)}
	if room > fewKeys {
		s.spread(room)
	}
	return s
}

// keysOf is the set of keys that are distinct already.
func keysOf(distinct ...string) *keySet {
	s := &keySet{list: distinct}
	if len(distinct) > fewKeys {
		s.spread(len(distinct))
	}
	return s
}

// add adds a key that may be there already, and returns its place.
func (s *keySet) add(key string) int {
	if i := s.place(key); i >= 0 {
		return i
	}
	s.list = append(s.list, key)
	switch n := len(s.list); {
	case n > fewKeys && 2*n > len(s.slots):
		s.spread(2 * n)
	case s.slots != nil:
		s.put(n - 1)
	}
	return len(s.list) - 1
}

// place returns the place of a key, -1 where it is not in the set. Sets are looked
// into by several goroutines only once they are whole.
func (s *keySet) place(key string) int {
	if s.slots == nil {
		for i := range s.list { // they are few
			if s.list[i] == key {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(s.slots) - 1)
	for h := maphash.String(s.seed, key) & mask; s.slots[h] != 0; h = (h + 1) & mask {
		if i := s.slots[h] - 1; s.list[i] == key {
			return int(i)
		}
	}
	return -1
}

// spread makes slots for so many keys, and puts those into them that are there.
func (s *keySet) spread(room int) {
	size := 4 * fewKeys
	for size < 2*room {
		size *= 2
	}
	if s.slots == nil {
		s.seed = maphash.MakeSeed()
	}
	s.slots = make([]int32, size)
	for i := range s.list {
		s.put(i)
	}
}

func (s *keySet) put(i int) {
	mask := uint64(len(s.slots) - 1)
	h := maphash.String(s.seed, s.list[i]) & mask
	for s.slots[h] != 0 {
		h = (h + 1) & mask
	}
	s.slots[h] = int32(i + 1)
}

// name is a text that is equal for equal sets in the same order and differs for
// others: each key with its length before it.
func (s *keySet) name() string {
	size := 0
	for _, k := range s.list {
		size += len(k) + 2
	}
	var b strings.Builder
	b.Grow(size)
	var length [binary.MaxVarintLen64]byte
	for _, k := range s.list {
		b.Write(length[:binary.PutUvarint(length[:], uint64(len(k)))])
		b.WriteString(k)
	}
	return b.String()
}
