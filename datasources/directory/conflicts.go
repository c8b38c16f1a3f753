package directory

import (
	"crypto/sha256"
	"encoding/base32"

	"github.com/trama-graph/trama/schema"
)

// maxConflictRecords bounds what one conflict shows: a placeholder number may be
// on thousands of records.
const maxConflictRecords = 20

// conflictsFor returns what the systems disagree about one customer, and what
// could not be decided about his records.
func (s *snapshot) conflictsFor(customer int32) []*schema.CustomerConflict {
	var list []*schema.CustomerConflict
	recs := s.of(customer)
	seen := map[*clash]bool{}
	for _, rec := range recs {
		s.conflictsOn(rec, func(c conflict) {
			if !seen[c.clash] {
				seen[c.clash] = true
				list = append(list, s.show(&c, recs))
			}
		})
	}
	for _, field := range surveyed {
		if c := s.differing(recs, field); c != nil {
			list = append(list, s.show(c, nil))
		}
	}
	return list
}

// show makes a conflict as clients see it, own records first.
func (s *snapshot) show(c *conflict, own []int32) *schema.CustomerConflict {
	shown := &schema.CustomerConflict{Key: s.conflictKey(c.kind, c.field, c.recs), Kind: c.kind, Field: c.field}
	for _, mine := range [...]bool{true, false} {
		for _, rec := range c.recs {
			if len(shown.Records) == maxConflictRecords {
				return shown
			}
			if isOwn(own, rec) == mine {
				shown.Records = append(shown.Records, s.member(rec, "", ""))
			}
		}
	}
	return shown
}

func isOwn(own []int32, rec int32) bool {
	for _, r := range own {
		if r == rec {
			return true
		}
	}
	return false
}

const conflictPrefix = "cf_"

// wholeKey names a conflict about a whole source.
func (s *snapshot) wholeKey(kind schema.ConflictKind, src int32) string {
	h := sha256.Sum256([]byte(string(kind) + "\x00\x00" + s.cfg.Sources[src].Name))
	return conflictPrefix + base32.StdEncoding.EncodeToString(h[:10])
}

// conflictKey names a conflict by its kind, field and records, so that it is the
// same after every reading.
func (s *snapshot) conflictKey(kind schema.ConflictKind, field string, recs []int32) string {
	h := sha256.New()
	h.Write([]byte(string(kind) + "\x00" + field))
	for _, rec := range recs {
		ref := s.refOf(rec)
		h.Write([]byte("\x00" + ref.Source + "\x00" + ref.RecordID))
	}
	return conflictPrefix + base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])
}

// differing returns the conflict about a field the living records of a customer disagree about,
// ways of writing apart.
func (s *snapshot) differing(recs []int32, field string) *conflict {
	var with []int32
	first, differ := "", false
	for _, rec := range recs {
		if s.rec(rec).isDeleted() {
			continue
		}
		v := s.comparable(field, rec)
		switch {
		case v == "":
			continue
		case first == "":
			first = v
		case v != first:
			differ = true
		}
		with = append(with, rec)
	}
	if !differ {
		return nil
	}
	return &conflict{&clash{schema.ConflictValue, field, with}}
}

// comparable returns a field's value without what only writing makes different.
func (s *snapshot) comparable(field string, rec int32) string {
	r := s.rec(rec)
	switch field {
	case "name":
		return bare(s.folded(rec))
	case "legalName":
		return bareName(r.text(textLegalName))
	case "taxId":
		if k := s.keyOf(rec); k != "" {
			return k
		}
	case "country":
		return s.country(rec)
	case "email":
		return foldEmail(r.text(textEmail))
	case "phone":
		return lastDigits(r.text(textPhone))
	}
	return ""
}

// Conflicts returns at most first conflicts of a kind, or of all kinds with kind
// "", in a stable order, and how many there are. Conflicts about values are
// found when a customer is asked for, and are not among them.
func (d *Directory) Conflicts(kind schema.ConflictKind, first int) (list []*schema.CustomerConflict, total int) {
	s := d.snapshot.Load()
	for i := range s.conflicts {
		if kind != "" && s.conflicts[i].kind != kind {
			continue
		}
		total++
		if len(list) < first {
			list = append(list, s.show(&s.conflicts[i], nil))
		}
	}
	return list, total
}
