package directory

import (
	"cmp"
	"slices"
	"sort"
)

// lists brings the orders up to date.
func (m *patcher) lists() {
	prev, next := m.prev, m.next
	next.lists = prev.lists
	type row struct {
		name             string
		created, updated int64
	}
	rows := make([]row, len(m.added))
	isName, isCreated, isUpdated := !m.isSame, !m.isSame, !m.isSame // what changes
	for i, c := range m.added {
		x := &rows[i]
		recs := next.of(c)
		if rec, _ := next.pick(recs, "name", func(rec int32) string { return next.rec(rec).text(textName) }); rec >= 0 {
			src := next.sourceOf(rec)
			x.name = next.slabs[src].folds[rec-next.base[src]]
		}
		created, updated := next.times(recs)
		x.created, x.updated = nanos(created), nanos(updated)
		if m.isSame {
			isName, isCreated, isUpdated = isName || prev.name[c] != x.name, isCreated || prev.created[c] != x.created, isUpdated || prev.updated[c] != x.updated
		}
	}
	if !isName && !isCreated && !isUpdated {
		return
	}
	if m.isSame {
		next.name, next.created, next.updated = cloneIf(isName, prev.name), cloneIf(isCreated, prev.created), cloneIf(isUpdated, prev.updated)
	} else {
		n := int(next.customers())
		next.name, next.created, next.updated = make([]string, n), make([]int64, n), make([]int64, n)
		for _, r := range m.runs {
			copy(next.name[r.now:], prev.name[r.from:r.to])
			copy(next.created[r.now:], prev.created[r.from:r.to])
			copy(next.updated[r.now:], prev.updated[r.from:r.to])
		}
	}
	for i, c := range m.added {
		if isName {
			next.name[c] = rows[i].name
		}
		if isCreated {
			next.created[c] = rows[i].created
		}
		if isUpdated {
			next.updated[c] = rows[i].updated
		}
	}
	isOf := make(map[int32]bool, len(m.added))
	for _, c := range m.added {
		isOf[c] = true
	}
	byID := func(a, b int32) int { return cmp.Compare(next.id(a), next.id(b)) }
	if !m.isSame {
		next.byID = m.reordered(prev.byID, isOf, byID)
	}
	if isName {
		next.byName = m.reordered(prev.byName, isOf, func(a, b int32) int { return cmp.Or(cmp.Compare(next.name[a], next.name[b]), byID(a, b)) })
	}
	if isCreated {
		next.byCreated = m.reordered(prev.byCreated, isOf, func(a, b int32) int { return cmp.Or(cmp.Compare(next.created[a], next.created[b]), byID(a, b)) })
	}
	if isUpdated {
		next.byUpdated = m.reordered(prev.byUpdated, isOf, func(a, b int32) int { return cmp.Or(cmp.Compare(next.updated[a], next.updated[b]), byID(a, b)) })
	}
}

// cloneIf copies a list that is about to change.
func cloneIf[T any](changes bool, list []T) []T {
	if changes {
		return slices.Clone(list)
	}
	return list
}

// reordered takes the part's customers out of an order and puts them where they now
// belong.
func (m *patcher) reordered(list []int32, isOf map[int32]bool, compare func(a, b int32) int) []int32 {
	out := make([]int32, 0, int(m.next.customers())+1)
	for _, c := range list {
		switch {
		case !m.isSame:
			if c = m.remap[c]; c >= 0 {
				out = append(out, c)
			}
		case !isOf[c]:
			out = append(out, c)
		}
	}
	for _, c := range m.added {
		at, _ := slices.BinarySearchFunc(out, c, compare)
		out = slices.Insert(out, at, c)
	}
	return out
}

// count brings the counts of sources up to date.
func (m *patcher) count() {
	m.next.ambiguous = m.ambiguousAfter()
	m.next.counts = slices.Clone(m.prev.counts)
	tell := func(s *snapshot, rec int32, by int) {
		src := s.sourceOf(rec)
		if s.rec(rec).isDeleted() {
			return
		}
		n := &m.next.counts[src]
		n.records += by
		at := sort.Search(len(s.ambiguous), func(i int) bool { return s.ambiguous[i].rec >= rec })
		switch {
		case s.isJoined(rec, src):
			n.linked += by
		case at < len(s.ambiguous) && s.ambiguous[at].rec == rec:
			n.ambiguous += by
		}
	}
	for c := range m.touched {
		for _, rec := range m.prev.of(c) {
			tell(m.prev, rec, -1)
		}
	}
	for _, rec := range m.recs {
		tell(m.next, rec, 1)
	}
}
