package odata_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestAddresses writes down what each version is asked, decoded, for a set of
// questions. A human reads the diff.
func TestAddresses(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC)
	for _, version := range []int{2, 3, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			c := shopConfig(f)
			c.Search = "tolower"
			src := open(t, c)
			var b strings.Builder
			ask := func(title string, run func() error) {
				fmt.Fprintf(&b, "# %s\n", title)
				f.calls()
				if err := run(); err != nil {
					fmt.Fprintf(&b, "! %v\n", err)
				}
				for _, call := range f.calls() {
					fmt.Fprintln(&b, call)
				}
			}
			list := func(q datasources.Query) func() error {
				return func() error {
					if q.Fields == nil {
						q.Fields = datasources.NewFields("number")
					}
					if q.First == 0 {
						q.First = 10
					}
					_, err := orders(src).List(t.Context(), q)
					return err
				}
			}
			first, second := string(f.sets["SalesOrders"].rows[0]["OrderID"].(uid)), string(f.sets["SalesOrders"].rows[1]["OrderID"].(uid))
			ask("by keys", func() error {
				_, err := orders(src).ByKeys(t.Context(), []string{first, second, "no-such-key"}, datasources.NewFields("total"))
				return err
			})
			ask("by composite keys", func() error {
				_, err := src.Reader("Invoice").(datasources.Reader[schema.Invoice]).ByKeys(t.Context(), []string{`A\,B,9000000000`, `C\\D,9000000001`, `A\,B,x`, `A,B`}, datasources.NewFields())
				return err
			})
			ask("by text keys", func() error {
				_, err := src.Reader("Product").(datasources.Reader[schema.Product]).ByKeys(t.Context(), []string{"P-01'1", "a&b+c"}, datasources.NewFields("active"))
				return err
			})
			ask("lines are expanded only when asked for", func() error {
				_, err := orders(src).ByKeys(t.Context(), []string{first}, datasources.NewFields("lines"))
				return err
			})
			ask("by parent", func() error {
				_, err := orders(src).ByParent(t.Context(), "customer", []string{"1", "2", "x", "007"}, datasources.Query{Fields: datasources.NewFields("date"), First: 5, Where: schema.Compare("total", schema.Ge, schema.Int(10))})
				return err
			})
			ask("by the number of another document", func() error {
				_, err := src.Reader("Invoice").(datasources.Reader[schema.Invoice]).ByParent(t.Context(), "orderNumber", []string{"SO'001", "SO'002"}, datasources.Query{Fields: datasources.NewFields(), First: 5})
				return err
			})
			ask("newest first, with a total", list(datasources.Query{Total: true}))
			ask("behind a cursor", list(datasources.Query{After: &datasources.After{Value: schema.Time(at), ID: first}, Total: true}))
			ask("behind a cursor, upwards", list(datasources.Query{Order: schema.Sort{Column: "total"}, After: &datasources.After{Value: schema.Int(10), ID: first}}))
			ask("from a value on", list(datasources.Query{Order: schema.Sort{Column: "date"}, After: &datasources.After{Value: schema.Time(at), Inclusive: true}}))
			ask("a status by its map", list(datasources.Query{Where: schema.Compare("status", schema.In, schema.String("open"), schema.String("X"), schema.String("O"))}))
			ask("not", list(datasources.Query{Where: schema.Negate(schema.AllOf(schema.Compare("total", schema.Lt, schema.Int(5)), schema.Compare("customer", schema.Eq, schema.String("3"))))}))
			ask("times", list(datasources.Query{Where: schema.AllOf(schema.Compare("date", schema.Gt, schema.Time(at)), schema.Compare("date", schema.Le, schema.Time(at.Add(123456*time.Microsecond))))}))
			ask("search", list(datasources.Query{Where: schema.AnyOf(schema.Compare("number", schema.Contains, schema.String("o'1")), schema.Compare("number", schema.Prefix, schema.String("SO")))}))
			ask("nothing can match", list(datasources.Query{Where: schema.Compare("customer", schema.Eq, schema.String("abc"))}))
			ask("scan", func() error {
				return src.Reader("Product").(datasources.Scanner[schema.Product]).Scan(t.Context(), "", func(datasources.Scanned[schema.Product]) error { return nil })
			})
			path := filepath.Join("testdata", fmt.Sprintf("addresses.v%d.golden", version))
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("the addresses changed:\n%s", b.String())
			}
		})
	}
}
