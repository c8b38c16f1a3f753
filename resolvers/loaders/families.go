package loaders

import (
	"hash/maphash"
	"slices"

	"github.com/trama-graph/trama/datasources"
)

// A number on a document means nothing outside its customer. This file finds the
// customers of a level's documents: nearly always they were looked up for the level
// above, and need not be asked of the directory again.

// families are the customers of a level's documents.
type families struct {
	of        []int32 // by document: the place of his customer, -1 where he is not known
	customers datasources.Customers
}

// familiesOf finds the customers of documents.
func (l *Loaders) familiesOf(parents []Parent) families {
	l.mu.Lock()
	levels := slices.Clone(l.levels)
	l.mu.Unlock()
	for i := len(levels) - 1; i >= 0; i-- {
		customers := l.customersOf(levels[i].of)
		if of := familiesAmong(customers, len(levels[i].of), parents); of != nil {
			return families{of, customers}
		}
	}
	set := newKeySet(len(parents))
	of := make([]int32, len(parents))
	for i, g := range l.goldens(parents) {
		if of[i] = -1; g != "" {
			of[i] = int32(set.add(g))
		}
	}
	return families{of, l.lookUp(set.list)}
}

// familiesAmong finds the customers of all documents among n who were looked up; nil
// where one is not among them, or it would take long to see. Documents mostly stand in
// the order of their customers.
func familiesAmong(customers datasources.Customers, n int, parents []Parent) []int32 {
	if !areDistinct(customers, n) {
		return nil
	}
	of := make([]int32, len(parents))
	var in *datasources.Members
	at, left := 0, 4*(n+len(parents)) // customers that may be looked at
	for i := range parents {
		p := &parents[i]
		if i == 0 || p.Source != parents[i-1].Source {
			in, at = customers.In(p.Source), 0
		}
		if of[i] = -1; p.CustomerKey == "" {
			continue
		}
		from := at
		for !slices.Contains(in.Of(at), p.CustomerKey) {
			at, left = (at+1)%n, left-1
			if at == from || left < 0 {
				return nil
			}
		}
		of[i] = int32(at)
	}
	return of
}

// areDistinct reports whether no customer was looked up twice, by whatever keys.
func areDistinct(customers datasources.Customers, n int) bool {
	set := newKeySet(n)
	for i := range n {
		if g := customers.Golden(i); g != "" && set.add(g) < len(set.list)-1 {
			return false
		}
	}
	return true
}

// kin tells whether rows of one source are of customers of a level.
type kin struct {
	of  datasources.Customers
	in  *datasources.Members // nil until somebody is found under another key
	now goldensIn
}

// has reports whether rows under a key are of a customer: he has it now, or had it when
// the level was looked up. Customers may be merged or parted while the rows are read,
// and a row is not lost by that.
func (k *kin) has(customer int, key string) bool {
	if key == "" {
		return false
	}
	if g := k.now.of(key); g != "" && g == k.of.Golden(customer) {
		return true
	}
	if k.in == nil {
		k.in = k.of.In(k.now.source)
	}
	return slices.Contains(k.in.Of(customer), key)
}

// twins tells of documents that share a number with another one of their customer and
// source on the same level. Those that are not on the level are not seen: asking for
// them would cost a call more for every question.
type twins struct {
	first []int32 // by document: the first that bears his number
	are   []bool  // by that one: whether another record bears it too
}

func twinsAmong(parents []Parent, of []int32) twins {
	t := twins{first: make([]int32, len(parents)), are: make([]bool, len(parents))}
	size := 16
	for size < 2*len(parents) {
		size *= 2
	}
	// Places of documents, each plus one, from the slot that their numbers' hashes give.
	slots, seed, mask := make([]int32, size), maphash.MakeSeed(), uint64(size-1)
	for i := range parents {
		p := &parents[i]
		if of[i] < 0 || p.Number == "" {
			continue
		}
		h := (maphash.String(seed, p.Number) + uint64(of[i])) & mask
		for slots[h] != 0 {
			if f := slots[h] - 1; of[f] == of[i] && parents[f].Number == p.Number && parents[f].Source == p.Source {
				break
			}
			h = (h + 1) & mask
		}
		if slots[h] == 0 {
			slots[h] = int32(i) + 1
		}
		f := slots[h] - 1
		t.first[i] = f
		t.are[f] = t.are[f] || parents[f].Key != p.Key
	}
	return t
}

// has reports whether the i-th document has a twin.
func (t *twins) has(i int) bool { return t.are[t.first[i]] }
