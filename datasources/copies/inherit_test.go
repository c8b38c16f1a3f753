package copies_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestCustomerOfItsOrder keeps delivery notes that name their order only: they are
// found by the order's customer, one reading later when the order came later, and
// follow an order that goes to another customer.
func TestCustomerOfItsOrder(t *testing.T) {
	note := func(key, order string) schema.DeliveryNote {
		return schema.DeliveryNote{Record: schema.Record{Source: "erp", Key: key}, Links: schema.Links{OrderKey: order}}
	}
	up := &orderTable{}
	up.set(order(1, "open"), order(2, "open"))
	notes := &table[schema.DeliveryNote, *schema.DeliveryNote]{}
	notes.set(note("n1", "o0001"), note("n2", "o0002"), note("n3", "none"), note("n4", ""), note("n5", "o0003"))
	e := entry("DeliveryNote", schema.Sort{}, 10)
	e.Columns = slices.DeleteFunc(e.Columns, func(c datasources.Column) bool { return c.Name == "customer" })
	src := &system{
		readers: map[string]any{"DeliveryNote": notes, "Order": up},
		entries: []datasources.Entity{e, entry("Order", newest, 10)}, status: datasources.Status{State: "up"},
	}
	c := openCopy(t, copies.Config{}, src, newStore(t), copies.Deps{})
	d := c.Describe()
	if rel := d.Entity("DeliveryNote").Relation("customer"); rel == nil {
		t.Fatal("delivery notes are not said to have customers")
	}
	of := func(customer string) []string {
		t.Helper()
		if err := c.Sync(t.Context(), copies.Options{}); err != nil {
			t.Fatal(err)
		}
		rows, err := datasources.ReaderOf[schema.DeliveryNote](c, "DeliveryNote").ByParent(t.Context(), "customer", []string{customer}, datasources.Query{First: 10})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, n := range rows.Parent(0) {
			if n.CustomerKey != customer {
				t.Errorf("%s is of %q", n.Key, n.CustomerKey)
			}
			got = append(got, n.Key)
		}
		return got
	}
	if got := of("c1"); !slices.Equal(got, []string{"n1"}) { // orders are read first
		t.Errorf("got %v", got)
	}
	up.set(order(1, "open"), order(2, "open"), order(3, "open"))
	if got := of("c3"); !slices.Equal(got, []string{"n5"}) {
		t.Errorf("of an order that came later: %v", got)
	}
	moved := order(1, "open")
	moved.CustomerKey = "c9"
	up.set(moved, order(2, "open"), order(3, "open"))
	if got := of("c9"); !slices.Equal(got, []string{"n1"}) {
		t.Errorf("of an order that moved: %v", got)
	}
	if got := of("c1"); len(got) != 0 {
		t.Errorf("still with the old customer: %v", got)
	}
}
