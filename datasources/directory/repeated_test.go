package directory_test

import (
	"reflect"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func TestRepeated(t *testing.T) {
	d := open(t, config(), newMemory())
	if _, _, _, err := d.Repeated(t.Context(), directory.RepeatedFilter{}, 9, ""); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("before any reading: %v", err)
	}
	made, changed := at(-100), at(-10)
	fill(t, d, of{
		"crm": {
			{ID: "c1", Code: "K1", TaxID: idno(1), Name: "Alfa", CreatedAt: made, CreatedBy: "Ana Rusu", ModifiedAt: changed, ModifiedBy: " Ion Ceban "},
			{ID: "c2", TaxID: idno(2), ModifiedBy: "Ana Rusu"},
			{ID: "c3", Name: "Gama", CreatedBy: "Ana Rusu"},
			{ID: "c4", TaxID: idno(4), CreatedBy: "Ana Rusu", Deleted: true},
			{ID: "c5", Name: "Delta", CreatedBy: "Ana Rusu"},
			{ID: "c6", Name: "Delta SRL", CreatedBy: "Ion Ceban"},
		},
		"books": {
			{ID: "b1", TaxID: idno(1), CreatedAt: made},
			{ID: "b2", TaxID: idno(2)},
			{ID: "b4", TaxID: idno(4)},
			{ID: "b7", TaxID: idno(7), CreatedBy: "Ana Rusu"},
			{ID: "b8", TaxID: idno(7), CreatedBy: "Ion Ceban"},
			{ID: "b9", TaxID: idno(7), Deleted: true},
		},
		"erp": {{ID: "e1", TaxID: idno(1)}},
	})
	ref := func(source, id string) directory.RecordRef { return directory.RecordRef{Source: source, RecordID: id} }
	if err := d.Link(t.Context(), ref("crm", "c5"), ref("crm", "c6"), "ana", "typed twice"); err != nil {
		t.Fatal(err)
	}
	type hands = directory.Hands
	alfa := []directory.TypedRecord{
		{ref("crm", "c1"), "K1", "", hands{made, changed, "Ana Rusu", "Ion Ceban"}},
		{ref("books", "b1"), "", "", hands{CreatedAt: made}},
		{ref("erp", "e1"), "", "", hands{}},
	}
	beta := []directory.TypedRecord{{ref("crm", "c2"), "", "", hands{ModifiedBy: "Ana Rusu"}}, {ref("books", "b2"), "", "", hands{}}}
	delta := []directory.TypedRecord{{ref("crm", "c5"), "", "", hands{CreatedBy: "Ana Rusu"}}, {ref("crm", "c6"), "", "", hands{CreatedBy: "Ion Ceban"}}}
	number := []directory.TypedRecord{{ref("books", "b7"), "", "", hands{CreatedBy: "Ana Rusu"}}, {ref("books", "b8"), "", "", hands{CreatedBy: "Ion Ceban"}}}
	without := func(field string) func(string) bool { return func(f string) bool { return f != field } }
	for _, c := range []struct {
		name   string
		filter directory.RepeatedFilter
		want   [][]directory.TypedRecord
	}{
		{"all", directory.RepeatedFilter{}, [][]directory.TypedRecord{alfa, beta, delta, number}},
		{"numbers are not named", directory.RepeatedFilter{Names: without("taxId")}, [][]directory.TypedRecord{alfa, beta, delta}},
		{"names are not named", directory.RepeatedFilter{Names: without("name"), Inside: true}, [][]directory.TypedRecord{delta, number}},
		{"of a source", directory.RepeatedFilter{Source: "erp"}, [][]directory.TypedRecord{alfa}},
		{"inside", directory.RepeatedFilter{Inside: true}, [][]directory.TypedRecord{delta, number}},
		{"inside a source", directory.RepeatedFilter{Source: "crm", Inside: true}, [][]directory.TypedRecord{delta}},
		{"inside another", directory.RepeatedFilter{Source: "erp", Inside: true}, nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got := map[string][]directory.TypedRecord{} // by the first record: ids are random
			last, after := "", ""
			for {
				list, next, total, err := d.Repeated(t.Context(), c.filter, 1, after)
				if err != nil || total != len(c.want) {
					t.Fatalf("total %d, want %d; %v", total, len(c.want), err)
				}
				for _, x := range list {
					isJoined := x.Field == ""
					if isJoined != (x.Customer != "") || isJoined && x.Customer <= last || x.Count != len(x.Records) {
						t.Errorf("%+v behind %s", x, last)
					}
					last = x.Customer
					for i := range x.Records {
						if isJoined != (x.Records[i].Customer == x.Customer) || x.Records[i].Customer == "" {
							t.Errorf("%+v of %q", x.Records[i], x.Customer)
						}
						x.Records[i].Customer = ""
					}
					got[x.Records[0].RecordID] = x.Records
				}
				if after = next; next == "" {
					break
				}
			}
			want := map[string][]directory.TypedRecord{}
			for _, records := range c.want {
				want[records[0].RecordID] = records
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
	if _, _, _, err := d.Repeated(t.Context(), directory.RepeatedFilter{Source: "none"}, 9, ""); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("an unknown source: %v", err)
	}
	if _, _, _, err := d.Repeated(t.Context(), directory.RepeatedFilter{}, 9, "x"); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a damaged cursor: %v", err)
	}
	if got := d.Hands(ref("crm", "c3")); got != (hands{CreatedBy: "Ana Rusu"}) {
		t.Errorf("hands %+v", got)
	}
	if got := d.Hands(ref("crm", "none")); got != (hands{}) {
		t.Errorf("hands of no record %+v", got)
	}
}

// TestHandsChange: a record that somebody else has changed is another one, and is
// found again after a start.
func TestHandsChange(t *testing.T) {
	m := newMemory()
	d := open(t, config(), m)
	fill(t, d, of{"crm": {{ID: "c1", Name: "Alfa", ModifiedBy: "Ana Rusu"}}})
	fill(t, d, of{"crm": {{ID: "c1", Name: "Alfa", ModifiedBy: "Ion Ceban"}}})
	for name, x := range map[string]*directory.Directory{"read": d, "started again": open(t, config(), m)} {
		if got := x.Hands(directory.RecordRef{Source: "crm", RecordID: "c1"}).ModifiedBy; got != "Ion Ceban" {
			t.Errorf("%s: changed by %q", name, got)
		}
	}
}
