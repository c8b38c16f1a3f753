package directory

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// state says what a source with an index knows of a customer who has n records
// there.
func (s *snapshot) state(customer, src int32, n int) schema.CoverageState {
	switch {
	case n > 0:
		return schema.CoverageLinked
	case !s.cfg.Sources[src].Indexed && s.slabs[src] == nil:
		return schema.CoverageNotConfigured
	case s.slabs[src] == nil:
		return schema.CoverageUnavailable
	}
	for _, rec := range s.of(customer) {
		if s.isAmbiguous(rec, src) {
			return schema.CoverageAmbiguous
		}
	}
	return schema.CoverageNoMatch
}

// coverageOf says for each source whether it knows a customer. A source that
// cannot be read now but could before answers from then, and its time tells.
func (d *Directory) coverageOf(s *snapshot, customer int32) []*schema.CustomerCoverage {
	list := make([]*schema.CustomerCoverage, len(s.cfg.Sources))
	counts := make([]int, len(s.cfg.Sources))
	for _, rec := range s.of(customer) {
		counts[s.sourceOf(rec)]++
	}
	for i := range list {
		src := int32(i)
		c := &schema.CustomerCoverage{Source: s.cfg.Sources[i].Name}
		if from := s.cfg.assumed[i].source; from >= 0 {
			_, c.State = d.assumedKeys(s, customer, src)
			c.AsOf = d.states[from].Load().asOf
		} else {
			c.State = s.state(customer, src, counts[i])
			c.AsOf = d.states[i].Load().asOf
		}
		list[i] = c
	}
	return list
}

// count counts how the live records of each source are joined.
func (s *snapshot) count() {
	s.counts = make([]count, len(s.slabs))
	for src, b := range s.slabs {
		if b == nil {
			continue
		}
		n := &s.counts[src]
		at := 0
		for i, r := range b.recs {
			if r.isDeleted() {
				continue
			}
			n.records++
			rec := s.base[src] + int32(i)
			for at < len(s.ambiguous) && s.ambiguous[at].rec < rec {
				at++
			}
			switch {
			case s.isJoined(rec, int32(src)):
				n.linked++
			case at < len(s.ambiguous) && s.ambiguous[at].rec == rec:
				n.ambiguous++
			}
		}
	}
}

// isJoined reports whether another source knows the record's customer.
func (s *snapshot) isJoined(rec, src int32) bool {
	for _, other := range s.of(s.cluster[rec]) {
		if s.sourceOf(other) != src {
			return true
		}
	}
	return false
}

// Coverage tells of each source how its customers are joined with the others'.
// For a source without an index only the keys its documents have shown are known.
func (d *Directory) Coverage() []*schema.Coverage {
	s := d.snapshot.Load()
	var list []*schema.Coverage
	for i := range s.cfg.Sources {
		c := &schema.Coverage{Source: s.cfg.Sources[i].Name, Entity: "Customer", AsOf: d.states[i].Load().asOf}
		switch from := s.cfg.assumed[i].source; {
		case from >= 0:
			linked := d.seen[i].len()
			c.Linked, c.AsOf = &linked, d.states[from].Load().asOf
		case s.slabs[i] != nil:
			n := s.counts[i]
			unmatched := n.records - n.linked - n.ambiguous
			c.Records, c.Linked, c.Unmatched, c.Ambiguous = &n.records, &n.linked, &unmatched, &n.ambiguous
		}
		list = append(list, c)
	}
	return list
}

// sourceState is how the reading of a source's index goes.
type sourceState struct {
	asOf time.Time // of the last complete reading
	err  error     // of the last reading, nil when it succeeded
}

// Status returns when a source's index was last read completely, how many records
// it has, and why the last reading failed, nil when it did not.
func (d *Directory) Status(source string) (asOf time.Time, records int, err error) {
	s := d.snapshot.Load()
	src := s.source(source)
	if src < 0 {
		return time.Time{}, 0, schema.Errorf(schema.NotFound, "the directory has no source %s", source)
	}
	if s.slabs[src] != nil {
		records = len(s.slabs[src].recs)
	}
	st := d.states[src].Load()
	return st.asOf, records, st.err
}
