package odata_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

func ids(f *fake, from, to int) []string {
	var list []string
	for _, r := range f.sets["SalesOrders"].rows[from:to] {
		list = append(list, string(r["OrderID"].(uid)))
	}
	return list
}

// TestRows compares rows with a golden file, which is the same for all versions:
// what a version does to values ends in this package.
func TestRows(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			src := open(t, shopConfig(f))
			got, err := orders(src).ByKeys(t.Context(), ids(f, 3, 8), nil)
			if err != nil {
				t.Fatal(err)
			}
			invoices, err := src.Reader("Invoice").(datasources.Reader[schema.Invoice]).ByKeys(t.Context(), []string{`A\,B,9000000004`, `C\\D,9000000001`}, nil)
			if err != nil {
				t.Fatal(err)
			}
			products, err := src.Reader("Product").(datasources.Reader[schema.Product]).List(t.Context(), datasources.Query{First: 2})
			if err != nil {
				t.Fatal(err)
			}
			var customers []datasources.CustomerRecord
			if err := src.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
				customers = append(customers, page...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for i := range got.Items { // only version 2 cuts times to milliseconds
				got.Items[i].Date = got.Items[i].Date.Truncate(1e6)
				got.Items[i].CreatedAt = got.Items[i].CreatedAt.Truncate(1e6)
			}
			slices.SortFunc(got.Items, func(a, b schema.Order) int { return strings.Compare(a.Key, b.Key) })
			slices.SortFunc(invoices.Items, func(a, b schema.Invoice) int { return strings.Compare(a.Key, b.Key) })
			var b strings.Builder
			for _, x := range got.Items {
				fmt.Fprintf(&b, "order %s %s of %s: %s %s %s %q %q\n", x.Key, x.Number, x.CustomerKey, x.Date, money(x.Total), x.Status, x.CustomerReference, x.Notes)
				for _, l := range x.Lines {
					fmt.Fprintf(&b, "  %d %s %q %s x %s\n", *l.Position, l.SKU, l.Name, l.Quantity, money(l.UnitPrice))
				}
			}
			for _, x := range invoices.Items {
				fmt.Fprintf(&b, "invoice %s %s of %s: %s %s %s %q\n", x.Key, x.Number, x.CustomerKey, x.Date, money(x.Total), x.Kind, x.OrderNumbers)
			}
			for _, x := range products.Items {
				fmt.Fprintf(&b, "product %s %q %s %t\n", x.SKU, x.Name, money(x.Price), *x.Active)
			}
			for _, x := range customers[:2] {
				fmt.Fprintf(&b, "customer %s %q %s %s %q\n", x.ID, x.Name, x.TaxID, x.Country, x.Email)
			}
			text := b.String()
			path := filepath.Join("testdata", "rows.golden")
			if *update && version == 4 {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if text != string(want) {
				t.Errorf("rows differ:\n%s", text)
			}
		})
	}
}

func money(m *schema.Money) string {
	if m == nil {
		return "-"
	}
	return m.Amount.String() + " " + m.Currency
}

// TestCalls counts upstream calls: never one for each row.
func TestCalls(t *testing.T) {
	for _, x := range []struct {
		name    string
		version int
		with    func(*fake, *odata.Config)
		run     func(t *testing.T, f *fake, src datasources.Source) error
		want    int
	}{
		{"keys fit one call", 4, nil, byKeys(0, 20), 1},
		{"keys by batch", 4, func(_ *fake, c *odata.Config) { c.Batch = 6 }, byKeys(0, 20), 4},
		{"keys by the length of the address", 2, nil, byKeys(0, 60), 3},
		{"a link of the server is followed", 4, func(f *fake, _ *odata.Config) { f.pageCap = 8 }, byKeys(0, 20), 3},
		{"in is tried once", 4, func(f *fake, c *odata.Config) { f.hasIn = false; c.Batch = 6 }, byKeys(0, 20), 5},
		{"in is not tried for one key", 4, func(f *fake, _ *odata.Config) { f.hasIn = false }, byKeys(0, 1), 1},
		{"in by config", 4, func(f *fake, c *odata.Config) { c.In = "no"; c.Batch = 30 }, byKeys(0, 20), 1},
		{"parents", 3, nil, byParent(50), 1},
		{"parents whose rows fill pages", 3, func(_ *fake, c *odata.Config) { c.Page = 20 }, byParent(50), 3},
		{"parents whose rows are too many are asked in halves", 3, func(_ *fake, c *odata.Config) { c.Page, c.LocalBound = 20, 20 }, byParent(3), 10},
		{"a list with its total", 4, nil, list(datasources.Query{First: 10, Total: true}), 1},
		{"a list of two server pages", 4, func(f *fake, _ *odata.Config) { f.pageCap = 7 }, list(datasources.Query{First: 10}), 2},
		{"a filter made here", 4, func(_ *fake, c *odata.Config) { c.Page = 25 }, list(datasources.Query{First: 100, Where: schema.Compare("number", schema.Contains, schema.String("5"))}), 3},
		{"no match, no call", 4, nil, list(datasources.Query{First: 10, Where: schema.Compare("source", schema.Eq, schema.String("other"))}), 0},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			f := newShop(t, x.version)
			c := shopConfig(f)
			if x.with != nil {
				x.with(f, &c)
			}
			src := open(t, c)
			if err := x.run(t, f, src); err != nil {
				t.Fatal(err)
			}
			if calls := f.calls(); len(calls) != x.want {
				t.Errorf("%d calls instead of %d:\n%s", len(calls), x.want, strings.Join(calls, "\n"))
			}
			if f.metas != 1 && x.want > 0 {
				t.Errorf("$metadata was read %d times", f.metas)
			}
		})
	}
}

type run = func(t *testing.T, f *fake, src datasources.Source) error

func byKeys(from, to int) run {
	return func(t *testing.T, f *fake, src datasources.Source) error {
		rows, err := orders(src).ByKeys(t.Context(), ids(f, from, to), datasources.NewFields("number"))
		if err == nil && len(rows.Items) != to-from {
			t.Errorf("%d rows of %d keys", len(rows.Items), to-from)
		}
		return err
	}
}

func byParent(first int) run {
	return func(t *testing.T, _ *fake, src datasources.Source) error {
		parents := []string{"1", "2", "3", "4", "5", "6", "7", "8"}
		rows, err := orders(src).ByParent(t.Context(), "customer", parents, datasources.Query{Fields: datasources.NewFields("date"), First: first, Order: schema.Sort{Column: "date", Desc: true}})
		if err == nil && (len(rows.Items) < 20 || len(rows.Parent(7)) != 0 || len(rows.Parent(0)) == 0) {
			t.Errorf("%d rows", len(rows.Items))
		}
		return err
	}
}

func list(q datasources.Query) run {
	return func(t *testing.T, _ *fake, src datasources.Source) error {
		rows, err := orders(src).List(t.Context(), q)
		if err == nil && q.Total && rows.Totals[0] != 60 {
			t.Errorf("a total of %d", rows.Totals[0])
		}
		return err
	}
}
