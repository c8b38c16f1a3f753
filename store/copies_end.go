package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// EndRun implements copies.Store.
func (s *Store) EndRun(ctx context.Context, id, run, pages int64, e copies.End) (copies.Ended, error) {
	var deleted int64
	set, err := s.step(ctx, "end the reading of a copy", id, func(tx *sql.Tx, set *copies.Set) (sql.Result, error) {
		if set.Run != run || set.Pages != pages || !set.Running || !set.AtEnd {
			return nil, copies.ErrOvertaken
		}
		missing, doomed, err := countMissing(ctx, tx, set, e.Before)
		if err != nil {
			return nil, err
		}
		var refused int64
		// What was refused stays so, though other rows came since and made it a smaller
		// share, until the source has some of it again or an operator consents.
		isTooMuch := doomed > e.Most || set.Refused > 0 && doomed >= set.Refused
		if isTooMuch && !e.At.Before(set.Accept) {
			refused, doomed = doomed, 0
		}
		if doomed > 0 {
			if err := s.buryMissing(ctx, tx, set, &e); err != nil {
				return nil, err
			}
		}
		deleted = doomed
		missing -= deleted + refused
		// Consent is used up by a reading after which nothing is left to decide.
		accept := set.Accept
		if !set.Doubtful && missing == 0 {
			accept = time.Time{}
		}
		held, err := s.stillHeld(ctx, tx, set)
		if err != nil {
			return nil, err
		}
		garbled := set.AcceptGarbled
		// Whatever is held all the same was not met, or came before the consent: asking for
		// it again would take garbled values that nobody has seen.
		if e.Full && set.IsByConsent() {
			garbled = time.Time{}
		}
		// What shows rows that the source says are gone, or has in another form, is as old
		// as what was last taken whole.
		asOf := set.Started
		if (refused > 0 || held > 0) && set.Complete > 0 && !set.AsOf.IsZero() {
			asOf = set.Whole()
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET running = 0, mark = '', at_end = 0, complete = run, sound = CASE WHEN doubtful = 1 THEN sound ELSE run END,
			as_of = ?, took = ? - started_at, row_count = row_count - ?, missing = ?, refused = ?, accept_until = ?,
			held = ?, garbled_until = ?`+known+" AND running = 1 AND at_end = 1",
			micros(asOf), e.At.UnixMicro(), deleted, missing, refused, micros(accept),
			held, micros(garbled), id, run, pages)
	})
	if err == nil {
		s.analyzeCopies(ctx, &set)
	}
	return copies.Ended{Set: set, Deleted: deleted}, err
}

// countMissing counts the rows this reading did not meet, and of those the ones
// last met by a reading before the given one.
func countMissing(ctx context.Context, tx *sql.Tx, set *copies.Set, before int64) (missing, doomed int64, err error) {
	if set.Rows == set.Seen {
		return 0, 0, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(CASE WHEN m.run < ? THEN 1 ELSE 0 END), 0) FROM copy_rows r JOIN copy_marks m ON m.row_id = r.id
		WHERE r.set_id = ? AND m.run < ?`, before, set.ID, set.Run).Scan(&missing, &doomed)
	return missing, doomed, err
}

// buryMissing puts tombstones in the place of rows that were not met, some at a time.
func (s *Store) buryMissing(ctx context.Context, tx *sql.Tx, set *copies.Set, e *copies.End) error {
	w := newCopyWriter(ctx, tx, s.copyDialect(), set, s.now())
	w.keeps = e.KeepDeleted
	for {
		var dead []grave
		err := each(ctx, tx, `SELECT r.id, r.key, m.version FROM copy_rows r JOIN copy_marks m ON m.row_id = r.id WHERE r.set_id = ? AND m.run < ? LIMIT ?`, func(rows *sql.Rows) error {
			var g grave
			err := rows.Scan(&g.id, &g.key, &g.version)
			dead = append(dead, g)
			return err
		}, set.ID, e.Before, writeChunk)
		if err != nil {
			return err
		}
		if len(dead) == 0 {
			return w.close()
		}
		w.bury(dead, e.At)
		if w.b.err != nil {
			return w.close()
		}
	}
}

// analyzeCopies tells PostgreSQL how the rows are spread when a reading has changed
// many of them: until it has looked by itself, a minute later, it might walk whole
// copies. Without it answers are slower, not wrong.
func (s *Store) analyzeCopies(ctx context.Context, set *copies.Set) {
	if !s.isPostgres || set.Changed < 1000 || set.Changed < set.Rows/10 {
		return
	}
	err := s.write(ctx, "analyze copies", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "ANALYZE copy_rows, copy_data, copy_marks, copy_links, copy_deleted")
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "did not analyze copies", "error", err)
	}
}
