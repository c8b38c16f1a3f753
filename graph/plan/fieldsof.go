package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// FieldsOf returns the distinct fields that the operations of a document ask for,
// as Type.field, sorted, whatever its variables will be: what @include leaves out
// is among them. A field asked on an interface counts for each type that has it.
// The error is the document's: it cannot be parsed or is not valid.
func FieldsOf(s *ast.Schema, text string) ([]string, error) {
	doc, err := parser.ParseQuery(&ast.Source{Name: "query", Input: text})
	if err != nil {
		return nil, fmt.Errorf("parse query: %w", err)
	}
	if errs := validator.ValidateWithRules(s, doc, nil); len(errs) > 0 {
		return nil, fmt.Errorf("validate query: %w", errs)
	}
	if len(doc.Operations) == 0 {
		return nil, errors.New("the query has no operation")
	}
	f := written{schema: s}
	for _, op := range doc.Operations {
		f.walk(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments { // all of them are used, or the document is not valid
		f.walk(fragment.SelectionSet)
	}
	return f.sorted(), nil
}

// written gathers the fields that stand in selections.
type written struct {
	fieldSet
	schema *ast.Schema
}

func (w *written) walk(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if strings.HasPrefix(sel.Name, "__") {
				continue
			}
			for _, d := range w.schema.GetPossibleTypes(sel.ObjectDefinition) {
				if d.Kind == ast.Object && d.Fields.ForName(sel.Name) != nil {
					w.add(d.Name, sel.Name)
				}
			}
			w.walk(sel.SelectionSet)
		case *ast.InlineFragment:
			w.walk(sel.SelectionSet)
		}
	}
}
