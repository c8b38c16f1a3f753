package engine

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// Mutate executes a mutation on the generated executor, its fields one after the
// other as the specification wants, and what they answer as the judge allows. The
// result is sent like any other. The operation's plan must have passed graph/guard:
// what may be done is decided there.
func (e *Engine) Mutate(ctx context.Context, oc *graphql.OperationContext, j Judge) (res *Result) {
	r := &run{engine: e, oc: oc}
	r.ctx = graphql.WithResponseContext(graphql.WithOperationContext(ctx, oc), e.opts.Present, e.opts.Recover)
	defer func() {
		if panicked := recover(); panicked != nil {
			res = r.refuse(e.opts.Recover(r.ctx, panicked))
		}
	}()
	if oc.Operation == nil || oc.Operation.Operation != ast.Mutation {
		return r.refuse(schema.Errorf(schema.BadRequest, "the operation is no mutation"))
	}
	w := e.Middleware(j)
	r.ctx = graphql.WithOperationContext(r.ctx, &graphql.OperationContext{ // the caller's stays as it is
		RawQuery: oc.RawQuery, Variables: oc.Variables, OperationName: oc.OperationName, Doc: oc.Doc, Operation: oc.Operation,
		Extensions: oc.Extensions, Headers: oc.Headers, DisableIntrospection: oc.DisableIntrospection, Stats: oc.Stats,
		RecoverFunc:            e.opts.Recover,
		ResolverMiddleware:     w.Field,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	})
	resp := e.es.Exec(r.ctx)(r.ctx)
	r.errors = graphql.GetErrors(r.ctx)
	if n := w.more(); n > 0 {
		r.present(moreForbidden(n), nil, nil)
	}
	if n := w.garbled.Load() - maxGarbled; n > 0 {
		r.present(moreGarbled(n), nil, nil)
	}
	res = &Result{raw: []byte("null"), errors: r.errors, extensions: graphql.GetExtensions(r.ctx)}
	if resp != nil && len(resp.Data) > 0 {
		res.raw = bytes.TrimSpace(resp.Data)
	}
	return res
}
