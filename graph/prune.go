package graph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// pruner takes a schema apart, in the order of its methods: decide, inputs,
// outputs, sweep.
type pruner struct {
	schema   *ast.Schema
	sight    sight
	gone     map[string]bool    // types that are empty
	wrappers map[string]wrapper // as they were before anything was taken
}

// wrapper is the role of a type that only wraps rows, and goes with them.
type wrapper uint8

const (
	page wrapper = 1 + iota // pageInfo with nodes or edges
	edge                    // cursor with node
)

func system(name string) bool { return strings.HasPrefix(name, "__") }

// hasFields reports whether a type has fields that are not the system's.
func hasFields(d *ast.Definition) bool {
	return d != nil && slices.ContainsFunc(d.Fields, func(f *ast.FieldDefinition) bool { return !system(f.Name) })
}

// decide takes what the view itself names.
func (p *pruner) decide() {
	for _, d := range p.schema.Types {
		if d.BuiltIn || system(d.Name) {
			continue
		}
		switch d.Kind {
		case ast.Object:
			p.object(d)
		case ast.InputObject:
			p.keep(d, func(f *ast.FieldDefinition) bool {
				if p.sight.searched(d.Name, f.Name) {
					return true
				}
				if f.Type.NonNull {
					p.gone[d.Name] = true // it cannot be filled in any more
				}
				return false
			})
		case ast.Enum:
			d.EnumValues = slices.DeleteFunc(slices.Clone(d.EnumValues), func(v *ast.EnumValueDefinition) bool {
				return !p.sight.searched(d.Name, v.Name)
			})
			p.gone[d.Name] = len(d.EnumValues) == 0
		}
	}
}

func (p *pruner) object(d *ast.Definition) {
	has := func(name string) bool { return d.Fields.ForName(name) != nil }
	switch {
	case has("pageInfo") && (has("nodes") || has("edges")):
		p.wrappers[d.Name] = page
	case has("cursor") && has("node"):
		p.wrappers[d.Name] = edge
	}
	keyed := has(keyField) && len(d.Interfaces) > 0
	p.keep(d, func(f *ast.FieldDefinition) bool {
		if d == p.schema.Mutation {
			return p.sight.acts(d.Name, f.Name)
		}
		// Whose key is denied has no rows, whatever else is said of its fields.
		if !p.sight.shown(d.Name, f.Name) || keyed && !p.sight.shown(d.Name, keyField) {
			return false
		}
		return p.arguments(f, func(a *ast.ArgumentDefinition) bool { return p.sight.searched(d.Name+"."+f.Name, a.Name) })
	})
}

// keep leaves the fields for which f says so, and the system's.
func (p *pruner) keep(d *ast.Definition, f func(*ast.FieldDefinition) bool) (changed bool) {
	before := len(d.Fields)
	d.Fields = slices.DeleteFunc(slices.Clone(d.Fields), func(fd *ast.FieldDefinition) bool { return !system(fd.Name) && !f(fd) })
	return len(d.Fields) != before
}

// arguments leaves the arguments for which f says so, and reports whether the
// field can still be asked.
func (p *pruner) arguments(fd *ast.FieldDefinition, f func(*ast.ArgumentDefinition) bool) bool {
	possible := true
	fd.Arguments = slices.DeleteFunc(slices.Clone(fd.Arguments), func(a *ast.ArgumentDefinition) bool {
		if f(a) {
			return false
		}
		possible = possible && (!a.Type.NonNull || a.DefaultValue != nil)
		return true
	})
	return possible
}

// inputs finds the inputs that still say something. One lives by a key that does:
// and, or and not, which are of its own type, do not keep it.
func (p *pruner) inputs() {
	lives := map[string]bool{}
	says := func(t *ast.Type) bool {
		d := p.schema.Types[t.Name()]
		return d != nil && (d.Kind != ast.InputObject || lives[d.Name]) && !p.gone[d.Name]
	}
	for changed := true; changed; {
		changed = false
		for _, d := range p.schema.Types {
			if d.Kind != ast.InputObject || lives[d.Name] || p.gone[d.Name] {
				continue
			}
			some, all := false, true
			for _, f := range d.Fields {
				ok := says(f.Type)
				some, all = some || ok, all && (ok || !f.Type.NonNull)
			}
			if some && all {
				lives[d.Name], changed = true, true
			}
		}
	}
	for _, d := range p.schema.Types {
		if d.Kind != ast.InputObject {
			continue
		}
		if !lives[d.Name] {
			p.gone[d.Name] = true
			continue
		}
		p.keep(d, func(f *ast.FieldDefinition) bool { return says(f.Type) })
	}
}

