package web

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/plan"
)

// entities say which types are records of sources, and of which the pages are.
type entities map[string]string // an entity is of itself

// entitiesOf finds them in the whole schema: what can be asked again by its id.
func entitiesOf(s *ast.Schema) entities {
	of := entities{}
	for name, d := range s.Types {
		if slices.Contains(d.Interfaces, "Node") {
			of[name] = name
		}
	}
	for name, d := range s.Types {
		nodes := d.Fields.ForName("nodes")
		if d.Kind == ast.Object && nodes != nil && of[nodes.Type.Name()] == nodes.Type.Name() {
			of[name] = nodes.Type.Name()
		}
	}
	return of
}

// typesOf returns the types an answer depends on, sorted. It is not ok where a root
// field gives anything but records: what the server itself knows may change without
// a word, and is not kept.
func (of entities) typesOf(p *plan.Plan) (types []string, ok bool) {
	if p.Kind != plan.Query {
		return nil, false
	}
	for _, n := range p.Roots {
		if !strings.HasPrefix(n.Field, "__") && of[n.Returns] == "" && n.Returns != "Node" {
			return nil, false
		}
	}
	w := typeWalk{of, map[string]bool{}}
	w.nodes(p.Roots)
	types = make([]string, 0, len(w.seen))
	for name := range w.seen {
		types = append(types, name)
	}
	slices.Sort(types)
	return types, true
}

type typeWalk struct {
	of   entities
	seen map[string]bool
}

func (w typeWalk) nodes(list []*plan.Node) {
	for _, n := range list {
		w.seen[n.Type] = true
		w.seen[n.Returns] = true
		if e := w.of[n.Returns]; e != "" { // a page of which only the total is asked
			w.seen[e] = true
		}
		w.nodes(n.Children)
	}
}
