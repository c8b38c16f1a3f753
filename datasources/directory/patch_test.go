package directory_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

// TestPatch: whatever changes, in whatever steps, what is made of the changes alone
// is what a rebuild makes of everything, and a restart finds nothing to change.
func TestPatch(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := genConfig(r)
		st := newMemory()
		d := open(t, config(), st)
		d.LeaveRoom(rapid.IntRange(0, 3).Draw(r, "room"))
		world := map[string]map[string]rec{}
		for _, s := range []string{"crm", "books", "erp"} {
			world[s] = map[string]rec{}
			var list []rec
			for _, x := range genSource(r, s) {
				x.ModifiedAt = at(rapid.IntRange(0, 3).Draw(r, "modified"))
				world[s][x.ID] = x
				list = append(list, x)
			}
			replace(t, d, s, list...)
		}
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			s := rapid.SampledFrom([]string{"crm", "books", "erp"}).Draw(r, "source")
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				a := ref(s, rapid.SampledFrom([]string{"r1", "r2", "r3"}).Draw(r, "a"))
				b := ref(rapid.SampledFrom([]string{"crm", "books", "erp"}).Draw(r, "other"), rapid.SampledFrom([]string{"r1", "r2", "r4"}).Draw(r, "b"))
				decide := []func() error{
					func() error { return d.Link(t.Context(), a, b, "ana", "") },
					func() error { return d.Deny(t.Context(), a, b, "ana", "") },
					func() error { return d.Withdraw(t.Context(), a, b, "ana", "") },
				}[rapid.IntRange(0, 2).Draw(r, "decision")]
				_ = decide() // what is refused changes nothing
			default:
				var changed []rec
				var gone []string
				for range rapid.IntRange(0, 3).Draw(r, "edits") {
					id := rapid.SampledFrom([]string{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"}).Draw(r, "id")
					if rapid.IntRange(0, 3).Draw(r, "gone") == 0 {
						gone = append(gone, id)
						delete(world[s], id)
						changed = slices.DeleteFunc(changed, func(x rec) bool { return x.ID == id })
						continue
					}
					x := genRecord(r, id)
					changed, world[s][id] = append(changed, x), x
				}
				gone = slices.DeleteFunc(gone, func(id string) bool { return world[s][id].ID != "" })
				if err := d.Apply(t.Context(), s, changed, gone, at(2000)); err != nil {
					r.Fatal(err)
				}
			}
			if err := d.Verify(); err != nil {
				r.Fatal(err)
			}
		}
		who, ids, saves := clusters(t, d), keys(t, d), st.saves
		for s, recs := range world {
			replace(t, d, s, slices.Collect(maps.Values(recs))...)
		}
		e := open(t, config(), st)
		if got := clusters(t, e); !slices.Equal(got, who) {
			r.Fatalf("customers after a restart\n got %q\nwant %q", got, who)
		}
		if got := keys(t, e); !maps.Equal(got, ids) {
			r.Fatalf("ids after a restart\n got %q\nwant %q", got, ids)
		}
		if n := st.saves - saves; n > 3 { // the times of the readings
			r.Fatalf("%d writes without a change", n)
		}
	})
}

func TestApply(t *testing.T) {
	ctx := t.Context()
	d := open(t, config(), newMemory())
	if err := d.Apply(ctx, "crm", []rec{{ID: "c1"}}, nil, time.Time{}); schema.CodeOf(err) != schema.Conflict {
		t.Errorf("before the first reading: %v", err)
	}
	replace(t, d, "crm", many(100)...)
	replace(t, d, "books", many(100)...)
	one := golden(t, d, "crm", "r0007")
	if err := d.Apply(ctx, "crm", []rec{{ID: "new", TaxID: idno(200)}, {ID: "r0007", TaxID: idno(7), Name: "Exemplu"}, {ID: "r0007", TaxID: idno(7), Name: "Exemplu 2"}}, []string{"r0003"}, at(1000)); err != nil {
		t.Fatal(err)
	}
	if asOf, n, err := d.Status("crm"); n != 100 || err != nil || !asOf.Equal(at(1000)) {
		t.Errorf("%d records as of %s, %v", n, asOf, err)
	}
	if got := origins(t, d, one, "name"); got != "owner crm:r0007=Exemplu 2" {
		t.Errorf("name %q", got)
	}
	if golden(t, d, "crm", "r0007") != one || golden(t, d, "books", "r0007") != one {
		t.Error("another id")
	}
	var gone []string
	for _, r := range many(80) {
		gone = append(gone, r.ID)
	}
	if err := d.Apply(ctx, "crm", nil, gone, at(2001)); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("80 of 100 gone: %v", err)
	}
	if err := d.Apply(ctx, "nowhere", nil, nil, at(2001)); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("no such source: %v", err)
	}
	if err := d.Verify(); err != nil {
		t.Error(err)
	}
}

