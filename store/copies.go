package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

var _ copies.Store = (*Store)(nil)

const setColumns = `id, source, entity, layout, row_count, run, running, settings, started_at, saved_at, mark, pages, seen, changed,
	resumed, at_end, doubtful, shifting, complete, sound, as_of, took, missing, refused, refusal, accept_until, cursor, followed_at, failure, changed_from, garbled, held, garbled_until`

func scanSet(scan func(...any) error) (copies.Set, error) {
	var s copies.Set
	var started, saved, asOf, accept, followed, garbled sql.NullInt64
	var took int64
	var refusal, failure string
	err := scan(&s.ID, &s.Source, &s.Entity, &s.Layout, &s.Rows, &s.Run, &s.Running, &s.Settings, &started, &saved, &s.Mark, &s.Pages, &s.Seen, &s.Changed,
		&s.Resumed, &s.AtEnd, &s.Doubtful, &s.Shifting, &s.Complete, &s.Sound, &asOf, &took, &s.Missing, &s.Refused, &refusal, &accept, &s.Cursor, &followed, &failure, &s.ChangedFrom,
		&s.Garbled, &s.Held, &garbled)
	s.Started, s.Saved, s.AsOf, s.Accept = fromMicros(started), fromMicros(saved), fromMicros(asOf), fromMicros(accept)
	s.Followed, s.AcceptGarbled = fromMicros(followed), fromMicros(garbled)
	s.Took, s.Refusal = time.Duration(took)*time.Microsecond, schema.Code(refusal)
	s.Failure = schema.Code(failure)
	return s, err
}

func copySet(ctx context.Context, tx *sql.Tx, id int64) (copies.Set, error) {
	return scanSet(tx.QueryRowContext(ctx, "SELECT "+setColumns+" FROM copy_sets WHERE id = ?", id).Scan)
}

// OpenCopy implements copies.Store.
func (s *Store) OpenCopy(ctx context.Context, source, entity, layout string) (copies.Set, error) {
	var set copies.Set
	err := s.write(ctx, "open copy", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO copy_sets (source, entity, layout) VALUES (?, ?, ?) ON CONFLICT (source, entity) DO NOTHING", source, entity, layout)
		if err != nil {
			return err
		}
		find := "SELECT " + setColumns + " FROM copy_sets WHERE source = ? AND entity = ?" + s.hold
		if set, err = scanSet(tx.QueryRowContext(ctx, find, source, entity).Scan); err != nil || set.Layout == layout {
			return err
		}
		// Rows of another layout cannot be read: there is no copy until a reading has
		// replaced them, whatever versions they have.
		_, err = tx.ExecContext(ctx, `UPDATE copy_sets SET layout = ?, running = 0, complete = 0, sound = 0, as_of = NULL, cursor = '', followed_at = NULL,
			garbled = '', held = 0
			WHERE id = ?`, layout, set.ID)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "DELETE FROM copy_held WHERE set_id = ?", set.ID); err != nil {
			return err
		}
		// Deleted rows of another layout nobody can read either, and no reading replaces them.
		if _, err = tx.ExecContext(ctx, "DELETE FROM copy_deleted WHERE set_id = ?", set.ID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE copy_marks SET version = '' WHERE version <> '' AND row_id IN (SELECT id FROM copy_rows WHERE set_id = ?)", set.ID)
		if err != nil {
			return err
		}
		set, err = copySet(ctx, tx, set.ID)
		return err
	})
	return set, err
}

// Copies implements copies.Store.
func (s *Store) Copies(ctx context.Context, source string) ([]copies.Set, error) {
	var list []copies.Set
	err := s.read(ctx, "list copies", func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT "+setColumns+" FROM copy_sets WHERE ? = '' OR source = ? ORDER BY id", func(rows *sql.Rows) error {
			set, err := scanSet(rows.Scan)
			list = append(list, set)
			return err
		}, source, source)
	})
	return list, err
}

// holdSets keeps others from changing the sets of a source until the transaction
// ends; everybody takes several of them in the same order.
func (s *Store) holdSets(ctx context.Context, tx *sql.Tx, source string) error {
	if s.hold == "" {
		return nil
	}
	return each(ctx, tx, "SELECT id FROM copy_sets WHERE source = ? ORDER BY id"+s.hold, func(*sql.Rows) error { return nil }, source)
}

// Refuse implements copies.Store.
func (s *Store) Refuse(ctx context.Context, id int64, code schema.Code) error {
	return s.write(ctx, "save what a source does not have", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE copy_sets SET refusal = ? WHERE id = ?", string(code), id)
		return err
	})
}

// NoteFailure implements copies.Store.
func (s *Store) NoteFailure(ctx context.Context, id int64, code schema.Code, garbled string) error {
	return s.write(ctx, "save why a reading failed", func(tx *sql.Tx) error {
		set, err := scanSet(tx.QueryRowContext(ctx, "SELECT "+setColumns+" FROM copy_sets WHERE id = ?"+s.hold, id).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // nobody asks for it any more
		} else if err != nil {
			return err
		}
		asOf := set.AsOf
		if garbled != "" { // from now on it is as old as what was taken before
			asOf = set.Whole()
		}
		_, err = tx.ExecContext(ctx, "UPDATE copy_sets SET failure = ?, garbled = ?, as_of = ? WHERE id = ?", string(code), garbled, micros(asOf), id)
		return err
	})
}

// AcceptDeletions implements copies.Store.
func (s *Store) AcceptDeletions(ctx context.Context, source string, until time.Time) error {
	return s.write(ctx, "accept deletions", func(tx *sql.Tx) error {
		if err := s.holdSets(ctx, tx, source); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE copy_sets SET accept_until = ? WHERE source = ?", micros(until), source)
		return err
	})
}

// PurgeCopies implements copies.Store.
func (s *Store) PurgeCopies(ctx context.Context, source string, before time.Time) (int64, error) {
	var n int64
	err := s.write(ctx, "forget deletions", func(tx *sql.Tx) error {
		if err := s.holdSets(ctx, tx, source); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM copy_gone WHERE gone_at < ? AND set_id IN (SELECT id FROM copy_sets WHERE source = ?)`, before.UnixMicro(), source)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// Tombstones implements copies.Store.
func (s *Store) Tombstones(ctx context.Context, id int64, since time.Time, f func(key string, at time.Time) error) error {
	return s.read(ctx, "list deletions", func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT key, gone_at FROM copy_gone WHERE set_id = ? AND gone_at >= ? ORDER BY gone_at, key", func(rows *sql.Rows) error {
			var key string
			var at sql.NullInt64
			if err := rows.Scan(&key, &at); err != nil {
				return err
			}
			return f(key, fromMicros(at))
		}, id, since.UnixMicro())
	})
}
