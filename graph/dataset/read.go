package dataset

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// reader makes a Definition of a parsed text.
type reader struct {
	schema     *ast.Schema
	doc        *ast.QueryDocument
	problems   *problems
	directives map[string]map[string]ast.ValueKind
	out        *Definition
	at         *ast.Position // of @dataset
	grain      []string      // the response names to the list of rows, once known
	fields     int           // looked at
	spread     []string      // fragments being put in their places
}

// roots reads what the query asks of Query.
func (r *reader) roots(op *ast.OperationDefinition) {
	if r.out.Grain != "" {
		r.grain = strings.Split(r.out.Grain, ".")
	}
	for _, n := range r.selections(op.SelectionSet, r.schema.Query, nil, 0) {
		r.out.parts = append(r.out.parts, &part{root: n})
	}
	if len(r.out.parts) == 0 || len(r.problems.list) > 0 {
		return
	}
	for i, p := range r.out.parts {
		switch per := p.root.marks.per; {
		case i == 0 && per != "":
			r.problems.add(p.root.at, "@per stands on a further root list; %s is the first, whose records are the rows", p.root.key)
		case i > 0 && per == "":
			r.problems.add(p.root.at, `a dataset has one root list: %s is another. Make it a dataset of its own, or sum it up for each row of %s with @per(id: "…")`, p.root.key, r.out.parts[0].root.key)
		}
	}
	if len(r.out.parts) > MaxLists {
		r.problems.add(r.out.parts[MaxLists].root.at, "a dataset has at most %d root lists", MaxLists)
	}
	if r.out.Grain == "" {
		r.out.Grain = r.out.parts[0].root.key
	}
	for i, p := range r.out.parts {
		if p.grain = p.root; i == 0 {
			p.grain = r.find()
		}
	}
}

// find is the list that the grain names.
func (r *reader) find() *node {
	n := r.out.parts[0].root
	if len(r.grain) == 0 {
		return n
	}
	if n.key != r.grain[0] {
		r.problems.add(r.at, "the grain %s does not begin with the root list, which is %s", clipped(r.out.Grain), n.key)
		return n
	}
	for _, key := range r.grain[1:] {
		next := n.child(key)
		if next == nil {
			r.problems.add(r.at, "the grain %s is not asked: %s has no %s here; its lists are %s", clipped(r.out.Grain), n.key, clipped(key), r.lists(n.of))
			return n
		}
		n = next
	}
	if !n.isList() {
		r.problems.add(r.at, "the grain %s is no list; the lists of %s are %s", clipped(r.out.Grain), n.parent.of.Name, r.lists(n.parent.of))
	}
	return n
}