// TestPatchShared: numbers and mailboxes become shared and are so no more.
func TestPatchShared(t *testing.T) {
	cfg := config()
	cfg.Rules = []string{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID, directory.RuleEmail}
	d := open(t, cfg, newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1), Email: "a@b.md"}}, "books": {{ID: "b1", TaxID: idno(1), Email: "a@b.md"}, {ID: "b2", TaxID: "0000000000000"}}})
	step := func(want int, changed ...rec) {
		t.Helper()
		if err := d.Apply(t.Context(), "books", changed, nil, at(2000)); err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(); err != nil {
			t.Fatal(err)
		}
		if got := len(together(t, d)); got != want {
			t.Errorf("%d together, want %d", got, want)
		}
	}
	step(1)
	step(0, rec{ID: "b3", TaxID: idno(1)}, rec{ID: "b4", TaxID: idno(1)}, rec{ID: "b5", TaxID: idno(1)}, rec{ID: "b1", TaxID: idno(1)})
	step(0, rec{ID: "b6", TaxID: idno(1)})
	step(0, rec{ID: "b7", TaxID: "0000000000000"}, rec{ID: "b8", TaxID: "0000000000000"}, rec{ID: "b9", TaxID: "0000000000000"})
	step(0, rec{ID: "b7", TaxID: "0000000000000", Name: "x"})
	step(0, rec{ID: "b7"})
	step(1, rec{ID: "b3"}, rec{ID: "b4"}, rec{ID: "b5"}, rec{ID: "b6"})
	step(0, rec{ID: "b1", Email: "a@b.md"}, rec{ID: "b3", Email: "a@b.md"})
	step(0, rec{ID: "b4", Email: "a@b.md"})
	step(1, rec{ID: "b3"}, rec{ID: "b4"})
}

// TestPatchOrder: what is shown in an order is in the order of the records' ids,
// whenever they came: records of one customer, value conflicts and suggestions.
func TestPatchOrder(t *testing.T) {
	world := func(ids ...string) (list []rec) {
		for _, id := range ids {
			list = append(list, rec{ID: id, TaxID: idno(int(id[1])), Name: "Casa " + id, City: "Orhei", Phone: "+373 22 123456"})
		}
		return list
	}
	other := func(ids ...string) (list []rec) {
		for _, id := range ids {
			list = append(list, rec{ID: id, TaxID: idno(int(id[1])), Name: "Casa x" + id, City: "Orhei"})
		}
		return list
	}
	twins := func(ids ...string) (list []rec) {
		for _, id := range ids {
			list = append(list, rec{ID: id, Name: "Exemplu", City: "Orhei"})
		}
		return list
	}
	shown := func(d *directory.Directory) (list []string) {
		found, _, _, err := d.ConflictsPage(t.Context(), directory.ConflictFilter{State: directory.StateOpen}, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found {
			list = append(list, string(c.Kind)+" "+c.Key)
		}
		pairs, _, _, err := d.Suggestions(t.Context(), directory.SuggestionFilter{}, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			list = append(list, p.Key+" "+p.A.RecordID+" "+p.B.RecordID)
		}
		if len(found) < 4 || len(pairs) < 3 {
			t.Fatalf("%d conflicts and %d pairs: nothing is told", len(found), len(pairs))
		}
		return list
	}
	cfg := config()
	cfg.Suggest = []string{directory.SuggestName}
	whole := open(t, cfg, newMemory())
	fill(t, whole, of{"crm": append(world("a1", "a2", "a3", "a4"), twins("t1", "t2", "t3")...), "books": other("b1", "b2", "b3", "b4")})
	if whole.IsPatched() {
		t.Fatal("the filled one is patched")
	}
	d := open(t, cfg, newMemory())
	fill(t, d, of{"crm": append(world("a4"), twins("t3")...), "books": other("b2", "b3", "b4")})
	verify := func() {
		if err := d.Verify(); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range append(world("a3", "a1", "a2"), twins("t2", "t1")...) {
		if err := d.Apply(t.Context(), "crm", []rec{x}, nil, at(2000)); err != nil {
			t.Fatal(err)
		}
		verify()
	}
	if err := d.Apply(t.Context(), "books", other("b1"), nil, at(2000)); err != nil {
		t.Fatal(err)
	}
	verify()
	if !d.IsPatched() {
		t.Fatal("it was made anew")
	}
	if got, want := shown(d), shown(whole); !slices.Equal(got, want) {
		t.Errorf("shown\n got %q\nwant %q", got, want)
	}
	// A customer whose later record goes before the earlier is put in order.
	if err := d.Apply(t.Context(), "crm", []rec{{ID: "a0", Name: "Casa"}}, nil, at(2000)); err != nil {
		t.Fatal(err)
	}
	if err := d.Link(t.Context(), ref("crm", "a0"), ref("crm", "a4"), "ana", ""); err != nil {
		t.Fatal(err)
	}
	if d.IsPatched() || d.IsMixed() {
		t.Error("the numbers are not in order")
	}
	verify()
}
