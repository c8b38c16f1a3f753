package directory

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// doubt takes over what is in doubt outside of the part.
func (m *patcher) doubt() {
	prev := &m.prev.ambiguous
	var gone, fresh []ambiguity
	for c := range m.touched {
		for _, rec := range m.prev.of(c) {
			for i := prev.search(func(a ambiguity) bool { return a.rec >= rec }); i < prev.len() && prev.at(i).rec == rec; i++ {
				gone = append(gone, prev.at(i))
			}
		}
	}
	for _, a := range m.mini.ambiguous.flat() {
		fresh = append(fresh, ambiguity{m.recs[a.rec], a.source})
	}
	m.next.ambiguous = prev.edit()
	takenOut(&m.next.ambiguous, gone, compareDoubts)
	sortedInto(&m.next.ambiguous, fresh, compareDoubts)
}

// conflictsAfter takes over the conflicts outside of the part, and returns those of
// before that are not taken over and those that are new in their place.
func (m *patcher) conflictsAfter(p *part) (removed, fresh []conflict) {
	next := m.next
	for _, c := range m.mini.conflicts {
		recs := make([]int32, len(c.recs))
		for i, rec := range c.recs {
			recs[i] = m.recs[rec]
		}
		fresh = append(fresh, conflict{&clash{c.kind, c.field, recs}})
	}
	for _, k := range p.keys {
		if next.shared[k] {
			if recs := next.bearers(k); len(recs) > 1 {
				fresh = append(fresh, conflict{&clash{schema.ConflictSharedFiscalID, "taxId", recs}})
			}
		}
	}
	slices.SortFunc(fresh, next.compareConflict)
	removed = m.conflictsBefore(p)
	if slices.EqualFunc(removed, fresh, func(a, b conflict) bool { return next.compareConflict(a, b) == 0 }) {
		next.conflicts, next.conflictsOf = m.prev.conflicts, m.prev.conflictsOf
		return removed, fresh
	}
	next.conflicts = replaced(m.prev.conflicts, removed, fresh, next.compareConflict)
	next.conflictsOf = m.prev.conflictsOf.edit()
	takenOut(&next.conflictsOf, byRecord(removed), next.compareOfRecord)
	sortedInto(&next.conflictsOf, byRecord(fresh), next.compareOfRecord)
	return removed, fresh
}

// conflictsBefore returns the conflicts of before that are in the part, sorted. Those
// of shared numbers are when the number is one of the changed records'.
func (m *patcher) conflictsBefore(p *part) []conflict {
	prev := m.prev
	var list []conflict
	add := func(rec int32, isShared bool) {
		prev.conflictsOn(rec, func(c conflict) {
			if c.recs[0] == rec && isShared == (c.kind == schema.ConflictSharedFiscalID) {
				list = append(list, c)
			}
		})
	}
	for c := range m.touched {
		for _, rec := range prev.of(c) {
			add(rec, false)
		}
	}
	for _, k := range p.keys {
		if recs := prev.bearers(k); len(recs) > 0 {
			add(recs[0], true)
		}
	}
	slices.SortFunc(list, m.next.compareConflict)
	return list
}

// byRecord tells conflicts by their records.
func byRecord(list []conflict) (by []recordConflict) {
	for _, c := range list {
		for _, rec := range c.recs {
			by = append(by, recordConflict{rec, c})
		}
	}
	return by
}

// replaced makes a sorted list without some of its values and with others; all are
// sorted.
func replaced[T any](list, gone, fresh []T, compare func(a, b T) int) []T {
	out := make([]T, 0, len(list)-len(gone)+len(fresh))
	for len(gone) > 0 || len(fresh) > 0 {
		isGone := len(gone) > 0 && (len(fresh) == 0 || compare(gone[0], fresh[0]) <= 0)
		x := fresh
		if isGone {
			x = gone
		}
		at, _ := slices.BinarySearchFunc(list, x[0], compare)
		out, list = append(out, list[:at]...), list[at:]
		if isGone {
			gone, list = gone[1:], list[1:]
		} else {
			fresh, out = fresh[1:], append(out, x[0])
		}
	}
	return append(out, list...)
}

// bearers returns the living records of a number, in the order of compare.
func (s *snapshot) bearers(key string) []int32 {
	var recs []int32
	for src, b := range s.slabs {
		if b == nil {
			continue
		}
		for _, i := range b.withKey(key) {
			if !b.recs.at(i).isDeleted() {
				recs = append(recs, s.base[src]+i)
			}
		}
	}
	return recs
}

// noteChanged is noteConflicts for a patched snapshot.
func (d *Directory) noteChanged(s *snapshot, c *Changes, prev *snapshot, removed, fresh []conflict) {
	n := noter{d: d, s: s, c: c, now: d.deps.Now(), present: map[string]bool{}}
	for _, x := range fresh {
		n.there(s.conflictKey(x.kind, x.field, x.recs), x.kind, x.field, x.recs)
	}
	was := map[string]conflict{}
	for _, x := range removed {
		was[prev.conflictKey(x.kind, x.field, x.recs)] = x
	}
	n.whole()
	d.book.mu.RLock()
	gone := map[string]*bookRow{}
	for key := range was {
		gone[key] = d.book.rows[key]
	}
	for key := range d.book.values {
		gone[key] = d.book.rows[key]
	}
	for src := range s.cfg.Sources {
		for _, kind := range [...]schema.ConflictKind{ConflictUnmatched, ConflictSourceShrank} {
			key := s.wholeKey(kind, int32(src))
			gone[key] = d.book.rows[key]
		}
	}
	d.book.mu.RUnlock()
	n.gone(prev, was, gone)
}
