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
	// held, NOT_CONFIGURED when it has no index and nothing is assumed of it.
	State schema.CoverageState
	AsOf  time.Time   // of the last complete reading; zero when there was none
	Code  schema.Code // why the last reading failed, "" when it did not
	Held  *Loss       // the reading that is held back
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
			c.Held = &l
		}
		if st.err != nil {
			c.Code = schema.Internal
			if e := (*schema.Error)(nil); errors.As(st.err, &e) {
				c.Code = e.Code
			}
		}
		switch from := s.cfg.assumed[i].source; {
		case from >= 0:
			c.State, c.Linked, c.AsOf = schema.CoverageAssumed, d.seen[i].len(), d.states[from].Load().asOf
			if s.slabs[from] == nil {
				c.State = schema.CoverageUnavailable
			}
		case s.slabs[i] == nil && !s.cfg.Sources[i].Indexed:
			c.State = schema.CoverageNotConfigured
		case s.slabs[i] == nil || st.err != nil || c.Held != nil:
			c.State = schema.CoverageUnavailable
		default:
			c.State = schema.CoverageLinked
		}
		if s.slabs[i] != nil {
			n := s.counts[i]
			c.Records, c.Linked, c.Ambiguous = n.records, n.linked, n.ambiguous
			c.Unmatched, c.Deleted = n.records-n.linked-n.ambiguous, len(s.slabs[i].recs)-n.records
		}
		list[i] = c
	}
	return list
}
