package usage

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// subject writes a root field as the subject of a habit: Query.node(id): Order.
func (f Root) subject() string {
	s := f.Field
	if f.Key != "" {
		s += "(" + f.Key + ")"
	}
	if f.Type != "" {
		s += ": " + f.Type
	}
	return s
}

// rootOf is the reverse of subject.
func rootOf(subject string) Root {
	var f Root
	subject, f.Type, _ = strings.Cut(subject, ": ")
	f.Field, f.Key, _ = strings.Cut(strings.TrimSuffix(subject, ")"), "(")
	return f
}

// name returns the field as clients write it.
func (f Root) name() string { return strings.TrimPrefix(f.Field, "Query.") }

// list is a root field that yields pages.
type list struct {
	name   string
	filter *ast.Definition // its input, nil when it has none
	schema *ast.Schema
	since  bool // it can be asked for what changed since a moment
}

// listOf returns the root field whose pages have the rows that a root field
// yields: itself where it is one.
func listOf(s *ast.Schema, root Root) (list, bool) {
	if s == nil || s.Query == nil {
		return list{}, false
	}
	wanted := root.Type
	if def := s.Query.Fields.ForName(root.name()); def == nil {
		return list{}, false
	} else if row := rowOf(s, def); row != "" {
		wanted = row
	} else if t := s.Types[def.Type.Name()]; t != nil && t.Kind == ast.Object {
		wanted = t.Name
	}
	for _, f := range s.Query.Fields {
		if wanted == "" || rowOf(s, f) != wanted {
			continue
		}
		l := list{name: f.Name, schema: s}
		if arg := f.Arguments.ForName("filter"); arg != nil {
			l.filter = s.Types[arg.Type.Name()]
			if l.filter != nil {
				if key := l.filter.Fields.ForName("updatedAt"); key != nil {
					t := s.Types[key.Type.Name()]
					l.since = t != nil && t.Fields.ForName("ge") != nil
				}
			}
		}
		return l, true
	}
	return list{}, false
}

// rowOf returns the type of the rows of a field that yields pages, "" for another.
func rowOf(s *ast.Schema, f *ast.FieldDefinition) string {
	t := s.Types[f.Type.Name()]
	if t == nil || t.Kind != ast.Object || t.Fields.ForName("pageInfo") == nil {
		return ""
	}
	if nodes := t.Fields.ForName("nodes"); nodes != nil {
		return nodes.Type.Name()
	}
	return ""
}

// takes reports whether the list can be asked for several values of a key.
func (l *list) takes(key string) bool {
	if l.filter == nil {
		return false
	}
	f := l.filter.Fields.ForName(key)
	if f == nil {
		return false
	}
	t := l.schema.Types[f.Type.Name()]
	return t != nil && t.Fields.ForName("in") != nil
}
