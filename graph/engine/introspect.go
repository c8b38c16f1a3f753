package engine

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

var errIntrospection = schema.Errorf(schema.BadRequest, "introspection is switched off for this token")

// introspect answers __schema or __type: the generated executor runs the field
// as an operation of its own over the engine's schema, and its text is put where
// the field stands. The document is shared, so the field is a copy.
func (r *run) introspect(c *completion, s *set) {
	if r.oc.DisableIntrospection {
		c.failAll(s, errIntrospection)
		return
	}
	key := c.step.node.Key
	var asked *ast.Field
	if r.oc.Operation != nil && r.oc.Doc != nil {
		for _, f := range graphql.CollectFields(r.oc, r.oc.Operation.SelectionSet, []string{parentName(s)}) {
			if f.Alias == key {
				own := *f.Field
				own.SelectionSet = f.Selections
				own.Directives = nil
				asked = &own
				break
			}
		}
	}
	if asked == nil {
		c.failAll(s, foreign(parentName(s), c.step.node.Field))
		return
	}
	oc := &graphql.OperationContext{
		RawQuery:           r.oc.RawQuery,
		Variables:          r.oc.Variables,
		OperationName:      r.oc.OperationName,
		Doc:                r.oc.Doc,
		Headers:            r.oc.Headers,
		RecoverFunc:        r.engine.opts.Recover,
		ResolverMiddleware: func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			return next(ctx)
		},
		Operation: &ast.OperationDefinition{
			Operation:           ast.Query,
			Name:                r.oc.Operation.Name,
			VariableDefinitions: r.oc.Operation.VariableDefinitions,
			SelectionSet:        ast.SelectionSet{asked},
			Position:            r.oc.Operation.Position,
		},
	}
	ctx := graphql.WithOperationContext(r.ctx, oc)
	ctx = graphql.WithResponseContext(ctx, r.engine.opts.Present, r.engine.opts.Recover)
	resp := r.engine.es.Exec(ctx)(ctx)
	c.column.raw = []byte("null")
	for _, err := range graphql.GetErrors(ctx) {
		c.column.faults = append(c.column.faults, fault{set: s, step: c.step, err: err, shown: true})
	}
	if resp == nil {
		return
	}
	data := bytes.TrimSpace(resp.Data)
	head := len(key) + len(`{"":`)
	if len(data) > head && data[0] == '{' {
		c.column.raw = data[head : len(data)-1]
	}
	if bytes.Equal(c.column.raw, []byte("null")) && c.step.node.Field == "__schema" {
		c.column.dead = true
		r.violated.Store(true)
	}
}

func parentName(s *set) string { return s.sel.object.name }
