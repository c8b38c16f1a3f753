package directory

import (
	"strings"

	"github.com/trama-graph/trama/schema"
)

// The rules as members show them.
const (
	ruleFirst   = "FIRST"
	ruleManual  = "R0"
	ruleForeign = "R1"
	ruleTaxID   = "R2"
	ruleEmail   = "R3"
)

// membersOf returns a customer's records, each with the rule that joined it. The
// first is the record of the source with most authority (a living one before a
// deleted one, then the oldest); from it the others are reached, always by the
// strongest rule there is. What is shown is found again from the records, not
// remembered, so that it is the same whatever came first.
func (s *snapshot) membersOf(customer int32) []*schema.CustomerMember {
	tree := s.tree(customer)
	list := make([]*schema.CustomerMember, len(tree))
	for i, l := range tree {
		list[i] = s.member(l.rec, l.rule, l.evidence)
	}
	return list
}

// joint is a member with the record it was reached from; -1 for the first.
type joint struct {
	rec, from      int32
	rule, evidence string
}

func (s *snapshot) tree(customer int32) []joint {
	left := append([]int32(nil), s.of(customer)...)
	first := 0
	for i := range left {
		if s.isFirst(left[i], left[first]) {
			first = i
		}
	}
	reached := []int32{left[first]}
	list := []joint{{left[first], -1, ruleFirst, ""}}
	left = append(left[:first], left[first+1:]...)
	for len(left) > 0 {
		at, by, rule, evidence := 0, reached[0], "", ""
		for i, rec := range left {
			for _, from := range reached {
				if r, e := s.rule(from, rec); r != "" && (rule == "" || r < rule) {
					at, by, rule, evidence = i, from, r, e
				}
			}
		}
		list = append(list, joint{left[at], by, rule, evidence})
		reached = append(reached, left[at])
		left = append(left[:at], left[at+1:]...)
	}
	return list
}

func (s *snapshot) isFirst(a, b int32) bool {
	ra, rb := s.rec(a), s.rec(b)
	if ra.isDeleted() != rb.isDeleted() {
		return rb.isDeleted()
	}
	if sa, sb := s.sourceOf(a), s.sourceOf(b); sa != sb {
		return sa < sb
	}
	ca, _ := ra.times()
	cb, _ := rb.times()
	if !ca.Equal(cb) && !ca.IsZero() {
		return cb.IsZero() || ca.Before(cb)
	}
	return a < b && ca.Equal(cb)
}

func (s *snapshot) member(rec int32, rule, evidence string) *schema.CustomerMember {
	r := s.rec(rec)
	return &schema.CustomerMember{
		Source: s.cfg.Sources[s.sourceOf(rec)].Name, RecordID: r.id(), Code: r.text(textCode), Rule: rule, Evidence: evidence,
	}
}

// rule tells by which rule two records of one customer are joined, "" when by
// none directly.
func (s *snapshot) rule(a, b int32) (rule, evidence string) {
	ref, other := s.refOf(a), s.refOf(b)
	if d, ok := s.decisions[pairOf(ref, other)]; ok && d.Verdict == SameCustomer {
		return ruleManual, d.Author + ": " + d.Reason
	}
	if rule, evidence := s.match(a, b); rule != "" {
		return rule, evidence
	}
	for _, way := range [...][2]RecordRef{{ref, other}, {other, ref}} {
		for _, k := range s.kept[way[0]] {
			if k.Other == way[1] {
				return k.Rule, "kept"
			}
		}
	}
	return "", ""
}

// match tells which rule joins two records by what they say, whatever was decided.
func (s *snapshot) match(a, b int32) (rule, evidence string) {
	for _, way := range [...][2]int32{{a, b}, {b, a}} {
		if t := s.names(way[0], way[1]); t != "" {
			return ruleForeign, s.cfg.Sources[s.sourceOf(way[0])].Name + ": " + t
		}
	}
	if k := s.keyOf(a); k != "" && k == s.keyOf(b) && !strings.HasPrefix(k, invalid) {
		return ruleTaxID, k
	}
	if s.sameMailbox(a, b) {
		return ruleEmail, "email"
	}
	return "", ""
}

// names returns the target under which record a stores the id of record b, ""
// when it does not.
func (s *snapshot) names(a, b int32) string {
	found := ""
	src := s.sourceOf(b)
	s.rec(a).foreign(func(target, id string) {
		for _, t := range s.targets(target) {
			r := s.rec(b)
			if t == src && (id == r.id() || id == r.text(textCode) || isGUID(id) && strings.EqualFold(strings.Trim(id, "{}"), r.id())) {
				found = target
			}
		}
	})
	return found
}
