package web

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// view is a schema as some tokens see it, with what was made for it. Documents
// are kept for each view apart: one that was valid for an administrator must not
// be found by a carrier.
type view struct {
	schema *ast.Schema
	es     graphql.ExecutableSchema
	engine *engine.Engine
	docs   *lru.LRU[*document]
	// operations are the compiled queries of those documents.
	operations *operations
	// masksByAccount says that some value is not shown alike to two accounts.
	masksByAccount bool
	tables         feedTables
}

// views keeps the latest used views, by their hash.
type views struct {
	mu   sync.Mutex // held while a view is made, so that it is made once
	kept *lru.LRU[*view]
	make func(*policies.View) (*view, error)
}

// keptViews is how many views are kept, documents how many parsed documents of
// each, and keptDocument how long one may be: together they bound what strange
// clients can make us remember.
const (
	keptViews    = 128
	documents    = 300
	keptDocument = 16 << 10
)

func newViews(cfg *Config) *views {
	return &views{kept: lru.New[*view](keptViews), make: func(v *policies.View) (*view, error) {
		s, err := cfg.Schema(v)
		if err != nil {
			return nil, err
		}
		es := cfg.Executable(s)
		return &view{schema: s, es: es, engine: cfg.Engine.For(es), docs: lru.New[*document](documents), operations: newOperations(), masksByAccount: v.Masks(policies.MaskHash)}, nil
	}}
}

// of returns the view of a request. Making one takes milliseconds and happens
// once for each set of policies that tokens have.
func (vs *views) of(ctx context.Context, v *policies.View) (*view, error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if known, ok := vs.kept.Get(ctx, v.Hash()); ok {
		return known, nil
	}
	fresh, err := vs.make(v)
	if err != nil {
		return nil, err
	}
	vs.kept.Add(ctx, v.Hash(), fresh)
	return fresh, nil
}

// decide says what a principal may see. Whatever goes wrong, he sees nothing.
func (s *Server) decide(ctx context.Context, p *policies.Principal) (*policies.Access, *view, error) {
	a, err := s.cfg.Access(ctx, p)
	if err != nil {
		return nil, nil, schema.Errorf(schema.Internal, "what the token may see could not be decided").Because(err)
	}
	v, err := s.views.of(ctx, a.View)
	if err != nil {
		var coded *schema.Error
		if errors.As(err, &coded) {
			return nil, nil, coded
		}
		return nil, nil, schema.Errorf(schema.Internal, "what the token may see could not be decided").Because(err)
	}
	return a, v, nil
}

// Schema returns the schema the request in a context sees.
func (s *Server) Schema(ctx context.Context) (*ast.Schema, error) {
	a := policies.AccessFrom(ctx)
	if a == nil {
		return nil, schema.Errorf(schema.Internal, "nobody asks")
	}
	v, err := s.views.of(ctx, a.View)
	if err != nil {
		return nil, err
	}
	return v.schema, nil
}

// suggests reports whether errors may name what else there is: not to partners,
// who have none of the packages made for the company's own people.
func suggests(p *policies.Principal) bool {
	return !p.Agreement.NoSuggestions && (p.Has("admin") || p.Has("dashboard") || p.Has("bi"))
}

// silentRules are the validation rules without "Did you mean".
func silentRules() *rules.Rules {
	r := rules.NewDefaultRules()
	for _, pair := range []struct{ loud, silent core.Rule }{
		{rules.FieldsOnCorrectTypeRule, rules.FieldsOnCorrectTypeRuleWithoutSuggestions},
		{rules.KnownArgumentNamesRule, rules.KnownArgumentNamesRuleWithoutSuggestions},
		{rules.KnownTypeNamesRule, rules.KnownTypeNamesRuleWithoutSuggestions},
		{rules.ScalarLeafsRule, rules.ScalarLeafsRuleWithoutSuggestions},
		{rules.ValuesOfCorrectTypeRule, rules.ValuesOfCorrectTypeRuleWithoutSuggestions},
	} {
		r.RemoveRule(pair.loud.Name)
		r.AddRule(pair.silent.Name, pair.silent.RuleFunc)
	}
	return r
}
