package directory

import (
	"slices"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
	"github.com/trama-graph/trama/schema"
)

// A source without an index (OTRS) names customers in its documents by a key that
// is another source's code, id or fiscal number (R1: stored foreign id). Until a
// document has shown a key, it is only assumed that the source has it.

// assumedOf returns the customer a document's key means: ASSUMED when it is
// exactly one, AMBIGUOUS, NO_MATCH, or SOURCE_UNAVAILABLE when the source the key
// comes from was never read.
func (s *snapshot) assumedOf(src int32, key string) (int32, schema.CoverageState) {
	from := s.cfg.assumed[src]
	b := s.slabs[from.source]
	if b == nil {
		return -1, schema.CoverageUnavailable
	}
	var recs []int32
	switch from.field {
	case "id": // one record's, so it is one customer's
		if i := b.find(key); i >= 0 {
			if c := s.cluster.at(s.base[from.source] + i); c >= 0 {
				return c, schema.CoverageAssumed
			}
		}
		return -1, schema.CoverageNoMatch
	case "code":
		recs = b.withCode(key)
	case "taxId":
		country := s.cfg.Sources[from.source].Country
		for _, k := range keysOf(country, key) {
			recs = append(recs, b.withKey(k)...)
		}
	}
	return s.only(from.source, recs)
}

// only returns the one customer of the records, the living ones first: a code
// that was given again belongs to the record that has it now.
func (s *snapshot) only(src int32, recs []int32) (int32, schema.CoverageState) {
	isLiving := func(i int32) bool { return !s.slabs[src].recs.at(i).isDeleted() }
	areAny := slices.ContainsFunc(recs, isLiving)
	found := int32(-1)
	for _, i := range recs {
		if areAny && !isLiving(i) {
			continue
		}
		c := s.cluster.at(s.base[src] + i)
		if found >= 0 && c != found {
			return -1, schema.CoverageAmbiguous
		}
		found = c
	}
	if found < 0 {
		return -1, schema.CoverageNoMatch
	}
	return found, schema.CoverageAssumed
}

// keysOf returns the keys a fiscal number typed without a country may have: of
// the country given, else of every country it is valid in, and the key it has
// where it is not valid.
func keysOf(country, text string) []string {
	var keys []string
	add := func(k string) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	id := fiscal.Parse(country, text)
	if id.Reason == fiscal.Absent {
		return nil
	}
	if id.Valid {
		add(id.CompanyKey)
	} else {
		for _, c := range fiscal.Countries() {
			if other := fiscal.Parse(c, text); other.Valid {
				add(other.CompanyKey)
			}
		}
	}
	add(invalid + id.Value)
	return keys
}

// assumedKeys returns the keys a customer should have in a source without index.
func (d *Directory) assumedKeys(s *snapshot, customer, src int32) ([]string, schema.CoverageState) {
	from := s.cfg.assumed[src]
	switch {
	case s.slabs[from.source] != nil:
	case d.isUnused(s, from.source):
		return nil, schema.CoverageNotConfigured
	default:
		return nil, schema.CoverageUnavailable
	}
	var keys []string
	state := schema.CoverageNoMatch
	for _, rec := range s.of(customer) {
		if s.sourceOf(rec) != from.source {
			continue
		}
		if from.field == "id" { // which is this record's alone: nothing to look up
			k := s.rec(rec).id()
			keys = append(keys, k)
			if d.seen[src].has(k) {
				state = schema.CoverageLinked
			} else if state != schema.CoverageLinked {
				state = schema.CoverageAssumed
			}
			continue
		}
		for _, k := range s.spellings(rec, from.field) {
			c, st := s.assumedOf(src, k)
			switch {
			case st == schema.CoverageAmbiguous && state == schema.CoverageNoMatch:
				state = st
			case st == schema.CoverageAssumed && c == customer && !slices.Contains(keys, k):
				keys = append(keys, k)
				if d.seen[src].has(k) {
					state = schema.CoverageLinked
				} else if state != schema.CoverageLinked {
					state = schema.CoverageAssumed
				}
			}
		}
	}
	return keys, state
}

// spellings are the texts a record's key may have in another system's documents:
// a fiscal number is typed with and without signs.
func (s *snapshot) spellings(rec int32, field string) []string {
	r := s.rec(rec)
	switch field {
	case "id":
		return []string{r.id()}
	case "code":
		if c := r.text(textCode); c != "" {
			return []string{c}
		}
	case "taxId":
		raw, plain := r.text(textTaxID), s.taxID(rec)
		switch {
		case raw == "":
		case raw == plain:
			return []string{raw}
		default:
			return []string{plain, raw}
		}
	}
	return nil
}

// Seen tells that documents of a source without an index bear these customer
// keys: what was assumed is now known. Keys that are nobody's are not remembered.
// It is cheap for keys that were seen before, and the store learns them later.
func (d *Directory) Seen(source string, recordIDs []string) {
	s := d.snapshot.Load()
	src := s.source(source)
	if src < 0 || s.cfg.assumed[src].source < 0 {
		return
	}
	for _, k := range recordIDs {
		if k == "" || d.seen[src].has(k) {
			continue
		}
		if _, state := s.assumedOf(src, k); state == schema.CoverageAssumed {
			// A copy: the key may be a piece of a whole reply.
			d.seen[src].add(string([]byte(k)), true)
			d.edition.Add(1)
		}
	}
}
