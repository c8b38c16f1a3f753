package directory_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func golden(t testing.TB, d *directory.Directory, source, id string) string {
	t.Helper()
	k, ok := d.Golden(source, id)
	if !ok {
		t.Fatalf("%s %s has no customer", source, id)
	}
	return k
}

func (m *memory) kinds() []string {
	var kinds []string
	for _, e := range m.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// TestIDs follows ids through a merge, its undoing, a disappearance and restarts.
func TestIDs(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	reopen := func() { d = open(t, config(), st) }
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1"}}})
	crm, books := golden(t, d, "crm", "c1"), golden(t, d, "books", "b1")
	if crm == books {
		t.Fatal("one customer without a reason")
	}

	// The bookkeeper enters the number: the older id survives, the other answers.
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1)})
	reopen()
	if a, b := golden(t, d, "crm", "c1"), golden(t, d, "books", "b1"); a != crm || b != crm {
		t.Errorf("after the merge %s and %s, want %s", a, b, crm)
	}
	if k, ok := d.Canonical(books); !ok || k != crm {
		t.Errorf("the alias is of %q, want %s", k, crm)
	}
	rows, err := d.ByKeys(t.Context(), []string{books, crm, "c_unknown"}, nil)
	if err != nil || len(rows.Items) != 2 || rows.Items[0].Key != books || rows.Items[1].Key != crm {
		t.Errorf("by keys %+v, %v", rows.Items, err)
	}
	if ids, state := d.Keys(books, "crm"); !slices.Equal(ids, []string{"c1"}) || state != schema.CoverageLinked {
		t.Errorf("keys of the alias %v %s", ids, state)
	}

	// … and takes it back: both ids are as they were.
	replace(t, d, "books", rec{ID: "b1"})
	reopen()
	if a, b := golden(t, d, "crm", "c1"), golden(t, d, "books", "b1"); a != crm || b != books {
		t.Errorf("after the undoing %s and %s, want %s and %s", a, b, crm, books)
	}

	// A record that disappears and comes back finds its id.
	replace(t, d, "books")
	if _, ok := d.Golden("books", "b1"); ok {
		t.Error("a record that is gone still answers")
	}
	if k, ok := d.Canonical(books); ok {
		t.Errorf("a customer without records answers as %s", k)
	}
	reopen()
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(7)})
	if b := golden(t, d, "books", "b1"); b != books {
		t.Errorf("came back as %s, want %s", b, books)
	}
	if got, want := st.kinds(), []string{"filled", "filled", "filled", "merged", "split", "moved"}; !slices.Equal(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
}

// TestSplitKeepsStrongest: a customer who was one from the beginning parts; the
// id stays where the valid number is, the other part gets a new one.
func TestSplitKeepsStrongest(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	fill(t, d, of{
		"crm":   {{ID: "c1", TaxID: idno(1), ForeignIDs: map[string]string{"onec": "b1"}, CreatedAt: at(1)}},
		"books": {{ID: "b1", TaxID: idno(1), CreatedAt: at(2)}},
	})
	was := golden(t, d, "crm", "c1")
	replace(t, d, "crm", rec{ID: "c1", CreatedAt: at(1)})
	if k := golden(t, d, "books", "b1"); k != was {
		t.Errorf("the part with the number is %s, want %s", k, was)
	}
	if k := golden(t, d, "crm", "c1"); k == was {
		t.Error("both parts have one id")
	}
	replace(t, d, "crm", rec{ID: "c1", TaxID: idno(1), CreatedAt: at(1)})
	if a, b := golden(t, d, "crm", "c1"), golden(t, d, "books", "b1"); a != was || b != was {
		t.Errorf("together again as %s and %s, want %s", a, b, was)
	}
}

// halfway is an index that fails after its first page.
type halfway struct {
	records
	err error
}

func (h halfway) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	return errors.Join(h.records.IndexCustomers(ctx, f), h.err)
}

