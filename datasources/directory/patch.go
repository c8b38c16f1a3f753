package directory

import (
	"maps"
	"slices"
	"sort"
)

// maxEdits bounds the changes a snapshot is patched for: beyond, all is made anew.
const maxEdits = 500

// patcher makes the snapshot after a few changes out of the one before: the rules
// are applied to the part the changes can touch (closure.go), as if it were the
// whole, and everything else is taken over. The result is the one a rebuild gives;
// that is what the property test of this file checks.
type patcher struct {
	prev, next *snapshot
	shift      shifts
	mini       *snapshot // the part, linked
	recs       []int32   // its records, numbered as in next: ascending
	touched    map[int32]bool
	// isSame tells that the customers have the same records as before.
	isSame bool
	runs   []run
	remap  []int32 // customer before → after, -1 of the part
	added  []int32 // customer of the part → after
}

// patch completes next, of which slabs, decisions and kept links are given, and
// returns what is to be written; ok is false when all must be made anew. edits are
// of source src, -1 when none.
func (d *Directory) patch(prev, next *snapshot, src int32, edits []edit, seeds []RecordRef, ghosts, backs map[RecordRef]ghost) (c *Changes, ok bool) {
	next.base = make([]int32, len(next.slabs)+1)
	for i, b := range next.slabs {
		next.base[i+1] = next.base[i]
		if b != nil {
			next.base[i+1] += int32(len(b.recs))
		}
	}
	p := newPart(prev, next, src, edits)
	p.backs = backs
	if !p.find(seeds) {
		return nil, false
	}
	m := &patcher{prev: prev, next: next, shift: p.shift, touched: map[int32]bool{}}
	for rec := range p.in {
		m.recs = append(m.recs, rec)
	}
	slices.Sort(m.recs)
	b := m.link(p)
	m.share(p)
	c = &Changes{}
	if m.isSame = m.hasSameCustomers(); m.isSame {
		m.keepIDs(b)
	} else {
		c.Golden = reconcile(m.mini, crosswalk{ids: prev.ids}, b, d.deps.NewID, d.deps.Now(), func(g int32) bool {
			k := prev.customerOf[g]
			return k >= 0 && !m.touched[k]
		})
	}
	next.ids, next.ghosts = m.mini.ids, ghosts
	m.customers()
	m.lists()
	m.count()
	removed, fresh := m.conflictsAfter(p)
	d.idEvents(m.mini, crosswalk{ids: prev.ids}, b, c)
	d.noteChanged(next, c, prev, removed, fresh)
	d.members(m.mini, c, b, m.isNew(p), src)
	return c, true
}

// link makes and links the part, and returns the ids its records had.
func (m *patcher) link(p *part) before {
	s := m.next
	m.mini = &snapshot{cfg: s.cfg, slabs: make([]*slab, len(s.slabs)), base: make([]int32, len(s.slabs)+1), decisions: s.decisions, kept: map[RecordRef][]Kept{}}
	var b before
	at := 0
	for src, whole := range s.slabs {
		var recs []record
		for ; at < len(m.recs) && m.recs[at] < s.base[src+1]; at++ {
			rec := m.recs[at]
			r := s.rec(rec)
			recs = append(recs, r)
			ref := RecordRef{s.cfg.Sources[src].Name, r.id()}
			if list, ok := s.kept[ref]; ok {
				m.mini.kept[ref] = list
			}
			g := ghost{-1, -1}
			if was := p.wasOf(rec, int32(src)); was >= 0 {
				g = ghost{m.prev.golden[was], m.prev.origin[was]}
				m.touched[m.prev.cluster[was]] = true
			} else if x, ok := p.backs[ref]; ok {
				g = x
			}
			b.golden, b.origin = append(b.golden, g.golden), append(b.origin, g.origin)
		}
		if m.mini.base[src+1] = m.mini.base[src] + int32(len(recs)); whole != nil {
			m.mini.slabs[src] = newSlab(recs, &s.cfg.Sources[src], s.cfg.own)
		}
	}
	for _, e := range p.edits {
		if e.old >= 0 {
			m.touched[m.prev.cluster[m.prev.base[p.src]+e.old]] = true
		}
	}
	linkPart(m.mini, p.known)
	return b
}

// isNew says of the part's records of the changed source which have new data.
func (m *patcher) isNew(p *part) []bool {
	if p.src < 0 {
		return nil
	}
	is := map[int32]bool{}
	for _, e := range p.edits {
		if e.now >= 0 {
			is[m.next.base[p.src]+e.now] = true
		}
	}
	list := make([]bool, m.mini.base[p.src+1]-m.mini.base[p.src])
	for i := range list {
		list[i] = is[m.recs[m.mini.base[p.src]+int32(i)]]
	}
	return list
}

// share brings the numbers that too many have up to date.
func (m *patcher) share(p *part) {
	m.next.shared = m.prev.shared
	isOwn := false
	for _, k := range p.keys {
		is := m.next.isShared(k)
		if is == m.next.shared[k] {
			continue
		}
		if !isOwn {
			isOwn = true
			shared := make(map[string]bool, len(m.prev.shared)+1)
			for k := range m.prev.shared {
				shared[k] = true
			}
			m.next.shared = shared
		}
		if is {
			m.next.shared[k] = true
		} else {
			delete(m.next.shared, k)
		}
	}
}

