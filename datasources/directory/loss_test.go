package directory_test

import (
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func many(n int) []rec {
	var list []rec
	for i := range n {
		list = append(list, rec{ID: fmt.Sprintf("r%04d", i), TaxID: idno(i)})
	}
	return list
}

// TestLoss: a source that suddenly has no customers, or far fewer, keeps the ones
// it had, however often it says so, until an operator accepts it.
func TestLoss(t *testing.T) {
	ctx, st := t.Context(), newMemory()
	d := open(t, config(), st)
	replace(t, d, "crm", many(100)...)
	replace(t, d, "books", many(100)...)
	for _, got := range []int{0, 0, 49} {
		if err := d.Replace(ctx, "books", records(many(got))); schema.CodeOf(err) != schema.SourceInvalid {
			t.Fatalf("%d after 100: %v", got, err)
		}
	}
	check := func(step string) {
		t.Helper()
		if _, n, _ := d.Status("books"); n != 100 {
			t.Fatalf("%s: %d records", step, n)
		}
		if l, held := d.Held("books"); !held || l.Had != 100 || l.Got != 49 {
			t.Errorf("%s: held %+v", step, l)
		}
		if list := page(t, d, directory.ConflictFilter{Kind: directory.ConflictSourceShrank}); len(list) != 1 || list[0].Source != "books" || list[0].Count != 51 {
			t.Errorf("%s: conflicts %+v", step, list)
		}
		if c := d.SourcesCoverage()[1]; c.State != schema.CoverageUnavailable || c.Held == nil {
			t.Errorf("%s: coverage %+v", step, c)
		}
	}
	check("held")
	if _, _, err := d.Status("books"); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("status %v", err)
	}
	d = open(t, config(), st)
	check("after a restart")

	if err := d.AcceptLoss(ctx, "crm", "ana"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("nothing is held: %v", err)
	}
	if err := d.AcceptLoss(ctx, "books", "ana"); err != nil {
		t.Fatal(err)
	}
	d = open(t, config(), st)
	if err := d.Replace(ctx, "books", records(many(3))); schema.CodeOf(err) != schema.SourceInvalid {
		t.Fatalf("fewer than were accepted: %v", err)
	}
	check2, _ := d.Held("books")
	if check2.Got != 3 || check2.Author != "" {
		t.Errorf("held %+v", check2)
	}
	if err := d.AcceptLoss(ctx, "books", "ana"); err != nil {
		t.Fatal(err)
	}
	replace(t, d, "books", many(3)...)
	if _, n, err := d.Status("books"); n != 3 || err != nil {
		t.Errorf("%d records, %v", n, err)
	}
	if _, held := d.Held("books"); held || len(st.losses) != 0 {
		t.Error("still held")
	}
	if list := page(t, d, directory.ConflictFilter{Kind: directory.ConflictSourceShrank, State: directory.StateOpen}); len(list) != 0 {
		t.Errorf("conflicts %+v", list)
	}
	replace(t, d, "books") // a handful may go
}

// TestLossByMarks: a source that marks everything as deleted has lost it as well.
func TestLossByMarks(t *testing.T) {
	d := open(t, config(), newMemory())
	list := many(100)
	replace(t, d, "crm", list...)
	for i := range list {
		list[i].Deleted = true
	}
	if err := d.Replace(t.Context(), "crm", records(list)); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("all marked: %v", err)
	}
	cfg := config()
	cfg.MaxLoss = 1
	d = open(t, cfg, newMemory())
	replace(t, d, "crm", many(100)...)
	replace(t, d, "crm")
}
