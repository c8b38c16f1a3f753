package directory_test

import (
	"fmt"
	"slices"
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

// others are as many customers as many, under other ids.
func others(n int) []rec {
	list := many(n)
	for i := range list {
		list[i].ID = "new-" + list[i].ID
	}
	return list
}

// TestChangedIDs: a source that gives as many customers under other ids has lost those
// that were known. The old ids bring everything back as it was.
func TestChangedIDs(t *testing.T) {
	ctx, st := t.Context(), newMemory()
	d := open(t, config(), st)
	replace(t, d, "crm", many(50)...)
	replace(t, d, "books", many(50)...)
	if err := d.Link(ctx, directory.RecordRef{Source: "crm", RecordID: "r0001"}, directory.RecordRef{Source: "books", RecordID: "r0001"}, "ana", "asked"); err != nil {
		t.Fatal(err)
	}
	whole := clusters(t, d)
	refuse := func(step string, list []rec, hasOther bool, had, got, count int) {
		t.Helper()
		if err := d.Replace(ctx, "books", records(list)); schema.CodeOf(err) != schema.SourceInvalid {
			t.Fatalf("case=%s: %v", step, err)
		}
		if now := clusters(t, d); !slices.Equal(now, whole) {
			t.Errorf("case=%s: %d customers, want %d", step, len(now), len(whole))
		}
		c := d.SourcesCoverage()[1]
		if c.Held == nil || c.Held.Had != had || c.Held.Got != got || c.HasOtherIDs != hasOther || c.Linked != 50 {
			t.Errorf("case=%s: coverage %+v of %+v", step, c.Held, c)
		}
		if list := page(t, d, directory.ConflictFilter{Kind: directory.ConflictSourceShrank, State: directory.StateOpen}); len(list) != 1 || list[0].Count != count {
			t.Errorf("case=%s: conflicts %+v", step, list)
		}
	}
	accept := func() {
		t.Helper()
		if err := d.AcceptLoss(ctx, "books", "ana"); err != nil {
			t.Fatal(err)
		}
	}
	refuse("other ids", others(50), true, 50, 50, 50)
	refuse("more under other ids", others(80), true, 50, 80, 50)
	refuse("a third stays", append(many(16), others(40)...), true, 50, 56, 50)
	refuse("an empty list", nil, false, 50, 0, 50)
	refuse("other ids after an empty list", others(50), true, 50, 50, 50)
	d = open(t, config(), st)
	refuse("after a restart", others(50), true, 50, 50, 50)

	replace(t, d, "books", many(50)...) // as they were
	settled := func() {
		t.Helper()
		if _, held := d.Held("books"); held || len(st.losses) != 0 {
			t.Error("still held")
		}
		if _, _, err := d.Status("books"); err != nil || d.SourcesCoverage()[1].State != schema.CoverageLinked {
			t.Errorf("%v, coverage %+v", err, d.SourcesCoverage()[1])
		}
		var states []directory.State
		for _, c := range st.conflicts {
			if c.Kind == directory.ConflictSourceShrank {
				states = append(states, c.State)
			}
		}
		if !slices.Equal(states, []directory.State{directory.StateResolved}) {
			t.Errorf("the conflict is %q", states)
		}
	}
	settled()
	if now := clusters(t, d); !slices.Equal(now, whole) {
		t.Errorf("%d customers, want %d", len(now), len(whole))
	}
	decided, _, _, err := d.DecisionsPage(10, "")
	if err != nil || len(decided) != 1 || decided[0].Effect != directory.EffectInForce {
		t.Errorf("decisions %+v, %v", decided, err)
	}

	refuse("an empty list again", nil, false, 50, 0, 50)
	accept()
	refuse("other ids where none was accepted", others(50), true, 50, 50, 50)
	accept()
	refuse("none where other ids were accepted", nil, false, 50, 0, 50)
	refuse("other ids once more", others(50), true, 50, 50, 50)
	accept()
	replace(t, d, "books", others(50)...)
	settled()
	if _, ok := d.Golden("books", "new-r0001"); !ok {
		t.Error("what was accepted was not taken")
	}
}

// TestChangedIDsApplied: so it is when the changes come one by one in one step; a few
// changes settle nothing.
func TestChangedIDsApplied(t *testing.T) {
	ctx := t.Context()
	d := open(t, config(), newMemory())
	replace(t, d, "books", many(50)...)
	var gone []string
	for _, r := range many(50) {
		gone = append(gone, r.ID)
	}
	if err := d.Apply(ctx, "books", others(50), gone, at(1)); schema.CodeOf(err) != schema.SourceInvalid {
		t.Fatalf("all are others: %v", err)
	}
	if err := d.Apply(ctx, "books", others(1), gone[:1], at(1)); err != nil {
		t.Fatal(err)
	}
	if l, held := d.Held("books"); !held || l.Had != 50 || l.Got != 50 {
		t.Errorf("held %+v", l)
	}
	if err := d.AcceptLoss(ctx, "books", "ana"); err != nil {
		t.Fatal(err)
	}
	if err := d.Apply(ctx, "books", others(50), gone, at(1)); err != nil {
		t.Error(err)
	}
	if l, held := d.Held("books"); held {
		t.Errorf("held %+v", l)
	}
}
