package store_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
	"github.com/trama-graph/trama/store/storetest"
)

func connect(t testing.TB, address string) *sql.DB {
	t.Helper()
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return stdlib.OpenDB(*cfg)
}

// rawPostgres runs statements behind the store's back.
func rawPostgres(t testing.TB, address string, statements ...string) {
	t.Helper()
	db := connect(t, address)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func openAt(t testing.TB, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() storetest.Store {
		address := servicetest.Postgres(t)
		return func() storetest.Store { return openAt(t, address) }
	})
}

// TestPostgresStart: processes that start at once on an empty database make its
// tables once.
func TestPostgresStart(t *testing.T) {
	address := servicetest.Postgres(t)
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			s, err := store.Open(t.Context(), address, store.Deps{BusyTimeout: time.Millisecond})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.ServerKey(t.Context()); err != nil {
				t.Error(err)
			}
			s.Close()
		})
	}
	wait.Wait()
}

func TestPostgresErrors(t *testing.T) {
	address := servicetest.Postgres(t)
	with := func(change func(*url.URL)) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	password, _ := must(url.Parse(address)).User.Password()
	foreign := servicetest.Postgres(t)
	rawPostgres(t, foreign, "CREATE TABLE customers (id INT)")
	newer := servicetest.Postgres(t)
	if err := openAt(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	rawPostgres(t, newer, "INSERT INTO schema_versions (version_id, is_applied) VALUES (999, true)")
	for _, c := range []struct{ name, url, want string }{
		{"no address", "postgres://trama:s3cretword@[", "store.url: want postgres://"},
		{"unknown setting", "postgres://trama:s3cretword@127.0.0.1/x?sslmode=perhaps", "store.url: want postgres://"},
		{"wrong password", with(func(u *url.URL) { u.User = url.UserPassword("trama", "s3cretword") }), "the server does not let this user in"},
		{"no database", with(func(u *url.URL) { u.Path = "/none" }), "there is no such database"},
		{"no server", "postgres://trama:s3cretword@127.0.0.1:1/x?sslmode=disable", "postgres://127.0.0.1:1/x: the server cannot be reached"},
		{"no schema", with(func(u *url.URL) { u.RawQuery = "sslmode=disable&search_path=none" }), "has none of the schemas in its search_path"},
		{"of another program", foreign, "has tables of another program"},
		{"of a newer version", newer, "was written by a newer version of Trama (schema 999"},
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
			if strings.Contains(err.Error(), "s3cretword") || strings.Contains(err.Error(), password) {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestPostgresSnapshot: the file has the settings and the directory, and opens as
// any other.
func TestPostgresSnapshot(t *testing.T) {
	s := openAt(t, servicetest.Postgres(t))
	defer s.Close()
	key, err := s.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	ref := directory.RecordRef{Source: "crm", RecordID: "c'1 ©"}
	if err := s.SaveDirectory(t.Context(), &directory.Changes{
		// The later row is the one the earlier was merged into.
		Golden:    []directory.Golden{{Seq: 2, ID: "c_two", CreatedAt: when, ChangedAt: when.Add(time.Hour)}, {Seq: 1, ID: "c_one", CreatedAt: when, MergedInto: 2}},
		Members:   []directory.MemberChange{{Member: directory.Member{Source: ref.Source, RecordID: ref.RecordID, Customer: 2, Origin: 1, Data: []byte{0, 255}}}},
		Decisions: []directory.Decision{{A: ref, B: directory.RecordRef{Source: "z", RecordID: "1"}, Verdict: directory.SameCustomer, Author: "ana", At: when}},
		Seen:      []directory.RecordRef{{Source: "desk", RecordID: "K1"}},
		ReadAt:    map[string]time.Time{"crm": when},
		Events:    []directory.Event{{At: when, Kind: "link", Customer: "c_one", Record: ref}},
	}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "snapshot.db")
	if err := s.Snapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file %v, %v", info, err)
	}
	copied := open(t, path)
	defer copied.Close()
	if again, err := copied.ServerKey(t.Context()); err != nil || !reflect.DeepEqual(again, key) {
		t.Errorf("another server key, %v", err)
	}
	if want, got := rows(t, s), rows(t, copied); !reflect.DeepEqual(got, want) || len(got) < 5 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// rows lists everything of the directory.
func rows(t *testing.T, s *store.Store) []any {
	t.Helper()
	var list []any
	if err := s.LoadDirectory(t.Context(), directory.Intake{
		Golden: func(g directory.Golden) error { list = append(list, g); return nil },
		Member: func(m directory.Member) error {
			m.Data = append([]byte{}, m.Data...)
			list = append(list, m)
			return nil
		},
		Kept:     func(k directory.Kept) error { list = append(list, k); return nil },
		Decision: func(d directory.Decision) error { list = append(list, d); return nil },
		Seen:     func(source, key string) error { list = append(list, source+key); return nil },
		ReadAt:   func(source string, at time.Time) error { list = append(list, source+at.String()); return nil },
	}); err != nil {
		t.Fatal(err)
	}
	events, err := s.DirectoryEvents(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	return append(list, events)
}
