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
		return fmt.Sprintf(n.t.not, n.condition(typeName, r.Of[0], true))
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
		values := r.Values
		if r.Bool != nil {
			values = []string{fmt.Sprint(*r.Bool)}
		}
		list := n.alternatives(values)
		if r.Column == policies.ViaColumn {
			return fmt.Sprintf(n.t.isVia, list)
		}
		return fmt.Sprintf(n.t.isOneOf, r.Column, list)
	}
	return "true"
}

func (n *note) join(typeName string, of []*policies.Rule, word string, inner bool) string {
	parts := make([]string, len(of))
	for i, r := range of {
		parts[i] = n.condition(typeName, r, true)
	}
	s := strings.Join(parts, " "+word+" ")
	if inner && len(parts) > 1 {
		return "(" + s + ")"
	}
	return s
}

// alternatives lists names: `A`, `B` or `C`.
func (n *note) alternatives(names []string) string {
	quoted := make([]string, len(names))
	for i, s := range names {
		quoted[i] = "`" + s + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " " + n.t.or + " " + quoted[last]
}
