package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/schema"
)

// maxVersionName bounds the names of counters: they are few and written by us.
const maxVersionName = 64

// Versions returns the counters that say what has changed, by name: those of
// Bump, "directory", "directory_notes" and DatasetsVersion. One that was never bumped
// is missing.
func (s *Store) Versions(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, shortCall)
	defer cancel()
	versions, err := readVersions(ctx, s.r)
	return versions, s.failed("read the versions", err)
}

// querier is a transaction or a database.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readVersions(ctx context.Context, q querier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT name, n FROM versions")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what may fail is in Err
	versions := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		versions[name] = n
	}
	return versions, rows.Err()
}

// Bump counts a change of something that every instance keeps in its memory:
// "policies", "tokens", "cache". The others learn of it by WatchVersions.
func (s *Store) Bump(ctx context.Context, name string) error {
	if name == "" || len(name) > maxVersionName || !isText(name) || name == directoryVersion || name == directoryNotes || name == DatasetsVersion {
		return schema.Errorf(schema.Internal, "no counter has the name %q", name)
	}
	ctx, cancel := context.WithTimeout(ctx, shortCall)
	defer cancel()
	return s.write(ctx, "count a change", func(tx *sql.Tx) error {
		_, err := s.bumpHeld(ctx, tx, name)
		return err
	})
}

// bumpHeld raises a counter within a transaction and returns what it is now. Until
// the transaction ends, others who raise it wait.
func (s *Store) bumpHeld(ctx context.Context, tx *sql.Tx, name string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, "INSERT INTO versions (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = versions.n + 1 RETURNING n", name).Scan(&n)
	return n, err
}

// WatchVersions calls changed for every counter that is another one than at the
// last look, one after the other, until ctx ends; the first look reports them all.
// It looks every so often, with one query. A database that is away is waited for:
// that is logged once, and what changed meanwhile is reported afterwards.
func (s *Store) WatchVersions(ctx context.Context, every time.Duration, changed func(name string, n int64)) {
	known := map[string]int64{}
	isAway := false
	for {
		switch versions, err := s.Versions(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !isAway {
				s.log.WarnContext(ctx, "cannot learn what other instances have changed", "error", err)
			}
			isAway = true
		default:
			if isAway {
				s.log.InfoContext(ctx, "learns again what other instances have changed")
			}
			isAway = false
			for name, n := range versions {
				// Not only a greater one: a database that was restored has lower ones.
				if known[name] != n {
					known[name] = n
					changed(name, n)
				}
			}
		}
		if !pause(ctx, every) {
			return
		}
	}
}

// pause waits, and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
