package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// sdl is the whole schema as its files have it: what no token may see is in it as
// well, and a new field by itself.
type sdl struct {
	*ast.Schema
	types []string // see policed
}

func wholeSDL(t testing.TB) *sdl {
	t.Helper()
	files, err := filepath.Glob("../schema/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	var sources []*ast.Source
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: f, Input: string(b)})
	}
	s, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	out := &sdl{Schema: s}
	for name, d := range s.Types {
		if d.Kind == ast.Object && !d.BuiltIn && !strings.HasPrefix(name, "__") && out.policedType(name) {
			out.types = append(out.types, name)
		}
	}
	slices.Sort(out.types)
	return out
}

// policed returns the object types whose fields have verdicts of their own, sorted.
func (s *sdl) policed() []string { return s.types }

func (s *sdl) isPage(name string) bool {
	d := s.Types[name]
	return d.Kind == ast.Object && d.Fields.ForName("pageInfo") != nil && (d.Fields.ForName("nodes") != nil || d.Fields.ForName("edges") != nil)
}

func (s *sdl) isEdge(name string) bool {
	d := s.Types[name]
	return d.Kind == ast.Object && len(d.Fields) == 2 && d.Fields.ForName("cursor") != nil && d.Fields.ForName("node") != nil
}

// isEntity reports whether rows of a type have an id of their own.
func (s *sdl) isEntity(name string) bool {
	return slices.Contains(s.Types[name].Interfaces, "Node")
}

// isRelation reports whether a field leads to other rows, and of which type.
func (s *sdl) isRelation(f *ast.FieldDefinition) (to string, ok bool) {
	name := f.Type.Name()
	if s.Types[name].Kind != ast.Object {
		return "", false
	}
	if s.isPage(name) {
		return s.Types[name].Fields.ForName("nodes").Type.Name(), true
	}
	return name, s.isEntity(name)
}

// fields returns the names of a type's fields.
func (s *sdl) fields(typ string) []string {
	var out []string
	for _, f := range s.Types[typ].Fields {
		if !strings.HasPrefix(f.Name, "__") {
			out = append(out, f.Name)
		}
	}
	return out
}

// selection writes what to ask of a field: its name, and where it has parts, all of
// them that has says are there.
func (s *sdl) selection(typ, field string, has func(typ, field string) bool) string {
	f := s.Types[typ].Fields.ForName(field)
	if f == nil {
		return field
	}
	name := f.Type.Name()
	d := s.Types[name]
	switch {
	case d.Kind == ast.Interface:
		return field + "(id: \"x\") { __typename }"
	case d.Kind != ast.Object:
		return field
	case s.isPage(name):
		return field + " { __typename }"
	case s.isEntity(name):
		return field + " { __typename }"
	}
	parts := []string{"__typename"}
	for _, part := range s.fields(name) {
		own := s.policedType(name)
		if _, relation := s.isRelation(s.Types[name].Fields.ForName(part)); relation || own && !has(name, part) {
			continue
		}
		parts = append(parts, s.selection(name, part, has))
	}
	return field + " { " + strings.Join(parts, " ") + " }"
}

func (s *sdl) policedType(name string) bool {
	return s.Types[name].Directives.ForName("value") == nil && !s.isPage(name) && !s.isEdge(name)
}

// step is a field on the way from Query to a type.
type step struct{ typ, field string }

// chain is one way from Query to the rows of a type, through lists and relations.
type chain []step

// chains returns the ways to a type: its root fields, and every field of another
// type that leads to it, that type reached the shortest way, by fields that has
// says are there. Mutations are none.
func (s *sdl) chains(typ string, has func(typ, field string) bool) []chain {
	shortest := map[string]chain{"Query": {}}
	for queue := []string{"Query"}; len(queue) > 0; queue = queue[1:] {
		for _, f := range s.Types[queue[0]].Fields {
			for _, to := range s.policed() {
				if _, known := shortest[to]; !known && s.leadsTo(f, to) && !required(f) && has(queue[0], f.Name) {
					shortest[to] = append(slices.Clone(shortest[queue[0]]), step{queue[0], f.Name})
					queue = append(queue, to)
				}
			}
		}
	}
	var out []chain
	for _, holder := range s.policed() {
		above, ok := shortest[holder]
		if !ok {
			continue
		}
		for _, f := range s.Types[holder].Fields {
			if s.leadsTo(f, typ) && !required(f) && has(holder, f.Name) {
				out = append(out, append(slices.Clone(above), step{holder, f.Name}))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b chain) int { return len(a) - len(b) })
	return out
}

// required reports whether a root field is a look-up: one row by an argument.
func required(f *ast.FieldDefinition) bool {
	return f.Arguments.ForName("id") != nil
}

func (s *sdl) leadsTo(f *ast.FieldDefinition, typ string) bool {
	name := f.Type.Name()
	if s.Types[name].Kind != ast.Object {
		return false
	}
	return name == typ || s.isPage(name) && s.Types[name].Fields.ForName("nodes").Type.Name() == typ
}

// write puts a selection at the end of a chain.
func (c chain) write(s *sdl, selection string) string {
	out := selection
	for i := len(c) - 1; i >= 0; i-- {
		f := s.Types[c[i].typ].Fields.ForName(c[i].field)
		if s.isPage(f.Type.Name()) {
			out = c[i].field + "(first: 20) { __typename nodes { __typename " + out + " } }"
		} else {
			out = c[i].field + " { __typename " + out + " }"
		}
	}
	return "{ " + out + " }"
}

// lookup returns the root field that gives one row of a type, "" without one.
func (s *sdl) lookup(typ string) string {
	for _, f := range s.Query.Fields {
		if f.Type.Name() == typ && required(f) {
			return f.Name
		}
	}
	return ""
}

// list returns the root field that gives a page of a type, "" without one.
func (s *sdl) list(typ string) string {
	for _, f := range s.Query.Fields {
		if s.isPage(f.Type.Name()) && s.leadsTo(f, typ) {
			return f.Name
		}
	}
	return ""
}
