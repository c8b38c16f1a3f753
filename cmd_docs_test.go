package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/notes"
)

var updateDocs = flag.Bool("update-docs", false, "write docs/packages anew")

// docs/packages is what the command writes: `go test -run TestPackageNotes . -update-docs`.
func TestPackageNotes(t *testing.T) {
	kept := absolute(t, "docs/packages")
	dir := t.TempDir()
	if *updateDocs {
		dir = kept
	}
	t.Chdir(t.TempDir()) // a trama.yaml beside the sources is not the default
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"docs", "packages", "--out", dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	got := markdown(t, dir)
	if names := markdown(t, kept); !slices.Equal(got, names) {
		t.Errorf("docs/packages has %v, want %v", names, got)
	}
	if len(got) < 40 {
		t.Errorf("there are %d notes, want ten packages in four languages", len(got))
	}
	for _, name := range got {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("docs/packages/%s is not what the command writes, see -update-docs (%v)", name, err)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func markdown(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	slices.Sort(names)
	return names
}

func TestDocsPackages(t *testing.T) {
	dir := t.TempDir()
	own := `{"package": "press", "titles": {"en": "Press"}, "summaries": {"en": "Articles for the press."}, "example": "{ products(first: 1) { nodes { name } } }",
		"policies": [{"id": "press-products", "description": "Names.", "subjects": ["package:press"], "effect": "allow",
			"resources": ["graph:Query.products", "graph:Product.<id|name>"], "actions": ["read"]}]}`
	bare := `{"package": "bare", "policies": [{"id": "bare-products", "description": "Names.", "subjects": ["package:bare"], "effect": "allow",
			"resources": ["graph:Query.products", "graph:Product.<id|name>"], "actions": ["read"]}]}`
	extra := `{"package": "extra", "policies": [
		{"id": "extra-tax", "description": "Tax.", "subjects": ["package:extra"], "effect": "allow", "resources": ["graph:Customer.taxId"], "actions": ["read"],
			"conditions": {"request.address": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}}},
		{"id": "extra-masked", "description": "Half.", "subjects": ["package:extra"], "effect": "allow", "resources": ["graph:Customer.<phone|email>"], "actions": ["mask:last4"]},
		{"id": "extra-whole", "description": "Whole.", "subjects": ["package:extra"], "effect": "allow", "resources": ["graph:Customer.<phone|email>"], "actions": ["read"]},
		{"id": "extra-not", "description": "No mail.", "subjects": ["package:extra"], "effect": "deny", "resources": ["graph:Customer.email"], "actions": ["read"]}]}`
	files := map[string]string{
		"policies/press.json": own, "policies/bare.json": bare, "policies/extra.json": extra, "wrong/trama.yaml": "limit: {}\n",
		"trama.yaml": "public_url: https://graph.example.org/\nlimits: {page_size: 200}\npolicies: {dir: " + filepath.Join(dir, "policies") + "}\n" +
			"sources: [{name: desk, kind: otrs, url: 'https://desk.example.org/otrs/nph-genericinterface.pl/Webservice/Trama', user: api, password: secret}]\n",
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config, wrong := filepath.Join(dir, "trama.yaml"), filepath.Join(dir, "wrong")
	empty := t.TempDir()
	tests := []struct {
		name string
		in   string // the working directory, "" for an empty one
		args []string
		code int
		want string // in what it prints
		not  string
	}{
		{name: "one", args: []string{"carrier"}, want: "# Carrier – technical note\n", not: "# Supplier"},
		{name: "two", args: []string{"supplier", "carrier"}, want: "# Supplier – technical note\n"},
		{name: "in French", args: []string{"carrier", "--lang", "fr"}, want: "# Transporteur – note technique\n"},
		{name: "rows by the usual scope", args: []string{"carrier"}, want: "only where `carrier` is the `carrier` of your token."},
		{name: "a scope that is not configured", args: []string{"carrier", "--config", config}, code: 2, want: "package carrier shows nothing: scope.carrier is not configured"},
		{name: "all that are configured", args: []string{"--config", config}, want: "# CRM – technical note", not: "# Carrier"},
		{name: "the operator's own package", args: []string{"press", "--config", config}, want: "POST https://graph.example.org/graphql`"},
		{name: "the operator's limits", args: []string{"press", "--config", config}, want: "at most 200."},
		{name: "an unknown package", args: []string{"carier"}, code: 2, want: `no package "carier": there are admin, bi,`},
		{name: "an unknown language", args: []string{"--lang", "de"}, code: 2, want: `--lang: no notes in the language "de": there are en, fr, ro and pt`},
		{name: "a title that was not translated", args: []string{"press", "--config", config, "--lang", "ro"}, want: "# Press – notă tehnică\n"},
		{name: "no title, no example", args: []string{"bare", "--config", config, "--lang", "fr"}, want: "# bare – note technique\n", not: "## Exemple"},
		{name: "a package that adds fields to another", args: []string{"extra", "--config", config}, want: "| `taxId` | `String` | The fiscal number, without spaces or country prefix; leading zeros kept. Only under the conditions agreed with you", not: "## Lists"},
		{name: "a mask that another policy of it lifts", args: []string{"extra", "--config", config}, want: "| `phone` | `String` | The general telephone number. |", not: "Masked"},
		{name: "a field it denies itself", args: []string{"extra", "--config", config}, want: "### Customer", not: "| `email`"},
		{name: "trama.yaml where it stands", in: dir, args: []string{"press"}, want: "POST https://graph.example.org/graphql`"},
		{name: "another configuration than trama.yaml", in: dir, args: []string{"press", "--config", filepath.Join(dir, "none.yaml")}, code: 2, want: "none.yaml"},
		{name: "a trama.yaml that is wrong", in: wrong, args: []string{"carrier"}, code: 2, want: "limit: unknown key"},
		{name: "no configuration", args: []string{"--config", filepath.Join(dir, "none.yaml")}, code: 2, want: "none.yaml"},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			t.Chdir(cmp.Or(tt.in, empty))
			var stdout, stderr bytes.Buffer
			code := execute(t.Context(), append([]string{"docs", "packages"}, tt.args...), &stdout, &stderr)
			if code != tt.code {
				t.Fatalf("exit code %d, want %d: %s", code, tt.code, stderr.String())
			}
			if said := stdout.String() + stderr.String(); !strings.Contains(said, tt.want) {
				t.Errorf("it does not say %q:\n%s", tt.want, said)
			} else if tt.not != "" && strings.Contains(said, tt.not) {
				t.Errorf("it says %q", tt.not)
			}
		})
	}
}

// The example of every package is a question its own token can ask, and it shows
// something.
func TestExamplesRunInTheDemo(t *testing.T) {
	a, box := demoApp(t, demoOptions{customers: 60, cache: time.Minute, timeout: time.Minute})
	p, err := openNotes(t.Context(), &a.cfg)
	if err != nil {
		t.Fatal(err)
	}
	result, err := a.web.Execute(t.Context(), operator(), `{ customers(first: 60) { nodes { id tickets(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } } } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Data struct {
			Customers struct {
				Nodes []struct {
					ID              string
					Tickets, Orders struct{ Nodes []struct{ ID string } }
				}
			}
		}
	}
	if err := json.Unmarshal(result.AppendJSON(nil), &all); err != nil {
		t.Fatal(err)
	}
	customer := ""
	for _, c := range all.Data.Customers.Nodes {
		if len(c.Tickets.Nodes) > 0 && len(c.Orders.Nodes) > 0 {
			customer = c.ID
		}
	}
	erp := world.NewERP(box.World)
	claims := map[string]string{"shop": erp.Shops()[0], "carrier": erp.Carriers()[0], "supplier": erp.SupplierNames()[0], "customer": customer}
	for i := range p.packages {
		of := &p.packages[i]
		t.Run("case="+of.Name, func(t *testing.T) {
			mine := map[string]string{}
			for _, c := range of.Claims {
				mine[c] = claims[c]
			}
			who := &policies.Principal{TokenID: "t-" + of.Name, Account: of.Name, Role: "member", Packages: []string{of.Name}, Claims: mine, Door: "graphql"}
			result, err := a.web.Execute(t.Context(), who, of.Example, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Errors()) > 0 {
				t.Fatalf("errors: %v", result.Errors())
			}
			var answer struct{ Data map[string]json.RawMessage }
			if err := json.Unmarshal(result.AppendJSON(nil), &answer); err != nil {
				t.Fatal(err)
			}
			for field, raw := range answer.Data {
				if field == "sources" { // no page, in the example of admin
					continue
				}
				var page struct{ Nodes []map[string]any }
				if err := json.Unmarshal(raw, &page); err != nil || len(page.Nodes) == 0 {
					t.Errorf("%s has no rows (%v): %s", field, err, raw)
				}
				for _, row := range page.Nodes {
					for column, value := range row {
						if of.Name == "ecommerce" && value == nil { // what a shop shows first must not look broken
							t.Errorf("%s.%s is null: %s", field, column, raw)
						}
					}
				}
			}
			questions(t, a, p, of, who)
		})
	}
}

var graphqlFence = regexp.MustCompile("(?s)```graphql\n(.*?)```")

// questions asks what a package's note shows: the filter, the date and the page.
func questions(t *testing.T, a *app, p *packageNotes, of *notes.Package, who *policies.Principal) {
	t.Helper()
	in, err := p.input(t.Context(), *of)
	if err != nil {
		t.Fatal(err)
	}
	in.Language = notes.English
	var b strings.Builder
	if err := notes.Render(&b, in); err != nil {
		t.Fatal(err)
	}
	blocks := graphqlFence.FindAllStringSubmatch(b.String(), -1)
	if len(blocks) != 4 {
		t.Errorf("the note has %d questions, want the example, a filter, a date and a page", len(blocks))
	}
	for _, block := range blocks {
		result, err := a.web.Execute(t.Context(), who, block[1], nil)
		if err != nil {
			t.Errorf("%s: %v", block[1], err)
		} else if len(result.Errors()) > 0 {
			t.Errorf("%s: %v", block[1], result.Errors())
		}
	}
}
