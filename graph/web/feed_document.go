package web

import (
	"maps"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/report"
)

// The names in operations of tables that these doors know.
const (
	argFirst   = "first"
	argAfter   = "after"
	fieldTotal = "totalCount"
)

// limited is the operation with a page as large as what is wanted, where that is a page
// the agreement allows: the sources are asked for no more.
func (r *feedRunner) limited(op *report.Operation) (text string, vars map[string]any, ok bool) {
	most := int64(guard.LimitsFor(r.who.Agreement, r.cfg.Limits).PageSize)
	if op.Limit <= 0 || most > 0 && op.Limit > most || !op.Query.IsPage {
		return "", nil, false
	}
	text, ok = r.rewritten(op.Query.Document, func(o *ast.OperationDefinition, root *ast.Field, def *ast.FieldDefinition) bool {
		arg := def.Arguments.ForName(argFirst)
		if arg == nil || root.Arguments.ForName(argFirst) != nil {
			return false
		}
		o.VariableDefinitions = append(o.VariableDefinitions[:len(o.VariableDefinitions):len(o.VariableDefinitions)], &ast.VariableDefinition{Variable: argFirst, Type: arg.Type})
		root.Arguments = append(root.Arguments[:len(root.Arguments):len(root.Arguments)], &ast.Argument{Name: argFirst, Value: &ast.Value{Kind: ast.Variable, Raw: argFirst}})
		return true
	})
	if !ok {
		return "", nil, false
	}
	vars = maps.Clone(op.Variables)
	if vars == nil {
		vars = map[string]any{}
	}
	vars[argFirst] = op.Limit
	return text, vars, true
}

// totalOf is the operation that asks how many elements its root list has.
func (r *feedRunner) totalOf(op *report.Operation) (text, key string, ok bool) {
	text, ok = r.rewritten(op.Query.Document, func(o *ast.OperationDefinition, root *ast.Field, def *ast.FieldDefinition) bool {
		page := r.view.schema.Types[def.Type.Name()]
		if page == nil || page.Fields.ForName(fieldTotal) == nil {
			return false
		}
		key = root.Alias
		root.Arguments = without(root.Arguments, func(a *ast.Argument) bool { return a.Name == argAfter })
		o.VariableDefinitions = without(o.VariableDefinitions, func(d *ast.VariableDefinition) bool { return d.Variable == argAfter })
		root.SelectionSet = ast.SelectionSet{&ast.Field{Name: fieldTotal, Alias: fieldTotal}}
		return true
	})
	return text, key, ok
}

// without is a list without some of it; the list itself is not changed.
func without[T any, S ~[]T](list S, drop func(T) bool) S {
	var out S
	for _, x := range list {
		if !drop(x) {
			out = append(out, x)
		}
	}
	return out
}

// rewritten is the text of a document with its one root field changed. The document is
// shared and stays as it is.
func (r *feedRunner) rewritten(doc *ast.QueryDocument, change func(o *ast.OperationDefinition, root *ast.Field, def *ast.FieldDefinition) bool) (string, bool) {
	if doc == nil || len(doc.Operations) != 1 || len(doc.Operations[0].SelectionSet) != 1 {
		return "", false
	}
	o := *doc.Operations[0]
	first, ok := o.SelectionSet[0].(*ast.Field)
	if !ok {
		return "", false
	}
	root, def := *first, r.view.schema.Query.Fields.ForName(first.Name)
	if def == nil || !change(&o, &root, def) {
		return "", false
	}
	o.SelectionSet = ast.SelectionSet{&root}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("")).FormatQueryDocument(&ast.QueryDocument{Operations: ast.OperationList{&o}})
	return b.String(), true
}
