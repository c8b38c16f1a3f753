package loaders

import (
	"slices"
	"strings"
	"sync"

	"github.com/trama-graph/trama/schema"
)

// LinkStats counts how the links between documents were resolved since the
// start. It is safe for concurrent use.
type LinkStats struct {
	mu   sync.Mutex // guards hits
	hits map[linkName]*LinkHits
}

type linkName struct{ source, relation string }

// LinkHits is how often the links of one relation led somewhere.
type LinkHits struct {
	Source    string
	Relation  string
	Looked    int
	Linked    int
	Unmatched int
	Ambiguous int
}

// All returns the counts, sorted by source and relation.
func (s *LinkStats) All() []LinkHits {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]LinkHits, 0, len(s.hits))
	for _, h := range s.hits {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b LinkHits) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		return strings.Compare(a.Relation, b.Relation)
	})
	return out
}

// count notes one link. One that could not be looked up is no miss and is not
// counted.
func (s *LinkStats) count(source, relation string, linked bool, err error) {
	if s == nil || (err != nil && schema.CodeOf(err) != schema.Ambiguous) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hits == nil {
		s.hits = map[linkName]*LinkHits{}
	}
	h := s.hits[linkName{source, relation}]
	if h == nil {
		h = &LinkHits{Source: source, Relation: relation}
		s.hits[linkName{source, relation}] = h
	}
	h.Looked++
	switch {
	case linked:
		h.Linked++
	case err != nil:
		h.Ambiguous++
	default:
		h.Unmatched++
	}
}
