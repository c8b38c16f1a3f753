package directory

import "slices"

// maxEdits bounds the changes a snapshot is patched for: beyond, all is made anew.
const maxEdits = 500

// patcher makes the snapshot after a few changes out of the one before: the rules
// are applied to the part the changes can touch (closure.go), as if it were the
// whole, and everything else is taken over, page by page. The result is the one a
// rebuild gives, but for the numbers (snapshot); that is what the property test of
// this file checks.
type patcher struct {
	prev, next *snapshot
	mini       *snapshot      // the part, linked
	recs       []int32        // its records, numbered as in next, in the order of compare
	touched    map[int32]bool // customers before
	added      []int32        // customer of the part → after
	freed      []int32        // ascending: customers of before whose numbers nobody has
	was        map[int32]bool // of added: customers who had these numbers before, under the same ids
}

// patch completes next, of which slabs, decisions and kept links are given, and
// returns what is to be written; ok is false when all must be made anew. edits are
// of source src, -1 when none.
func (d *Directory) patch(prev, next *snapshot, src int32, edits []edit, seeds []RecordRef, ghosts, backs map[RecordRef]ghost) (c *Changes, ok bool) {
	next.base, next.isPatched = prev.base, true
	p := newPart(prev, next, src, edits)
	p.backs = backs
	if !p.find(seeds) {
		return nil, false
	}
	m := &patcher{prev: prev, next: next, touched: map[int32]bool{}}
	for rec := range p.in {
		m.recs = append(m.recs, rec)
	}
	slices.SortFunc(m.recs, next.compare)
	b := m.link(p)
	m.share(p)
	c = &Changes{}
	isSame := m.hasSameCustomers(p, b)
	if isSame {
		m.keepIDs(b)
	} else {
		c.Golden = reconcile(m.mini, crosswalk{ids: prev.ids}, b, d.deps.NewID, d.deps.Now(), func(g int32) bool {
			k := prev.customerOf.at(g)
			return k >= 0 && !m.touched[k]
		})
	}
	next.ids, next.ghosts = m.mini.ids, ghosts
	m.number()
	m.place(p)
	m.relist()
	m.close()
	m.doubt()
	m.count()
	removed, fresh := m.conflictsAfter(p)
	d.idEvents(m.mini, crosswalk{ids: prev.ids}, b, c)
	d.noteChanged(next, c, prev, removed, fresh)
	d.members(m.mini, c, b, m.isNew(p), src)
	next.isPatched = prev.isPatched || !isSame
	next.isMixed = m.isMixed()
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
				g = m.prev.ghost(was)
				m.touched[m.prev.cluster.at(was)] = true
			} else if x, ok := p.backs[ref]; ok {
				g = x
			}
			b.golden, b.origin = append(b.golden, g.golden), append(b.origin, g.origin)
		}
		if m.mini.base[src+1] = m.mini.base[src] + int32(len(recs)); whole != nil {
			m.mini.slabs[src] = newSlab(recs, &s.cfg.Sources[src], s.cfg.own)
		}
	}
	for rec := range p.gone {
		m.touched[m.prev.cluster.at(rec)] = true
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

// keepIDs leaves the ids as they are.
func (m *patcher) keepIDs(b before) {
	s := m.mini
	key := make([]int32, s.customers())
	for c := range key {
		key[c] = b.golden[s.of(int32(c))[0]]
	}
	s.ids, s.key, s.golden, s.origin = m.prev.ids, vectorOf(key), vectorOf(b.golden), vectorOf(b.origin)
}

// hasSameCustomers reports that every customer of the part has the records he had,
// under his id, and that no record came or went: then the ids stay as well.
func (m *patcher) hasSameCustomers(p *part, b before) bool {
	if len(p.gone) > 0 || int(m.mini.customers()) != len(m.touched) {
		return false
	}
	for c := range m.mini.customers() {
		recs := m.recsOf(c)
		was := m.prev.cluster.at(recs[0])
		if was < 0 || !slices.Equal(m.prev.of(was), recs) {
			return false
		}
		isOther := func(rec int32) bool { return b.golden[rec] != m.prev.key.at(was) }
		if slices.ContainsFunc(m.mini.of(c), isOther) { // another instance has changed them
			return false
		}
	}
	return true
}

// recsOf are the records of a customer of the part, numbered as in next.
func (m *patcher) recsOf(c int32) []int32 {
	list := slices.Clone(m.mini.of(c))
	for i, rec := range list {
		list[i] = m.recs[rec]
	}
	return list
}

// isMixed reports that the records of a customer of the part have no ascending
// numbers.
func (m *patcher) isMixed() bool {
	for c := range m.mini.customers() {
		if !slices.IsSorted(m.recsOf(c)) {
			return true
		}
	}
	return false
}
