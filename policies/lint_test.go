package policies_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
)

// base is a policy without a mistake; changed makes one.
const base = `{"id": "x", "subjects": ["package:p"], "effect": "allow", "resources": ["graph:Order.number"], "actions": ["read"]}`

func changed(old, to string) string {
	if !strings.Contains(base, old) {
		panic(old)
	}
	return document(strings.Replace(base, old, to, 1))
}

// where puts conditions into the policy, on fields of Order or others.
func where(conditions string, resources ...string) string {
	if len(resources) == 0 {
		resources = []string{"graph:Order.<id|number>"}
	}
	return document(strings.TrimSuffix(strings.Replace(base, `"graph:Order.number"`, `"`+strings.Join(resources, `", "`)+`"`, 1), "}") + `, "conditions": {` + conditions + `}}`)
}

func masked(action, resource string) string {
	return document(strings.NewReplacer(`"read"`, `"`+action+`"`, "graph:Order.number", resource).Replace(base))
}

// Every mistake is refused, and the message says where it is and what is wrong: it is
// in testdata/mistakes.golden, where @ is the first policy of the file.
func TestMistakes(t *testing.T) {
	g := newGraph(t)
	var out strings.Builder
	for _, c := range mistakes() {
		t.Run("case="+c.name, func(t *testing.T) {
			d := t.TempDir()
			write(t, filepath.Join(d, "bad.json"), c.text)
			scopes := allScopes
			if c.scopes != nil {
				scopes = c.scopes
			}
			errs := policies.Lint(g, nil, d, scopes)
			if (len(errs) == 0) != c.good {
				t.Errorf("%d mistakes", len(errs))
			}
			fmt.Fprintf(&out, "== %s\n", c.name)
			for _, err := range errs {
				text := strings.ReplaceAll(err.Error(), d+"/", "")
				fmt.Fprintln(&out, strings.Replace(text, "bad.json: policies[0]", "@", 1))
			}
		})
	}
	golden(t, "mistakes.golden", out.String())
}

// All mistakes of all files are reported together, sorted by file.
func TestMistakesTogether(t *testing.T) {
	shipped := dir("b.json", changed(`"allow"`, `"Allow"`), "a.json", `{}`)
	_, err := policies.Open(t.Context(), policies.Options{Graph: newGraph(t), Shipped: shipped})
	want := "shipped/a.json: policies: is missing\n" +
		`shipped/b.json: policies[0].effect (policy "x"): want exactly allow or deny, have "Allow"; did you mean "allow"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// What stands against another file is a mistake as well.
func TestMistakesBetweenFiles(t *testing.T) {
	g := newGraph(t)
	shipped := dir("p.json", document(base))
	cases := map[string]struct{ text, want string }{
		"case=the package again":     {`{"package": "p", "policies": []}`, `o.json: package: the package "p" is defined in shipped/p.json already`},
		"case=the policy again":      {`{"policies": [` + base + `]}`, `o.json: policies[0].id (policy "x"): a policy "x" is in shipped/p.json already`},
		"case=more for the package":  {`{"policies": [` + strings.Replace(base, `"x"`, `"y"`, 1) + `]}`, ``},
		"case=a package of its own":  {`{"package": "o", "policies": [` + strings.NewReplacer(`"x"`, `"y"`, "package:p", "package:o").Replace(base) + `]}`, ``},
		"case=nothing at all":        {`{"policies": []}`, ``},
		"case=a policy for a token":  {`{"policies": [` + strings.NewReplacer(`"x"`, `"y"`, "package:p", "token:4mB2s8Qk1Z").Replace(base) + `]}`, ``},
		"case=a pattern for a token": {`{"policies": [` + strings.NewReplacer(`"x"`, `"y"`, "package:p", "token:<[0-9]+>").Replace(base) + `]}`, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := t.TempDir()
			write(t, filepath.Join(d, "o.json"), c.text)
			var got []string
			for _, err := range policies.Lint(g, shipped, d, nil) {
				got = append(got, strings.TrimPrefix(err.Error(), d+"/"))
			}
			if text := strings.Join(got, "\n"); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

// What is wrong with a directory is a mistake: a file that is not read may hold a deny.
func TestMistakesOfDirectories(t *testing.T) {
	g := newGraph(t)
	lint := func(t *testing.T, d string) string {
		t.Helper()
		var got []string
		for _, err := range policies.Lint(g, nil, d, nil) {
			got = append(got, strings.ReplaceAll(err.Error(), d, "DIR"))
		}
		return strings.Join(got, "\n")
	}
	const empty = `{"policies": []}`
	cases := []struct {
		name string
		make func(t *testing.T, d string)
		want string
	}{
		{"empty", func(*testing.T, string) {}, ""},
		{"another ending", func(t *testing.T, d string) { write(t, d+"/deny.jsn", empty) }, "DIR: deny.jsn: is not read: policies are in files named *.json"},
		{"hidden and read-me", func(t *testing.T, d string) {
			write(t, d+"/.swp", "x")
			write(t, d+"/README.md", "x")
			write(t, d+"/a.json~", "x")
		}, ""},
		{"a directory inside", func(t *testing.T, d string) {
			if err := os.Mkdir(d+"/more.json", 0o700); err != nil {
				t.Fatal(err)
			}
		}, "DIR: more.json: is a directory, which is not read"},
		{"a dangling link", func(t *testing.T, d string) {
			if err := os.Symlink(d+"/nowhere", d+"/a.json"); err != nil {
				t.Fatal(err)
			}
		}, "DIR: a.json: cannot be read: no such file or directory"},
		{"a link", func(t *testing.T, d string) {
			write(t, d+"/.data", empty)
			if err := os.Symlink(d+"/.data", d+"/a.json"); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"too large", func(t *testing.T, d string) { write(t, d+"/a.json", empty+strings.Repeat(" ", 1<<20)) }, "DIR/a.json: is larger than 1048576 bytes"},
		{"too many", func(t *testing.T, d string) {
			for i := range 1001 {
				write(t, fmt.Sprintf("%s/%d.json", d, i), empty)
			}
		}, "DIR: holds more than 1000 files"},
		{"not there", func(t *testing.T, d string) {
			if err := os.Remove(d); err != nil {
				t.Fatal(err)
			}
		}, "DIR: cannot be read: no such file or directory"},
	}
	for _, c := range cases {
		t.Run("case="+c.name, func(t *testing.T) {
			d := filepath.Join(t.TempDir(), "policies")
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
			c.make(t, d)
			if got := lint(t, d); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A thousand mistakes are not a thousand lines.
func TestMistakesAreBounded(t *testing.T) {
	list := make([]string, 999)
	for i := range list {
		list[i] = strings.NewReplacer(`"x"`, fmt.Sprintf(`"x%d"`, i), "allow", "Allow").Replace(base)
	}
	d := t.TempDir()
	write(t, d+"/bad.json", document(list...))
	errs := policies.Lint(newGraph(t), nil, d, nil)
	if len(errs) != 201 || errs[200].Error() != "policies: 799 more mistakes" {
		t.Errorf("%d mistakes, the last is %v", len(errs), errs[len(errs)-1])
	}
}

type mistake struct {
	name, text string
	scopes     map[string]string
	good       bool
}
