package dataset

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// sight is what a view shows of a value, all fields on the way to it considered.
type sight struct{ gone, masked, partial bool }

// shown is what a view shows of a definition's nodes.
type shown map[*node]sight

// look judges a node and all below it.
func (s shown) look(v *policies.View, n *node) {
	at := sight{}
	if n.parent != nil {
		at = s[n.parent]
	}
	switch g := v.Grant(n.holder, n.def.Name); g.Verdict {
	case policies.Deny:
		at.gone = true
	case policies.Mask:
		at.masked = true
	case policies.Row:
		at.partial, at.masked = true, at.masked || g.Mask != ""
	}
	at.gone = at.gone || !exports(v, n.holder, n.def.Name)
	if n.isRecord() {
		_, visible := v.Rows(n.of.Name)
		at.gone = at.gone || !visible
	}
	s[n] = at
	for _, c := range n.children {
		s.look(v, c)
	}
}

// exports reports whether a field may be exported wherever it is read. What a view says
// of exporting is already as of the rows that it shows. A rule of its own is not looked
// into: it is the same as the one for reading, or the field is not exported.
func exports(v *policies.View, holder, name string) bool {
	id, ok := v.Graph().Field(holder, name)
	if !ok {
		return true // a part bears its holder's verdict
	}
	switch v.Can(policies.Export, id) {
	case policies.Allow:
		return true
	case policies.Row:
		g := v.Grant(holder, name)
		return g.Verdict == policies.Row && g.Mask == "" && g.Full.Key() == v.Where(policies.Export, id).Key()
	}
	return false
}

// whole reports whether a view shows a field on every row, unmasked, and exports it:
// searching and sorting by anything else would tell what is hidden.
func whole(v *policies.View, id policies.FieldID) bool {
	return v.Verdict(id) == policies.Allow && v.Can(policies.Export, id) == policies.Allow
}

// searches reports whether a view may search by all that the arguments of a node read.
func searches(v *policies.View, s *ast.Schema, n *node) bool {
	for _, a := range n.args {
		if id, ok := v.Graph().Reads(n.holder+"."+n.def.Name, a.Name); ok && !whole(v, id) {
			return false
		}
		d := n.def.Arguments.ForName(a.Name)
		if d == nil || !searchesValue(v, s, s.Types[d.Type.Name()], a.Value) {
			return false
		}
	}
	return true
}

// searchesValue is the same of a literal of an input's or an enum's type.
func searchesValue(v *policies.View, s *ast.Schema, d *ast.Definition, value *ast.Value) bool {
	if d == nil {
		return false // the view has no such input
	}
	switch {
	case value.Kind == ast.EnumValue:
		id, ok := v.Graph().Reads(d.Name, value.Raw)
		return !ok || whole(v, id)
	case value.Kind == ast.ListValue:
		for _, c := range value.Children {
			if !searchesValue(v, s, d, c.Value) {
				return false
			}
		}
	case value.Kind == ast.ObjectValue && d.Kind == ast.InputObject:
		for _, c := range value.Children {
			if id, ok := v.Graph().Reads(d.Name, c.Name); ok && !whole(v, id) {
				return false
			}
			f := d.Fields.ForName(c.Name)
			if f == nil || !searchesValue(v, s, s.Types[f.Type.Name()], c.Value) {
				return false
			}
		}
	}
	return true
}
