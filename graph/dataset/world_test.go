package dataset_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
)

// The world of these tests: the real schema, and views of the shipped packages.

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func engine(tb testing.TB) *policies.Engine {
	tb.Helper()
	g, err := policies.NewGraph(graph.Full())
	must(tb, err)
	e, err := policies.Open(tb.Context(), policies.Options{Graph: g, Shipped: packages.FS, Scopes: map[string]string{"shop": "shop", "carrier": "carrier", "supplier": "supplier"}})
	must(tb, err)
	return e
}

func viewOf(tb testing.TB, e *policies.Engine, names ...string) *policies.View {
	tb.Helper()
	v, err := e.View(tb.Context(), &policies.Principal{
		TokenID: "t", Account: "a", Role: "member", Packages: names, Door: "odata",
		Claims: map[string]string{"shop": "web", "carrier": "Nord Fret", "supplier": "Forez", "customer": "c1"},
	})
	must(tb, err)
	return v
}

// everything is a view that may do everything with everything.
func everything(tb testing.TB, g *policies.Graph) *policies.View {
	tb.Helper()
	return policies.NewView(g, "all", func(string, string, policies.Action) (*policies.Rule, bool) { return nil, true })
}

func schemaOf(tb testing.TB, v *policies.View) *ast.Schema {
	tb.Helper()
	s, err := graph.For(v)
	must(tb, err)
	return s
}

func shipped(tb testing.TB, full *ast.Schema) *dataset.Catalogue {
	tb.Helper()
	texts, err := dataset.Shipped()
	must(tb, err)
	c, wrong := dataset.Load(texts, full)
	for _, p := range wrong {
		tb.Error(p)
	}
	return c
}

func read(tb testing.TB, name, text string, full *ast.Schema) *dataset.Definition {
	tb.Helper()
	d, wrong := dataset.Read(name, text, full)
	for _, p := range wrong {
		tb.Fatal(p)
	}
	return d
}

// whole is the table of a text for who sees everything.
func whole(tb testing.TB, text string) *dataset.Table {
	tb.Helper()
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(tb, err)
	v := everything(tb, g)
	t, ok := read(tb, "d", text, full).For(v, schemaOf(tb, v))
	if !ok {
		tb.Fatal("the dataset does not exist")
	}
	return t
}

func names(t *dataset.Table) []string {
	var out []string
	for _, c := range t.Columns[dataset.FixedColumns:] {
		out = append(out, c.Name)
	}
	return out
}
