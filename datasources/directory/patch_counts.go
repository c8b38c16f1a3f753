package directory

import "slices"

// count brings the counts of sources up to date.
func (m *patcher) count() {
	m.next.counts = slices.Clone(m.prev.counts)
	tell := func(s *snapshot, rec int32, by int) {
		src := s.sourceOf(rec)
		if s.rec(rec).isDeleted() {
			return
		}
		n := &m.next.counts[src]
		n.records += by
		switch {
		case s.isJoined(rec, src):
			n.linked += by
		case s.isDoubted(rec):
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
