package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks the file as Trama's (PRAGMA application_id): "trma".
const applicationID = 0x74726d61

// readers is the number of connections that only read.
const readers = 4

func openSQLite(ctx context.Context, path string, deps Deps) (*Store, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("store.url: sqlite: needs the path of a file")
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	s := &Store{name: path, log: deps.Log, now: deps.Now, reading: &sql.TxOptions{ReadOnly: true}}
	var err error
	// A write transaction takes its lock at the beginning: one that reads first and
	// writes later could not wait for another process, SQLite would just refuse it.
	if s.w, err = sql.Open("sqlite", dsn(path, deps, url.Values{"_txlock": {"immediate"}})); err != nil {
		return nil, s.failed("open", err)
	}
	s.w.SetMaxOpenConns(1)
	// Copies have readers of their own, with more pages in memory.
	if s.r, err = sql.Open("sqlite", dsn(path, deps, url.Values{}, "query_only(1)")); err != nil {
		return nil, errors.Join(s.failed("open", err), s.w.Close())
	}
	s.r.SetMaxOpenConns(readers)
	s.lite = newLiteReaders(path, deps.BusyTimeout)
	if err := s.prepare(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// dsn makes the driver's address. The path is escaped: it may have any sign in it.
func dsn(path string, deps Deps, q url.Values, pragmas ...string) string {
	q["_pragma"] = append([]string{
		"busy_timeout(" + strconv.FormatInt(deps.BusyTimeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(NORMAL)", // in WAL mode a power cut loses the last commits at most, never the file
		"foreign_keys(1)",
	}, pragmas...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// prepareFile makes the file readable by its owner only, before SQLite opens it;
// its companions (-wal, -shm) inherit the mode.
func prepareFile(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("store.url: %s is a directory", path)
	case err == nil && info.Mode().Perm()&0o077 != 0:
		if err := os.Chmod(path, 0o600); err != nil {
			return fmt.Errorf("store.url: %s can be read by others, and that cannot be changed: %w", path, err)
		}
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		if dir := filepath.Dir(path); !isDir(dir) {
			return fmt.Errorf("store.url: the directory of %s does not exist", path)
		}
	default:
		return fmt.Errorf("store.url: %s cannot be read: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("store.url: %s cannot be opened for writing: %w", path, errors.Unwrap(err))
	}
	return f.Close()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// prepare checks whose file it is and migrates it.
func (s *Store) prepare(ctx context.Context) error {
	var id, tables int
	if err := s.w.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return s.failed("open", err)
	}
	if err := s.w.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return s.failed("open", err)
	}
	if id != applicationID {
		if tables > 0 {
			return fmt.Errorf("store.url: %s is a database of another program", s.name)
		}
		if _, err := s.w.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(applicationID)); err != nil {
			return s.failed("open", err)
		}
	}
	return s.migrate(ctx)
}

// explain says what an operator can do about the driver's codes; the cause stays
// wrapped.
func explain(err error) error {
	var e interface {
		error
		Code() int
	}
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest is detail
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is not a database: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("the database is damaged, restore it from a backup: %w", err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("the database is locked by another process: %w", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full: %w", err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("the file or its directory cannot be written: %w", err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk failed: %w", err)
	}
	return err
}

// isUniqueSQLite reports whether err is a broken UNIQUE constraint.
func isUniqueSQLite(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
