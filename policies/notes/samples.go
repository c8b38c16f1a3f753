package notes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// sample is a short question that shows one thing, made of what the package has.
type sample struct{ lead, question string }

// samplesOf makes a question with a filter, one with a date in its filter and one
// for the next page; those the package's lists have no fields for are left out.
func (n *note) samplesOf() ([]sample, error) {
	lists := n.lists()
	if len(lists) == 0 {
		return nil, nil
	}
	var out []sample
	add := func(lead, question string) error {
		text, err := format(n.Schema, question)
		if err == nil {
			out = append(out, sample{lead, text})
		}
		return err
	}
	for _, kind := range []struct{ lead, inputs string }{
		{n.t.sampleFilter, "DecimalFilter BooleanFilter StringFilter"},
		{n.t.sampleDate, "DateTimeFilter"},
	} {
		for _, f := range lists {
			key, condition := n.filterBy(f, strings.Fields(kind.inputs))
			if key == "" {
				continue
			}
			if err := add(kind.lead, fmt.Sprintf("{ %s(first: 10, filter: {%s: %s}) { nodes { %s } } }", f.Name, key, condition, n.columns(f, key))); err != nil {
				return nil, err
			}
			break
		}
	}
	f := lists[0]
	if f.Arguments.ForName("after") == nil {
		return out, nil
	}
	return out, add(n.t.sampleNext, fmt.Sprintf("query Next($after: String) { %s(first: 10, after: $after) { nodes { %s } pageInfo { hasNextPage endCursor } } }", f.Name, n.columns(f, "")))
}

// lists are the root fields with a page and a filter, those of the package's own
// example first: it shows what the package is for.
func (n *note) lists() []*ast.FieldDefinition {
	var out []*ast.FieldDefinition
	for _, f := range n.Schema.Query.Fields {
		if n.isPage(f.Type) && f.Arguments.ForName("first") != nil && f.Arguments.ForName("filter") != nil {
			out = append(out, f)
		}
	}
	asked := n.asked()
	slices.SortStableFunc(out, func(a, b *ast.FieldDefinition) int { return place(asked, a.Name) - place(asked, b.Name) })
	return out
}

// asked are the root fields of the package's example.
func (n *note) asked() []string {
	doc, err := parser.ParseQuery(&ast.Source{Input: n.Package.Example})
	if err != nil {
		return nil // there is no example
	}
	var names []string
	for _, o := range doc.Operations {
		for _, s := range o.SelectionSet {
			if f, ok := s.(*ast.Field); ok {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func place(names []string, name string) int {
	if i := slices.Index(names, name); i >= 0 {
		return i
	}
	return len(names)
}

// filterBy gives a key of a list's filter and a condition for it: the first of the
// first kind there is.
func (n *note) filterBy(f *ast.FieldDefinition, kinds []string) (key, condition string) {
	d := n.Schema.Types[f.Arguments.ForName("filter").Type.Name()]
	if d == nil {
		return "", ""
	}
	for _, kind := range kinds {
		for _, k := range d.Fields {
			// By source one has to know what the systems are called; deleted rows are not what
			// one begins with, and not every system has them.
			if k.Type.Name() == kind && k.Name != "source" && k.Name != "isDeleted" {
				return k.Name, conditionOf(kind, k.Name)
			}
		}
	}
	return "", ""
}

func conditionOf(kind, key string) string {
	switch kind {
	case "DecimalFilter":
		return `{gt: "100.00"}`
	case "BooleanFilter":
		return "{eq: true}"
	case "DateTimeFilter":
		return `{ge: "2026-03-01T00:00:00Z", lt: "2026-04-01T00:00:00Z"}`
	}
	if key == "name" || key == "title" {
		return `{contains: "martin"}`
	}
	return `{in: ["1042", "1043"]}`
}

// columns are some simple fields of a list's rows, the one it is filtered by among
// them where it is simple.
func (n *note) columns(f *ast.FieldDefinition, key string) string {
	d := n.Schema.Types[pageOf(n.Schema.Types[f.Type.Name()])]
	if full := n.Full.Types[f.Arguments.ForName("filter").Type.Name()]; full != nil {
		if origin := full.Fields.ForName(key); origin != nil {
			key = reads(origin.Directives, key)
		}
	}
	var names []string
	for _, c := range d.Fields {
		if t := n.Schema.Types[c.Type.Name()]; t == nil || !t.IsLeafType() || c.Type.Elem != nil || len(c.Arguments) > 0 {
			continue
		}
		if c.Name == key || (c.Name != "id" && c.Name != "source" && len(names) < 3) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return "id" // where a list is shown, its rows' id is
	}
	return strings.Join(names, " ")
}

// fences writes the short questions.
func (n *note) fences() {
	for _, s := range n.samples {
		n.linef("%s", s.lead)
		n.fence("graphql", s.question)
	}
}
