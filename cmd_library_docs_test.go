package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
)

// reportPages are the pages for who makes reports.
var reportPages = []string{"datasets.md", "powerbi.md", "excel.md", "duckdb-pandas.md"}

// docsWorld is what the pages are held against: the shipped datasets and those that the
// pages show, as the packages admin and bi have them.
type docsWorld struct {
	catalogue *dataset.Catalogue
	view      map[string]*policies.View
	schema    map[string]*ast.Schema
	texts     map[string]string // that the pages show, by name
}

var queryFence = regexp.MustCompile("(?s)```graphql\n(.*?)```")

func openDocs(t *testing.T) *docsWorld {
	t.Helper()
	w := &docsWorld{view: map[string]*policies.View{}, schema: map[string]*ast.Schema{}, texts: map[string]string{}}
	texts, err := dataset.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^query (\w+) @dataset`)
	for _, page := range reportPages {
		for _, block := range queryFence.FindAllStringSubmatch(example(t, filepath.Join("docs", page)), -1) {
			if m := named.FindStringSubmatch(block[1]); m != nil {
				texts[m[1]], w.texts[m[1]] = block[1], block[1]
			}
		}
	}
	var wrong []dataset.Problem
	w.catalogue, wrong = dataset.Load(texts, graph.Full())
	for _, p := range wrong {
		t.Errorf("a dataset the pages show: %v", p)
	}
	g, err := graphOf()
	if err != nil {
		t.Fatal(err)
	}
	e, err := policies.Open(t.Context(), policies.Options{Graph: g, Shipped: packages.FS})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin", "bi"} {
		v, err := e.View(t.Context(), &policies.Principal{TokenID: "t", Account: "a", Role: "member", Packages: []string{name}, Door: reportsDoor})
		if err != nil {
			t.Fatal(err)
		}
		if w.schema[name], err = graph.For(v); err != nil {
			t.Fatal(err)
		}
		w.view[name] = v
	}
	return w
}

// table is a dataset as a package has it, nil where it has none.
func (w *docsWorld) table(pkg, name string) *dataset.Table {
	d, ok := w.catalogue.Get(name)
	if !ok {
		return nil
	}
	t, ok := d.For(w.view[pkg], w.schema[pkg])
	if !ok {
		return nil
	}
	return t
}

// shippedColumns writes the part of docs/datasets.md that lists them.
func (w *docsWorld) shippedColumns(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	texts, err := dataset.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range w.catalogue.Names() {
		if _, ok := texts[name]; !ok {
			continue
		}
		all, mine := w.table("admin", name), w.table("bi", name)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| column | type | in `bi` | |\n|---|---|---|---|\n", name, all.Description)
		for _, c := range all.Columns[dataset.FixedColumns:] {
			has := "not there"
			if i := slices.IndexFunc(mine.Columns, func(m dataset.Column) bool { return m.Name == c.Name }); i >= 0 {
				has = map[bool]string{true: "masked"}[mine.Columns[i].IsMasked]
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Type, has, strings.ReplaceAll(c.Label, "|", "\\|"))
		}
	}
	return b.String()
}

// The columns the page shows are those there are: written by -update-docs.
func TestDatasetsPage(t *testing.T) {
	path := filepath.Join("docs", "datasets.md")
	page := example(t, path)
	head, rest, ok := strings.Cut(page, "<!-- columns:")
	line, _, okLine := strings.Cut(rest, "\n")
	_, tail, okEnd := strings.Cut(rest, "<!-- end of columns -->")
	if !ok || !okLine || !okEnd {
		t.Fatal("the page has no place for the columns")
	}
	want := head + "<!-- columns:" + line + "\n" + openDocs(t).shippedColumns(t) + "\n<!-- end of columns -->" + tail
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		page = want
	}
	if page != want {
		t.Error("docs/datasets.md does not show the columns there are, see -update-docs")
	}
	for name, text := range openDocs(t).texts {
		if !strings.Contains(text, "query "+name) {
			t.Errorf("%s is %s", name, text)
		}
	}
	for _, bound := range []struct {
		label string
		n     int
	}{
		{"datasets of a server", dataset.MaxDatasets},
		{"columns of a table", dataset.MaxColumns},
		{"objects within objects", dataset.MaxDepth},
		{"root lists of a summary", dataset.MaxLists},
		{"groups of an aggregation", dataset.MaxGroups},
	} {
		n := strings.Replace(fmt.Sprint(bound.n), "2000000", "2,000,000", 1)
		if !regexp.MustCompile(`\| ` + bound.label + `[^|]*\| ` + n + ` \|`).MatchString(page) {
			t.Errorf("the page does not say that %s are %d at most", bound.label, bound.n)
		}
	}
}

// What the page says of the columns of its examples is so.
func TestDatasetsPageExamples(t *testing.T) {
	w := openDocs(t)
	for name, want := range map[string]string{
		"shop_lines": "order_number order_date order_customer_name order_customer_country sku quantity total_amount total_currency",
		"invoiced":   "date_month customer_country currency invoices invoiced overdue",
		"activity":   "name currency orders ordered tickets",
	} {
		table := w.table("admin", name)
		if table == nil {
			t.Errorf("%s is not there", name)
			continue
		}
		var got []string
		for _, c := range table.Columns[dataset.FixedColumns:] {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %v, want %s", name, got, want)
		}
	}
}

var (
	addresses = regexp.MustCompile(`/(odata|export)/[\w.]+(\?[^"\n` + "`" + `]*)?`)
	mFence    = regexp.MustCompile("(?s)```powerquery\n(.*?)```")
	mTable    = regexp.MustCompile(`\[Name = "(\w+)", Signature = "table"\]`)
	mColumns  = regexp.MustCompile(`\[(\w+)\] (?:>=|<)|"(\w+)"[,}]`)
)

// asked parses a question as the doors do.
func (w *docsWorld) asked(file, query string) error {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	table := w.table("bi", name)
	if table == nil {
		return fmt.Errorf("bi has no table %s", name)
	}
	if ext := strings.TrimPrefix(filepath.Ext(file), "."); ext != "" && !slices.Contains(output.Formats(), output.Format(ext)) {
		return fmt.Errorf("%s is no format", ext)
	}
	_, err := odata.Parse(name, query, func(string) (*odata.Set, bool) { return report.Set(table), true }, odata.Limits{Custom: []string{"separator", "decimal", "bom"}})
	return err
}

// Every address and every M query of the pages is one that is answered: its table, its
// columns and its filter are there for the package bi.
func TestReportPagesAddresses(t *testing.T) {
	w := openDocs(t)
	addressesSeen, queriesSeen := 0, 0
	for _, page := range reportPages {
		text := example(t, filepath.Join("docs", page))
		for _, found := range addresses.FindAllString(text, -1) {
			path, query, _ := strings.Cut(found, "?")
			door, file, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			if file == "trama.pbids" || door == "export" && slices.Contains(output.Formats(), output.Format(file)) {
				continue
			}
			addressesSeen++
			if err := w.asked(file, strings.ReplaceAll(query, " ", "%20")); err != nil {
				t.Errorf("%s: %s: %v", page, found, err)
			}
		}
		for _, block := range mFence.FindAllStringSubmatch(text, -1) {
			m := mTable.FindStringSubmatch(block[1])
			if m == nil || w.table("bi", m[1]) == nil {
				t.Errorf("%s: no table in %s", page, block[1])
				continue
			}
			queriesSeen++
			for _, c := range mColumns.FindAllStringSubmatch(strings.SplitAfterN(block[1], m[0], 2)[1], -1) {
				if name := c[1] + c[2]; !slices.ContainsFunc(w.table("bi", m[1]).Columns, func(c dataset.Column) bool { return c.Name == name }) {
					t.Errorf("%s: %s has no column %s", page, m[1], name)
				}
			}
		}
	}
	if addressesSeen < 6 || queriesSeen < 3 {
		t.Errorf("only %d addresses and %d queries were found", addressesSeen, queriesSeen)
	}
}

// Every `trama export` of the pages is a command line that is taken, and asks what is
// answered.
func TestReportPagesCommands(t *testing.T) {
	w := openDocs(t)
	var lines []string
	for _, page := range append(slices.Clone(reportPages), filepath.Join("..", "README.md")) {
		for _, line := range strings.Split(example(t, filepath.Join("docs", page)), "\n") {
			line = strings.TrimPrefix(line, "bin/")
			if strings.HasPrefix(line, "trama export ") {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) < 7 {
		t.Errorf("only %d commands were found", len(lines))
	}
	var asked *url.URL
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked = r.URL; w.WriteHeader(http.StatusOK) }))
	defer server.Close()
	for _, line := range lines {
		t.Run("case="+line, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("TRAMA_TOKEN", "trm_test_x")
			for name, text := range w.texts {
				if err := os.WriteFile(name+".graphql", []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var said strings.Builder
			if code := execute(t.Context(), append(words(line)[1:], "--url", server.URL), &said, &said); code != 0 {
				t.Fatal(said.String())
			}
			file := strings.TrimPrefix(asked.Path, "/export/")
			if slices.Contains(output.Formats(), output.Format(file)) {
				return // a text, which was read above
			}
			if err := w.asked(file, asked.RawQuery); err != nil {
				t.Error(err)
			}
		})
	}
}

// words parts a command line as a shell does, as far as the pages need it.
func words(line string) []string {
	line, _, _ = strings.Cut(line, " #")
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// The GraphQL the pages show, beside datasets, is asked of a server.
func TestReportPagesQuestions(t *testing.T) {
	_, ask := bare(t, "admin")
	n := 0
	for _, page := range reportPages {
		for _, block := range queryFence.FindAllStringSubmatch(example(t, filepath.Join("docs", page)), -1) {
			if strings.Contains(block[1], "@dataset") {
				continue
			}
			n++
			variables := map[string]any{}
			if strings.Contains(block[1], "$text") {
				variables["text"] = openDocs(t).texts["invoiced"]
			}
			ask["admin"].must(block[1], variables)
		}
	}
	if n < 2 {
		t.Errorf("only %d were found", n)
	}
}
