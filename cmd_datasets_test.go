package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/dataset"
)

// TestDatasetsOfAFolder holds that an operator's datasets stand beside the shipped ones,
// that one of the same name takes a shipped one's place, and that those which are wrong
// are told with their line and leave the others.
func TestDatasetsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mine.graphql":    `query mine @dataset(grain: "orders") { orders { nodes { number } } }`,
		"orders.graphql":  `query orders @dataset(label: "Our orders", grain: "orders") { orders { nodes { number } } }`,
		"wrong.graphql":   "query wrong @dataset(grain: \"orders\") {\n  orders { nodes { nothing } } }",
		"long.graphql":    "#" + strings.Repeat("x", dataset.MaxBytes),
		"a b.graphql":     `query a { orders { nodes { number } } }`,
		".hidden.graphql": `query hidden @dataset(grain: "orders") { orders { nodes { number } } }`,
		"README.md":       "no dataset",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.graphql"), 0o700); err != nil {
		t.Fatal(err)
	}
	shipped, err := readDatasets("")
	if err != nil || len(shipped.problems) > 0 || len(shipped.catalogue.Names()) != 13 {
		t.Fatalf("%v %v %v", err, shipped.problems, shipped.catalogue.Names())
	}
	d, err := readDatasets(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := append(shipped.catalogue.Names(), "mine")
	slices.Sort(want)
	if got := d.catalogue.Names(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if own, _ := d.catalogue.Get("orders"); own.Label != "Our orders" {
		t.Errorf("orders is %q", own.Label)
	}
	var told []string
	for _, p := range d.problems {
		told = append(told, p.Error())
	}
	slices.Sort(told)
	for i, want := range []string{"a b.graphql", "folder.graphql", "long.graphql", "wrong.graphql:2: "} {
		if i >= len(told) || !strings.HasPrefix(told[i], want) {
			t.Fatalf("told %q", told)
		}
	}
	if len(told) != 4 {
		t.Errorf("told %q", told)
	}
	if _, err := readDatasets(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "datasets.dir") {
		t.Errorf("of no folder: %v", err)
	}
}

// TestDatasetsOfTheDemo holds that the demo, whose systems are copied, can serve every
// shipped dataset, and which it cannot while they are asked live.
func TestDatasetsOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the fake systems")
	}
	for supply, want := range map[string]int{"copy": 0, "live": 10} {
		a, _ := demoApp(t, demoOptions{customers: 20, supply: supply})
		left := map[string]bool{}
		for _, name := range a.datasets.catalogue.Names() {
			d, _ := a.datasets.catalogue.Get(name)
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
