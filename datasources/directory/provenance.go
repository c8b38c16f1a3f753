package directory

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// Origin is where a field of a golden record comes from, and what the other records
// say (wire/identity.md §4). Values bear the verdict and mask of the field.
type Origin struct {
	Field string // SDL field name
	OriginValue
	Rule         string        // the strategy: owner, recent, longest, all
	Others       []OriginValue // with the strategy all: the further values of the golden record
	Alternatives []OriginValue // what lost; equal values are not repeated
}

// OriginValue is a value with the record that says it.
type OriginValue struct {
	Value string
	RecordRef
	ReadAt     time.Time // up to when the source's records are known
	ModifiedAt time.Time // of the record; zero when its source does not tell
}

// Origins returns the provenance of every field of a customer that has a value;
// NOT_FOUND when there is no such customer.
func (d *Directory) Origins(customerKey string) ([]Origin, error) {
	s := d.snapshot.Load()
	c := s.customer(customerKey)
	if c < 0 {
		return nil, schema.Errorf(schema.NotFound, "there is no such customer")
	}
	var list []Origin
	for _, field := range ownedFields {
		ranked := s.ranked(s.of(c), field)
		if len(ranked) == 0 {
			continue
		}
		o := Origin{Field: field, Rule: s.cfg.strategy(field), OriginValue: d.originOf(s, field, ranked[0])}
		for _, rec := range ranked[1:] {
			v := d.originOf(s, field, rec)
			switch {
			case o.Rule == StrategyAll && s.comparable(field, rec) != s.comparable(field, ranked[0]) && !s.repeats(o.Others, field, rec):
				o.Others = append(o.Others, v)
			case o.Rule != StrategyAll && v.Value != o.Value:
				o.Alternatives = append(o.Alternatives, v)
			}
		}
		list = append(list, o)
	}
	return list, nil
}

// repeats reports whether a record's value is among those listed but for writing.
func (s *snapshot) repeats(list []OriginValue, field string, rec int32) bool {
	for _, v := range list {
		if other := s.find(v.RecordRef); other >= 0 && s.comparable(field, other) == s.comparable(field, rec) {
			return true
		}
	}
	return false
}

func (d *Directory) originOf(s *snapshot, field string, rec int32) OriginValue {
	_, modified := s.rec(rec).times()
	return OriginValue{Value: s.value(field, rec), RecordRef: s.refOf(rec), ReadAt: d.states[s.sourceOf(rec)].Load().asOf, ModifiedAt: modified}
}
