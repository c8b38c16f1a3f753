package gather

import "hash/maphash"

// Places tells where each of some keys stands among them: a set that costs one small
// allocation, as it is made for each read. It does not change.
type Places struct {
	keys []string
	// slots holds places, each plus one, 0 where there is none: a key is looked for
	// from the slot its hash gives. A few keys are looked for one by one.
	slots []int32
	seed  maphash.Seed
}

// fewKeys is how many keys are looked for one by one.
const fewKeys = 8

// PlacesOf makes the places of keys, which are not to be changed afterwards. Of a key
// that is there twice it is the first.
func PlacesOf(keys []string) *Places {
	p := &Places{keys: keys}
	if len(keys) <= fewKeys {
		return p
	}
	size := 4 * fewKeys
	for size < 2*len(keys) {
		size *= 2
	}
	p.slots, p.seed = make([]int32, size), maphash.MakeSeed()
	for i, k := range keys {
		if at, slot := p.find(k); at < 0 {
			p.slots[slot] = int32(i + 1) //nolint:gosec // no call has two thousand million keys
		}
	}
	return p
}

// Of returns the place of a key, -1 when it is none of them.
func (p *Places) Of(key string) int32 {
	if p.slots == nil {
		for i := range p.keys {
			if p.keys[i] == key {
				return int32(i) //nolint:gosec // they are few
			}
		}
		return nobodys
	}
	at, _ := p.find(key)
	return at
}

// Has reports whether a key is one of them.
func (p *Places) Has(key string) bool { return p.Of(key) >= 0 }

// are reports whether these are the places of just this slice.
func (p *Places) are(keys []string) bool {
	return p != nil && len(p.keys) == len(keys) && (len(keys) == 0 || &p.keys[0] == &keys[0])
}

// find returns the place of a key, and the slot where it is or would be put.
func (p *Places) find(key string) (at int32, slot uint64) {
	mask := uint64(len(p.slots) - 1)
	for slot = maphash.String(p.seed, key) & mask; p.slots[slot] != 0; slot = (slot + 1) & mask {
		if i := p.slots[slot] - 1; p.keys[i] == key {
			return i, slot
		}
	}
	return nobodys, slot
}
