package policies

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Graph is what policies speak of: the fields of a schema's object types, numbered,
// and which of them filters, orders and arguments read. It does not change.
type Graph struct {
	fields    []policed
	ids       map[member]FieldID
	types     map[string]*holder
	names     []string // of types, sorted
	reads     map[member]FieldID
	parts     map[member]bool // fields of pages, edges, value types and interfaces
	resources map[string]FieldID
}

type member struct{ holder, name string }

// policed is a field with a verdict of its own.
type policed struct {
	holder   *holder
	name     string
	resource string // graph:Type.field
	def      *ast.FieldDefinition
	scalar   string   // the scalar or enum it is, "" for a list or an object
	shows    []string // the object types it answers with, pages and edges looked through
}

// holder is an object type whose fields are policed.
type holder struct {
	name     string
	root     ast.Operation // of Query, Mutation and Subscription
	fields   []FieldID
	key      FieldID               // its field id, noKey without
	columns  map[string]columnKind // by which its rows can be told apart
	customer bool                  // whether its rows belong to a golden customer
	from     map[string]bool       // the types from which a relation leads to it
}

const noKey FieldID = -1

// columnKind is what a column holds, as far as conditions on rows care.
type columnKind uint8

const (
	otherColumn columnKind = iota
	textColumn
	truthColumn
)

// resourcePrefix begins the name of every resource.
const resourcePrefix = "graph:"

// NewGraph numbers the fields of s, which is the whole SDL with @reads and @value.
// It fails when an @reads names a field that is not policed, and when a key of an
// entity's filter or a value of its order has no @reads: nobody would know what
// searching by it tells.
func NewGraph(s *ast.Schema) (*Graph, error) {
	g := &Graph{
		ids: map[member]FieldID{}, types: map[string]*holder{}, reads: map[member]FieldID{},
		parts: map[member]bool{}, resources: map[string]FieldID{},
	}
	names := slices.Sorted(maps.Keys(s.Types))
	for _, n := range names {
		g.number(s, s.Types[n])
	}
	if len(g.fields) == 0 {
		return nil, errors.New("the schema has no object types")
	}
	for i := range g.fields {
		f := &g.fields[i]
		f.shows = shows(s, f.def.Type.Name())
		for _, t := range f.shows {
			if h := g.types[t]; h != nil && f.holder.key != noKey {
				h.from[f.holder.name] = true
			}
		}
	}
	var errs []error
	for _, n := range names {
		errs = append(errs, g.reading(s, s.Types[n])...)
	}
	return g, errors.Join(errs...)
}

// number gives the fields of one type their numbers.
func (g *Graph) number(s *ast.Schema, d *ast.Definition) {
	if strings.HasPrefix(d.Name, "__") || d.Kind != ast.Object && d.Kind != ast.Interface {
		return
	}
	if d.Kind == ast.Interface || isValue(d) || isPage(d) || isEdge(d) {
		for _, f := range d.Fields {
			g.parts[member{d.Name, f.Name}] = true
		}
		return
	}
	h := &holder{name: d.Name, key: noKey, columns: map[string]columnKind{}, from: map[string]bool{}}
	switch d {
	case s.Query:
		h.root = ast.Query
	case s.Mutation:
		h.root = ast.Mutation
	case s.Subscription:
		h.root = ast.Subscription
	}
	isNode := slices.Contains(d.Interfaces, "Node")
	for _, f := range d.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		id := FieldID(len(g.fields)) //nolint:gosec // a schema has no two thousand million fields
		p := policed{holder: h, name: f.Name, def: f, resource: resourcePrefix + d.Name + "." + f.Name}
		if t := s.Types[f.Type.Name()]; f.Type.Elem == nil && t != nil && (t.Kind == ast.Scalar || t.Kind == ast.Enum) {
			p.scalar = t.Name
		}
		if f.Name == "id" && isNode {
			h.key = id
		}
		if f.Name == "customer" && f.Type.Name() == "Customer" {
			h.customer = true
		}
		g.fields = append(g.fields, p)
		g.ids[member{d.Name, f.Name}] = id
		g.resources[p.resource] = id
		h.fields = append(h.fields, id)
	}
	if d.Name == "Customer" {
		h.customer = true
	}
	g.types[d.Name] = h
	g.names = append(g.names, d.Name)
}

func isValue(d *ast.Definition) bool { return d.Directives.ForName("value") != nil }

func isPage(d *ast.Definition) bool {
	return d.Fields.ForName("pageInfo") != nil && (d.Fields.ForName("nodes") != nil || d.Fields.ForName("edges") != nil)
}

func isEdge(d *ast.Definition) bool {
	return d.Fields.ForName("cursor") != nil && d.Fields.ForName("node") != nil
}

// shows finds the object types a field of type name answers with.
func shows(s *ast.Schema, name string) []string {
	d := s.Types[name]
	switch {
	case d == nil:
		return nil
	case d.Kind == ast.Interface, d.Kind == ast.Union:
		var of []string
		for _, t := range s.PossibleTypes[name] {
			of = append(of, t.Name)
		}
		slices.Sort(of)
		return slices.Compact(of)
	case d.Kind != ast.Object, isValue(d):
		return nil
	case isPage(d):
		if nodes := d.Fields.ForName("nodes"); nodes != nil {
			return shows(s, nodes.Type.Name())
		}
		return shows(s, d.Fields.ForName("edges").Type.Name())
	case isEdge(d):
		return shows(s, d.Fields.ForName("node").Type.Name())
	}
	return []string{name}
}

