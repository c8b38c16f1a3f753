package directory

import (
	"context"
	"slices"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Hands tell who typed a record in, and when, as far as its source does: names of
// people, "" and zero when it does not.
type Hands struct {
	CreatedAt, ModifiedAt time.Time
	CreatedBy, ModifiedBy string
}

// Repeated is a customer of whom there are several living records, in several
// sources, in one, or both; or several records of one source that look like one
// customer, though nothing may join them (DUPLICATE_IN_SOURCE).
type Repeated struct {
	Customer string        // golden id, "" of records that are not joined
	Field    string        // what those agree on: "taxId", or "" when another source's record says so
	Count    int           // of all the living records
	Records  []TypedRecord // at most 20, in the order of sources
}

// TypedRecord is a record with who typed it in.
type TypedRecord struct {
	RecordRef
	Code     string
	Customer string // golden id
	Hands
}

// RepeatedFilter narrows Repeated; zero values do not.
type RepeatedFilter struct {
	Source string // some record is of it
	Inside bool   // several records are of one source
	// Names reports whether a field may be named: records that agree on another are
	// left out. nil = any.
	Names func(field string) bool
}

// Repeated returns at most first customers who were typed in more than once, behind
// a cursor ("" = from the beginning), the cursor of the next page ("" = it was the
// last) and how many there are in all. They are in the order of their ids, then come
// the records of one source that are not joined, in the order of conflicts. A cursor
// that is damaged is BAD_REQUEST, an unknown source NOT_FOUND.
//
// What bears one name inside a source, and no more, is in Suggestions with Inside;
// Hands tells of those records.
func (d *Directory) Repeated(ctx context.Context, f RepeatedFilter, first int, after string) (list []Repeated, next string, total int, err error) {
	s := d.snapshot.Load()
	if err := d.filling(s); err != nil {
		return nil, "", 0, err
	}
	from, err := cursorAt(after)
	if err != nil {
		return nil, "", 0, err
	}
	source := int32(-1)
	if f.Source != "" {
		if source = s.source(f.Source); source < 0 {
			return nil, "", 0, schema.Errorf(schema.NotFound, "there is no source %s", f.Source)
		}
	}
	byID, err := s.order(schema.Sort{Column: "id"})
	if err != nil {
		return nil, "", 0, err
	}
	add := func(customer, field string, recs []int32) {
		if total >= from && len(list) < first {
			x := Repeated{Customer: customer, Field: field, Count: len(recs)}
			for _, rec := range recs[:min(len(recs), maxConflictRecords)] {
				x.Records = append(x.Records, TypedRecord{
					RecordRef: s.refOf(rec), Code: s.rec(rec).text(textCode), Customer: s.id(s.cluster.at(rec)), Hands: s.rec(rec).typed(),
				})
			}
			list = append(list, x)
		}
		total++
	}
	var recs []int32
	for i := range int(s.customers()) {
		if i&0xfff == 0 && ctx.Err() != nil {
			return nil, "", 0, ctx.Err()
		}
		c := byID.at(i)
		if recs = s.appendLiving(recs[:0], s.of(c)); s.isRepeated(recs, source, f.Inside) {
			add(s.id(c), "", recs)
		}
	}
	for i := range s.conflicts {
		c := &s.conflicts[i]
		if c.kind != schema.ConflictDuplicateInSource || f.Names != nil && c.field != "" && !f.Names(c.field) {
			continue
		}
		recs = s.appendLiving(recs[:0], c.recs)
		slices.SortFunc(recs, s.compare)
		s.eachSource(recs, func(of int32, group []int32) {
			if (source < 0 || source == of) && s.isParted(group) {
				add("", c.field, group)
			}
		})
	}
	if end := from + len(list); end < total && len(list) > 0 {
		next = cursorOf(end)
	}
	return list, next, total, nil
}

// Hands tells who typed a record in; of one that does not exist nothing.
func (d *Directory) Hands(ref RecordRef) Hands {
	s := d.snapshot.Load()
	if rec := s.find(ref); rec >= 0 {
		return s.rec(rec).typed()
	}
	return Hands{}
}

func (r record) typed() (h Hands) {
	h.CreatedAt, h.ModifiedAt = r.times()
	h.CreatedBy, h.ModifiedBy = r.hands()
	return h
}

// appendLiving appends those of the records that are not marked as deleted.
func (s *snapshot) appendLiving(living, recs []int32) []int32 {
	for _, rec := range recs {
		if !s.rec(rec).isDeleted() {
			living = append(living, rec)
		}
	}
	return living
}

// eachSource calls f with the records of each source, of which recs are sorted.
func (s *snapshot) eachSource(recs []int32, f func(source int32, recs []int32)) {
	for len(recs) > 0 {
		source, n := s.sourceOf(recs[0]), 1
		for n < len(recs) && s.sourceOf(recs[n]) == source {
			n++
		}
		f(source, recs[:n])
		recs = recs[n:]
	}
}

// isParted reports whether records are of more than one customer.
func (s *snapshot) isParted(recs []int32) bool {
	for _, rec := range recs {
		if s.cluster.at(rec) != s.cluster.at(recs[0]) {
			return true
		}
	}
	return false
}

// isRepeated reports whether these records of one customer are several: of the
// source, unless it is -1, and inside one, if that is asked. They are in the order
// of sources.
func (s *snapshot) isRepeated(recs []int32, source int32, inside bool) bool {
	if len(recs) < 2 {
		return false
	}
	isOf, isInside := source < 0, !inside
	for i, rec := range recs {
		isOf = isOf || s.sourceOf(rec) == source
		isInside = isInside || i > 0 && s.sourceOf(rec) == s.sourceOf(recs[i-1])
	}
	return isOf && isInside
}
