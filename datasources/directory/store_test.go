package directory_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/store"
)

// TestWithDatabase: what a real database remembers is what was there.
func TestWithDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trama.db")
	var st *store.Store
	reopen := func() *directory.Directory {
		t.Helper()
		if st != nil {
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if st, err = store.Open(t.Context(), "sqlite:"+path, store.Deps{}); err != nil {
			t.Fatal(err)
		}
		d, err := directory.Open(t.Context(), config(), st, directory.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Cleanup(func() { _ = st.Close() })
	d := reopen()
	crm, books := synthetic(500)
	replace(t, d, "crm", crm...)
	replace(t, d, "books", books...)
	books[3].Deleted, books[4].TaxID = true, ""
	replace(t, d, "books", books[:490]...)
	if err := d.Link(t.Context(), ref("crm", crm[4].ID), ref("books", books[4].ID), "ana", "it is he"); err != nil {
		t.Fatal(err)
	}
	if err := d.Deny(t.Context(), ref("crm", crm[5].ID), ref("books", books[5].ID), "ana", "it is not"); err != nil {
		t.Fatal(err)
	}
	ids, who, what := keys(t, d), clusters(t, d), conflicts(t, d)
	d = reopen()
	if got := clusters(t, d); !slices.Equal(got, who) {
		t.Errorf("customers after the restart\n got %q\nwant %q", got, who)
	}
	if got := keys(t, d); !maps.Equal(got, ids) {
		t.Error("other ids after the restart")
	}
	if got := conflicts(t, d); !slices.Equal(got, what) {
		t.Errorf("conflicts after the restart\n got %q\nwant %q", got, what)
	}
	events, err := st.DirectoryEvents(t.Context(), "", 2)
	if err != nil || len(events) != 2 || events[0].Kind != "deny" || events[0].Author != "ana" {
		t.Errorf("history %+v, %v", events, err)
	}
	if got := together(t, d); len(got) != 489 { // 490 in the books, one denied
		t.Errorf("%d customers in both", len(got))
	}
}
