package policies

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxAbsorb bounds the comparing of all operands with all others; beyond it a rule
// is right but may be longer than it must.
const maxAbsorb = 64

func (r *Rule) always() bool { return r == nil || r.Op == Always }

func (r *Rule) never() bool { return r != nil && r.Op == Never }

// both holds where all of the rules hold.
func both(of ...*Rule) *Rule {
	kept := flat(Both, of)
	kept = merge(kept, func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return !slices.Contains(b, v) })
	})
	if slices.ContainsFunc(kept, (*Rule).never) {
		return &Rule{Op: Never}
	}
	kept = absorb(kept, func(kept, r *Rule) bool { return implies(kept, r) })
	for _, r := range kept {
		if r.Op == Not && slices.ContainsFunc(kept, func(q *Rule) bool { return implies(q, r.Of[0]) }) {
			return &Rule{Op: Never}
		}
	}
	return joined(Both, kept, nil)
}

// either holds where any of the rules holds, and nowhere without one.
func either(of ...*Rule) *Rule {
	kept := flat(Either, of)
	if slices.ContainsFunc(kept, (*Rule).always) {
		return nil
	}
	kept = merge(kept, func(a, b []string) []string { return append(slices.Clone(a), b...) })
	kept = absorb(kept, func(kept, r *Rule) bool { return implies(r, kept) })
	return joined(Either, kept, &Rule{Op: Never})
}

// not holds where r does not.
func not(r *Rule) *Rule {
	switch {
	case r.always():
		return &Rule{Op: Never}
	case r.never():
		return nil
	case r.Op == Not:
		return r.Of[0]
	}
	return &Rule{Op: Not, Of: []*Rule{r}}
}

func joined(op RuleOp, of []*Rule, none *Rule) *Rule {
	switch len(of) {
	case 0:
		return none
	case 1:
		return of[0]
	}
	return &Rule{Op: op, Of: of}
}

// flat takes in the operands of operands of the same kind, sorts them and leaves out
// what changes nothing and what is there twice.
func flat(op RuleOp, of []*Rule) []*Rule {
	var out []*Rule
	for _, r := range of {
		switch {
		case op == Both && r.always(), op == Either && r.never():
		case r != nil && r.Op == op:
			out = append(out, flat(op, r.Of)...)
		default:
			out = append(out, r)
		}
	}
	return sorted(out)
}

func sorted(of []*Rule) []*Rule {
	type keyed struct {
		key  string
		rule *Rule
	}
	keys := make([]keyed, len(of))
	for i, r := range of {
		keys[i] = keyed{r.Key(), r}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	keys = slices.CompactFunc(keys, func(a, b keyed) bool { return a.key == b.key })
	out := make([]*Rule, len(keys))
	for i, k := range keys {
		out[i] = k.rule
	}
	return out
}

// merge makes one of several comparisons of a column with texts.
func merge(of []*Rule, values func(a, b []string) []string) []*Rule {
	var out []*Rule
	at := map[string]int{}
	for _, r := range of {
		i, seen := at[r.Column]
		if r.Op != Is || r.Bool != nil || !seen {
			if r.Op == Is && r.Bool == nil {
				at[r.Column] = len(out)
			}
			out = append(out, r)
			continue
		}
		out[i] = is(r.Column, values(out[i].Values, r.Values)...)
	}
	return sorted(out)
}

// is compares a column with texts; with none it holds nowhere.
func is(column string, values ...string) *Rule {
	if len(values) == 0 {
		return &Rule{Op: Never}
	}
	values = slices.Clone(values)
	slices.Sort(values)
	return &Rule{Op: Is, Column: column, Values: slices.Compact(values)}
}

// absorb leaves out operands that another makes needless.
func absorb(of []*Rule, needless func(kept, r *Rule) bool) []*Rule {
	if len(of) > maxAbsorb {
		return of
	}
	var kept []*Rule
	for _, r := range of {
		if slices.ContainsFunc(kept, func(k *Rule) bool { return needless(k, r) }) {
			continue
		}
		kept = slices.DeleteFunc(kept, func(k *Rule) bool { return needless(r, k) })
		kept = append(kept, r)
	}
	return kept
}

// implies reports whether s certainly holds wherever r does. It may miss that, and
// then a field is judged row by row that need not be.
func implies(r, s *Rule) bool {
	if s.always() || r.never() {
		return true
	}
	if r.always() || s.never() {
		return false
	}
	every := func(of []*Rule, f func(*Rule) bool) bool {
		return !slices.ContainsFunc(of, func(q *Rule) bool { return !f(q) })
	}
	switch {
	case s.Op == Both:
		return every(s.Of, func(q *Rule) bool { return implies(r, q) })
	case r.Op == Either:
		return every(r.Of, func(q *Rule) bool { return implies(q, s) })
	case s.Op == Either && slices.ContainsFunc(s.Of, func(q *Rule) bool { return implies(r, q) }):
		return true
	case r.Op == Both:
		return slices.ContainsFunc(r.Of, func(q *Rule) bool { return implies(q, s) })
	case r.Op == Not && s.Op == Not:
		return implies(s.Of[0], r.Of[0])
	case r.Op == Is && s.Op == Is && r.Column == s.Column && r.Bool == nil && s.Bool == nil:
		return within(r.Values, s.Values)
	}
	return equal(r, s)
}

// within reports whether all values are among others, which are sorted.
func within(values, in []string) bool {
	for _, v := range values {
		if _, ok := slices.BinarySearch(in, v); !ok {
			return false
		}
	}
	return true
}

func equal(r, s *Rule) bool {
	if r.always() || s.always() {
		return r.always() && s.always()
	}
	return r.Op == s.Op && r.Column == s.Column && r.Claim == s.Claim && slices.Equal(r.Values, s.Values) &&
		(r.Bool == nil) == (s.Bool == nil) && (r.Bool == nil || *r.Bool == *s.Bool) && slices.EqualFunc(r.Of, s.Of, equal)
}

// Key is a text that is equal for equal rules and differs for others.
func (r *Rule) Key() string {
	var b strings.Builder
	r.writeKey(&b)
	return b.String()
}

func (r *Rule) writeKey(b *strings.Builder) {
	if r.always() {
		b.WriteString("(0)")
		return
	}
	b.WriteByte('(')
	b.WriteString(strconv.Itoa(int(r.Op)))
	b.WriteString(strconv.Quote(r.Column))
	b.WriteString(strconv.Quote(r.Claim))
	if r.Bool != nil {
		b.WriteString(strconv.FormatBool(*r.Bool))
	}
	for _, v := range r.Values {
		b.WriteString(strconv.Quote(v))
	}
	for _, q := range r.Of {
		q.writeKey(b)
	}
	b.WriteByte(')')
}
