package directory

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// By is what a customer is looked for by: exactly one of TaxID, Email, or Source
// with RecordID.
type By struct {
	TaxID    string
	Email    string
	Source   string
	RecordID string
}

// maxFound bounds what Find returns: a placeholder may be on thousands.
const maxFound = 100

// Find returns the keys of all customers of whom one record fits, sorted; the
// caller says AMBIGUOUS when they are several. A fiscal number may be written
// with signs and a country prefix, and a site's number finds its company; without
// a prefix it is looked for in every country it is valid in.
func (d *Directory) Find(ctx context.Context, by By) ([]string, error) {
	s := d.snapshot.Load()
	given := 0
	for _, is := range [...]bool{by.TaxID != "", by.Email != "", by.RecordID != ""} {
		if is {
			given++
		}
	}
	if given != 1 || (by.RecordID == "") != (by.Source == "") {
		return nil, schema.Errorf(schema.BadRequest, "a customer is found by exactly one of taxId, email, or source with sourceId")
	}
	if by.RecordID != "" {
		if s.source(by.Source) < 0 {
			return nil, schema.Errorf(schema.NotFound, "there is no source %s", by.Source)
		}
		if k, ok := d.Golden(by.Source, by.RecordID); ok {
			return []string{k}, nil
		}
		return nil, d.filling(s)
	}
	var found []int32
	taxKeys, email := keysOf("", by.TaxID), foldEmail(by.Email)
	for src, b := range s.slabs {
		if b == nil {
			continue
		}
		if email != "" {
			found = s.collect(found, src, equal(b.byEmail(), b.email, email))
		}
		for _, k := range taxKeys {
			found = s.collect(found, src, b.withKey(k))
		}
	}
	if len(found) == 0 {
		return nil, d.filling(s)
	}
	keys := make([]string, len(found))
	for i, c := range found {
		keys[i] = s.id(c)
	}
	slices.Sort(keys)
	return keys, ctx.Err()
}

// collect adds the customers of a source's records.
func (s *snapshot) collect(found []int32, src int, recs []int32) []int32 {
	for _, i := range recs {
		if c := s.cluster.at(s.base[src] + i); len(found) < maxFound && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}
