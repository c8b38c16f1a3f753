package store_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

// TestDirectoryStates: what is remembered of conflicts and of held readings is
// given back as it was, by every database.
func TestDirectoryStates(t *testing.T) {
	for _, c := range []struct {
		name    string
		address func(t *testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "trama.db") }},
		{"postgres", func(t *testing.T) string { return servicetest.Postgres(t) }},
	} {
		t.Run("case="+c.name, func(t *testing.T) { directoryStates(t, c.address(t)) })
	}
}

func directoryStates(t *testing.T, address string) {
	s := openAt(t, address)
	t.Cleanup(func() { _ = s.Close() })
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	save := func(c directory.Changes) {
		t.Helper()
		if err := s.SaveDirectory(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
	}
	load := func(since directory.Version) (states map[string]directory.ConflictState, losses map[string]directory.Loss, v directory.Version) {
		t.Helper()
		states, losses = map[string]directory.ConflictState{}, map[string]directory.Loss{}
		none := func(directory.Golden) error { return nil }
		err := s.LoadDirectory(t.Context(), directory.Intake{
			Since: since, Golden: none,
			Version:  func(x directory.Version) error { v = x; return nil },
			Member:   func(directory.Member) error { return nil },
			Kept:     func(directory.Kept) error { return nil },
			Decision: func(directory.Decision) error { return nil },
			Seen:     func(string, string) error { return nil },
			ReadAt:   func(string, time.Time) error { return nil },
			Conflict: func(x directory.ConflictState) error { states[x.Key] = x; return nil },
			Loss:     func(x directory.Loss) error { losses[x.Source] = x; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return states, losses, v
	}
	open := directory.ConflictState{Key: "cf_1", Kind: schema.ConflictInvalidFiscalID, Field: "taxId", State: directory.StateOpen, FirstSeen: at}
	said := directory.ConflictState{
		Key: "cf_2", Kind: directory.ConflictUnmatched, Records: []directory.RecordRef{{Source: "crm", RecordID: "c'1 ©"}, {Source: "crm"}},
		State: directory.StateResolved, Author: "ana", Note: "so it is ţ", At: at.Add(1e9), FirstSeen: at, LastSeen: at.Add(2e9),
	}
	held := directory.Loss{Source: "books", Had: 100, Got: 3, At: at}
	save(directory.Changes{Conflicts: []directory.ConflictState{open, said}, Losses: []directory.Loss{held}})
	states, losses, v := load(directory.Version{})
	if want := map[string]directory.ConflictState{"cf_1": open, "cf_2": said}; !reflect.DeepEqual(states, want) {
		t.Errorf("got\n%+v\nwant\n%+v", states, want)
	}
	if !reflect.DeepEqual(losses, map[string]directory.Loss{"books": held}) {
		t.Errorf("losses %+v", losses)
	}

	held.Author = "ana"
	changed := open
	changed.State, changed.Author, changed.FirstSeen = directory.StateIgnored, "ion", at.Add(5e9)
	save(directory.Changes{Conflicts: []directory.ConflictState{changed}, Losses: []directory.Loss{held}})
	states, _, v = load(v)
	if changed.FirstSeen = at; len(states) != 1 || !reflect.DeepEqual(states["cf_1"].State, changed.State) || !states["cf_1"].FirstSeen.Equal(at) {
		t.Errorf("since the last time %+v", states)
	}
	if l, ok, err := s.DirectoryLoss(t.Context(), "books"); err != nil || !ok || l != held {
		t.Errorf("held %+v, %v, %v", l, ok, err)
	}
	save(directory.Changes{Forgotten: []string{"cf_1"}, NoLoss: []string{"books"}})
	states, losses, _ = load(directory.Version{})
	if len(states) != 1 || losses["books"].Had != 0 {
		t.Errorf("after forgetting %+v, %+v", states, losses)
	}
	if _, ok, err := s.DirectoryLoss(t.Context(), "books"); ok || err != nil {
		t.Errorf("settled, but held: %v, %v", ok, err)
	}
	load(v)
}
