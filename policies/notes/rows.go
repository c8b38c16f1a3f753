package notes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trama-graph/trama/policies"
)

// rowsOf says which rows of a type the package sees.
func (n *note) rowsOf(typeName string) string {
	rule, visible := n.View.Rows(typeName)
	switch {
	case !visible || (rule != nil && rule.Op == policies.Never):
		return n.t.noRows
	case rule == nil || rule.Op == policies.Always:
		return n.t.allRows
	}
	text := fmt.Sprintf(n.t.onlyRows, n.condition(typeName, rule, false))
	if needsRelation(rule) {
		text = join(text, n.t.viaOnly)
	}
	return text
}

// needsRelation reports whether a rule holds only for rows reached by a relation.
func needsRelation(r *policies.Rule) bool {
	switch {
	case r == nil:
		return false
	case r.Op == policies.Is:
		return r.Column == policies.ViaColumn
	case r.Op == policies.Both:
		return slices.ContainsFunc(r.Of, needsRelation)
	case r.Op == policies.Either:
		return !slices.ContainsFunc(r.Of, func(q *policies.Rule) bool { return !needsRelation(q) })
	}
	return false
}

// condition puts a rule into words; inner ones of several parts stand in brackets.
func (n *note) condition(typeName string, r *policies.Rule, inner bool) string {
	if r == nil {
		return "true"
	}
	switch r.Op {
	case policies.Never:
		return "false"
	case policies.Not:
		return n.contrary(typeName, r.Of[0], inner)
	case policies.Both:
		return n.join(typeName, r.Of, n.t.and, inner)
	case policies.Either:
		return n.join(typeName, r.Of, n.t.or, inner)
	case policies.FromClaim:
		if r.Column != policies.CustomerColumn {
			return fmt.Sprintf(n.t.isClaim, r.Column, r.Claim)
		}
		if typeName == "Customer" {
			return n.t.isCustomer
		}
		return n.t.sameCustomer
	case policies.Is:
		list := n.alternatives(valuesOf(r))
		if r.Column == policies.ViaColumn {
			return fmt.Sprintf(n.t.isVia, list)
		}
		return fmt.Sprintf(n.t.isOneOf, r.Column, list)
	}
	return "true"
}

func (n *note) join(typeName string, of []*policies.Rule, word string, inner bool) string {
	var is, isNot []string
	for _, r := range of {
		if text := n.condition(typeName, r, true); r != nil && r.Op == policies.Not {
			isNot = append(isNot, text)
		} else {
			is = append(is, text)
		}
	}
	s := strings.Join(is, " "+word+" ")
	// What must not be comes last and apart, so that nobody reads it as holding for
	// all that follows it.
	for i, text := range isNot {
		switch {
		case i == 0 && len(is) == 0:
			s = text
		case word == n.t.and:
			s += n.t.andNot + text
		default:
			s += " " + word + " " + text
		}
	}
	if inner && len(of) > 1 {
		return "(" + s + ")"
	}
	return s
}

// contrary puts into words that a rule does not hold. A not before several parts
// goes into them, since a sentence with one in front reads as its opposite.
func (n *note) contrary(typeName string, r *policies.Rule, inner bool) string {
	if r == nil {
		return "false"
	}
	switch r.Op {
	case policies.Always:
		return "false"
	case policies.Never:
		return "true"
	case policies.Not:
		return n.condition(typeName, r.Of[0], inner)
	case policies.Both, policies.Either:
		word, of := n.t.and, make([]*policies.Rule, len(r.Of))
		if r.Op == policies.Both {
			word = n.t.or
		}
		for i, q := range r.Of {
			of[i] = &policies.Rule{Op: policies.Not, Of: []*policies.Rule{q}}
		}
		return n.join(typeName, of, word, inner)
	case policies.FromClaim:
		switch {
		case r.Column != policies.CustomerColumn:
			return fmt.Sprintf(n.t.isNotClaim, r.Column, r.Claim)
		case typeName == "Customer":
			return n.t.notCustomer
		}
		return n.t.notSameCustomer
	case policies.Is:
		values := valuesOf(r)
		switch {
		case r.Column == policies.ViaColumn:
			return fmt.Sprintf(n.t.isNotVia, n.alternatives(values))
		case len(values) == 1:
			return fmt.Sprintf(n.t.isNot, r.Column, n.alternatives(values))
		}
		return fmt.Sprintf(n.t.isNoneOf, r.Column, strings.Join(quoted(values), n.t.nor))
	}
	return "true"
}

func valuesOf(r *policies.Rule) []string {
	if r.Bool != nil {
		return []string{fmt.Sprint(*r.Bool)}
	}
	return r.Values
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = "`" + s + "`"
	}
	return out
}

// alternatives lists names: `A`, `B` or `C`.
func (n *note) alternatives(names []string) string {
	list := quoted(names)
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " " + n.t.or + " " + list[last]
}
