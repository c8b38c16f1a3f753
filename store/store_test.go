package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/storetest"
)

var (
	_ directory.Store = (*store.Store)(nil)
	_ tokens.Store    = (*store.Store)(nil)
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() storetest.Store {
		// Signs that mean something in an address.
		path := filepath.Join(t.TempDir(), "a b#c%20?d=ţ.db")
		return func() storetest.Store { return open(t, path) }
	})
}

func TestSQLiteCopies(t *testing.T) {
	storetest.RunCopies(t, func(t *testing.T) func() storetest.Store {
		path := filepath.Join(t.TempDir(), "trama.db")
		return func() storetest.Store { return open(t, path) }
	})
}

func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trama.db")
	s := open(t, path)
	if _, err := s.ServerKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(file), got)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("an open file stayed at %o", info.Mode().Perm())
	}
}

// raw runs statements on a file behind the store's back.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign.db")
	raw(t, foreign, "CREATE TABLE customers (id INTEGER)")
	newer := filepath.Join(dir, "newer.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, newer, "INSERT INTO schema_versions (version_id, is_applied) VALUES (999, 1)")
	damaged := filepath.Join(dir, "damaged.db")
	if err := open(t, damaged).Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(data); i++ {
		data[i] = 0xa5
	}
	write("damaged.db", data)
	for _, c := range []struct{ name, url, want string }{
		{"no scheme", "trama.db", "want sqlite:PATH"},
		{"no path", "sqlite:", "needs the path of a file"},
		{"in memory", "sqlite::memory:", "needs the path of a file"},
		{"no known kind", "mysql://user:secret@host/db", "want sqlite:PATH or postgres://"},
		{"directory", "sqlite:" + dir, dir + " is a directory"},
		{"no directory", "sqlite:" + dir + "/none/trama.db", "the directory of " + dir + "/none/trama.db does not exist"},
		{"not a database", "sqlite:" + write("text.db", []byte(strings.Repeat("not a database ", 100))), "text.db: the file is not a database"},
		{"of another program", "sqlite:" + foreign, "foreign.db is a database of another program"},
		{"of a newer version", "sqlite:" + newer, "newer.db was written by a newer version of Trama (schema 999"},
		{"damaged", "sqlite:" + damaged, "damaged.db: the database is damaged"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), c.url, store.Deps{})
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trama.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Deps{BusyTimeout: time.Millisecond})
	if err == nil {
		s.Close()
		t.Fatal("opened")
	}
	if !strings.Contains(err.Error(), path+": the database is locked by another process") {
		t.Errorf("error %q", err)
	}
}

// TestEmptyFile: a file that was made beforehand, for its mode or owner, is taken.
func TestEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trama.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Error(err)
	}
}
