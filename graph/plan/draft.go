package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// draft is what Compile notes while a plan is made: for each node what it was made
// of, in the order of the operation. Since every node is followed by those below
// it, a number says where a node is, and two numbers what is below it.
type draft struct {
	spots  []spot
	at     int32 // the spot being made, -1 at the roots
	rebind []rebind
}

// spot is a node with what it was made of.
type spot struct {
	node   *Node
	def    *ast.FieldDefinition // nil of __typename
	parent int32                // -1 of a root
	end    int32                // the spot behind those below it
	rows   int64                // frame.rows it was made in
	page   int                  // frame.page
	branch bool                 // it has fields below it, or a page
	paged  bool                 // its page size comes from a variable
	priced bool                 // its cost depends on such a page
	price  Price
}

// rebind is a field with arguments that hold variables.
type rebind struct {
	spot  int32 // -1: inside introspection, of which only the errors count
	typ   string
	def   *ast.FieldDefinition
	given ast.ArgumentList
}

func (d *draft) enter(n *Node, at frame) (parent int32, quiet bool) {
	if at.quiet {
		return 0, true
	}
	parent = d.at
	d.at = int32(len(d.spots)) //nolint:gosec // Options.MaxNodes bounds it
	d.spots = append(d.spots, spot{node: n, parent: parent, rows: at.rows, page: at.page})
	return parent, false
}

func (d *draft) leave(parent int32, quiet bool) {
	if !quiet {
		d.spots[d.at].end = int32(len(d.spots)) //nolint:gosec // Options.MaxNodes bounds it
		d.at = parent
	}
}

func (d *draft) define(typeName string, def *ast.FieldDefinition, given ast.ArgumentList, at frame) {
	spot := int32(-1)
	if !at.quiet {
		spot = d.at
		d.spots[spot].def = def
	}
	if !slices.ContainsFunc(given, func(a *ast.Argument) bool { return varies(a.Value) }) {
		return
	}
	d.rebind = append(d.rebind, rebind{spot, typeName, def, given})
	if a := given.ForName("first"); spot >= 0 && a != nil && varies(a.Value) {
		d.spots[spot].paged = true
	}
}

func (d *draft) branch(at frame) {
	if !at.quiet {
		d.spots[d.at].branch = true
	}
}

// varies reports whether a value holds a variable.
func varies(v *ast.Value) bool {
	if v == nil {
		return false
	}
	return v.Kind == ast.Variable || slices.ContainsFunc(v.Children, func(c *ast.ChildValue) bool { return varies(c.Value) })
}