// reading notes what the keys, values and arguments of one type read.
func (g *Graph) reading(s *ast.Schema, d *ast.Definition) []error {
	var errs []error
	note := func(owner, name, typeName string, list ast.DirectiveList) {
		reads := list.ForName("reads")
		if reads == nil {
			return
		}
		target, argument := "", reads.Arguments.ForName("field")
		if argument != nil {
			target = argument.Value.Raw
		}
		at := member{typeName, target}
		if t, f, ok := strings.Cut(target, "."); ok {
			at = member{t, f}
		}
		id, ok := g.ids[at]
		if !ok {
			errs = append(errs, fmt.Errorf("%s.%s: @reads names %s.%s, which is no field with policies", owner, name, at.holder, at.name))
			return
		}
		g.reads[member{owner, name}] = id
	}
	switch d.Kind {
	case ast.InputObject:
		entity := g.entityOf(d.Name, "Filter")
		for _, f := range d.Fields {
			note(d.Name, f.Name, strings.TrimSuffix(d.Name, "Filter"), f.Directives)
			if entity == nil || f.Type.Name() == d.Name {
				continue
			}
			if f.Directives.ForName("reads") == nil {
				errs = append(errs, fmt.Errorf("%s.%s: has no @reads", d.Name, f.Name))
				continue
			}
			g.column(s, entity, f)
		}
	case ast.Enum:
		entity := g.entityOf(d.Name, "OrderField")
		for _, v := range d.EnumValues {
			note(d.Name, v.Name, strings.TrimSuffix(d.Name, "OrderField"), v.Directives)
			if entity != nil && v.Directives.ForName("reads") == nil {
				errs = append(errs, fmt.Errorf("%s.%s: has no @reads", d.Name, v.Name))
			}
		}
	case ast.Object:
		for _, f := range d.Fields {
			answers := shows(s, f.Type.Name())
			typeName := f.Type.Name()
			if len(answers) == 1 {
				typeName = answers[0]
			}
			for _, a := range f.Arguments {
				note(d.Name+"."+f.Name, a.Name, typeName, a.Directives)
			}
		}
	}
	return errs
}

// entityOf is the entity an input or enum belongs to by its name, nil for none.
func (g *Graph) entityOf(name, suffix string) *holder {
	typeName, ok := strings.CutSuffix(name, suffix)
	if h := g.types[typeName]; ok && h != nil && h.key != noKey {
		return h
	}
	return nil
}

// column notes a field by which rows can be told apart: one a filter of the same
// name reads.
func (g *Graph) column(s *ast.Schema, h *holder, key *ast.FieldDefinition) {
	id, ok := g.reads[member{h.name + "Filter", key.Name}]
	if !ok || g.fields[id].holder != h || g.fields[id].name != key.Name {
		return
	}
	kind := otherColumn
	if in := s.Types[key.Type.Name()]; in != nil {
		if eq := in.Fields.ForName("eq"); eq != nil {
			switch eq.Type.Name() {
			case "String":
				kind = textColumn
			case "Boolean":
				kind = truthColumn
			}
		}
	}
	h.columns[key.Name] = kind
}

// Field returns the number of a policed field. It is false for a field of a page,
// an edge, a value type or an interface, for introspection, and for a field that
// does not exist: these have no verdict of their own.
func (g *Graph) Field(typeName, field string) (FieldID, bool) {
	id, ok := g.ids[member{typeName, field}]
	return id, ok
}

// Name returns the type and the name of a field.
func (g *Graph) Name(f FieldID) (typeName, field string) {
	p := &g.fields[f]
	return p.holder.name, p.name
}

// Len returns how many policed fields there are; they are numbered from 0.
func (g *Graph) Len() int { return len(g.fields) }

// IsEntity reports whether a type has a key, and so rows of its own.
func (g *Graph) IsEntity(typeName string) bool {
	h := g.types[typeName]
	return h != nil && h.key != noKey
}

// Reads returns which policed field a key of a filter ("OrderFilter", "status"), a
// value of an order ("OrderOrderField", "DATE") or an argument ("Query.customer",
// "taxId") reads. It is false for what reads none.
func (g *Graph) Reads(holder, name string) (FieldID, bool) {
	id, ok := g.reads[member{holder, name}]
	return id, ok
}

// isPart reports whether a field bears the verdict of the field that holds it.
func (g *Graph) isPart(typeName, field string) bool {
	return strings.HasPrefix(field, "__") || g.parts[member{typeName, field}]
}

// digest tells apart graphs whose fields have other names or numbers.
func (g *Graph) digest() string {
	all := make([]string, len(g.fields))
	for i := range g.fields {
		all[i] = g.fields[i].resource
	}
	return strings.Join(all, "\n")
}

// columnNames are the columns of a type that conditions on rows may name.
func (h *holder) columnNames() []string {
	var names []string
	for n, kind := range h.columns {
		if kind != otherColumn {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
