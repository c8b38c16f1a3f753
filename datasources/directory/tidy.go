package directory

import (
	"slices"
)

// The room behind a source's records, for those that come: a share of them, and at
// least what one change brings. When it is used up, or so many are gone, the numbers
// are put in order anew.
const (
	roomShare = 16
	leastRoom = 2 * maxEdits
)

// room is how many records may come behind n.
func (c *setup) room(n int) int {
	if c.leastRoom > 0 { // of a test
		return c.leastRoom
	}
	return n/roomShare + leastRoom
}

// space gives the sources their numbers. need is what source src needs room for.
func (s *snapshot) space(src int32, need int) {
	s.base = make([]int32, len(s.slabs)+1)
	for i, b := range s.slabs {
		s.base[i+1] = s.base[i]
		if b == nil {
			continue
		}
		room := s.cfg.room(b.size())
		if int32(i) == src {
			room = max(room, need)
		}
		s.base[i+1] += int32(b.size() + room)
	}
}

// hasRoom reports whether a source has room for fresh records, and not too many gaps.
func (s *snapshot) hasRoom(src int32, fresh int) bool {
	b := s.slabs[src]
	return int(s.base[src]+b.recs.n)+fresh <= int(s.base[src+1]) && len(b.dead) <= s.cfg.room(b.size())
}

// settled returns the snapshot, put in order when the records of some customer would
// not have ascending numbers otherwise.
func (s *snapshot) settled() *snapshot {
	if s.isMixed {
		return s.tidied(-1, 0)
	}
	return s
}

// tidied returns the snapshot with all numbers in order, as it would be if it had
// been made whole, with room for so many more records of a source.
func (s *snapshot) tidied(src int32, need int) *snapshot {
	if !s.isPatched && (src < 0 || s.hasRoom(src, need)) {
		return s
	}
	t := &tidier{snapshot: s, to: make([][]int32, len(s.slabs))}
	n := &snapshot{cfg: s.cfg, slabs: slices.Clone(s.slabs), decisions: s.decisions, kept: s.kept, counts: s.counts, shared: s.shared}
	n.ids, n.ghosts = s.ids, s.ghosts
	for i, b := range s.slabs {
		if b != nil && !b.isTidy() {
			t.to[i] = b.order()
			n.slabs[i] = b.tidied(t.to[i])
		}
	}
	n.space(src, need)
	t.base = n.base
	t.group(n)
	t.list(n)
	t.complain(n)
	return n
}

// tidier puts a snapshot in order.
type tidier struct {
	*snapshot
	base []int32   // of the new one
	to   [][]int32 // by source: place → new place; nil where they stay
	as   []int32   // customer → new number
}

// rec is the new number of a record.
func (t *tidier) rec(rec int32) int32 {
	src := t.sourceOf(rec)
	i := rec - t.snapshot.base[src]
	if to := t.to[src]; to != nil {
		i = to[i]
	}
	return t.base[src] + i
}

func (t *tidier) recs(list []int32) []int32 {
	out := make([]int32, len(list))
	for i, rec := range list {
		out[i] = t.rec(rec)
	}
	return out
}

// group numbers the customers.
func (t *tidier) group(n *snapshot) {
	size := int(n.size())
	cluster, golden, origin := filled(size, -1), filled(size, -1), filled(size, -1)
	members := make([][]int32, 0, t.customers())
	key := make([]int32, 0, t.customers())
	t.as = filled(int(t.customers()), -1)
	for rec := range t.records() {
		c := t.cluster.at(rec)
		if t.as[c] < 0 {
			t.as[c] = int32(len(members))
			members, key = append(members, t.recs(t.of(c))), append(key, t.key.at(c))
		}
		r := t.rec(rec)
		cluster[r], golden[r], origin[r] = t.as[c], t.golden.at(rec), t.origin.at(rec)
	}
	customerOf := t.customerOf.flat()
	for i, c := range customerOf {
		if c >= 0 {
			customerOf[i] = t.as[c]
		}
	}
	n.cluster, n.golden, n.origin, n.customerOf = vectorOf(cluster), vectorOf(golden), vectorOf(origin), vectorOf(customerOf)
	n.members, n.key = vectorOf(members), vectorOf(key)
}

func (t *tidier) list(n *snapshot) {
	for i := range t.orders {
		n.orders[i] = mapped(&t.orders[i], func(c int32) int32 { return t.as[c] })
	}
	name, created, updated := make([]string, len(t.as)), make([]int64, len(t.as)), make([]int64, len(t.as))
	for c, to := range t.as {
		name[to], created[to], updated[to] = t.name.at(int32(c)), t.created.at(int32(c)), t.updated.at(int32(c))
	}
	n.name, n.created, n.updated = vectorOf(name), vectorOf(created), vectorOf(updated)
}

func (t *tidier) complain(n *snapshot) {
	n.conflicts = make([]conflict, len(t.conflicts))
	for i, c := range t.conflicts {
		n.conflicts[i] = conflict{&clash{c.kind, c.field, t.recs(c.recs)}}
	}
	n.indexConflicts()
	doubts := t.ambiguous.flat()
	for i := range doubts {
		doubts[i].rec = t.rec(doubts[i].rec)
	}
	slices.SortFunc(doubts, compareDoubts)
	n.ambiguous = seriesOf(doubts)
}

// mapped makes a series of other values in the same order.
func mapped[T any](s *series[T], to func(T) T) series[T] {
	list := s.flat()
	for i := range list {
		list[i] = to(list[i])
	}
	return seriesOf(list)
}

// order tells the places of the records in order, -1 of the gaps.
func (b *slab) order() []int32 {
	to, n := filled(int(b.recs.n), -1), int32(0)
	for i := range b.all() {
		to[i] = n
		n++
	}
	return to
}

// tidied makes the slab with its records in order.
func (b *slab) tidied(to []int32) *slab {
	n := &slab{
		recs: placed(&b.recs, to, b.size()), keys: placed(&b.keys, to, b.size()), reasons: placed(&b.reasons, to, b.size()), folds: placed(&b.folds, to, b.size()),
		sorted: int32(b.size()),
	}
	place := func(i int32) int32 { return to[i] }
	entryOf := func(e entry) entry {
		e.rec = to[e.rec]
		return e
	}
	n.byKey = mapped(&b.byKey, place)
	if old := b.codes.made.Load(); old != nil {
		v := mapped(old, place)
		n.codes.made.Store(&v)
	}
	if old := b.emails.made.Load(); old != nil {
		v := mapped(old, place)
		n.emails.made.Store(&v)
	}
	if old := b.foreigners.made.Load(); old != nil {
		v := mapped(old, entryOf)
		n.foreigners.made.Store(&v)
	}
	if old := b.inBlocks.made.Load(); old != nil {
		v := &blocks{mapped(&(*old).names, entryOf), mapped(&(*old).domains, entryOf)}
		n.inBlocks.made.Store(&v)
	}
	return n
}

// placed puts values to their new places, of which there are n.
func placed[T any](v *vector[T], to []int32, n int) vector[T] {
	list := make([]T, n)
	for i, at := range to {
		if at >= 0 {
			list[at] = v.at(int32(i))
		}
	}
	return vectorOf(list)
}
