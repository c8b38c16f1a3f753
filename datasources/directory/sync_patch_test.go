package directory_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/store"
)

// TestSyncPatch: what is few of another instance's news is patched in; the rest is
// made anew.
func TestSyncPatch(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		one, other := instance(t, open()), instance(t, open())
		replace(t, one, "crm", many(100)...)
		replace(t, one, "books", many(100)...)
		apply := func(source string, changed []rec, gone ...string) func() error {
			return func() error { return one.Apply(t.Context(), source, changed, gone, at(2000)) }
		}
		a, b := ref("crm", "r0003"), ref("books", "new")
		for _, c := range []struct {
			name      string
			change    func() error
			isPatched bool
		}{
			{"much", func() error { return nil }, false},
			{"new customer", apply("books", []rec{{ID: "new", TaxID: idno(2000)}}), true},
			{"parted", apply("books", []rec{{ID: "r0005", Name: "another"}}), true},
			{"joined", apply("books", []rec{{ID: "r0005", TaxID: idno(5), Name: "another"}}), true},
			{"gone", apply("books", nil, "r0006"), true},
			{"back", apply("books", []rec{{ID: "r0006", TaxID: idno(6)}}), true},
			{"link by hand", func() error { return one.Link(t.Context(), a, b, "ana", "") }, true},
			{"withdrawn", func() error { return one.Withdraw(t.Context(), a, b, "ana", "") }, true},
			{"several sources", func() error {
				if err := apply("crm", []rec{{ID: "x1", TaxID: idno(2000)}})(); err != nil {
					return err
				}
				return apply("books", []rec{{ID: "x2", Name: "x"}})()
			}, false},
		} {
			t.Run("case="+c.name, func(t *testing.T) {
				if err := c.change(); err != nil {
					t.Fatal(err)
				}
				follow(t, other)
				if got := other.IsPatched(); got != c.isPatched {
					t.Errorf("is patched %t, want %t", got, c.isPatched)
				}
				for _, d := range []*directory.Directory{one, other} {
					if err := d.Verify(); err != nil {
						t.Error(err)
					}
				}
				same(t, c.name, one, other)
			})
		}
	})
}