// outputs takes fields whose types are gone, and types that have nothing left,
// until nothing changes.
func (p *pruner) outputs() {
	for changed := true; changed; {
		changed = false
		for _, d := range p.schema.Types {
			if p.gone[d.Name] || d.BuiltIn || system(d.Name) {
				continue
			}
			switch d.Kind {
			case ast.Object, ast.Interface:
				changed = p.fields(d) || changed
			case ast.Union:
				before := len(d.Types)
				d.Types = slices.DeleteFunc(slices.Clone(d.Types), func(name string) bool { return p.gone[name] })
				p.gone[d.Name] = len(d.Types) == 0
				changed = changed || len(d.Types) != before
			}
		}
	}
}

func (p *pruner) fields(d *ast.Definition) (changed bool) {
	changed = p.keep(d, func(f *ast.FieldDefinition) bool {
		if p.gone[f.Type.Name()] || d.Kind == ast.Interface && !p.isCommon(d, f.Name) {
			return false
		}
		return p.arguments(f, func(a *ast.ArgumentDefinition) bool { return !p.gone[a.Type.Name()] })
	})
	before := len(d.Interfaces)
	d.Interfaces = slices.DeleteFunc(slices.Clone(d.Interfaces), func(name string) bool {
		return p.gone[name] || d.Fields.ForName(keyField) == nil // of other fields see isCommon
	})
	changed = changed || len(d.Interfaces) != before
	empty := !hasFields(d)
	switch p.wrappers[d.Name] {
	case page:
		empty = empty || d.Fields.ForName("nodes") == nil && d.Fields.ForName("edges") == nil
	case edge:
		empty = empty || d.Fields.ForName("node") == nil
	}
	if d.Kind == ast.Interface {
		empty = empty || !slices.ContainsFunc(p.schema.PossibleTypes[d.Name], func(m *ast.Definition) bool {
			return !p.gone[m.Name] && slices.Contains(m.Interfaces, d.Name)
		})
	}
	if empty && d != p.schema.Query {
		p.gone[d.Name] = true
		return true
	}
	return changed
}

// keyField is the field by which a type is a member of an interface.
const keyField = "id"

// isCommon reports whether every type that still has the key of an interface has a
// field of it: a type that lacks another one is a member all the same, and the
// interface has less.
func (p *pruner) isCommon(d *ast.Definition, field string) bool {
	if field == keyField {
		return true
	}
	return !slices.ContainsFunc(p.schema.PossibleTypes[d.Name], func(m *ast.Definition) bool {
		return !p.gone[m.Name] && m.Fields.ForName(keyField) != nil && m.Fields.ForName(field) == nil
	})
}

// sweep takes what Query and Mutation do not lead to. An interface that no field
// has goes, and leaves its members where they are.
func (p *pruner) sweep() {
	s := p.schema
	if s.Mutation != nil && (p.gone[s.Mutation.Name] || !hasFields(s.Mutation)) {
		s.Mutation = nil
	}
	reached := map[string]bool{}
	p.reach(s.Query.Name, reached)
	if s.Mutation != nil {
		p.reach(s.Mutation.Name, reached)
	}
	for name, d := range s.Types {
		if !reached[name] && !d.BuiltIn && !system(name) {
			delete(s.Types, name)
		}
	}
	s.PossibleTypes, s.Implements = map[string][]*ast.Definition{}, map[string][]*ast.Definition{}
	for _, d := range s.Types {
		d.Interfaces = slices.DeleteFunc(d.Interfaces, func(name string) bool { return s.Types[name] == nil })
		switch d.Kind {
		case ast.Union:
			for _, name := range d.Types {
				s.AddPossibleType(d.Name, s.Types[name])
				s.AddImplements(name, d)
			}
		case ast.Object, ast.InputObject:
			s.AddPossibleType(d.Name, d)
			fallthrough
		case ast.Interface:
			for _, name := range d.Interfaces {
				s.AddPossibleType(name, d)
				s.AddImplements(d.Name, s.Types[name])
			}
		}
	}
	for _, list := range s.PossibleTypes {
		slices.SortFunc(list, byName)
	}
	for _, list := range s.Implements {
		slices.SortFunc(list, byName)
	}
}

func byName(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) }

func (p *pruner) reach(name string, reached map[string]bool) {
	d := p.schema.Types[name]
	if d == nil || reached[name] || p.gone[name] {
		return
	}
	reached[name] = true
	for _, f := range d.Fields {
		p.reach(f.Type.Name(), reached)
		for _, a := range f.Arguments {
			p.reach(a.Type.Name(), reached)
		}
	}
	if d.Kind == ast.Interface {
		for _, m := range p.schema.PossibleTypes[name] {
			if slices.Contains(m.Interfaces, name) {
				p.reach(m.Name, reached)
			}
		}
	}
	for _, m := range d.Types {
		p.reach(m, reached)
	}
}
