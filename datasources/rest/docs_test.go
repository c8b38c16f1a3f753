package rest_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/rest"
)

const page = "../../docs/sources/rest.md"

// TestDocsExample holds the page's example against the file, which TestUnknownShop
// opens.
func TestDocsExample(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../../docs/examples/rest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "<!-- example -->\n```yaml\n")
	example, _, closed := strings.Cut(example, "```")
	if !ok || !closed || example != string(file) {
		t.Error("the page does not show docs/examples/rest.yaml")
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
