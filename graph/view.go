package graph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// For returns the schema of a view: what it denies is not there, so that
// validation, suggestions and introspection treat it as they treat what never
// was.
//
// Gone are the fields it denies and the mutations that may not be made; filter
// keys, order values and arguments that read a field which is not wholly visible
// (@reads: searching by what is masked, or hidden on some rows, would tell it);
// and all types, inputs, enums, interfaces and members of interfaces that become
// empty or cannot be reached any more. A masked field stays. A page goes with its
// rows, a filter with its last key, an order with its last value. The type
// Mutation goes with its last field.
//
// A view in which nothing can be asked has no schema, as GraphQL knows no empty
// Query: the error is FORBIDDEN. A nil view is such a one. Each call makes a fresh
// schema, which takes some milliseconds; it is the caller's to keep it.
func For(v *policies.View) (*ast.Schema, error) {
	if v == nil {
		return nil, errNothing()
	}
	g := v.Graph()
	shown := func(typeName, field string) bool {
		id, ok := g.Field(typeName, field)
		return !ok || v.Verdict(id) != policies.Deny
	}
	return prune(Full(), sight{
		shown: shown,
		acts: func(typeName, field string) bool {
			id, ok := g.Field(typeName, field)
			return ok && v.Can(policies.Write, id) == policies.Allow
		},
		searched: func(holder, name string) bool {
			id, ok := g.Reads(holder, name)
			return !ok || v.Verdict(id) == policies.Allow
		},
	})
}

func errNothing() error {
	return schema.Errorf(schema.Forbidden, "there is nothing this token may ask")
}

// sight is what a view says, as three questions.
type sight struct {
	shown    func(typeName, field string) bool // is the field there?
	acts     func(typeName, field string) bool // may the mutation be made?
	searched func(holder, name string) bool    // may be searched by this key, value or argument?
}

// prune takes from a schema what a view does not have.
func prune(s *ast.Schema, v sight) (*ast.Schema, error) {
	p := pruner{schema: s, sight: v, gone: map[string]bool{}, wrappers: map[string]wrapper{}}
	p.decide()
	p.inputs()
	p.outputs()
	if !hasFields(s.Query) {
		return nil, errNothing()
	}
	p.sweep()
	strip(s)
	return s, nil
}