// lists names the lists of records inside a type.
func (r *reader) lists(d *ast.Definition) string {
	var out []string
	for _, f := range d.Fields {
		if t := r.schema.Types[f.Type.Name()]; f.Type.Elem != nil && t != nil && t.Kind == ast.Object {
			out = append(out, f.Name)
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// selections reads what is asked of one type, fragments put in their places.
func (r *reader) selections(set ast.SelectionSet, holder *ast.Definition, parent *node, depth int) []*node {
	var out []*node
	r.each(set, holder, func(f *ast.Field) {
		key := f.Alias
		if slices.ContainsFunc(out, func(n *node) bool { return n.key == key }) {
			r.problems.add(f.Position, "%s is asked twice: give one of them an alias", key)
			return
		}
		if n := r.field(f, holder, parent, depth); n != nil {
			out = append(out, n)
		}
	})
	return out
}

// each calls f with each field of a selection.
func (r *reader) each(set ast.SelectionSet, holder *ast.Definition, f func(*ast.Field)) {
	for _, s := range set {
		if r.fields++; r.fields > maxFields {
			r.problems.add(s.GetPosition(), "a dataset asks for at most %d fields, fragments put in their places", maxFields)
			return
		}
		if r.problems.full() {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			f(s)
		case *ast.InlineFragment:
			r.fragment(s.TypeCondition, s.Directives, s.SelectionSet, holder, s.Position, f)
		case *ast.FragmentSpread:
			of := r.doc.Fragments.ForName(s.Name)
			switch {
			case of == nil:
				r.problems.add(s.Position, "there is no fragment %s", clipped(s.Name))
			case slices.Contains(r.spread, s.Name):
				r.problems.add(s.Position, "the fragment %s is inside itself", clipped(s.Name))
			default:
				r.spread = append(r.spread, s.Name)
				r.fragment(of.TypeCondition, slices.Concat(s.Directives, of.Directives), of.SelectionSet, holder, s.Position, f)
				r.spread = r.spread[:len(r.spread)-1]
			}
		}
	}
}

func (r *reader) fragment(on string, said ast.DirectiveList, set ast.SelectionSet, holder *ast.Definition, at *ast.Position, f func(*ast.Field)) {
	switch {
	case len(said) > 0:
		r.problems.add(said[0].Position, "@%s cannot stand on a fragment: a column is there or it is not", clipped(said[0].Name))
	case on != "" && on != holder.Name:
		r.problems.add(at, "a fragment on %s is not flat here: a row here is of type %s. Ask for its fields directly", clipped(on), holder.Name)
	default:
		r.each(set, holder, f)
	}
}

// field reads one field; nil where it can be no part of a dataset.
func (r *reader) field(f *ast.Field, holder *ast.Definition, parent *node, depth int) *node {
	def := holder.Fields.ForName(f.Name)
	switch {
	case strings.HasPrefix(f.Name, "__"):
		r.problems.add(f.Position, "%s is about the schema and is no column", clipped(f.Name))
		return nil
	case strings.HasPrefix(f.Alias, hiddenPrefix):
		r.problems.add(f.Position, "names that begin with %s are the server's", hiddenPrefix)
		return nil
	case def == nil:
		r.problems.add(f.Position, "%s has no field %s%s", holder.Name, clipped(f.Name), schema.DidYouMean(f.Name, fieldNames(holder)))
		return nil
	}
	n := &node{key: f.Alias, alias: f.Alias != f.Name, holder: holder.Name, def: def, of: r.schema.Types[def.Type.Name()], args: f.Arguments, at: f.Position, parent: parent}
	r.refuseArguments(f, def)
	set, ok := r.classify(n, f)
	if !ok {
		return nil
	}
	r.mark(n, f.Directives)
	switch {
	case n.kind == leaf:
		if len(set) > 0 {
			r.problems.add(f.Position, "%s is a value and has no fields", f.Name)
		}
		return n
	case depth >= MaxDepth:
		r.problems.add(f.Position, "objects are nested more than %d deep", MaxDepth)
		return nil
	case n.kind == money && len(set) == 0:
		for _, name := range []string{"amount", "currency"} {
			d := n.of.Fields.ForName(name)
			n.children = append(n.children, &node{key: name, holder: n.of.Name, def: d, of: r.schema.Types[d.Type.Name()], at: f.Position, parent: n, marks: marks{scale: n.marks.scale}})
		}
		return n
	case len(set) == 0:
		r.problems.add(f.Position, "%s is an object: say which of its fields, %s { … }", f.Name, f.Name)
		return nil
	}
	n.children = r.selections(set, n.of, n, depth+1)
	return n
}

// classify says what a field is, and what is asked of it: of a page what is asked of
// its rows.
func (r *reader) classify(n *node, f *ast.Field) (set ast.SelectionSet, ok bool) {
	refuse := func(format string, args ...any) (ast.SelectionSet, bool) {
		r.problems.add(f.Position, format, args...)
		return nil, false
	}
	isRoot := n.parent == nil
	switch {
	case n.of == nil:
		return refuse("%s has no type", f.Name)
	case n.of.Kind == ast.Interface || n.of.Kind == ast.Union:
		return refuse("%s can be of several types, and a column has one", f.Name)
	case n.of.IsLeafType() && n.def.Type.Elem != nil:
		return refuse("%s is a list of values, and a column holds one: leave it out", f.Name)
	case n.of.IsLeafType():
		if isRoot {
			return refuse("%s is no list: the rows of a dataset are a list of Query, such as %s", f.Name, r.suggestRoot(f.Name))
		}
		if _, ok := typeOf(n.of); !ok {
			return refuse("%s is of type %s, which no column can hold exactly", f.Name, n.of.Name)
		}
		return f.SelectionSet, true
	case isPage(n.of):
		n.kind = page
		if !isRoot {
			return refuse("%s is a page, and a page inside a row is cut: begin with its own root list instead, %s, and ask for %s from there", f.Name, r.rootOf(n.of), r.backTo(n))
		}
		return r.nodes(n, f)
	case n.def.Type.Elem != nil:
		n.kind = list
		if isRoot && n.def.Arguments.ForName("first") != nil {
			return refuse("%s gives the first rows only and no page to go on from: a dataset of it would not be whole", f.Name)
		}
		if !isRoot && !r.leadsToGrain(n) {
			return refuse("%s is another list, and would multiply the rows of %s: leave it out, or make a dataset of its own with grain: \"%s\"", f.Name, r.grainText(n), strings.Join(n.names(), "."))
		}
		return f.SelectionSet, true
	case isRoot:
		return refuse("%s is no list: the rows of a dataset are a list of Query, such as %s", f.Name, r.suggestRoot(f.Name))
	case n.of.Name == "Money":
		n.kind = money
	default:
		n.kind = object
	}
	return f.SelectionSet, true
}

// nodes are the rows of a page: the only thing of it that has columns.
func (r *reader) nodes(n *node, f *ast.Field) (set ast.SelectionSet, ok bool) {
	var rows *ast.Field
	r.each(f.SelectionSet, n.of, func(g *ast.Field) {
		switch {
		case g.Name != "nodes":
			r.problems.add(g.Position, "%s of a page is no column: ask for %s { nodes { … } }", clipped(g.Name), f.Name)
		case g.Alias != "nodes":
			r.problems.add(g.Position, "nodes has no alias in a dataset: give one to %s", f.Name)
		case rows != nil:
			r.problems.add(g.Position, "nodes is asked twice")
		default:
			rows = g
			for _, d := range g.Directives {
				r.problems.add(d.Position, "@%s stands on %s or on a field of its rows, not on nodes", clipped(d.Name), f.Name)
			}
		}
	})
	if rows == nil || len(rows.SelectionSet) == 0 {
		r.problems.add(f.Position, "%s is a page: ask for %s { nodes { … } }", f.Name, f.Name)
		return nil, false
	}
	n.of = r.schema.Types[n.of.Fields.ForName("nodes").Type.Name()]
	return rows.SelectionSet, true
}

// leadsToGrain reports whether a list is on the way to the grain.
func (r *reader) leadsToGrain(n *node) bool {
	names := n.names()
	return len(names) <= len(r.grain) && slices.Equal(names, r.grain[:len(names)])
}

func (r *reader) grainText(n *node) string {
	if r.out.Grain != "" {
		return r.out.Grain
	}
	return n.names()[0]
}

// rootOf names the root list of a page's rows.
func (r *reader) rootOf(d *ast.Definition) string {
	for _, f := range r.schema.Query.Fields {
		if f.Type.Name() == d.Name {
			return f.Name + " { nodes { … } }"
		}
	}
	return "which it does not have"
}

// backTo names the relation from a page's rows to what holds the page.
func (r *reader) backTo(n *node) string {
	rows := r.schema.Types[n.of.Fields.ForName("nodes").Type.Name()]
	for _, f := range rows.Fields {
		if f.Type.Name() == n.holder && f.Type.Elem == nil {
			return f.Name
		}
	}
	return "what holds it"
}

func (r *reader) suggestRoot(name string) string {
	var roots []string
	for _, f := range r.schema.Query.Fields {
		if t := r.schema.Types[f.Type.Name()]; f.Type.Elem != nil || t != nil && isPage(t) {
			roots = append(roots, f.Name)
		}
	}
	if near := schema.Nearest(name, roots); near != "" {
		return near
	}
	if len(roots) == 0 {
		return "none here"
	}
	return roots[0]
}

// refuseArguments refuses what a dataset cannot say in an argument.
func (r *reader) refuseArguments(f *ast.Field, def *ast.FieldDefinition) {
	for _, a := range f.Arguments {
		switch a.Name {
		case "first", "after", "last", "before":
			r.problems.add(a.Position, "%s(%s) pages, and a dataset is whole: leave it out, whoever asks says which part he wants", f.Name, a.Name)
		default:
			if def.Arguments.ForName(a.Name) == nil {
				var names []string
				for _, d := range def.Arguments {
					names = append(names, d.Name)
				}
				r.problems.add(a.Position, "%s has no argument %s%s", f.Name, clipped(a.Name), schema.DidYouMean(a.Name, names))
			}
			r.literal(a.Value)
		}
	}
}

func (r *reader) literal(v *ast.Value) {
	if v.Kind == ast.Variable {
		r.problems.add(v.Position, "a dataset has no variables: write the value in the place of $%s", clipped(v.Raw))
	}
	for _, c := range v.Children {
		r.literal(c.Value)
	}
}

func isPage(d *ast.Definition) bool {
	return d.Fields.ForName("pageInfo") != nil && d.Fields.ForName("nodes") != nil
}

func fieldNames(d *ast.Definition) []string {
	names := map[string]bool{}
	for _, f := range d.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			names[f.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
