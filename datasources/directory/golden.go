package directory

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The golden record is computed when it is asked for (recent.go keeps a few), from the
// untouched records (wire/identity.md, Survivorship): a field is its owner's, else that of
// the first source in order; an empty value never beats one that says something;
// within a source a living record goes before a deleted one and the newer before
// the older.

// pick returns the record a field is taken from, with its value; -1 when none
// says anything.
func (s *snapshot) pick(recs []int32, field string, value func(rec int32) string) (int32, string) {
	rank, strategy := s.cfg.ranks[field], s.cfg.Strategies[field]
	best, found := int32(-1), ""
	for _, rec := range recs {
		v := value(rec)
		if v == "" {
			continue
		}
		if best < 0 || s.outweighs(rank, strategy, rec, best, v, found) {
			best, found = rec, v
		}
	}
	return best, found
}

// ranked returns the records that say something of a field, the best first.
func (s *snapshot) ranked(recs []int32, field string) []int32 {
	rank, strategy := s.cfg.ranks[field], s.cfg.Strategies[field]
	var list []int32
	for _, rec := range recs {
		if s.value(field, rec) != "" {
			list = append(list, rec)
		}
	}
	slices.SortFunc(list, func(a, b int32) int {
		switch {
		case a == b:
			return 0
		case s.outweighs(rank, strategy, a, b, s.value(field, a), s.value(field, b)):
			return -1
		}
		return 1
	})
	return list
}

// strategy returns how a field is chosen.
func (c *Config) strategy(field string) string { return cmp.Or(c.Strategies[field], StrategyOwner) }

// outweighs reports whether what record a says goes before what b says. Times are
// compared only where both sources' are to be trusted and both records have one; a
// record with such a time goes before one without.
func (s *snapshot) outweighs(rank []int, strategy string, a, b int32, va, vb string) bool {
	switch strategy {
	case StrategyRecent:
		if ta, tb := s.changed(a), s.changed(b); !ta.Equal(tb) {
			return ta.After(tb) // zero is before all
		}
	case StrategyLongest:
		if na, nb := utf8.RuneCountInString(va), utf8.RuneCountInString(vb); na != nb {
			return na > nb
		}
	}
	return s.before(rank, a, b)
}

// changed is when a living record was changed last, zero when that tells nothing.
func (s *snapshot) changed(rec int32) time.Time {
	if s.cfg.Sources[s.sourceOf(rec)].UntrustedTimes || s.rec(rec).isDeleted() {
		return time.Time{}
	}
	_, modified := s.rec(rec).times()
	return modified
}

// before reports whether record a is of more weight than b.
func (s *snapshot) before(rank []int, a, b int32) bool {
	sa, sb := s.sourceOf(a), s.sourceOf(b)
	if rank[sa] != rank[sb] {
		return rank[sa] < rank[sb]
	}
	ra, rb := s.rec(a), s.rec(b)
	if ra.isDeleted() != rb.isDeleted() {
		return rb.isDeleted()
	}
	_, ma := ra.times()
	_, mb := rb.times()
	if !ma.Equal(mb) {
		return ma.After(mb)
	}
	return a < b
}

// value returns what a record says about an owned field. An address is compared
// by all of its parts.
func (s *snapshot) value(field string, rec int32) string {
	r := s.rec(rec)
	switch field {
	case "name":
		return r.text(textName)
	case "legalName":
		return r.text(textLegalName)
	case "taxId":
		return s.taxID(rec)
	case "country":
		return s.country(rec)
	case "email":
		return r.text(textEmail)
	case "phone":
		return r.text(textPhone)
	case "website":
		return r.text(textWebsite)
	case "address":
		return addressLine(r)
	}
	return ""
}

// taxID returns a record's number without spaces and country prefix, valid or
// not: what is kept is shown.
func (s *snapshot) taxID(rec int32) string {
	return taxIDOf(s.rec(rec), &s.cfg.Sources[s.sourceOf(rec)]).Value
}

