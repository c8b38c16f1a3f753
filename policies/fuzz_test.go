package policies_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
)

// FuzzDocument feeds documents: whatever comes, it is refused with its file's name, or
// makes views.
func FuzzDocument(f *testing.F) {
	entries, err := fs.ReadDir(packages.FS, ".")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		b, err := fs.ReadFile(packages.FS, e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	for _, s := range []string{"", "{", "[]", "{}", `{"policies": null}`, document(), document(`{"id": "a"}`), "\xff", strings.Repeat("[", 2000)} {
		f.Add(s)
	}
	g := newGraph(f)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := policies.Open(t.Context(), policies.Options{Graph: g, Shipped: dir("x.json", text), Scopes: allScopes})
		if err != nil {
			if !strings.Contains(err.Error(), "x.json") {
				t.Errorf("%v does not name the file", err)
			}
			return
		}
		for _, name := range append(e.PackageNames(), "p") {
			p := &policies.Principal{TokenID: "t", Account: "a", Role: "member", Packages: []string{name}, Door: "graphql"}
			if _, err := e.View(t.Context(), p); err != nil {
				t.Errorf("no view: %v", err)
			}
		}
	})
}