func TestFailureLosesNothing(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	if _, err := d.List(t.Context(), datasources.Query{First: 1}); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("an empty directory answers %v", err)
	}
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	want := clusters(t, d)
	cause := schema.SourceErrorf(schema.SourceTimeout, "crm", "crm did not answer")

	err := d.Replace(t.Context(), "crm", halfway{records{{ID: "c2"}}, cause})
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want the source's", err)
	}
	if got := clusters(t, d); !slices.Equal(got, want) {
		t.Errorf("a reading that failed left %q", got)
	}
	if asOf, n, err := d.Status("crm"); asOf.IsZero() || n != 1 || !errors.Is(err, cause) {
		t.Errorf("status %v %d %v", asOf, n, err)
	}
	if rows, _ := d.List(t.Context(), datasources.Query{First: 1}); !rows.Stale {
		t.Error("rows are not stale while a source fails")
	}

	st.fail = errors.New("disk full")
	if err := d.Replace(t.Context(), "crm", records{{ID: "c2"}}); !errors.Is(err, st.fail) {
		t.Errorf("error %v, want the store's", err)
	}
	if got := clusters(t, d); !slices.Equal(got, want) {
		t.Errorf("changes that were not saved are answered: %q", got)
	}
	st.fail = nil
	replace(t, d, "crm", rec{ID: "c1", TaxID: idno(1)})
	if _, _, err := d.Status("crm"); err != nil {
		t.Errorf("status after recovery: %v", err)
	}
	if _, _, err := d.Status("nobody"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("status of an unknown source: %v", err)
	}
}

func TestNoChangeWritesNothing(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	world := of{"crm": {{ID: "c1", TaxID: idno(1)}, {ID: "c2"}}, "books": {{ID: "b1", TaxID: idno(1)}}}
	fill(t, d, world)
	saves := st.saves
	// Pages shift: the same record comes twice, and in another order.
	replace(t, d, "crm", rec{ID: "c2"}, rec{ID: "c1", TaxID: idno(1)}, rec{ID: "c2"})
	replace(t, d, "erp")
	replace(t, d, "books", world["books"]...)
	open(t, config(), st)
	if st.saves != saves {
		t.Errorf("%d writes", st.saves-saves)
	}
}

func TestRecordsWithoutUsableID(t *testing.T) {
	d := open(t, config(), newMemory())
	replace(t, d, "crm", rec{Name: "nobody"}, rec{ID: "c1", Name: "somebody"}, rec{ID: string(make([]byte, 300))})
	if _, n, _ := d.Status("crm"); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
	if _, err := d.Load("helpdesk"); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("load of a source without index: %v", err)
	}
	if _, err := d.Load("nobody"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("load of an unknown source: %v", err)
	}
}

func TestDamagedStore(t *testing.T) {
	for name, m := range map[string]directory.Member{
		"no data":     {Source: "crm", RecordID: "c1", Customer: 1, Origin: 1, Data: []byte{}},
		"short":       {Source: "crm", RecordID: "c1", Customer: 1, Origin: 1, Data: []byte{1, 0, 5, 'a'}},
		"no customer": {Source: "crm", RecordID: "c1", Customer: 2, Origin: 1},
	} {
		t.Run("case="+name, func(t *testing.T) {
			st := newMemory()
			st.golden[1] = directory.Golden{Seq: 1, ID: "c_1"}
			st.members[directory.RecordRef{Source: "crm", RecordID: "c1"}] = m
			if d, err := directory.Open(t.Context(), config(), st, directory.Deps{}); err == nil {
				t.Errorf("opened with %v", clusters(t, d))
			}
		})
	}
	st := newMemory()
	st.golden[1] = directory.Golden{Seq: 1, ID: "c_1", MergedInto: 2}
	st.golden[2] = directory.Golden{Seq: 2, ID: "c_2", MergedInto: 1}
	if _, err := directory.Open(t.Context(), config(), st, directory.Deps{}); err == nil {
		t.Error("opened with aliases that lead in a circle")
	}
}

// TestSourceRemovedAndBack: a source that is taken out of the config and put back
// finds its ids.
func TestSourceRemovedAndBack(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2"}}})
	one, two := golden(t, d, "books", "b1"), golden(t, d, "books", "b2")
	without := config()
	without.Sources = append(without.Sources[:1:1], without.Sources[2:]...)
	d = open(t, without, st)
	if _, ok := d.Golden("books", "b1"); ok {
		t.Error("a source that is not configured answers")
	}
	d = open(t, config(), st)
	if a, b := golden(t, d, "books", "b1"), golden(t, d, "books", "b2"); a != one || b != two {
		t.Errorf("back as %s and %s, want %s and %s", a, b, one, two)
	}
}
