package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/trama-graph/trama/datasources/copies"
)

// known is the condition that a set is as the caller knows it.
const known = " WHERE id = ? AND run = ? AND pages = ?"

// BeginRun implements copies.Store.
func (s *Store) BeginRun(ctx context.Context, id, run, pages int64, b copies.Begin) (copies.Set, error) {
	return s.step(ctx, "begin to read a copy", id, func(tx *sql.Tx, _ *copies.Set) (sql.Result, error) {
		if b.Resume {
			// When all pages are here, nothing of the source is read any more.
			return tx.ExecContext(ctx, "UPDATE copy_sets SET resumed = CASE WHEN at_end = 1 THEN resumed ELSE 1 END"+known+" AND running = 1", id, run, pages)
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET run = run + 1, running = 1, settings = ?, started_at = ?, saved_at = ?, mark = '', pages = 0, seen = 0,
			changed = 0, resumed = 0, at_end = 0, doubtful = 0, shifting = 0`+known, b.Settings, b.At.UnixMicro(), b.At.UnixMicro(), id, run, pages)
	})
}

// step changes a set and returns what it is then; it fails when the set is not as
// the caller knows it. Others who change the set or its rows wait meanwhile, also
// in other processes: each takes this one row first, those of several sets in the
// order of their ids, so that nobody waits in a circle.
func (s *Store) step(ctx context.Context, what string, id int64, change func(tx *sql.Tx, set *copies.Set) (sql.Result, error)) (copies.Set, error) {
	var set copies.Set
	err := s.write(ctx, what, func(tx *sql.Tx) error {
		held, err := scanSet(tx.QueryRowContext(ctx, "SELECT "+setColumns+" FROM copy_sets WHERE id = ?"+s.hold, id).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return copies.ErrOvertaken
		} else if err != nil {
			return err
		}
		result, err := change(tx, &held)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return overtaken(err)
		}
		set, err = copySet(ctx, tx, id)
		return err
	})
	return set, err
}

func overtaken(err error) error {
	if err != nil {
		return err
	}
	return copies.ErrOvertaken
}

// SavePage implements copies.Store.
func (s *Store) SavePage(ctx context.Context, id, run, pages int64, p *copies.Page) (copies.Set, error) {
	return s.step(ctx, "save a page of a copy", id, func(tx *sql.Tx, set *copies.Set) (sql.Result, error) {
		if set.Run != run || set.Pages != pages || !set.Running || isWithdrawn(set, p.ByConsent, p.At) {
			return nil, copies.ErrOvertaken
		}
		w := newCopyWriter(ctx, tx, s.copyDialect(), set, s.now())
		w.save(p.Rows)
		w.meet(p.Met)
		w.hold(p.Rows, p.Held)
		held := w.held()
		if err := w.close(); err != nil {
			return nil, err
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET pages = pages + 1, mark = ?, saved_at = ?, at_end = ?, refusal = '',
			doubtful = CASE WHEN ? = 1 THEN 1 ELSE doubtful END, shifting = CASE WHEN ? = 1 THEN 1 ELSE shifting END,
			seen = seen + ?, changed = changed + ?, row_count = row_count + ?, held = ?, as_of = ?`+known+" AND running = 1",
			s.copyDialect().text(p.Mark), p.At.UnixMicro(), bit(p.Last), bit(p.Doubtful), bit(p.Shifting), w.seen, w.changed, w.added,
			held, micros(wholeHolding(set, held)), id, run, pages)
	})
}
