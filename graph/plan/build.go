package plan

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// builder makes the nodes of one plan.
type builder struct {
	schema *ast.Schema
	vars   map[string]any
	opts   Options
	plan   *Plan
	steps  int      // selections that may still be looked at
	read   []string // what the arguments of the field at hand read
	draft  *draft   // what Compile keeps beside the plan, nil in Of
}

// frame is where in the operation a selection set stands.
type frame struct {
	rows  int64 // objects it is read of
	depth int
	page  int // size of the page whose fields these are, 0 when they are no page's
	via   string
	quiet bool // inside introspection: counted, but not kept
}

func (b *builder) tooBig() error {
	return schema.Errorf(schema.TooCostly,
		"the operation asks for more than %d fields once its fragments are expanded", b.opts.MaxNodes)
}

// object plans the fields that the selections ask of an object type.
func (b *builder) object(obj *ast.Definition, sels []ast.SelectionSet, at frame) ([]*Node, error) {
	entries, err := b.collect(obj, sels)
	if err != nil {
		return nil, err
	}
	nodes := make([]*Node, len(entries))
	slab := make([]Node, len(entries))
	for i := range entries {
		nodes[i] = &slab[i]
		if err := b.node(nodes[i], obj, &entries[i], at); err != nil {
			return nil, err
		}
	}
	if !at.quiet && len(nodes) > 0 {
		b.plan.Depth = max(b.plan.Depth, at.depth)
	}
	return nodes, nil
}

func (b *builder) node(n *Node, obj *ast.Definition, e *entry, at frame) error {
	b.plan.Nodes++
	if b.plan.Nodes > b.opts.MaxNodes {
		return b.tooBig()
	}
	n.Key, n.Field, n.Type, n.Rows = e.key, e.field.Name, obj.Name, at.rows
	if b.draft != nil {
		defer b.draft.leave(b.draft.enter(n, at))
	}
	n.Via = at.via
	if p := e.field.Position; p != nil {
		n.Line, n.Char = p.Line, p.Column
	}
	if n.Key != n.Field {
		b.plan.Aliases++
	}
	if n.Field == "__typename" {
		n.Returns = "String!"
		return nil
	}
	def := b.fieldOf(obj, e.field)
	if def == nil {
		return schema.Errorf(schema.BadRequest, "type %s has no field %q", obj.Name, n.Field)
	}
	n.Returns = def.Type.String()
	if b.draft != nil {
		b.draft.define(obj.Name, def, e.field.Arguments, at)
	}
	var err error
	if n.Args, err = b.arguments(obj.Name, def, e.field.Arguments); err != nil {
		return err
	}
	n.Reads = b.takeReads()
	if strings.HasPrefix(n.Field, "__") {
		// Introspection is answered elsewhere. It is walked so that its size counts
		// against the same limit.
		_, err := b.below(def.Type.Name(), e.below, frame{rows: 1, quiet: true})
		return err
	}
	if len(e.below) == 0 && def.Arguments.ForName("first") == nil {
		return nil // a leaf: nothing below it, no page
	}
	if b.draft != nil {
		b.draft.branch(at)
	}
	n.Relation = b.isRelation(obj, def)
	inner := frame{rows: at.rows, depth: at.depth + 1, via: b.via(n, obj, at), quiet: at.quiet}
	b.size(n, def, at, &inner)
	if n.Children, err = b.below(def.Type.Name(), e.below, inner); err != nil {
		return err
	}
	n.Rows = inner.rows
	if n.Relation && len(e.below) > 0 {
		n.Columns = b.columns(n)
	}
	if at.quiet {
		n.Children = nil
	}
	return nil
}

// via returns from which type of row the objects that a field yields are reached.
func (b *builder) via(n *Node, obj *ast.Definition, at frame) string {
	switch {
	case b.isRoot(obj):
		return ""
	case !n.Relation && (b.isPage(obj.Name) || isEdge(obj)):
		return at.via
	}
	return obj.Name
}

// below plans what is asked of a value of the named type, for each object type
// it can be.
func (b *builder) below(typeName string, sels []ast.SelectionSet, at frame) ([]*Node, error) {
	def := b.schema.Types[typeName]
	if def == nil || len(sels) == 0 {
		return nil, nil
	}
	if !def.IsAbstractType() {
		return b.object(def, sels, at)
	}
	var all []*Node
	for _, obj := range b.possible(def) {
		nodes, err := b.object(obj, sels, at)
		if err != nil {
			return nil, err
		}
		all = append(all, nodes...)
	}
	return all, nil
}

// possible returns the object types of an interface or union by name, since a
// plan of the same operation must always be the same.
func (b *builder) possible(def *ast.Definition) []*ast.Definition {
	types := slices.Clone(b.schema.PossibleTypes[def.Name])
	slices.SortFunc(types, func(x, y *ast.Definition) int { return strings.Compare(x.Name, y.Name) })
	return slices.CompactFunc(types, func(x, y *ast.Definition) bool { return x.Name == y.Name })
}

// fieldOf returns the definition of a field in the object's own words: it may
// have narrower types and more arguments than the interface it was asked on.
func (b *builder) fieldOf(obj *ast.Definition, f *ast.Field) *ast.FieldDefinition {
	if def := obj.Fields.ForName(f.Name); def != nil {
		return def
	}
	if strings.HasPrefix(f.Name, "__") {
		return f.Definition
	}
	return nil
}
