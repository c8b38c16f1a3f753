package directory_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Pages that were made before are the pages that are made now: Parts, which keeps none,
// is the oracle.
func TestRecentPages(t *testing.T) {
	d := open(t, config(), newMemory())
	var list []rec
	for i := range 120 {
		list = append(list, rec{ID: fmt.Sprintf("c%03d", i), Name: fmt.Sprintf("Name %d", i*7%120), Email: fmt.Sprintf("a%d@example.com", i)})
	}
	replace(t, d, "crm", list...)
	rng := rand.New(rand.NewPCG(1, 2))
	fields := []datasources.Fields{
		nil,
		{},
		datasources.NewFields("name"),
		datasources.NewFields("email"),
		datasources.NewFields("email", "name"),
		datasources.NewFields("name", "members"),
		datasources.NewFields("coverage", "name"),
		datasources.NewFields("name", "provenance"),
	}
	after := []*datasources.After{nil, nil, {Value: schema.String("Name 3"), ID: "", Inclusive: true}, {Value: schema.String("Name 5"), ID: "", Inclusive: true}}
	wheres := []schema.Predicate{{}, {}, {}, schema.Compare("name", schema.Gt, schema.String("Name 4"))}
	for i := range 3000 {
		if i%500 == 499 { // what was kept is of the state before
			list[rng.IntN(len(list))].Name = fmt.Sprintf("Name %d again", i)
			replace(t, d, "crm", list...)
		}
		q := datasources.Query{
			Fields: fields[rng.IntN(len(fields))], Where: wheres[rng.IntN(len(wheres))], First: 1 + rng.IntN(4)*70, Total: rng.IntN(2) == 0,
			Order: schema.Sort{Column: "name", Desc: rng.IntN(3) == 0}, After: after[rng.IntN(len(after))],
		}
		got, err := d.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		next, err := d.Parts(t.Context(), q, q.First)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d: %+v:\ngot  %+v\nwant %+v", i, q, got, want)
		}
	}
}

func TestRecentPageAllocates(t *testing.T) {
	d := open(t, config(), newMemory())
	var list []rec
	for i := range 60 {
		list = append(list, rec{ID: fmt.Sprintf("c%03d", i), Name: fmt.Sprintf("Name %d", i)})
	}
	replace(t, d, "crm", list...)
	ask := func() {
		q := datasources.Query{Fields: datasources.NewFields("name"), First: 50, Order: schema.Sort{Column: "name"}}
		if rows, err := d.List(t.Context(), q); err != nil || len(rows.Items) != 50 {
			t.Fatalf("%d rows: %v", len(rows.Items), err)
		}
	}
	ask()
	if n := testing.AllocsPerRun(100, ask); n > 12 {
		t.Errorf("a page that was made before takes %.0f allocations", n)
	}
}
