package directory_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// TestInstancesAgree: two instances over one database read and decide in any order,
// each with what it happens to know; in the end both show the same, and the same as
// one that was alone and did it all.
func TestInstancesAgree(t *testing.T) {
	blank := filepath.Join(t.TempDir(), "blank.db") // migrated once
	if err := must(store.Open(t.Context(), "sqlite:"+blank, store.Deps{})).Close(); err != nil {
		t.Fatal(err)
	}
	empty := must(os.ReadFile(blank))
	t.Run("case=sqlite", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			dir, err := os.MkdirTemp(t.TempDir(), "")
			if err != nil {
				r.Fatal(err)
			}
			file := func(name string) *store.Store {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, empty, 0o600); err != nil {
					r.Fatal(err)
				}
				return must(store.Open(t.Context(), "sqlite:"+path, store.Deps{}))
			}
			shared, alone := file("shared.db"), file("alone.db")
			defer shared.Close()
			defer alone.Close()
			agree(t, r, shared, alone)
		})
	})
	t.Run("case=postgres", func(t *testing.T) {
		shared := must(store.Open(t.Context(), servicetest.Postgres(t), store.Deps{}))
		defer shared.Close()
		// Its rounds go on from what the last one left, since a new schema takes long,
		// and cannot be measured by one who was alone.
		left := 20
		rapid.Check(t, func(r *rapid.T) {
			if left--; left >= 0 {
				agree(t, r, shared, nil)
			}
		})
	})
}

// agree is one round. alone is the database of the one who does it all, nil = there
// is none.
func agree(t *testing.T, r *rapid.T, shared, alone *store.Store) {
	list := []*directory.Directory{instance(t, shared), instance(t, shared)}
	var all *directory.Directory
	if alone != nil {
		all = instance(t, alone)
		replace(t, all, "crm")
	}
	replace(t, list[0], "crm") // so that there is something to ask
	names := []string{"crm", "books", "erp"}
	for range rapid.IntRange(1, 12).Draw(r, "steps") {
		d := list[rapid.IntRange(0, 1).Draw(r, "instance")]
		switch rapid.IntRange(0, 5).Draw(r, "what") {
		case 0, 1, 2:
			s := rapid.SampledFrom(names).Draw(r, "source")
			world := genSource(r, s)
			replace(t, d, s, shuffled(r, world)...)
			if all != nil {
				replace(t, all, s, world...)
			}
		case 3:
			for _, v := range genDecisions(r) {
				x := decideOn(t, d, v)
				if all == nil {
					continue
				}
				if y := decideOn(t, all, v); schema.CodeOf(x) != schema.CodeOf(y) {
					r.Fatalf("decided %v, alone %v", x, y)
				}
			}
		case 4:
			follow(t, d)
			if err := d.Verify(); err != nil {
				r.Fatal(err)
			}
			d.LeaveRoom(rapid.IntRange(0, 3).Draw(r, "room"))
		case 5:
			list[0], list[1] = list[1], instance(t, shared) // one is started anew
		}
	}
	follow(t, list...)
	for _, d := range list {
		if err := d.Verify(); err != nil {
			r.Fatal(err)
		}
	}
	same(t, "in the end", list[0], list[1])
	same(t, "as one that starts", list[0], instance(t, shared))
	if t.Failed() {
		r.FailNow()
	}
	if all == nil {
		return
	}
	if x, y := clusters(t, list[0]), clusters(t, all); !slices.Equal(x, y) {
		r.Fatalf("customers\n  two %q\nalone %q", x, y)
	}
	if x, y := conflicts(t, list[0]), conflicts(t, all); !slices.Equal(x, y) {
		r.Fatalf("conflicts\n  two %q\nalone %q", x, y)
	}
}

func decideOn(t *testing.T, d *directory.Directory, v directory.Decision) error {
	if v.Verdict == directory.SameCustomer {
		return d.Link(t.Context(), v.A, v.B, v.Author, "")
	}
	return d.Deny(t.Context(), v.A, v.B, v.Author, "")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestIDsAgree: the ids two instances give are those of one history: what one has
// given out, the other knows, whoever reads next.
func TestIDsAgree(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		one, other := instance(t, open()), instance(t, open())
		replace(t, one, "crm", rec{ID: "c1", TaxID: idno(1)})
		replace(t, one, "books", rec{ID: "b1"})
		before := keys(t, one)
		// Merged by the other, parted by the first, and away for a while.
		replace(t, other, "books", rec{ID: "b1", TaxID: idno(1)})
		follow(t, one)
		for _, d := range []*directory.Directory{one, other} {
			if k, ok := d.Canonical(before["books:b1"]); !ok || k != before["crm:c1"] {
				t.Errorf("the alias is of %q, want %q", k, before["crm:c1"])
			}
		}
		replace(t, one, "books")
		replace(t, other, "books", rec{ID: "b1"})
		follow(t, one)
		if got := keys(t, one); !maps.Equal(got, before) {
			t.Errorf("ids %v, want %v", got, before)
		}
		same(t, "in the end", one, other)
	})
}
