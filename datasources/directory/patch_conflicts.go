package directory

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// ambiguousAfter takes over what is in doubt outside of the part.
func (m *patcher) ambiguousAfter() []ambiguity {
	var fresh []ambiguity
	for _, a := range m.mini.ambiguous {
		fresh = append(fresh, ambiguity{m.recs[a.rec], a.source})
	}
	out := make([]ambiguity, 0, len(m.prev.ambiguous)+len(fresh))
	for _, a := range m.prev.ambiguous {
		if m.touched[m.prev.cluster[a.rec]] {
			continue
		}
		a.rec = m.shift.of(a.rec)
		for len(fresh) > 0 && fresh[0].rec < a.rec {
			out, fresh = append(out, fresh[0]), fresh[1:]
		}
		out = append(out, a)
	}
	return append(out, fresh...)
}

// conflictsAfter takes over the conflicts outside of the part, and returns those of
// before that are not taken over and those that are new in their place.
func (m *patcher) conflictsAfter(p *part) (removed, fresh []conflict) {
	prev, next := m.prev, m.next
	numbers := map[string]bool{}
	for _, k := range p.keys {
		numbers[k] = true
	}
	for _, c := range m.mini.conflicts {
		recs := make([]int32, len(c.recs))
		for i, rec := range c.recs {
			recs[i] = m.recs[rec]
		}
		fresh = append(fresh, conflict{c.kind, c.field, recs})
	}
	for _, k := range p.keys {
		if next.shared[k] {
			if recs := next.living(k); len(recs) > 1 {
				fresh = append(fresh, conflict{schema.ConflictSharedFiscalID, "taxId", recs})
			}
		}
	}
	slices.SortFunc(fresh, compareConflict)
	list, all := fresh, make([]conflict, 0, len(prev.conflicts)+len(fresh))
	for _, c := range prev.conflicts {
		isOut := m.touched[prev.cluster[c.recs[0]]]
		if c.kind == schema.ConflictSharedFiscalID {
			isOut = numbers[prev.keyOf(c.recs[0])]
		}
		if isOut {
			removed = append(removed, c)
			continue
		}
		c.recs = m.shifted(c.recs)
		for len(list) > 0 && compareConflict(list[0], c) < 0 {
			all, list = append(all, list[0]), list[1:]
		}
		all = append(all, c)
	}
	next.conflicts = append(all, list...)
	if len(removed) == 0 && len(fresh) == 0 && m.shift.isNone() {
		next.conflictsOf = prev.conflictsOf
		return nil, nil
	}
	next.indexConflicts()
	return removed, fresh
}

// shifted returns the new numbers of records none of which is gone.
func (m *patcher) shifted(recs []int32) []int32 {
	from, _ := m.shift.span()
	if m.shift.isNone() || recs[len(recs)-1] < from {
		return recs
	}
	out := make([]int32, len(recs))
	for i, rec := range recs {
		out[i] = m.shift.of(rec)
	}
	return out
}

// living returns the living records of a number.
func (s *snapshot) living(key string) []int32 {
	var recs []int32
	for src, b := range s.slabs {
		if b == nil {
			continue
		}
		for _, i := range b.withKey(key) {
			if !b.recs[i].isDeleted() {
				recs = append(recs, s.base[src]+i)
			}
		}
	}
	return recs
}

// noteChanged is noteConflicts for a patched snapshot.
func (d *Directory) noteChanged(s *snapshot, c *Changes, prev *snapshot, removed, fresh []conflict) {
	n := noter{d: d, s: s, c: c, now: d.deps.Now(), present: map[string]bool{}}
	for i := range fresh {
		x := &fresh[i]
		n.there(s.conflictKey(x.kind, x.field, x.recs), x.kind, x.field, x.recs)
	}
	was := map[string]*conflict{}
	for i := range removed {
		x := &removed[i]
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
