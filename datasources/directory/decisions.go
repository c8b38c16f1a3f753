package directory

import (
	"slices"
)

// Effect says what a decision made by hand does now.
type Effect string

// The effects.
const (
	EffectInForce    Effect = "in_force"
	EffectRecordGone Effect = "record_gone"  // one of the records is not there: it waits
	EffectRefused    Effect = "refused"      // a denial keeps the records of a link apart
	EffectOff        Effect = "switched_off" // links by hand are not among the rules
)

// DecisionStatus is a decision with what it does now.
type DecisionStatus struct {
	Decision
	Effect    Effect
	Customers []string // the golden ids of the records that are there, one or two
	// IsMatching tells that a rule would join the two: a link is confirmed by it, a
	// denial stands against it.
	IsMatching bool
}

// DecisionsPage returns at most first decisions behind a cursor, sorted by records,
// the cursor of the next page and how many there are.
func (d *Directory) DecisionsPage(first int, after string) (list []DecisionStatus, next string, total int, err error) {
	from, err := cursorAt(after)
	if err != nil {
		return nil, "", 0, err
	}
	s := d.snapshot.Load()
	all := s.sortedDecisions()
	from = min(from, len(all))
	to := min(from+first, len(all))
	for _, x := range all[from:to] {
		list = append(list, s.effect(x))
	}
	if to < len(all) {
		next = cursorOf(to)
	}
	return list, next, len(all), nil
}

func (s *snapshot) effect(x Decision) DecisionStatus {
	e := DecisionStatus{Decision: x, Effect: EffectInForce}
	a, b := s.find(x.A), s.find(x.B)
	for _, rec := range [...]int32{a, b} {
		if rec >= 0 {
			if id := s.id(s.cluster.at(rec)); !slices.Contains(e.Customers, id) {
				e.Customers = append(e.Customers, id)
			}
		}
	}
	switch {
	case a < 0 || b < 0:
		e.Effect = EffectRecordGone
		return e
	case x.Verdict == SameCustomer && !slices.Contains(s.cfg.Rules, RuleManual):
		e.Effect = EffectOff
	case x.Verdict == SameCustomer && s.cluster.at(a) != s.cluster.at(b):
		e.Effect = EffectRefused
	}
	rule, _ := s.match(a, b)
	e.IsMatching = rule != ""
	return e
}
