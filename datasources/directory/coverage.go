package directory

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// state says what a source with an index knows of a customer who has n records
// there. One that has no customers to list could not tell, and nothing is wrong with
// it.
func (d *Directory) state(s *snapshot, customer, src int32, n int) schema.CoverageState {
	state := s.state(customer, src, n)
	if state == schema.CoverageUnavailable && d.isUnused(s, src) {
		return schema.CoverageNotConfigured
	}
	return state
}

// state is that of a source as far as the snapshot tells.
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
			c.State = d.state(s, customer, src, counts[i])
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
		for i, r := range b.all() {
			if r.isDeleted() {
				continue
			}
			n.records++
			switch rec := s.base[src] + i; {
			case s.isJoined(rec, int32(src)):
				n.linked++
			case s.isDoubted(rec):
				n.ambiguous++
			}
		}
	}
}

// isJoined reports whether another source knows the record's customer.
func (s *snapshot) isJoined(rec, src int32) bool {
	for _, other := range s.of(s.cluster.at(rec)) {
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
	asOf time.Time // of the records that were read completely: never newer than they are
	err  error     // of the last reading, nil when it succeeded
}

// Status returns up to when the records of a source's index are known, zero when it was
// never read completely, how many records it has, and why the last reading failed, nil
// when it did not.
func (d *Directory) Status(source string) (asOf time.Time, records int, err error) {
	s := d.snapshot.Load()
	src := s.source(source)
	if src < 0 {
		return time.Time{}, 0, schema.Errorf(schema.NotFound, "the directory has no source %s", source)
	}
	if s.slabs[src] != nil {
		records = s.slabs[src].size()
	}
	st := d.states[src].Load()
	return st.asOf, records, st.err
}
