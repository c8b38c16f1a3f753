package graph_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph"
)

// TestEverythingIsDescribed wants a description on every type, field, argument,
// input field and enum value: it is the documentation users read in their
// explorer.
func TestEverythingIsDescribed(t *testing.T) {
	n := 0
	want := func(what, description string) {
		n++
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	for name, d := range graph.Public().Types {
		if d.BuiltIn || strings.HasPrefix(name, "__") {
			continue
		}
		if name != "Query" {
			want(name, d.Description)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			want(name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				want(name+"."+f.Name+"("+a.Name+")", a.Description)
			}
		}
		for _, v := range d.EnumValues {
			want(name+"."+v.Name, v.Description)
		}
	}
	if n < 500 {
		t.Errorf("only %d were looked at", n)
	}
}

// TestGeneratorsDirectivesAreHidden wants no directive of ours in what clients
// see.
func TestGeneratorsDirectivesAreHidden(t *testing.T) {
	s := graph.Public()
	for _, name := range []string{"goField", "reads"} {
		if s.Directives[name] != nil {
			t.Errorf("clients see @%s", name)
		}
	}
}

// TestOnlyKeysAreNonNull holds the rule that whatever comes from a source or can
// be denied is nullable: a failed branch never takes its parent with it.
func TestOnlyKeysAreNonNull(t *testing.T) {
	allowed := map[string]bool{"id": true, "nodes": true, "edges": true, "pageInfo": true, "cursor": true, "node": true}
	for name, d := range graph.Public().Types {
		if d.Kind != "OBJECT" || strings.HasPrefix(name, "__") || name == "Money" || name == "PageInfo" {
			continue
		}
		for _, f := range d.Fields {
			if f.Type.NonNull && !allowed[f.Name] && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("%s.%s cannot be null", name, f.Name)
			}
		}
	}
}
