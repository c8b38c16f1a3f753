package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/policies"
)

// engineOf is what a server over an SDL is made of.
func engineOf(t testing.TB, sdl string, resolvers any, o engine.Options) (*ast.Schema, *engine.Engine, *policies.Graph) {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "books.graphql", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(executable{s}, resolvers, o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := policies.NewGraph(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, e, g
}

// post sends the body of a question. A coding, "" too, keeps the client from asking
// for gzip and unpacking it by itself. The caller closes the answer.
func post(ctx context.Context, t testing.TB, srv *httptest.Server, token, coding, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Encoding", coding)
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// booksQuestion is the body of a question for so many books.
func booksQuestion(first int) string {
	return fmt.Sprintf(`{"query":"{ books(first: %d) { nodes { id title next { id title } } } }"}`, first)
}
