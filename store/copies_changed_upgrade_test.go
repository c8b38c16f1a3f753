package store

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

// back takes the schema back to an older version.
func back(t *testing.T, s *Store, dialect goose.Dialect, dir string, version int64) {
	t.Helper()
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(dialect, s.w, files, goose.WithTableName("schema_versions"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// upgrade makes a copy as the version before moments had it.
func upgrade(t *testing.T, address string, dialect goose.Dialect, dir string, version int64, rows int) copies.Set {
	t.Helper()
	s, err := Open(t.Context(), address, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set, err := s.OpenCopy(t.Context(), "erp", "Order", "L")
	if err != nil {
		t.Fatal(err)
	}
	if set, err = s.BeginRun(t.Context(), set.ID, set.Run, set.Pages, copies.Begin{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < rows; at += 5000 {
		page := &copies.Page{At: time.Now()}
		for i := at; i < min(at+5000, rows); i++ {
			page.Rows = append(page.Rows, planRow(i, rows))
		}
		if set, err = s.SavePage(t.Context(), set.ID, set.Run, set.Pages, page); err != nil {
			t.Fatal(err)
		}
	}
	back(t, s, dialect, dir, version)
	return set
}

// TestChangedUpgrade: rows from before there were moments are taken to have changed
// when the schema was brought up to date; nothing is read again.
func TestChangedUpgrade(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect goose.Dialect
		dir     string
		version int64
	}{{"sqlite", goose.DialectSQLite3, "migrations/sqlite", 10}, {"postgres", goose.DialectPostgres, "migrations/postgres", 6}} {
		t.Run("store="+c.name, func(t *testing.T) {
			address := "sqlite:" + filepath.Join(t.TempDir(), "trama.db")
			if c.name == "postgres" {
				address = servicetest.Postgres(t)
			}
			was := upgrade(t, address, c.dialect, c.dir, c.version, 20)
			from := time.Now()
			s, err := Open(t.Context(), address, Deps{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			set, err := s.OpenCopy(t.Context(), "erp", "Order", "L")
			if err != nil || set.Run != was.Run || set.Rows != was.Rows || !set.Running {
				t.Fatalf("%+v, was %+v: %v", set, was, err)
			}
			at := time.UnixMilli(set.ChangedFrom)
			if at.Before(from.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
				t.Errorf("moments are kept since %v, want about %v", at, from)
			}
			if set, err = s.SaveChanges(t.Context(), set.ID, &copies.ChangeSet{Rows: []copies.Row{{Key: "new", Hash: []byte("1"), Data: []byte("1")}}, At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			for _, q := range []struct {
				name  string
				where schema.Predicate
				want  int
			}{
				{"all", schema.Compare(changedColumn, schema.Ge, schema.Time(at)), 21},
				{"those of before", schema.Compare(changedColumn, schema.Le, schema.Time(at)), 20},
				{"since", schema.Compare(changedColumn, schema.Gt, schema.Time(at)), 1},
			} {
				a := copies.Ask{Source: "erp", ChangedFrom: set.ChangedFrom}
				a.Where, a.First, a.Total = q.where, 1, true
				answer, err := s.CopyList(t.Context(), set.ID, a, func([]byte, int64) error { return nil })
				if err != nil || answer.Totals[0] != q.want {
					t.Errorf("%s: %d, want %d; %v", q.name, answer.Totals[0], q.want, err)
				}
			}
		})
	}
}

// olderWriter writes rows as the version before moments did: with the set held, and
// without naming columns it does not know.
func olderWriter(s *Store, set int64, round int) error {
	tx, err := s.w.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var run, id int64
	if err := tx.QueryRow("SELECT run FROM copy_sets WHERE id = ? FOR UPDATE", set).Scan(&run); err != nil {
		return err
	}
	key := []byte(fmt.Sprint("old", round%7))
	err = tx.QueryRow("SELECT id FROM copy_rows WHERE set_id = ? AND key = ?", set, key).Scan(&id)
	switch {
	case err == sql.ErrNoRows: //nolint:errorlint // as it is
		if err := tx.QueryRow("SELECT nextval('copy_row_ids')").Scan(&id); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO copy_rows (id, set_id, key) VALUES (?, ?, ?)", id, set, key); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO copy_data (row_id, data) VALUES (?, ?)", id, key); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO copy_marks (row_id, run, hash) VALUES (?, ?, ?)", id, run, key); err != nil {
			return err
		}
	case err != nil:
		return err
	case round%5 == 0:
		for _, text := range []string{"DELETE FROM copy_data WHERE row_id = ?", "DELETE FROM copy_marks WHERE row_id = ?", "DELETE FROM copy_rows WHERE id = ?"} {
			if _, err := tx.Exec(text, id); err != nil {
				return err
			}
		}
	default:
		if _, err := tx.Exec("UPDATE copy_rows SET status = ? WHERE id = ?", fmt.Append(nil, round), id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("UPDATE copy_sets SET changed = changed + 1 WHERE id = ?", set); err != nil {
		return err
	}
	return tx.Commit()
}

// TestChangedBesideOlder: instances of the version before write while the schema is
// brought up to date, and go on beside one of this version. Nobody fails, and every
// row has a moment that is not before the one at which it was written.
func TestChangedBesideOlder(t *testing.T) {
	address := servicetest.Postgres(t)
	set := upgrade(t, address, goose.DialectPostgres, "migrations/postgres", 6, 2000)
	older := openAsIs(t, address)
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		wait.Go(func() {
			for round := i; ; round += 3 {
				select {
				case <-stop:
					return
				default:
				}
				if err := olderWriter(older, set.ID, round); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var newer [2]*Store
	for i := range newer { // at the same time
		wait.Go(func() {
			s, err := Open(t.Context(), address, Deps{})
			if err != nil {
				t.Error(err)
				return
			}
			newer[i] = s
			defer s.Close()
			for round := range 30 {
				row := copies.Row{Key: fmt.Sprintf("new%d", i), Hash: fmt.Append(nil, round), Data: fmt.Append(nil, round)}
				if _, err := s.SaveChanges(t.Context(), set.ID, &copies.ChangeSet{Rows: []copies.Row{row}, At: time.Now()}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	time.AfterFunc(2*time.Second, func() { close(stop) })
	wait.Wait()

	before := time.Now()
	s, err := Open(t.Context(), address, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for round := 21; round < 24; round++ { // an insertion or a change of three rows
		if err := olderWriter(older, set.ID, round); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := s.w.QueryRow("SELECT count(*) FROM copy_rows WHERE set_id = ? AND changed_at >= ? AND key IN ('old0', 'old1', 'old2')", set.ID, before.UnixMilli()-1).Scan(&n); err != nil || n != 3 {
		t.Errorf("%d of three rows that an older version wrote have a moment; %v", n, err)
	}
}

// openAsIs opens a database without bringing it up to date.
func openAsIs(t *testing.T, address string) *Store {
	t.Helper()
	db := connectTo(t, address)
	t.Cleanup(func() { _ = db.Close() })
	return &Store{w: db, r: db, now: time.Now, isPostgres: true, hold: " FOR UPDATE"}
}

func connectTo(t *testing.T, address string) *sql.DB {
	t.Helper()
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["lock_timeout"] = "5000"
	return sql.OpenDB(rebound{stdlib.GetConnector(*cfg)})
}
