package onec_test

import (
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestByKeys(t *testing.T) {
	b := newBase(t)
	b.fill(20)
	s := b.open(withLinks)
	keys := []string{"bill:" + id(kindBill, 1), "sale:" + id(kindSale, 2), "tax:" + id(kindTax, 3), "bill:" + id(kindSale, 2), "bill:nonsense", id(kindBill, 1), "bill:' or 1 eq 1"}
	rows, err := invoices(s).ByKeys(t.Context(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]schema.Invoice{}
	for _, x := range rows.Items {
		got[x.Key] = x
	}
	if len(got) != 3 || len(rows.Items) != 3 {
		t.Fatalf("got %d rows, want the three that exist", len(rows.Items))
	}
	x := got[keys[0]]
	if x.Kind != schema.InvoiceBill || x.Number != "СЧ-000001" || x.CustomerKey != id(kindCustomer, 1) || x.OrderKey != id(kindOrder, 1) || x.Status != "posted" || x.Source != "books" {
		t.Errorf("bill: %+v", x)
	}
	if want := time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC); !x.Date.Equal(want) {
		t.Errorf("date %s, want %s", x.Date, want)
	}
	if x.Total.Currency != "EUR" || x.Total.Amount.String() != "1001.50" || x.Tax.Amount.String() != "133.43" {
		t.Errorf("total %v, tax %v", x.Total, x.Tax)
	}
	if len(x.OrderNumbers) != 1 || x.OrderNumbers[0] != "EC-1" {
		t.Errorf("order numbers %q", x.OrderNumbers)
	}
	if len(x.Lines) != 2 || x.Lines[0].SKU != "ART-002" || x.Lines[0].Unit != "шт" || x.Lines[0].TaxRate.String() != "20" || x.Lines[1].Name != "Доставка" || *x.Lines[1].Position != 2 {
		t.Errorf("lines %+v %+v", x.Lines[0], x.Lines[1])
	}
	if x.Paid == nil || !x.Paid.Amount.IsZero() {
		t.Errorf("paid %v, want nothing", x.Paid)
	}
	if tax := got[keys[2]]; tax.InvoiceKey != "sale:"+id(kindSale, 3) || tax.Tax.Amount.String() != "133.43" || len(tax.Lines) > 0 {
		t.Errorf("tax invoice %+v", tax)
	}
}

func TestPaidIsComputedFromPayments(t *testing.T) {
	b := newBase(t)
	b.fill(20)
	s := b.open(nil)
	rows, err := invoices(s).ByKeys(t.Context(), []string{"bill:" + id(kindBill, 2), "bill:" + id(kindBill, 10)}, datasources.NewFields("paid"))
	if err != nil || len(rows.Items) != 2 {
		t.Fatal(len(rows.Items), err)
	}
	for _, x := range rows.Items {
		want := "500.00"
		if x.Key == "bill:"+id(kindBill, 10) { // its payment is not posted
			want = "0.00"
		}
		if x.Paid == nil || x.Paid.Amount.String() != want || x.Paid.Currency != "MDL" {
			t.Errorf("%s: paid %v, want %s", x.Number, x.Paid, want)
		}
	}
	if n := len(b.asked("Document_ПоступлениеНаРасчетныйСчет")); n != 1 {
		t.Errorf("%d calls for payments, want 1", n)
	}
	_, _ = invoices(s).ByKeys(t.Context(), []string{"bill:" + id(kindBill, 2)}, datasources.NewFields("number"))
	if n := len(b.asked("Document_ПоступлениеНаРасчетныйСчет")); n != 0 {
		t.Errorf("payments were read although nobody asked")
	}
}

func TestOnlyAskedColumnsAreRead(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	s := b.open(nil)
	_, err := orders(s).ByKeys(t.Context(), []string{id(kindOrder, 1)}, datasources.NewFields("number"))
	if err != nil {
		t.Fatal(err)
	}
	want := "Document_ЗаказПокупателя?$format=json&$select=Ref_Key,DeletionMark,Number,Контрагент_Key&$filter=(Ref_Key eq guid'" + id(kindOrder, 1) + "')"
	if got := b.asked("Document_ЗаказПокупателя"); len(got) != 1 || got[0] != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := b.asked("Catalog_Валюты"); len(got) > 0 {
		t.Errorf("currencies were read for nobody")
	}
}

func TestStatusOfAReference(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Deleted = true })
	rows, err := orders(s).ByKeys(t.Context(), []string{id(kindOrder, 1)}, datasources.NewFields("status", "dueDate"))
	if err != nil || rows.Items[0].Status != "В работе" || !rows.Items[0].DueDate.IsZero() {
		t.Errorf("%+v %v", rows.Items, err)
	}
}

func TestKeysAreReadInBatches(t *testing.T) {
	b := newBase(t)
	b.fill(120)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Batch, c.MaxQuery, c.Deleted = 50, 8000, true })
	var keys []string
	for n := range 120 {
		keys = append(keys, id(kindOrder, n+1))
	}
	rows, err := orders(s).ByKeys(t.Context(), keys, datasources.NewFields("number"))
	if err != nil || len(rows.Items) != 120 {
		t.Fatal(len(rows.Items), err)
	}
	if n := len(b.asked("Document_ЗаказПокупателя")); n != 3 {
		t.Errorf("%d calls, want ceil(120/50)", n)
	}
}

func TestQueryShrinksWhenTheServerRefusesIt(t *testing.T) {
	b := newBase(t)
	b.fill(120)
	b.longest = 2048
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Batch, c.MaxQuery, c.Deleted = 40, 3600, true })
	var keys []string
	for n := range 40 {
		keys = append(keys, id(kindOrder, n+1))
	}
	for _, calls := range []int{3, 2} { // refused and two halves; then two at once
		rows, err := orders(s).ByKeys(t.Context(), keys, datasources.NewFields("number"))
		if err != nil || len(rows.Items) != 40 {
			t.Fatal(len(rows.Items), err)
		}
		if n := len(b.asked("Document_ЗаказПокупателя")); n != calls {
			t.Errorf("%d calls, want %d", n, calls)
		}
	}
	if st := s.Status(); st.State != "up" {
		t.Errorf("a long address is no failure of the source: %+v", st)
	}
}
