package packages_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ory/ladon/compiler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies/packages"
)

// These tests share nothing with the compiler of package policies but the files:
// they read them with encoding/json and match resources with Ladon's own compiler.

type document struct {
	Package           string
	Titles, Summaries map[string]string
	Claims            []string
	Example           string
	Policies          []policy
	NotGranted        []string `json:"not_granted"`
	file              string
}

type policy struct {
	ID, Description, Effect      string
	Subjects, Resources, Actions []string
	Conditions                   map[string]struct {
		Type    string
		Options map[string]any
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func documents(t *testing.T) []document {
	t.Helper()
	names, err := fs.Glob(packages.FS, "*.json")
	must(t, err)
	var list []document
	for _, n := range names {
		raw, err := fs.ReadFile(packages.FS, n)
		must(t, err)
		d := document{file: n}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		list = append(list, d)
	}
	return list
}

// fullSchema is the schema with its directives.
func fullSchema(t *testing.T) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../../schema/*.graphql")
	must(t, err)
	var sources []*ast.Source
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		sources = append(sources, &ast.Source{Name: f, Input: string(raw)})
	}
	s, err := gqlparser.LoadSchema(sources...)
	must(t, err)
	return s
}

// policed returns the resources of a schema: every field of an object type, but not
// of pages, edges and value types.
func policed(s *ast.Schema) []string {
	var out []string
	for _, d := range s.Types {
		isPage := d.Fields.ForName("pageInfo") != nil
		isEdge := len(d.Fields) == 2 && d.Fields.ForName("cursor") != nil && d.Fields.ForName("node") != nil
		if d.Kind != ast.Object || d.BuiltIn || isPage || isEdge || d.Directives.ForName("value") != nil {
			continue
		}
		for _, f := range d.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				out = append(out, "graph:"+d.Name+"."+f.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// matching returns those of the names that a pattern matches, as Ladon does.
func matching(t *testing.T, pattern string, names []string) []string {
	t.Helper()
	if !strings.Contains(pattern, "<") {
		if slices.Contains(names, pattern) {
			return []string{pattern}
		}
		return nil
	}
	re, err := compiler.CompileRegex(pattern, '<', '>')
	must(t, err)
	var out []string
	for _, n := range names {
		ok, err := re.MatchString(n)
		must(t, err)
		if ok {
			out = append(out, n)
		}
	}
	return out
}

// decided maps each resource that policies speak of for a subject to their ids.
func decided(t *testing.T, docs []document, subject string, all []string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, d := range docs {
		for _, p := range d.Policies {
			if !slices.ContainsFunc(p.Subjects, func(s string) bool { return len(matching(t, s, []string{subject})) > 0 }) {
				continue
			}
			for _, r := range p.Resources {
				for _, n := range matching(t, r, all) {
					out[n] = append(out[n], p.ID)
				}
			}
		}
	}
	return out
}

// A new field must be decided on for every package before it is released.
func TestComplete(t *testing.T) {
	docs, all := documents(t), policed(fullSchema(t))
	if len(all) < 300 {
		t.Fatalf("the schema has %d fields", len(all))
	}
	for _, d := range docs {
		if d.Package == "" {
			continue
		}
		t.Run("case="+d.Package, func(t *testing.T) {
			granted := decided(t, docs, "package:"+d.Package, all)
			refused := map[string]bool{}
			for _, pattern := range d.NotGranted {
				found := matching(t, pattern, all)
				if len(found) == 0 {
					t.Errorf("%s: not_granted %s matches no field", d.file, pattern)
				}
				for _, n := range found {
					refused[n] = true
				}
			}
			for _, n := range all {
				switch {
				case len(granted[n]) == 0 && !refused[n]:
					t.Errorf("%s: %s is neither granted by a policy nor in not_granted", d.file, n)
				case len(granted[n]) > 0 && refused[n]:
					t.Errorf("%s: %s is in not_granted, and policy %s speaks of it", d.file, n, granted[n][0])
				}
			}
		})
	}
}

// The test above must be able to fail: a schema with one more field does.
func TestCompleteSeesNewField(t *testing.T) {
	docs, all := documents(t), policed(fullSchema(t))
	for _, field := range []string{"graph:Order.margin", "graph:Customer.creditLimit", "graph:Query.margins", "graph:Margin.id"} {
		for _, d := range docs {
			// The staff's own packages grant whole types.
			if d.Package == "" || d.Package == "admin" || d.Package == "dashboard" {
				continue
			}
			t.Run("case="+d.Package+" "+field, func(t *testing.T) {
				with := append(slices.Clone(all), field)
				granted := decided(t, docs, "package:"+d.Package, with)
				if len(granted[field]) > 0 {
					t.Errorf("a new field is granted by accident, by %s", granted[field][0])
				}
				wholly := field == "graph:Order.margin" || field == "graph:Customer.creditLimit"
				for _, pattern := range d.NotGranted {
					// A type that is not granted at all stays so.
					if !wholly || !strings.HasSuffix(pattern, ".<.*>") {
						if len(matching(t, pattern, []string{field})) > 0 {
							t.Errorf("%s: nobody would have to decide", pattern)
						}
					}
				}
			})
		}
	}
}

var alternation = regexp.MustCompile(`<([A-Za-z]+(?:\|[A-Za-z]+)+)>`)

// A name that was renamed in the schema must not stay behind in an alternation,
// where the pattern as a whole still matches.
func TestNoStaleNames(t *testing.T) {
	all := policed(fullSchema(t))
	for _, d := range documents(t) {
		t.Run("case="+d.file, func(t *testing.T) {
			patterns := slices.Clone(d.NotGranted)
			for _, p := range d.Policies {
				patterns = append(patterns, p.Resources...)
			}
			for _, pattern := range patterns {
				for _, single := range expanded(pattern) {
					if len(matching(t, single, all)) == 0 {
						t.Errorf("%s: %s, a part of %s, matches no field", d.file, single, pattern)
					}
				}
			}
		})
	}
}

func expanded(pattern string) []string {
	at := alternation.FindStringSubmatchIndex(pattern)
	if at == nil {
		return []string{pattern}
	}
	var out []string
	for _, name := range strings.Split(pattern[at[2]:at[3]], "|") {
		out = append(out, expanded(pattern[:at[0]]+name+pattern[at[1]:])...)
	}
	return out
}
