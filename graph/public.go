// Package graph is gqlgen's generated executor, which is never edited, and the
// schema as clients see it. The rooms below it say how a question is answered.
package graph

import (
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Full returns the schema as it is written, with the directives that steer the
// generator and the policies: what policies.NewGraph takes. Each call makes a
// fresh one.
func Full() *ast.Schema { return gqlparser.MustLoadSchema(sources...) }

// Public returns the schema as clients see it: every field, without the
// directives that steer. Each call makes a fresh one, which the caller may prune.
func Public() *ast.Schema {
	s := Full()
	strip(s)
	return s
}

// Sensitive returns which fields are marked @sensitive, as plan.Options wants to
// know it.
func Sensitive() func(typeName, field string) bool {
	type name struct{ typeName, field string }
	marked := map[name]bool{}
	for _, d := range Full().Types {
		for _, f := range d.Fields {
			if f.Directives.ForName("sensitive") != nil {
				marked[name{d.Name, f.Name}] = true
			}
		}
	}
	return func(typeName, field string) bool { return marked[name{typeName, field}] }
}

// steers reports whether a directive is for the generator or the policies.
func steers(name string) bool {
	switch name {
	case "goField", "goModel", "goTag", "reads", "value", "sensitive":
		return true
	}
	return false
}

// strip takes the directives that steer from a schema.
func strip(s *ast.Schema) {
	for name := range s.Directives {
		if steers(name) {
			delete(s.Directives, name)
		}
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
}

func public(list ast.DirectiveList) ast.DirectiveList {
	var kept ast.DirectiveList
	for _, d := range list {
		if !steers(d.Name) {
			kept = append(kept, d)
		}
	}
	return kept
}
