package directory

import (
	"errors"
	"time"

	"github.com/trama-graph/trama/schema"
)

// SourceCoverage is how the directory stands with one source: whether it can tell
// anything at all, and how the source's customers are joined with the others'.
type SourceCoverage struct {
	Source string
	// State is LINKED when the source's index is there and was read without a
	// failure, ASSUMED when its customers are another source's by a key,
	// SOURCE_UNAVAILABLE when it was never read or the last reading failed or is
	// held, NOT_CONFIGURED when it has no index and nothing is assumed of it, or none of
	// its customers ever came and nobody said that any would.
	State schema.CoverageState
	AsOf  time.Time   // up to when its records are known; zero when it was never read
	Code  schema.Code // why the last reading failed, or that of the copy; "" when it did not
	Held  *Loss       // the reading that is held back
	// HasOtherIDs says that the held reading has enough customers, but not those that
	// are known.
	HasOtherIDs bool
	// Of living records: those another source knows too, those several records
	// could be, and those nobody else knows. For an assumed source Linked counts the
	// keys its documents have shown, and the others are zero.
	Records, Linked, Ambiguous, Unmatched, Deleted int
}

// SourcesCoverage tells of every source in order. NOT_CONFIGURED, SOURCE_UNAVAILABLE
// and no match are kept apart here as in a customer's coverage.
func (d *Directory) SourcesCoverage() []SourceCoverage {
	s := d.snapshot.Load()
	list := make([]SourceCoverage, len(s.cfg.Sources))
	for i := range list {
		st := d.states[i].Load()
		c := SourceCoverage{Source: s.cfg.Sources[i].Name, AsOf: st.asOf}
		if l, held := d.losses.of(c.Source); held {
			c.Held, c.HasOtherIDs = &l, d.hasOtherIDs(l)
		}
		if st.err != nil {
			c.Code = schema.Internal
			if e := (*schema.Error)(nil); errors.As(st.err, &e) {
				c.Code = e.Code
			}
		} else if kept := d.copyOf(int32(i)); kept != nil && s.slabs[i] != nil {
			c.Code = schema.Code(kept.LastErrorCode)
		}
		switch from := s.cfg.assumed[i].source; {
		case from >= 0:
			c.State, c.Linked, c.AsOf = schema.CoverageAssumed, d.seen[i].len(), d.states[from].Load().asOf
			switch {
			case s.slabs[from] != nil:
			case d.isUnused(s, from):
				c.State = schema.CoverageNotConfigured
			default:
				c.State = schema.CoverageUnavailable
			}
		case s.slabs[i] == nil && !s.cfg.Sources[i].Indexed, d.isUnused(s, int32(i)):
			c.State, c.Code = schema.CoverageNotConfigured, ""
		case s.slabs[i] == nil || st.err != nil || c.Held != nil:
			c.State = schema.CoverageUnavailable
		default:
			c.State = schema.CoverageLinked
		}
		if s.slabs[i] != nil {
			n := s.counts[i]
			c.Records, c.Linked, c.Ambiguous = n.records, n.linked, n.ambiguous
			c.Unmatched, c.Deleted = n.records-n.linked-n.ambiguous, s.slabs[i].size()-n.records
		}
		list[i] = c
	}
	return list
}
