package onec_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestByParent(t *testing.T) {
	b := newBase(t)
	b.fill(30)
	s := b.open(withLinks)
	parents := []string{id(kindCustomer, 3), "nobody", id(kindCustomer, 4), strings.ToUpper(id(kindCustomer, 7)), zero}
	rows, err := orders(s).ByParent(t.Context(), "customer", parents, datasources.Query{Fields: datasources.NewFields("number", "date"), First: 2, Total: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := []int{len(rows.Parent(0)), len(rows.Parent(1)), len(rows.Parent(2)), len(rows.Parent(3)), len(rows.Parent(4))}; !slices.Equal(got, []int{2, 0, 0, 2, 0}) {
		t.Errorf("rows by parent %v", got)
	}
	if !slices.Equal(rows.Totals, []int{3, 0, 0, 2, 0}) || !rows.More[0] || rows.More[3] {
		t.Errorf("totals %v more %v", rows.Totals, rows.More)
	}
	if p := rows.Parent(0); p[0].Date.Before(p[1].Date) {
		t.Errorf("not the newest first")
	}
	if n := len(b.asked("Document_ЗаказПокупателя")); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}

	t.Run("case=order by a composite reference", func(t *testing.T) {
		rows, err := invoices(s).ByParent(t.Context(), "order", []string{id(kindOrder, 5), id(kindOrder, 6)}, datasources.Query{First: 10, Fields: datasources.NewFields("number")})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range rows.Parent(1) {
			got = append(got, x.Number)
		}
		if !slices.Equal(got, []string{"СЧ-000006", "РН-000006"}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("case=invoice, prefixed", func(t *testing.T) {
		rows, err := payments(s).ByParent(t.Context(), "invoice", []string{"bill:" + id(kindBill, 4), "sale:" + id(kindBill, 4)}, datasources.Query{First: 10, Fields: datasources.NewFields("amount")})
		if err != nil || len(rows.Parent(0)) != 1 || len(rows.Parent(1)) != 0 {
			t.Fatal(rows, err)
		}
		if p := rows.Parent(0)[0]; p.Amount.Amount.String() != "500.00" || p.InvoiceKey != "bill:"+id(kindBill, 4) || p.CustomerKey == "" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("case=number", func(t *testing.T) {
		b.noCase = true
		defer func() { b.noCase = false }()
		rows, err := orders(s).ByParent(t.Context(), "number", []string{"КА00-000005", "ка00-000006", "O'Neil"}, datasources.Query{First: 10})
		if err != nil || len(rows.Parent(0)) != 1 || len(rows.Parent(1)) != 0 {
			t.Fatal(rows.Items, err)
		}
	})
	t.Run("case=order number by a rule", func(t *testing.T) {
		rows, err := invoices(s).ByParent(t.Context(), "orderNumber", []string{"EC-5"}, datasources.Query{First: 10, Fields: datasources.NewFields("id")})
		if err != nil || len(rows.Parent(0)) != 1 || rows.Parent(0)[0].Number != "СЧ-000005" {
			t.Fatal(rows.Items, err)
		}
	})
	t.Run("case=relation it does not have", func(t *testing.T) {
		if _, err := orders(s).ByParent(t.Context(), "quote", []string{"1"}, datasources.Query{First: 1}); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("got %v", err)
		}
	})
}

func TestManyRowsOfOneParent(t *testing.T) {
	b := newBase(t)
	b.fill(3)
	for n := 100; n < 150; n++ {
		b.sell(2, n)
	}
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Page, c.Deleted = 5, true })
	q := datasources.Query{Fields: datasources.NewFields("number"), First: 7, Total: true}
	var got []string
	for {
		rows, err := orders(s).ByParent(t.Context(), "customer", []string{id(kindCustomer, 1), id(kindCustomer, 2)}, q)
		if err != nil {
			t.Fatal(err)
		}
		if rows.Totals[1] != 52 {
			t.Fatalf("total %d, want 52", rows.Totals[1])
		}
		page := rows.Parent(1)
		for _, x := range page {
			got = append(got, x.Number)
		}
		if !rows.More[1] {
			break
		}
		last := page[len(page)-1]
		q.After = &datasources.After{Value: schema.Time(last.Date), ID: last.Key}
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(got)))); len(got) != 52 || n != 52 {
		t.Errorf("got %d rows, %d distinct, want 52", len(got), n)
	}
}
