package store_test

import (
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/store/servicetest"
	"github.com/trama-graph/trama/store/storetest"
)

func TestPostgresCopies(t *testing.T) {
	storetest.RunCopies(t, func(t *testing.T) func() storetest.Store {
		address := servicetest.Postgres(t)
		return func() storetest.Store { return openAt(t, address) }
	})
}

// TestPostgresCopyCut: the server ends the connection in the middle of a page.
func TestPostgresCopyCut(t *testing.T) {
	address := servicetest.Postgres(t)
	s := openAt(t, address)
	defer s.Close()
	set, err := s.OpenCopy(t.Context(), "erp", "Order", "L")
	if err != nil {
		t.Fatal(err)
	}
	if set, err = s.BeginRun(t.Context(), set.ID, set.Run, set.Pages, copies.Begin{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	other := connect(t, address)
	defer other.Close()
	row := copies.Row{Key: "a", Hash: []byte("1"), Data: []byte("1"), Links: []copies.Link{{Relation: "orderNumber", Number: "A"}}}
	for _, c := range []struct {
		name string
		save func() error
	}{
		{"page", func() error {
			_, err := s.SavePage(t.Context(), set.ID, set.Run, set.Pages, &copies.Page{Rows: []copies.Row{row}, At: time.Now()})
			return err
		}},
		{"changes", func() error {
			_, err := s.SaveChanges(t.Context(), set.ID, &copies.ChangeSet{Next: "k1", Rows: []copies.Row{row}})
			return err
		}},
		{"push", func() error {
			pushed := row
			pushed.Version = "n1"
			_, err := s.SavePushedBatch(t.Context(), []copies.PushedSet{{ID: set.ID, Rows: []copies.PushedRow{{Row: pushed}}}}, false, time.Now())
			return err
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			// The links are written last of a row's parts.
			tx, err := other.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(t.Context(), "LOCK TABLE copy_links IN EXCLUSIVE MODE"); err != nil {
				t.Fatal(err)
			}
			saved := make(chan error, 1)
			go func() { saved <- c.save() }()
			for ended := 0; ended == 0; {
				err := other.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted AND relation = 'copy_links'::regclass`).Scan(&ended)
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := <-saved; err == nil {
				t.Error("saved over a connection that was cut")
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			list, err := s.Copies(t.Context(), "erp")
			if err != nil || list[0] != set {
				t.Errorf("half of it is here: %+v, want %+v; %v", list, set, err)
			}
			if _, err := s.CopyByKeys(t.Context(), set.ID, []string{"a"}, false, func([]byte, int64) error { t.Error("the row is here"); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := s.SavePage(t.Context(), set.ID, set.Run, set.Pages, &copies.Page{Rows: []copies.Row{row}, At: time.Now()}); err != nil {
		t.Errorf("after the cuts: %v", err)
	}
}
