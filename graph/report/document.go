package report

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
)

// document writes the text of an operation that is part of another: of its fields those
// on the way to what is kept, with the arguments of the root field that a question adds.
type document struct {
	strings.Builder
	kept      map[string]bool // by the names on the way to a field, joined by joint
	variables variables
}

// joint stands between the names of a path: no name has it.
const joint = "."

// selection writes the fields of a selection set that are kept.
func (d *document) selection(set ast.SelectionSet, path string) {
	d.WriteString(" {")
	for _, s := range set {
		f, ok := s.(*ast.Field) // operations of datasets have fields only
		if !ok {
			continue
		}
		if at := path + joint + f.Alias; d.kept[at] {
			d.WriteByte(' ')
			d.field(f, at)
		}
	}
	d.WriteString(" }")
}

func (d *document) field(f *ast.Field, path string) {
	if f.Alias != f.Name {
		d.WriteString(f.Alias + ": ")
	}
	d.WriteString(f.Name)
	d.arguments(f.Arguments)
	if len(f.SelectionSet) > 0 {
		d.selection(f.SelectionSet, path)
	}
}

// root writes the root field. Its own filter holds beside a question's; its own order
// gives way.
func (d *document) root(f *ast.Field, path string) {
	args := make([]string, 0, 3)
	for _, a := range f.Arguments {
		switch {
		case a.Name == argFilter && d.variables.has(argFilter), a.Name == argOrder && d.variables.has(argOrder):
		default:
			args = append(args, a.Name+": "+dataset.Literal(a.Value))
		}
	}
	for _, name := range d.variables {
		value := "$" + name
		if own := f.Arguments.ForName(name); name == argFilter && own != nil {
			value = "{and: [" + dataset.Literal(own.Value) + ", $" + name + "]}"
		}
		args = append(args, name+": "+value)
	}
	if f.Alias != f.Name {
		d.WriteString(f.Alias + ": ")
	}
	d.WriteString(f.Name)
	if len(args) > 0 {
		d.WriteString("(" + strings.Join(args, ", ") + ")")
	}
	d.selection(f.SelectionSet, path)
}

func (d *document) arguments(args ast.ArgumentList) {
	if len(args) == 0 {
		return
	}
	d.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			d.WriteString(", ")
		}
		d.WriteString(a.Name + ": " + dataset.Literal(a.Value))
	}
	d.WriteByte(')')
}
