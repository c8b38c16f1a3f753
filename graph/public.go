// Package graph is gqlgen's generated executor, which is never edited, and the
// schema as clients see it. The rooms below it say how a question is answered.
package graph

import (
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Public returns the schema as clients see it: without the directives that steer
// the generator. Each call makes a fresh one, which the caller may prune.
func Public() *ast.Schema {
	s := gqlparser.MustLoadSchema(sources...)
	for _, name := range []string{"goField", "goModel", "goTag", "reads"} {
		delete(s.Directives, name)
	}
	for _, d := range s.Types {
		d.Directives = public(d.Directives)
		for _, f := range d.Fields {
			f.Directives = public(f.Directives)
			for _, a := range f.Arguments {
				a.Directives = public(a.Directives)
			}
		}
		for _, v := range d.EnumValues {
			v.Directives = public(v.Directives)
		}
	}
	return s
}

func public(list ast.DirectiveList) ast.DirectiveList {
	var kept ast.DirectiveList
	for _, d := range list {
		switch d.Name {
		case "goField", "goModel", "goTag", "reads":
		default:
			kept = append(kept, d)
		}
	}
	return kept
}
