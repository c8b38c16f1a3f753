package loaders_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

const ownOrders = `{"package": "own", "titles": {"en": "t", "fr": "t", "ro": "t", "pt": "t"}, "summaries": {"en": "s", "fr": "s", "ro": "s", "pt": "s"},
"claims": ["customer"], "example": "{ orders { nodes { number } } }", "policies": [
{"id": "roots", "description": "d", "subjects": ["package:own"], "effect": "allow", "resources": ["graph:Query.<order|orders>"], "actions": ["read"]},
{"id": "rows", "description": "d", "subjects": ["package:own"], "effect": "allow", "resources": ["graph:Order.<id|number|source>"], "actions": ["read"],
 "conditions": {"row.customerId": {"type": "EqualsClaimCondition", "options": {"claim": "customer"}}}}]}`

// TestPoliciesOfTheContext asks with what the doors put into the context: a view of
// real policy documents, with the claims of two tokens that share it.
func TestPoliciesOfTheContext(t *testing.T) {
	var list []*ast.Source
	files, err := filepath.Glob("../../schema/*.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, &ast.Source{Name: f, Input: string(b)})
	}
	graph, err := policies.NewGraph(gqlparser.MustLoadSchema(list...))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := policies.Open(t.Context(), policies.Options{Graph: graph, Shipped: fstest.MapFS{"own.json": {Data: []byte(ownOrders)}}})
	if err != nil {
		t.Fatal(err)
	}
	w, s := small(), sealer(t)
	c := w.config(t)
	var cursor *string
	for _, token := range []struct {
		customer string
		rows     int
	}{{"a", 5}, {"b", 1}, {"", 0}, {"old", 5}} {
		t.Run("case=customer "+token.customer, func(t *testing.T) {
			p := &policies.Principal{TokenID: "t", Packages: []string{"own"}, Claims: map[string]string{}}
			if token.customer != "" {
				p.Claims["customer"] = s.ID("Customer", "", token.customer)
			}
			view, err := engine.View(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			ctx := policies.WithAccess(t.Context(), &policies.Access{Principal: p, View: view, Masker: policies.NewMasker(make([]byte, 32))})
			page, err := loaders.New(c).Orders.List(ctx, loaders.Args{})
			if err != nil || len(page.Nodes) != token.rows || *page.TotalCount != token.rows {
				t.Fatalf("got %v, %v", page, err)
			}
			if _, err := loaders.New(c).Orders.List(ctx, loaders.Args{After: cursor}); cursor != nil && schema.CodeOf(err) != schema.BadRequest {
				t.Errorf("a cursor of the token before was taken: %v", err)
			}
			cursor = page.PageInfo().EndCursor
			if notHis, err := loaders.New(c).Invoices.List(ctx, loaders.Args{}); err != nil || len(notHis.Nodes) > 0 {
				t.Errorf("invoices: %v, %v", notHis, err)
			}
		})
	}
}
