package ecolix_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// TestColumnsOfScopes asks for the rows of one shop, one carrier and one supplier,
// as policies do: each has exactly his, and together they are all.
func TestColumnsOfScopes(t *testing.T) {
	w := world.New(1, 120)
	truth := world.NewERP(w)
	c := copied(t, config(serve(t, fake.New(w, fake.Options{})).URL, everything()...))
	sync1(t, c)
	orders, quotes, notes := map[string]int{}, map[string]int{}, map[string]int{}
	for k := range truth.Orders {
		orders[truth.OrderShop(k)]++
	}
	for k := range truth.Quotes {
		quotes[truth.Quote(k).Shop]++
	}
	for k := range truth.Notes {
		notes[truth.Note(k).Carrier]++
	}
	ask := func(name, column, value string, want int, count func(datasources.Query) (datasources.Rows[schema.Entity], error)) {
		t.Helper()
		where := schema.Compare(column, schema.Eq, schema.String(value))
		if value == "" {
			where = schema.Predicate{Op: schema.IsNull, Column: column}
		}
		rows, err := count(datasources.Query{Where: where, First: 3, Total: true, Order: schema.Sort{Column: "id"}})
		if err != nil || rows.Totals[0] != want || want == 0 {
			t.Errorf("%s of %q: %v, want %d (%v)", name, value, rows.Totals, want, err)
			return
		}
		for _, r := range rows.Items {
			if !where.Match(r) {
				t.Errorf("%s of %q: %v", name, value, r.Column(column))
			}
		}
	}
	for _, shop := range append(world.ShopNames(), "") {
		ask("orders", "shop", shop, orders[shop], lister[schema.Order](t, c.Source(), "Order"))
		ask("quotes", "shop", shop, quotes[shop], lister[schema.Quote](t, c.Source(), "Quote"))
	}
	for carrier, n := range notes {
		ask("delivery notes", "carrier", carrier, n, lister[schema.DeliveryNote](t, c.Source(), "DeliveryNote"))
	}
	all, err := datasources.ReaderOf[schema.PurchaseOrder](c.Source(), "PurchaseOrder").List(t.Context(), datasources.Query{First: 1000, Order: schema.Sort{Column: "id"}})
	if err != nil || len(all.Items) == 0 {
		t.Fatal(len(all.Items), err)
	}
	bySupplier, byTaxID := map[string]int{}, map[string]int{}
	for _, p := range all.Items {
		bySupplier[p.Supplier]++
		byTaxID[p.SupplierTaxID]++
	}
	for supplier, n := range bySupplier {
		ask("purchase orders", "supplier", supplier, n, lister[schema.PurchaseOrder](t, c.Source(), "PurchaseOrder"))
	}
	for id, n := range byTaxID {
		ask("purchase orders", "supplierTaxId", id, n, lister[schema.PurchaseOrder](t, c.Source(), "PurchaseOrder"))
	}
	for _, column := range []struct{ entity, name string }{{"Order", "shop"}, {"Quote", "shop"}, {"DeliveryNote", "carrier"}, {"PurchaseOrder", "supplier"}, {"PurchaseOrder", "supplierTaxId"}} {
		d := c.Source().Describe()
		if x := d.Entity(column.entity).Column(column.name); x == nil || len(x.Ops) == 0 {
			t.Errorf("%s cannot be filtered by %s", column.entity, column.name)
		}
	}
}

// lister asks for rows as what all rows are.
func lister[T any, P datasources.EntityOf[T]](t *testing.T, s datasources.Source, entity string) func(datasources.Query) (datasources.Rows[schema.Entity], error) {
	return func(q datasources.Query) (out datasources.Rows[schema.Entity], err error) {
		rows, err := datasources.ReaderOf[T](s, entity).List(t.Context(), q)
		for i := range rows.Items {
			out.Items = append(out.Items, P(&rows.Items[i]))
		}
		out.Totals = rows.Totals
		return out, err
	}
}