// country is what the record tells, else the country of its valid number.
func (s *snapshot) country(rec int32) string {
	r := s.rec(rec)
	if c := r.text(textCountry); c != "" {
		return c
	}
	if id := taxIDOf(r, &s.cfg.Sources[s.sourceOf(rec)]); id.Valid {
		return id.Country
	}
	return ""
}

func addressLine(r record) string {
	line := ""
	for _, n := range [...]int{textStreet, textPostalCode, textCity} {
		if t := r.text(n); t != "" {
			if line != "" {
				line += ", "
			}
			line += t
		}
	}
	return line
}

// times returns the earliest making and the latest change.
func (s *snapshot) times(recs []int32) (created, updated time.Time) {
	for _, rec := range recs {
		c, m := s.rec(rec).times()
		if !c.IsZero() && (created.IsZero() || c.Before(created)) {
			created = c
		}
		if m.After(updated) {
			updated = m
		}
	}
	return created, updated
}

// column answers a column of the golden record without making the rest of it. It
// is equal to schema.Customer's Column.
func (s *snapshot) column(customer int32, name string) schema.Value {
	recs := s.of(customer)
	switch name {
	case "id":
		return schema.String(s.id(customer))
	case "createdAt", "updatedAt":
		created, updated := s.times(recs)
		if name == "createdAt" {
			return schema.Time(created)
		}
		return schema.Time(updated)
	case "changedAt":
		return schema.Time(s.changedAt(customer))
	}
	_, v := s.pick(recs, name, func(rec int32) string { return s.value(name, rec) })
	return schema.String(v)
}

// row is a customer as a predicate sees him.
type row struct {
	*snapshot
	customer int32
}

// Column implements schema.Row.
func (r *row) Column(name string) schema.Value { return r.column(r.customer, name) }

// golden makes the record under a key: the customer's id, or an alias of it that
// was asked for.
func (d *Directory) golden(s *snapshot, customer int32, key string, f datasources.Fields) schema.Customer {
	recs := s.of(customer)
	x := schema.Customer{Record: schema.Record{Key: key}}
	x.CreatedAt, x.UpdatedAt = s.times(recs)
	x.ChangedAt = s.changedAt(customer)
	for _, field := range ownedFields {
		if !f.Has(field) {
			continue
		}
		rec, v := s.pick(recs, field, func(rec int32) string { return s.value(field, rec) })
		if rec < 0 {
			continue
		}
		switch field {
		case "name":
			x.Name = v
		case "legalName":
			x.LegalName = v
		case "taxId":
			x.TaxID = v
		case "country":
			x.Country = v
		case "email":
			x.Email = v
		case "phone":
			x.Phone = v
		case "website":
			x.Website = v
		case "address":
			r := s.rec(rec)
			x.Address = &schema.Address{Street: r.text(textStreet), City: r.text(textCity), PostalCode: r.text(textPostalCode), Country: r.text(textCountry)}
		}
	}
	if f.Has("members") {
		x.Members = s.membersOf(customer)
	}
	if f.Has("coverage") {
		x.Coverage = d.coverageOf(s, customer)
	}
	if f.Has("conflicts") {
		x.Conflicts = s.conflictsFor(customer)
	}
	if f.Has("provenance") {
		x.Provenance = d.provenance(s, customer)
	}
	return x
}

// provenance says where each field comes from, and what the other systems say.
func (d *Directory) provenance(s *snapshot, customer int32) []*schema.FieldProvenance {
	recs := s.of(customer)
	var list []*schema.FieldProvenance
	for _, field := range ownedFields {
		best, v := s.pick(recs, field, func(rec int32) string { return s.value(field, rec) })
		if best < 0 {
			continue
		}
		src := s.sourceOf(best)
		p := &schema.FieldProvenance{Field: field, Source: s.cfg.Sources[src].Name, ReadAt: d.states[src].Load().asOf, Rule: s.cfg.strategy(field)}
		for _, rec := range recs {
			if other := s.value(field, rec); rec != best && other != "" && other != v {
				p.Alternatives = append(p.Alternatives, &schema.FieldAlternative{Source: s.cfg.Sources[s.sourceOf(rec)].Name, Value: other})
			}
		}
		list = append(list, p)
	}
	return list
}
