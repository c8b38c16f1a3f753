package unknown_test

import (
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

func TestLedgerRecordsJoin(t *testing.T) {
	l := unknown.NewLedger(demo, unknown.LedgerOptions{})
	for _, join := range []struct{ set, owner, of string }{
		{"SalesOrders", "BusinessPartners", ""},
		{"SalesOrderItems", "BusinessPartners", "SalesOrders"},
		{"SalesInvoices", "BusinessPartners", "SalesOrders"},
		{"SalesInvoiceItems", "BusinessPartners", "SalesInvoices"},
		{"IncomingPayments", "BusinessPartners", "SalesInvoices"},
	} {
		t.Run("case="+join.set, func(t *testing.T) {
			linked := 0
			for _, r := range l.Records(join.set) {
				if r.Set != join.set {
					t.Fatalf("set: got %s", r.Set)
				}
				if owner, ok := l.Record(join.owner, r.Owner); !ok || owner.Customer != r.Customer {
					t.Fatalf("%s has no owner %s", r.ID, r.Owner)
				}
				if r.Of == "" {
					continue
				}
				linked++
				if of, ok := l.Record(join.of, r.Of); !ok || of.Customer != r.Customer {
					t.Fatalf("%s belongs to no %s", r.ID, r.Of)
				}
			}
			if (linked > 0) != (join.of != "") {
				t.Errorf("%d rows belong to another", linked)
			}
		})
	}
	items, payments := map[string]int{}, map[string]int{}
	for _, r := range l.Records("SalesInvoiceItems") {
		items[r.Of]++
	}
	for _, r := range l.Records("IncomingPayments") {
		payments[r.Of]++
	}
	for _, r := range l.Records("SalesInvoices") {
		v := demo.Invoice(r.Customer, r.Index)
		equal(t, "items and payments", fmt.Sprint(items[r.ID], payments[r.ID]), fmt.Sprint(len(v.Lines), len(v.Payments)))
	}
	if l.Records("Customers") != nil {
		t.Error("records of a set that does not exist")
	}
	defer func() {
		if recover() == nil {
			t.Error("version 5 was taken")
		}
	}()
	unknown.NewLedger(demo, unknown.LedgerOptions{Version: 5})
}
