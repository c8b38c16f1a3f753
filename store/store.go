package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Deps are what the store needs of its surroundings.
type Deps struct {
	Log *slog.Logger     // nil = silent
	Now func() time.Time // nil = time.Now
	// BusyTimeout is how long a connection waits for another process or transaction;
	// 0 = 5 s.
	BusyTimeout time.Duration
}

// busyTimeout is how long another process is waited for.
const busyTimeout = 5 * time.Second

// ErrLocked says that another process runs on this file.
var ErrLocked = errors.New("another trama is running on it")

// Store is an open database. It is safe for concurrent use.
type Store struct {
	name string // for errors: the path, or an address without its password
	w    *sql.DB
	r    *sql.DB      // of PostgreSQL the same
	lite *liteReaders // of copies, nil with PostgreSQL
	log  *slog.Logger
	now  func() time.Time

	isPostgres bool
	dial       *pgx.ConnConfig // of PostgreSQL, for connections beside the pool
	hold       string          // what a SELECT ends with that holds its rows until the transaction ends
	reading    *sql.TxOptions  // of a consistent reading

	lock   io.Closer // of Lock with SQLite, nil before
	rights rights
}

// Open opens the database url names and brings its schema up to date. Errors are
// written for the operator and name the file or the server, never a password.
func Open(ctx context.Context, url string, deps Deps) (*Store, error) {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.BusyTimeout == 0 {
		deps.BusyTimeout = busyTimeout
	}
	scheme, path, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, path, deps)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, deps)
	}
	return nil, errors.New("store.url: want sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")
}

// Close gives back what Elect has granted, waits for running queries and closes
// the database.
func (s *Store) Close() error {
	s.rights.close()
	if s.lite != nil {
		s.lite.close()
	}
	err := errors.Join(s.r.Close(), s.w.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return s.failed("close", err)
}

// write runs f in a transaction. SQLite has one connection that writes, so that
// nothing else is written meanwhile; in PostgreSQL others may write beside it.
func (s *Store) write(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, usualCall)
	defer cancel()
	tx, end, err := s.begin(ctx, s.w, nil)
	if err != nil {
		return s.failed(what, err)
	}
	defer end()
	if err := f(tx); err != nil {
		return s.failed(what, err)
	}
	return s.failed(what, tx.Commit())
}

// read runs f in one consistent reading.
func (s *Store) read(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, usualCall)
	defer cancel()
	tx, end, err := s.begin(ctx, s.r, s.reading)
	if err != nil {
		return s.failed(what, err)
	}
	defer end()
	return s.failed(what, f(tx))
}

// each calls f for every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, f func(*sql.Rows) error, args ...any) (err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// failed names the database and says what a driver's code means.
func (s *Store) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	if s.isPostgres {
		err = explainPostgres(err)
	} else {
		err = explain(err)
	}
	return fmt.Errorf("%s in %s: %w", what, s.name, err)
}

// micros is how times are stored: sortable and the same in every database.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func fromMicros(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}
