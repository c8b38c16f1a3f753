package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDatasetsOfAFolder holds that the datasets of the configured directory are among
// those of the server, and that `trama check` tells which are refused.
func TestDatasetsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mine.graphql":  `query mine @dataset(grain: "orders") { orders { nodes { number } } }`,
		"wrong.graphql": "query wrong @dataset(grain: \"orders\") {\n  orders { nodes { nothing } } }",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "store: {url: 'sqlite:" + filepath.Join(t.TempDir(), "t.db") + "'}\ndatasets: {dir: '" + dir + "'}\nsources: [{name: erp, kind: sap, supply: push}]\n"
	cfg, err := parseConfig([]byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), cfg, "live", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, ok := a.library.Catalogue().Get("mine"); !ok {
		t.Errorf("got %v", a.library.Catalogue().Names())
	}
	var out strings.Builder
	if bad := a.checkDatasets(&out); !bad || !strings.Contains(out.String(), "FAIL  wrong.graphql:2: ") {
		t.Errorf("check says %t:\n%s", bad, &out)
	}
}

// TestDatasetsOfTheDemo holds that the demo, whose systems are copied, can serve every
// shipped dataset, and which it cannot while they are asked live.
func TestDatasetsOfTheDemo(t *testing.T) {
	for supply, want := range map[string]int{"copy": 0, "live": 10} {
		a, _ := demoApp(t, demoOptions{customers: 20, supply: supply})
		left := map[string]bool{}
		for _, name := range a.library.Catalogue().Names() {
			d, _ := a.library.Catalogue().Get(name)
			for _, entity := range d.Entities() {
				if a.keeps(entity) != nil {
					left[name] = true
				}
			}
		}
		if len(left) != want {
			t.Errorf("%s: %d are not served: %v", supply, len(left), left)
		}
	}
}
