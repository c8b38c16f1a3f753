package dataset

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// Catalogue is the datasets of a server. It does not change.
type Catalogue struct {
	names []string
	of    map[string]*Definition
}

// Load reads datasets, by the names of their files without .graphql. full is the
// whole schema. One that is wrong is reported and left out; the others are in the
// catalogue. The problems are sorted by file and line.
func Load(texts map[string]string, full *ast.Schema) (*Catalogue, []Problem) {
	c := &Catalogue{of: map[string]*Definition{}}
	var found []Problem
	same := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		folded := strings.ToLower(name)
		switch first, twice := same[folded]; {
		case twice:
			found = append(found, Problem{File: fileOf(name), Reason: "there is " + fileOf(first) + " already: names may not differ in letter case only"})
			continue
		case len(c.names) >= MaxDatasets:
			found = append(found, Problem{File: fileOf(name), Reason: "there are more than 500 datasets, which is the limit"})
			continue
		}
		same[folded] = name
		d, wrong := Read(name, texts[name], full)
		if found = append(found, wrong...); d != nil {
			c.names = append(c.names, name)
			c.of[name] = d
		}
	}
	return c, found
}

// Names are the names of the datasets, sorted.
func (c *Catalogue) Names() []string { return slices.Clone(c.names) }

// Get returns the dataset of a name.
func (c *Catalogue) Get(name string) (*Definition, bool) {
	d, ok := c.of[name]
	return d, ok
}

// Read reads one dataset, by the name of its file without .graphql. It is nil where
// there are problems.
func Read(name, text string, full *ast.Schema) (*Definition, []Problem) {
	p := &problems{file: fileOf(name)}
	switch {
	case !identifierUpTo(name, maxName) || name[0] == '_':
		p.add(nil, "the name of a dataset is a letter, then letters, digits and _, at most %d in all", maxName)
	case isReserved(name):
		p.add(nil, "the name %s is reserved", name)
	case len(text) > MaxBytes:
		p.add(nil, "the text has more than %d bytes, which is the limit", MaxBytes)
	case !utf8.ValidString(text):
		p.add(nil, "the text is not UTF-8")
	}
	if len(p.list) > 0 {
		return nil, p.list
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: p.file, Input: text}, maxTokens)
	if err != nil {
		e := gqlerror.WrapIfUnwrapped(err)
		p.addLine(lineOf(e), e.Message)
		return nil, p.list
	}
	if op := theQuery(name, doc, p); op != nil {
		r := &reader{schema: full, doc: doc, problems: p, directives: directiveArguments(), out: &Definition{Name: name, Description: op.Description}}
		if d := r.read(op); len(p.list) == 0 {
			return d, nil
		}
	}
	return nil, p.sorted()
}

// theQuery is the one operation a text may have.
func theQuery(name string, doc *ast.QueryDocument, p *problems) *ast.OperationDefinition {
	if len(doc.Operations) != 1 {
		p.add(nil, "a dataset is one query, and here are %d operations", len(doc.Operations))
		return nil
	}
	op := doc.Operations[0]
	switch {
	case op.Operation != ast.Query:
		p.add(op.Position, "a dataset is a query, not a %s", op.Operation)
	case op.Name != name:
		p.add(op.Position, "the query is called %q and the dataset %q: they must have one name", clipped(op.Name), name)
	case len(op.VariableDefinitions) > 0:
		p.add(op.VariableDefinitions[0].Position, "a dataset has no variables: write the value in the place of $%s", clipped(op.VariableDefinitions[0].Variable))
	default:
		return op
	}
	return nil
}

func (r *reader) read(op *ast.OperationDefinition) *Definition {
	r.header(op)
	r.roots(op)
	for _, f := range r.doc.Fragments {
		if r.fields <= maxFields && !r.used(f.Name, op) {
			r.problems.add(f.Position, "the fragment %s is not used", clipped(f.Name))
		}
	}
	if len(r.problems.list) > 0 {
		return nil
	}
	if r.out.Label == "" {
		label := strings.ReplaceAll(r.out.Name, "_", " ")
		r.out.Label = strings.ToUpper(label[:1]) + label[1:]
	}
	r.flatten()
	if len(r.problems.list) == 0 {
		r.validate()
	}
	return r.out
}

// used reports whether any selection spreads a fragment: one that nothing does was
// not looked at.
func (r *reader) used(name string, op *ast.OperationDefinition) bool {
	var in func(ast.SelectionSet) bool
	in = func(set ast.SelectionSet) bool {
		return slices.ContainsFunc(set, func(s ast.Selection) bool {
			switch s := s.(type) {
			case *ast.FragmentSpread:
				return s.Name == name
			case *ast.InlineFragment:
				return in(s.SelectionSet)
			case *ast.Field:
				return in(s.SelectionSet)
			}
			return false
		})
	}
	return in(op.SelectionSet) || slices.ContainsFunc(r.doc.Fragments, func(f *ast.FragmentDefinition) bool { return f.Name != name && in(f.SelectionSet) })
}

// validate holds the query, without what is a dataset's, against the schema: what is
// left to find is in its arguments.
func (r *reader) validate() {
	op := &ast.OperationDefinition{Operation: ast.Query, Name: r.out.Name, Position: r.at}
	for _, p := range r.out.parts {
		op.SelectionSet = append(op.SelectionSet, p.root.selection())
	}
	for _, e := range validator.ValidateWithRules(r.schema, &ast.QueryDocument{Operations: ast.OperationList{op}}, nil) {
		r.problems.addLine(lineOf(e), e.Message)
	}
}

// selection is the node as the parser would have made it, at its place in the text.
func (n *node) selection() *ast.Field {
	f := &ast.Field{Alias: n.key, Name: n.def.Name, Arguments: n.args, Position: n.at}
	for _, c := range n.children {
		f.SelectionSet = append(f.SelectionSet, c.selection())
	}
	if n.kind == page {
		f.SelectionSet = ast.SelectionSet{&ast.Field{Alias: "nodes", Name: "nodes", SelectionSet: f.SelectionSet, Position: n.at}}
	}
	return f
}

func fileOf(name string) string { return clipped(name) + ".graphql" }

func lineOf(e *gqlerror.Error) int {
	if len(e.Locations) == 0 {
		return 0
	}
	return e.Locations[0].Line
}

// isReserved reports whether the name of a dataset means something else at the doors.
func isReserved(name string) bool {
	switch strings.ToLower(name) {
	case "any", "all", "batch", "entity", "metadata", "root", "trama":
		return true
	}
	return isWord(name)
}
