package store_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// TestPostgresDatasetsOrder: who removes a dataset takes the counter before the row, as who
// saves one does, so that neither waits for the other for ever.
func TestPostgresDatasetsOrder(t *testing.T) {
	address := servicetest.Postgres(t)
	s := openAt(t, address)
	defer s.Close()
	d := store.Dataset{Name: "a", Text: "query a", SavedBy: "root", SavedAt: time.Now()}
	if err := s.SaveDataset(t.Context(), &d, 5, tokens.Entry{Kind: "dataset.saved", Account: "root"}); err != nil {
		t.Fatal(err)
	}
	other := connect(t, address)
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), "UPDATE versions SET n = n + 1 WHERE name = 'datasets'"); err != nil {
		t.Fatal(err)
	}
	removed := make(chan error, 1)
	go func() {
		removed <- s.RemoveDataset(t.Context(), "a", tokens.Entry{Kind: "dataset.removed", Account: "root"})
	}()
	for waiting := 0; waiting == 0; {
		if err := other.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%versions%'").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	// The row is free: a second later one of the two would be given up as a deadlock.
	if _, err := tx.ExecContext(t.Context(), "SELECT 1 FROM datasets WHERE name = 'a' FOR UPDATE NOWAIT"); err != nil {
		t.Errorf("the row is held by who waits for the counter: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-removed; err != nil {
		t.Error(err)
	}
}

func TestDatasets(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 123000, time.UTC)
	entry := func(kind, name string) tokens.Entry {
		return tokens.Entry{At: at, Kind: kind, Account: "root", Token: "t1", Subject: name, Detail: "12 bytes"}
	}
	for _, kind := range []struct {
		name    string
		address func(t *testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "trama.db") }},
		{"postgres", func(t *testing.T) string { return servicetest.Postgres(t) }},
	} {
		t.Run("case="+kind.name, func(t *testing.T) {
			ctx, address := t.Context(), kind.address(t)
			one, other := openAt(t, address), openAt(t, address)
			defer one.Close()
			defer other.Close()
			if list, err := one.Datasets(ctx); err != nil || len(list) != 0 {
				t.Errorf("an empty store has %v, %v", list, err)
			}
			b := store.Dataset{Name: "b", Text: "query b { ț }\n", SavedBy: "root", SavedAt: at}
			a := store.Dataset{Name: "a", Text: "query a", SavedBy: "root", SavedAt: at}
			for _, d := range []store.Dataset{b, a} {
				if err := one.SaveDataset(ctx, &d, 2, entry("dataset.saved", d.Name)); err != nil {
					t.Fatal(err)
				}
			}
			if list, err := other.Datasets(ctx); err != nil || !reflect.DeepEqual(list, []store.Dataset{a, b}) {
				t.Errorf("got %+v, %v", list, err)
			}
			// In the place of one: no more than there were.
			a.Text, a.SavedBy, a.SavedAt = "query a { b }", "clerk", at.Add(time.Hour)
			if err := other.SaveDataset(ctx, &a, 2, entry("dataset.saved", "a")); err != nil {
				t.Fatal(err)
			}
			// Refused: nothing of it is kept, neither the audit nor the counter.
			c := store.Dataset{Name: "c", Text: "query c", SavedBy: "root", SavedAt: at}
			if err := one.SaveDataset(ctx, &c, 2, entry("dataset.saved", "c")); schema.CodeOf(err) != schema.Limited {
				t.Errorf("one more than there may be: %v", err)
			}
			for _, odd := range []store.Dataset{{Name: "a\x00"}, {Name: "d", Text: "\xff"}, {Name: "d", Text: "a\x00"}} {
				if err := one.SaveDataset(ctx, &odd, 9, entry("dataset.saved", "d")); schema.CodeOf(err) != schema.BadRequest {
					t.Errorf("%q: %v", odd, err)
				}
			}
			for _, name := range []string{"c", "a\x00", ""} {
				if err := one.RemoveDataset(ctx, name, entry("dataset.removed", "c")); schema.CodeOf(err) != schema.NotFound {
					t.Errorf("remove %q: %v", name, err)
				}
			}
			if err := one.RemoveDataset(ctx, "b", entry("dataset.removed", "b")); err != nil {
				t.Fatal(err)
			}
			if list, err := one.Datasets(ctx); err != nil || !reflect.DeepEqual(list, []store.Dataset{a}) {
				t.Errorf("got %+v, %v", list, err)
			}
			versions, err := other.Versions(ctx)
			if err != nil || versions[store.DatasetsVersion] != 4 {
				t.Errorf("versions %v, %v", versions, err)
			}
			if err := one.Bump(ctx, store.DatasetsVersion); err == nil {
				t.Error("the counter was raised by itself")
			}
			list, err := one.Audit(ctx, tokens.AuditFilter{First: 10})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range list {
				got += fmt.Sprintf("%s %s by %s with %s, %s\n", e.Kind, e.Subject, e.Account, e.Token, e.Detail)
			}
			const saved = " by root with t1, 12 bytes\n"
			if want := "dataset.removed b" + saved + "dataset.saved a" + saved + "dataset.saved a" + saved + "dataset.saved b" + saved; got != want {
				t.Errorf("the audit is\n%swant\n%s", got, want)
			}
			// Many at once: the bound holds over both.
			var wait sync.WaitGroup
			for i := range 12 {
				s := []*store.Store{one, other}[i%2]
				wait.Go(func() {
					d := store.Dataset{Name: fmt.Sprintf("n%d", i), Text: "query", SavedBy: "root", SavedAt: at}
					if err := s.SaveDataset(ctx, &d, 5, entry("dataset.saved", d.Name)); err != nil && schema.CodeOf(err) != schema.Limited && schema.CodeOf(err) != schema.Conflict {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if list, err := one.Datasets(ctx); err != nil || len(list) != 5 {
				t.Errorf("%d are kept, %v", len(list), err)
			}
		})
	}
}
