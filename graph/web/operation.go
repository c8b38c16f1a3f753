package web

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// operation is a request that was understood.
type operation struct {
	*graphql.OperationContext
	hash     string    // by which the usage knows it
	sum      [32]byte  // of its text, where its answer may be kept
	doc      *document // nil where it was asked for the first time
	compiled *compiled // nil where it is not
	keeping  *keeping  // nil where its answer is not kept
}

// operation parses and validates a request and makes gqlgen's operation context
// of it. Documents that were valid once are kept, and never changed.
func (s *Server) operation(ctx context.Context, v *view, p *policies.Principal, q *request, safe bool) (*operation, gqlerror.List, error) {
	doc, known := v.docs.Get(ctx, q.Query)
	// A document kept for others may be longer than this one's agreement allows.
	tokens := cmp.Or(p.Agreement.MaxTokens, s.cfg.Tokens)
	if !known || !doc.fits(tokens) {
		parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: "query", Input: q.Query}, tokens)
		if err != nil {
			return nil, listOf(err), nil
		}
		if depth(parsed) > maxDepth {
			return nil, listOf(schema.Errorf(schema.Limited, "the document is nested deeper than %d", maxDepth)), nil
		}
		if err := bounded(parsed); err != nil {
			return nil, listOf(err), nil
		}
		if !known {
			doc = &document{QueryDocument: parsed}
		}
		doc.fit(tokens)
	}
	op := doc.Operations.ForName(q.OperationName)
	if safe && op != nil && op.Operation != ast.Query {
		return nil, nil, refuse(http.StatusMethodNotAllowed, schema.BadRequest, "GET is for queries only")
	}
	if !known {
		var silent *rules.Rules
		if !suggests(p) {
			silent = s.silent
		}
		if errs := validator.ValidateWithRules(v.schema, doc.QueryDocument, silent); len(errs) > 0 {
			return nil, coded(errs, schema.BadRequest), nil
		}
		doc = documentOf(q.Query, doc.QueryDocument)
		doc.fit(tokens)
		if len(q.Query) <= keptDocument {
			v.docs.Add(ctx, q.Query, doc)
		}
	}
	if op == nil {
		return nil, listOf(schema.Errorf(schema.BadRequest, "the document has no such operation, or several and none is named")), nil
	}
	if err := fitInts(op, q.Variables); err != nil {
		return nil, listOf(err), nil
	}
	variables, err := validator.VariableValues(v.schema, op, q.Variables)
	if err != nil {
		return nil, listOf(err), nil
	}
	asked := doc
	if !known {
		asked = nil
	}
	return &operation{hash: doc.hashes[op.Name], sum: doc.sums[op.Name], doc: asked, OperationContext: &graphql.OperationContext{
		RawQuery: q.Query, Variables: variables, OperationName: q.OperationName, Doc: doc.QueryDocument, Operation: op, Extensions: q.Extensions,
		DisableIntrospection:   p.Agreement.NoIntrospection,
		RecoverFunc:            func(context.Context, any) error { return schema.Errorf(schema.Internal, "internal error") },
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	}}, nil, nil
}

// maxDepth bounds the nesting of a document before anything walks it.
const maxDepth = 200

func depth(doc *ast.QueryDocument) int {
	deepest := 0
	for _, op := range doc.Operations {
		deepest = max(deepest, depthOf(op.SelectionSet))
	}
	for _, f := range doc.Fragments {
		deepest = max(deepest, depthOf(f.SelectionSet))
	}
	return deepest
}

// depthOf walks with a list of its own, so that no nesting exhausts the stack.
func depthOf(set ast.SelectionSet) int {
	deepest := 0
	level := []ast.SelectionSet{set}
	for len(level) > 0 {
		var next []ast.SelectionSet
		for _, set := range level {
			for _, sel := range set {
				switch x := sel.(type) {
				case *ast.Field:
					if len(x.SelectionSet) > 0 {
						next = append(next, x.SelectionSet)
					}
				case *ast.InlineFragment:
					next = append(next, x.SelectionSet)
				}
			}
		}
		deepest++
		level = next
	}
	return deepest
}

// listOf makes request errors of one error; their code is BAD_REQUEST unless they
// have one.
func listOf(err error) gqlerror.List {
	var list gqlerror.List
	if errors.As(err, &list) {
		return coded(list, schema.BadRequest)
	}
	var one *gqlerror.Error
	if !errors.As(err, &one) {
		one = &gqlerror.Error{Message: err.Error()}
	}
	code := schema.BadRequest
	var e *schema.Error
	if errors.As(err, &e) {
		code = e.Code
	}
	list = coded(gqlerror.List{one}, code)
	if e != nil && e.Retryable {
		one.Extensions["retryable"] = true
	}
	if e != nil && e.Wait > 0 {
		one.Extensions["retryAfter"] = int(math.Ceil(e.Wait.Seconds()))
	}
	return list
}

func coded(list gqlerror.List, code schema.Code) gqlerror.List {
	for _, e := range list {
		e.Extensions = map[string]any{"code": code}
	}
	return list
}
