package policies_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// The world of these tests: the real schema, and policies written on the spot.

func loadSchema(t testing.TB) *ast.Schema {
	t.Helper()
	names, err := filepath.Glob("../schema/*.graphql")
	if err != nil || len(names) == 0 {
		t.Fatalf("the schema is not there: %v", err)
	}
	var sources []*ast.Source
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: n, Input: string(text)})
	}
	return gqlparser.MustLoadSchema(sources...)
}

func newGraph(t testing.TB) *policies.Graph {
	t.Helper()
	g, err := policies.NewGraph(loadSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var allScopes = map[string]string{"shop": "shop", "carrier": "carrier", "supplier": "supplier"}

// dir makes documents of name, text, name, text and so on.
func dir(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

// document wraps policies into one document that defines the package p.
func document(list ...string) string {
	return `{"package": "p", "policies": [` + strings.Join(list, ",\n") + `]}`
}

func open(t testing.TB, g *policies.Graph, shipped fs.FS, scopes map[string]string) *policies.Engine {
	t.Helper()
	e, err := policies.Open(t.Context(), policies.Options{Graph: g, Shipped: shipped, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func view(t testing.TB, e *policies.Engine, p *policies.Principal) *policies.View {
	t.Helper()
	v, err := e.View(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// holder is a principal with the package p.
func holder(claims map[string]string) *policies.Principal {
	return &policies.Principal{TokenID: "t1", Account: "shop", Role: "member", Packages: []string{"p"}, Claims: claims, Door: "graphql"}
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var update = flag.Bool("update", false, "write the goldens")

// golden compares a text with testdata/NAME.
func golden(t testing.TB, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		write(t, name, got)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; -update writes it\ngot\n%s", name, got)
	}
}

// replaceOnce replaces what must be there; nothing for "".
func replaceOnce(t testing.TB, s, old, to string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("there is no %q to be replaced", old)
	}
	if old == "" {
		return s
	}
	return strings.Replace(s, old, to, 1)
}
