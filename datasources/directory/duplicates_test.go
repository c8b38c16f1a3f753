package directory_test

import (
	"reflect"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func TestDuplicates(t *testing.T) {
	d := open(t, config(), newMemory())
	if _, err := d.Duplicates(t.Context()); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("before any reading: %v", err)
	}
	fill(t, d, of{
		"crm": {
			{ID: "c1", TaxID: idno(1), Name: "Alfa SRL", Email: "a@alfa.md"},
			{ID: "c2", TaxID: idno(2), Name: "Beta"},
			{ID: "c3", Name: "Gama", City: "Orhei"},
			{ID: "c4", Name: "GAMA S.R.L.", City: "Orhei"},
		},
		"books": {
			{ID: "b1", TaxID: idno(1), Name: "ALFA", Email: "other@alfa.md"},
			{ID: "b2", TaxID: idno(2), Name: "Betta"},
			{ID: "b5", TaxID: idno(5)},
			{ID: "b6", TaxID: idno(5)},
			{ID: "b7", Deleted: true},
		},
		"erp": {{ID: "e1", TaxID: idno(1)}},
	})
	got, err := d.Duplicates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got.AsOf = at(0)
	agree := func(name string, a, d, x, y int) directory.FieldAgreement {
		return directory.FieldAgreement{Field: name, Agree: a, Disagree: d, OnlyA: x, OnlyB: y}
	}
	want := directory.Duplicates{
		AsOf: at(0), Records: 9, Customers: 7,
		Sets: []directory.SourceSet{{[]string{"books"}, 2}, {[]string{"crm"}, 2}, {[]string{"crm", "books"}, 1}, {[]string{"crm", "books", "erp"}, 1}},
		Pairs: []directory.Overlap{
			{"crm", "books", 2, []directory.FieldAgreement{agree("name", 1, 1, 0, 0), agree("legalName", 0, 0, 0, 0), agree("taxId", 2, 0, 0, 0), agree("country", 2, 0, 0, 0), agree("email", 0, 1, 0, 0), agree("phone", 0, 0, 0, 0)}},
			{"crm", "erp", 1, []directory.FieldAgreement{agree("name", 0, 0, 1, 0), agree("legalName", 0, 0, 0, 0), agree("taxId", 1, 0, 0, 0), agree("country", 1, 0, 0, 0), agree("email", 0, 0, 1, 0), agree("phone", 0, 0, 0, 0)}},
			{"books", "erp", 1, []directory.FieldAgreement{agree("name", 0, 0, 1, 0), agree("legalName", 0, 0, 0, 0), agree("taxId", 1, 0, 0, 0), agree("country", 1, 0, 0, 0), agree("email", 0, 0, 1, 0), agree("phone", 0, 0, 0, 0)}},
		},
		Inside: []directory.InSource{{"crm", 4, 0, 0, 1}, {"books", 4, 1, 2, 0}, {"erp", 1, 0, 0, 0}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
