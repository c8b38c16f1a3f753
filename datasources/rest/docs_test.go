package rest_test

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/rest"
)

const page = "../../docs/sources/rest.md"

// TestDocsExample reads the example of the page: it is the configuration the other
// tests use.
func TestDocsExample(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "<!-- example -->\n```yaml\n")
	example, _, closed := strings.Cut(example, "```")
	if !ok || !closed {
		t.Fatal("the page has no example")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(example, "${ERP_KEY}", "dol-key")), &doc); err != nil {
		t.Fatal(err)
	}
	source := doc.Content[0].Content[1].Content[0]
	for _, key := range []string{"kind", "supply"} {
		i := slices.IndexFunc(source.Content, func(n *yaml.Node) bool { return n.Value == key })
		source.Content = slices.Delete(source.Content, i, i+2)
	}
	long(source, reflect.TypeFor[rest.Config]())
	written, err := yaml.Marshal(source)
	if err != nil {
		t.Fatal(err)
	}
	got := rest.DefaultConfig()
	dec := yaml.NewDecoder(bytes.NewReader(written))
	dec.KnownFields(true)
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	if err := got.CanLive(); err != nil {
		t.Error(err)
	}
	want := dolibarr("https://erp.example.com")
	order(&want, func(e *rest.Entity) { e.Query = nil })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// long writes the short forms of a configuration out, as the configuration's reader
// understands them.
func long(n *yaml.Node, t reflect.Type) {
	switch {
	case t == reflect.TypeFor[rest.Field]() && n.Kind != yaml.MappingNode:
		own := *n
		*n = yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "at"}, &own}}
		long(&own, reflect.TypeFor[[]string]())
	case t.Kind() == reflect.Slice && n.Kind == yaml.ScalarNode:
		own := *n
		*n = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{&own}}
	case t.Kind() == reflect.Slice:
		for _, item := range n.Content {
			long(item, t.Elem())
		}
	case t.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			long(n.Content[i], t.Elem())
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			for j := range t.NumField() {
				if t.Field(j).Tag.Get("yaml") == n.Content[i].Value {
					long(n.Content[i+1], t.Field(j).Type)
				}
			}
		}
	}
}

// TestDocsColumns holds the page's lists of columns against the tables.
func TestDocsColumns(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	common := []string{"id", "createdAt", "updatedAt", "deleted", "customer", "order", "quote", "invoice", "orderNumbers", "quoteNumbers", "invoiceNumbers"}
	check := func(row string, columns []mapping.Column, without []string) {
		var names []string
		for _, c := range columns {
			if !slices.Contains(without, c.Name) {
				names = append(names, c.Name)
			}
		}
		want := "| " + row + " | " + strings.Join(names, ", ") + " |\n"
		if !strings.Contains(string(text), want) {
			t.Errorf("the page does not say\n%s", want)
		}
	}
	for _, name := range mapping.Entities() {
		columns := mapping.Columns(name)
		check(name, columns, common)
		for _, c := range columns {
			if c.Nested != nil {
				check("in `"+c.Name+"`", c.Nested, nil)
			}
		}
	}
	for _, keyed := range []any{rest.Config{}, rest.Entity{}, rest.Stock{}, rest.Keys{}, rest.Paging{}, rest.Reply{}, rest.Window{}, rest.Auth{}, rest.Exchange{}, rest.Locale{}, rest.Field{}, rest.Rate{}} {
		for j := range reflect.TypeOf(keyed).NumField() {
			key := reflect.TypeOf(keyed).Field(j).Tag.Get("yaml")
			if key == "" || !strings.Contains(string(text), key) {
				t.Errorf("the page does not name the key %q", key)
			}
		}
	}
}
