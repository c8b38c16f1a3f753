package engine_test

import (
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
)

// TestForAView runs the same engine over a smaller schema: what the view does
// not have is not there, whatever the resolvers return.
func TestForAView(t *testing.T) {
	sdl, err := os.ReadFile("internal/testgraph/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(sdl), "Customer | Ticket | Gadget | Scrap", "Customer | Scrap", 1)
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "view.graphql", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	w := world.New(1, 3, 0)
	r := newRig(t, w)
	r.es = testgraph.NewExecutableSchema(testgraph.Config{Resolvers: r.root, Schema: s})
	r.exec = executor.New(r.es)
	r.engine = r.engine.For(r.es)
	seen := map[string]bool{}
	for seed := range uint64(30) {
		w.Seed = seed
		oc, err := r.prepare(`{ things { __typename } __type(name: "Thing") { possibleTypes { name } } }`, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.runEngine(t.Context(), oc)
		if err != nil || len(got.errors) > 0 {
			t.Fatal(err, got.errors)
		}
		if strings.Contains(got.data, "Ticket") || strings.Contains(got.data, "Gadget") {
			t.Errorf("the view shows %s", got.data)
		}
		seen["null"] = seen["null"] || strings.Contains(got.data, "null")
		seen["Customer"] = seen["Customer"] || strings.Contains(got.data, `"__typename":"Customer"`)
		if !strings.Contains(got.data, `"possibleTypes":[{"name":"Customer"},{"name":"Scrap"}]`) {
			t.Errorf("introspection shows %s", got.data)
		}
	}
	if !seen["null"] || !seen["Customer"] {
		t.Error("the data did not show the case")
	}
}

func TestRunRefuses(t *testing.T) {
	r := newRig(t, plainWorld())
	oc, p := r.ready(t, `mutation { rename(id: 1, name: "x") { name } }`, nil)
	foreign := &plan.Plan{Kind: plan.Query, Roots: []*plan.Node{{Key: "x", Field: "unknown", Type: "Query"}}}
	for _, tt := range []struct {
		name string
		plan *plan.Plan
		want string
	}{
		{"a mutation", p, `{"errors":[{"message":"a mutation does not run on the query engine","extensions":{"code":"BAD_REQUEST"}}]}`},
		{"a foreign plan", foreign, `{"errors":[{"message":"the plan was made for another schema: it has Query.unknown","extensions":{"code":"BAD_REQUEST"}}]}`},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			res := r.engine.Run(t.Context(), oc, tt.plan)
			if got := string(res.AppendJSON(nil)); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if res.HasData() || !res.Refused() {
				t.Error("it has data")
			}
		})
	}
}

func TestIntrospectionDisabled(t *testing.T) {
	r := newRig(t, plainWorld())
	oc, err := r.prepare(`{ version a: __type(name: "Cell") { name } __schema { queryType { name } } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	oc.DisableIntrospection = true
	got, err := r.runEngine(t.Context(), oc)
	if err != nil {
		t.Fatal(err)
	}
	if want := "__schema [] introspection is switched off for this token\na [] introspection is switched off for this token"; got.data != "null" || strings.Join(got.errors, "\n") != want {
		t.Errorf("got %+v", got)
	}
	p, err := r.plan(oc)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.engine.Run(t.Context(), oc, p).Errors() {
		if e.Extensions["code"] != "BAD_REQUEST" {
			t.Errorf("%s has the code %v", e.Message, e.Extensions["code"])
		}
	}
}
