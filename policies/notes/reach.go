package notes

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// reach is what can be reached in a schema, each type once, those the root fields
// lead to first.
type reach struct {
	entities []*ast.Definition // records with an id
	parts    []*ast.Definition // objects inside them
	systems  []*ast.Definition // objects of root fields that lead to no record: me, sources
	values   []*ast.Definition // money, addresses
	enums    []*ast.Definition
}

func reachOf(s, full *ast.Schema) reach {
	w := walk{s: s, full: full, seen: map[string]bool{}}
	var data, systems []string
	for _, f := range s.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		if d := w.holds(f.Type); d != nil && isEntity(d) {
			data = append(data, d.Name)
		} else if d != nil && d.Kind == ast.Object {
			systems = append(systems, d.Name)
		}
	}
	w.from(data, &w.parts)
	w.from(systems, &w.systems)
	// What roles and kinds of supply there are is the business of who runs the server.
	if source := s.Types["Source"]; source == nil || source.Fields.ForName("problems") == nil {
		w.enums = slices.DeleteFunc(w.enums, func(d *ast.Definition) bool { return d.Name == "Role" || d.Name == "Supply" })
	}
	return w.reach
}

type walk struct {
	s, full *ast.Schema
	seen    map[string]bool
	reach
}

// from visits breadth-first; objects without an id become of.
func (w *walk) from(queue []string, of *[]*ast.Definition) {
	for len(queue) > 0 {
		d := w.s.Types[queue[0]]
		queue = queue[1:]
		if d == nil || w.seen[d.Name] {
			continue
		}
		w.seen[d.Name] = true
		switch {
		case d.Kind == ast.Enum:
			w.enums = append(w.enums, d)
			continue
		case d.Kind != ast.Object:
			continue
		case isEntity(d):
			w.entities = append(w.entities, d)
		case w.isValue(d):
			w.values = append(w.values, d)
		default:
			*of = append(*of, d)
		}
		for _, f := range d.Fields {
			if held := w.holds(f.Type); held != nil {
				queue = append(queue, held.Name)
			}
		}
	}
}

// holds is the type a field gives, of a page its rows' type.
func (w *walk) holds(t *ast.Type) *ast.Definition {
	d := w.s.Types[t.Name()]
	if rows := pageOf(d); rows != "" {
		return w.s.Types[rows]
	}
	return d
}

// pageOf is the type of a page's rows, "" of what is no page.
func pageOf(d *ast.Definition) string {
	if d == nil || d.Kind != ast.Object || d.Fields.ForName("pageInfo") == nil {
		return ""
	}
	if nodes := d.Fields.ForName("nodes"); nodes != nil {
		return nodes.Type.Name()
	}
	return ""
}

func isEntity(d *ast.Definition) bool { return slices.Contains(d.Interfaces, "Node") }

// isValue reports whether a type is marked @value, which a view's schema does not show.
func (w *walk) isValue(d *ast.Definition) bool {
	f := w.full.Types[d.Name]
	return f != nil && f.Directives.ForName("value") != nil
}
