package onec_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestProducts(t *testing.T) {
	b := newBase(t)
	b.fill(1)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Page = 4 })
	q := datasources.Query{First: 3, Total: true}
	var got []schema.Product
	for {
		rows, err := products(s).List(t.Context(), q)
		if err != nil || rows.Totals[0] != 12 {
			t.Fatal(rows.Totals, err)
		}
		got = append(got, rows.Items...)
		if !rows.More[0] {
			break
		}
		q.After = &datasources.After{ID: got[len(got)-1].Key}
	}
	slices.SortFunc(got, func(a, b schema.Product) int { return cmp.Compare(a.SKU, b.SKU) })
	if len(got) != 12 || got[0].SKU != "000000003" || got[11].SKU != "ART-011" || got[11].Unit != "шт" || got[11].Category != "Станки" || got[11].TaxRate.String() != "20" {
		t.Fatalf("%d products: %+v", len(got), got)
	}
	if n := len(b.asked("Catalog_Номенклатура")); n > 8 {
		t.Errorf("%d calls for four pages: the places of pages are forgotten", n)
	}
	for sku, n := range map[string]int{"ART-001": 1, "000000003": 1, "000000001": 0, "' or 1 eq 1": 0} {
		rows, err := products(s).List(t.Context(), datasources.Query{Where: schema.Compare("sku", schema.Eq, schema.String(sku)), First: 5})
		if err != nil || len(rows.Items) != n {
			t.Errorf("%s: %d rows, want %d: %v", sku, len(rows.Items), n, err)
		}
	}
	rows, err := products(s).List(t.Context(), datasources.Query{Where: schema.Compare("active", schema.Eq, schema.Bool(false)), First: 5, Fields: datasources.NewFields("sku")})
	if err != nil || len(rows.Items) != 1 || *rows.Items[0].Active {
		t.Errorf("%+v %v", rows.Items, err)
	}
}

func TestIndexCustomers(t *testing.T) {
	b := newBase(t)
	b.fill(23)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Page = 10 })
	byID := map[string]datasources.CustomerRecord{}
	pages := 0
	err := s.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func(list []datasources.CustomerRecord) error {
		pages++
		for _, c := range list {
			byID[c.ID] = c
		}
		return nil
	})
	if err != nil || pages != 3 || len(byID) != 23 {
		t.Fatal(pages, len(byID), err)
	}
	want := datasources.CustomerRecord{
		ID: id(kindCustomer, 3), Code: "000000003", Name: "Exemplu 3 SRL", LegalName: "Exemplu 3 S.R.L.", TaxID: "1003600000003", Country: "MD",
		Email: "office3@exemplu.md", Phone: "+373 22 000 001", Street: "MD-2001, Chișinău, str. Ștefan 1", City: "Chișinău", Deleted: true,
	}
	got := byID[want.ID]
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !byID[id(kindCustomer, 2)].IsPerson {
		t.Error("the second is a person")
	}
	stop := errors.New("stop")
	if err := s.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
