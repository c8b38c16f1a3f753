package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Column makes a book a row that conditions can be evaluated on.
func (b *book) Column(name string) schema.Value {
	switch name {
	case "id":
		return schema.String(b.ID)
	case "title":
		return schema.String(b.Title)
	}
	return schema.Null
}

// shelfViews serves the library to principals: what is masked and what depends on
// the row is the same for all, whose masks and which rows is not.
func shelfViews(t *testing.T) *web.Server {
	t.Helper()
	s, e, g := engineOf(t, shelfSDL, &library{title: "The Leopard"}, engine.Options{})
	view := policies.NewView(g, "1", func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
		switch {
		case typeName == "Book" && field == "title":
			return nil, a == "mask:hash"
		case typeName == "Book" && field == "next":
			return &policies.Rule{Op: policies.FromClaim, Column: "id", Claim: "book"}, a == "read"
		}
		return nil, a == "read"
	})
	masker := policies.NewMasker([]byte("a key of a test"))
	return web.New(web.Config{
		Access: func(_ context.Context, p *policies.Principal) (*policies.Access, error) {
			return &policies.Access{Principal: p, View: view, Masker: masker}, nil
		},
		Schema:     func(*policies.View) (*ast.Schema, error) { return s, nil },
		Executable: func(s *ast.Schema) graphql.ExecutableSchema { return executable{s} },
		Engine:     e, Plan: plan.Options{Relations: e.Relation, PageSize: 20},
	})
}

// asks is one request: who, with which agreement, and what.
func asks(s *web.Server, i int, query string) string {
	p := &policies.Principal{
		TokenID: "t", Account: fmt.Sprint("account ", i%3), Claims: map[string]string{"book": fmt.Sprint(i % 4)},
		Agreement: policies.Agreement{MaxPage: 2 + i%5, MaxTokens: 40 + i%20},
	}
	vars := map[string]any{"n": int64(i % 5), "t": i%2 == 0}
	res, err := s.Execute(context.Background(), p, query, vars)
	if err != nil {
		return err.Error()
	}
	pl, err := s.Plan(context.Background(), p, query, "", vars)
	if err != nil {
		return err.Error()
	}
	text, err := json.Marshal(pl)
	if err != nil {
		return err.Error()
	}
	return string(res.AppendJSON(text))
}

// TestKnownQueriesAnswerAlike holds that a query that many have asked before gives
// each principal what one that nobody has asked gives him, beside all others.
func TestKnownQueriesAnswerAlike(t *testing.T) {
	const query = `query ($n: Int, $t: Boolean!) { books(first: $n) { nodes { id title @include(if: $t) next { title } } } }`
	const requests = 64
	s := shelfViews(t)
	var want [requests]string
	different := map[string]bool{}
	for i := range want {
		want[i] = asks(shelfViews(t), i, query) // Plan is its second request; Execute its first
		different[want[i]] = true
	}
	if len(different) < 20 {
		t.Fatalf("only %d answers differ", len(different))
	}
	for range 2 {
		asks(s, 3, query)
	}
	var wait sync.WaitGroup
	for i := range requests {
		wait.Go(func() {
			if got := asks(s, i, query); got != want[i] {
				t.Errorf("request %d: got %s\nwant %s", i, got, want[i])
			}
		})
	}
	wait.Wait()
}