// customers puts the part's customers among those of before.
func (m *patcher) customers() {
	prev, next, mini := m.prev, m.next, m.mini
	if m.isSame {
		next.cluster, next.start, next.members = prev.cluster, prev.start, prev.members
		next.golden, next.origin, next.key, next.customerOf = prev.golden, prev.origin, prev.key, prev.customerOf
		m.added = make([]int32, mini.customers())
		for c := range mini.customers() {
			m.added[c] = prev.cluster[m.recs[mini.of(c)[0]]]
		}
		return
	}
	m.number()
	m.place()
	n := int(next.size())
	next.golden, next.origin = m.moved(prev.golden, n), m.moved(prev.origin, n)
	next.cluster = m.moved(prev.cluster, n)
	for i, c := range next.cluster {
		if c >= 0 {
			next.cluster[i] = m.remap[c]
		}
	}
	for i, rec := range m.recs {
		next.golden[rec], next.origin[rec] = mini.golden[i], mini.origin[i]
		next.cluster[rec] = m.added[mini.cluster[i]]
	}
	next.customerOf = filled(len(next.ids.rows), -1)
	for c, g := range next.key {
		next.customerOf[g] = int32(c)
	}
}

// keepIDs leaves the ids as they are.
func (m *patcher) keepIDs(b before) {
	s := m.mini
	s.ids, s.golden, s.origin = m.prev.ids, b.golden, b.origin
	s.key = make([]int32, s.customers())
	for c := range s.key {
		s.key[c] = m.prev.key[m.prev.cluster[m.recs[s.of(int32(c))[0]]]]
	}
}

// hasSameCustomers reports that every customer of the part has the records he had,
// and that no record came or went: then the ids stay as well.
func (m *patcher) hasSameCustomers() bool {
	if !m.shift.isNone() || int(m.mini.customers()) != len(m.touched) {
		return false
	}
	for c := range m.mini.customers() {
		recs := m.mini.of(c)
		was := m.prev.cluster[m.recs[recs[0]]]
		list := m.prev.of(was)
		if len(list) != len(recs) {
			return false
		}
		for i, rec := range recs {
			if list[i] != m.recs[rec] {
				return false
			}
		}
	}
	return true
}

// moved copies what is told by records to their new numbers; the part's own are
// left to be filled, -1 where the record is new.
func (m *patcher) moved(list []int32, n int) []int32 {
	out := make([]int32, 0, n)
	at := int32(0)
	for i, cut := range m.shift.cuts {
		d := m.shift.delta[i]
		if i > 0 {
			d -= m.shift.delta[i-1]
		}
		if d > 0 {
			out = append(append(out, list[at:cut]...), -1)
			at = cut
		} else {
			out = append(out, list[at:cut-1]...)
			at = cut
		}
	}
	return append(out, list[at:]...)
}

// run is customers of before that stay side by side.
type run struct{ from, to, now int32 }

// number gives all customers their numbers, in the order of their least records: the
// customers of before stay in theirs, in runs between those of the part.
func (m *patcher) number() {
	prev, mini := m.prev, m.mini
	gone := slices.Sorted(maps.Keys(m.touched))
	m.added = make([]int32, mini.customers())
	at, now := int32(0), int32(0) // before, after
	flush := func(to int32) {
		for at < to {
			end := to
			if len(gone) > 0 && gone[0] < to {
				end = gone[0]
			}
			if at < end {
				m.runs = append(m.runs, run{at, end, now})
				now += end - at
			}
			if at = end; len(gone) > 0 && gone[0] == at {
				gone, at = gone[1:], at+1
			}
		}
	}
	for c := range m.added {
		least := m.recs[mini.of(int32(c))[0]]
		flush(int32(sort.Search(int(prev.customers()), func(i int) bool { return m.shift.near(prev.members[prev.start[i]]) >= least })))
		m.added[c] = now
		now++
	}
	flush(prev.customers())
	m.next.start = make([]int32, now+1)
	m.remap = filled(int(prev.customers()), -1)
	for _, r := range m.runs {
		for c := r.from; c < r.to; c++ {
			m.remap[c] = c + r.now - r.from
		}
	}
}

// place groups the members by customer, and keeps the customers' ids.
func (m *patcher) place() {
	prev, next, mini := m.prev, m.next, m.mini
	next.members, next.key = make([]int32, 0, next.size()), make([]int32, len(next.start)-1)
	c := 0
	own := func(to int32) { // the part's customers that come before
		for ; c < len(m.added) && m.added[c] < to; c++ {
			next.start[m.added[c]], next.key[m.added[c]] = int32(len(next.members)), mini.key[c]
			for _, rec := range mini.of(int32(c)) {
				next.members = append(next.members, m.recs[rec])
			}
		}
	}
	from, _ := m.shift.span()
	for _, r := range m.runs {
		own(r.now)
		by := int32(len(next.members)) - prev.start[r.from]
		for i, at := range prev.start[r.from:r.to] {
			next.start[int(r.now)+i] = at + by
		}
		n := len(next.members)
		next.members = append(next.members, prev.members[prev.start[r.from]:prev.start[r.to]]...)
		if !m.shift.isNone() {
			moved := next.members[n:]
			for i, rec := range moved {
				if rec >= from {
					moved[i] = m.shift.near(rec)
				}
			}
		}
		copy(next.key[r.now:], prev.key[r.from:r.to])
	}
	own(int32(len(next.start)))
	next.start[len(next.start)-1] = int32(len(next.members))
}
