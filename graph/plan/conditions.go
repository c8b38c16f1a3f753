package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Conditions are the names of the variables that decide, in @skip and @include,
// which fields an operation asks for.
type Conditions []string

// maxConditions is how many such variables an operation may have to be compiled:
// each doubles what it can be.
const maxConditions = 16

// ConditionsOf returns those of an operation, in the order in which they stand
// there, fragments included.
func ConditionsOf(op *ast.OperationDefinition) Conditions {
	var c Conditions
	seen := map[*ast.FragmentDefinition]bool{}
	c.walk(op.SelectionSet, seen)
	return c
}

func (c *Conditions) walk(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			c.add(sel.Directives)
			c.walk(sel.SelectionSet, seen)
		case *ast.InlineFragment:
			c.add(sel.Directives)
			c.walk(sel.SelectionSet, seen)
		case *ast.FragmentSpread:
			c.add(sel.Directives)
			if d := sel.Definition; d != nil && !seen[d] {
				seen[d] = true
				c.walk(d.SelectionSet, seen)
			}
		}
	}
}

func (c *Conditions) add(list ast.DirectiveList) {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		if a := d.Arguments.ForName("if"); a != nil && a.Value.Kind == ast.Variable && !slices.Contains(*c, a.Value.Raw) {
			*c = append(*c, a.Value.Raw)
		}
	}
}

// Choice is what the conditions of an operation come to with the variables of a
// request: one bit for each. ok is false where one has no truth value, and where
// there are too many to keep a plan for each choice.
func (c Conditions) Choice(vars map[string]any) (choice uint16, ok bool) {
	if len(c) > maxConditions {
		return 0, false
	}
	for i, name := range c {
		v, ok := vars[name].(bool)
		if !ok {
			return 0, false
		}
		if v {
			choice |= 1 << i
		}
	}
	return choice, true
}
