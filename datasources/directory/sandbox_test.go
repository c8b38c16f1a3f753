package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// TestSandbox: the demo world's customers are recognised as its answer sheet says,
// and nobody is taken for somebody else.
func TestSandbox(t *testing.T) {
	w := world.New(7, 3000)
	all, truth := of{}, map[string]int{}
	add := func(source string, i int, r rec) {
		r.Country = w.Customer(i).Country.String()
		all[source] = append(all[source], r)
		truth[source+":"+r.ID] = i
	}
	for i := 1; w.Has(i); i++ {
		c := w.Customer(i)
		for _, a := range c.CRM {
			r := rec{ID: a.ID.String(), Code: a.Code, Name: a.Name, TaxID: a.FiscalNumber}
			if a.Uid1C != (world.GUID{}) {
				r.ForeignIDs = map[string]string{"onec": a.Uid1C.String()}
			}
			add("crm", i, r)
		}
		for _, b := range c.Books {
			add("books", i, rec{ID: b.Ref.String(), Code: b.Code, Name: b.Description, TaxID: b.FiscalNumber, Deleted: b.DeletionMark, IsPerson: b.Person})
		}
		if c.ERP.Code != "" {
			add("erp", i, rec{ID: c.ERP.Code, Code: c.ERP.Code, Name: c.ERP.Name, TaxID: c.ERP.SIRET})
		}
	}
	d := open(t, config(), newMemory())
	fill(t, d, all)
	joined := map[int]bool{} // CRM and books are one
	for _, c := range clusters(t, d) {
		members := strings.Split(c, "+")
		for _, m := range members[1:] {
			if truth[m] != truth[members[0]] {
				t.Fatalf("false merge of customers %d and %d", truth[members[0]], truth[m])
			}
		}
		if strings.Contains(c, "books:") && strings.Contains(c, "crm:") {
			joined[truth[members[0]]] = true
		}
	}
	reported := map[int][]string{}
	list, _ := d.Conflicts("", 1<<20)
	for _, c := range list {
		for _, m := range c.Records {
			i := truth[m.Source+":"+m.RecordID]
			reported[i] = append(reported[i], string(c.Kind))
		}
	}
	kinds := map[world.Case]string{
		world.BadChecksum: "INVALID_FISCAL_ID", world.TwiceInBooks: "DUPLICATE_IN_SOURCE", world.TwiceInCRM: "DUPLICATE_IN_SOURCE",
		world.BrokenForeignID: "BROKEN_FOREIGN_ID", world.FiscalMismatch: "FISCAL_ID_MISMATCH",
	}
	for i := 1; w.Has(i); i++ {
		c := w.Case(i)
		want := c == world.ByFiscalNumber || c == world.ByForeignID || c == world.BrokenForeignID
		if joined[i] != want {
			t.Errorf("customer %d, %s: CRM and books are one: %v", i, c, joined[i])
		}
		if k := kinds[c]; k != "" && !slices.Contains(reported[i], k) {
			t.Errorf("customer %d, %s: reported %q, want %s", i, c, reported[i], k)
		}
	}
}
