package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// hold brings the rows up to date that are kept as they were: those that were saved
// are not any more, those of the keys are, where they exist.
func (w *copyWriter) hold(saved []copies.Row, keys []string) {
	w.release(saved)
	if len(keys) == 0 {
		return
	}
	w.holds = true
	w.meet(keys)
	var ids []int64
	var there []string
	for key, o := range w.find(keys) {
		ids, there = append(ids, o.id), append(there, key)
	}
	w.b.insert("copy_held", []string{"set_id", "key"}, len(there), func(row, column int) any {
		return [...]any{w.set, there[row]}[column]
	}, "ON CONFLICT (set_id, key) DO NOTHING")
	w.b.update("copy_marks", []string{"row_id", "version"}, len(ids), func(row, column int) any {
		return [...]any{ids[row], ""}[column]
	})
}

// release lets rows go.
func (w *copyWriter) release(rows []copies.Row) {
	if !w.holds {
		return
	}
	for len(rows) > 0 && w.b.err == nil {
		chunk := rows[:min(len(rows), writeChunk)]
		rows = rows[len(chunk):]
		keys := make([]string, len(chunk))
		for i := range chunk {
			keys[i] = chunk[i].Key
		}
		w.releaseKeys(keys)
	}
}

// releaseKeys lets rows go, at most writeChunk of them.
func (w *copyWriter) releaseKeys(keys []string) {
	if !w.holds || len(keys) == 0 {
		return
	}
	is, args := w.b.isOneOf("key", keys)
	w.b.run("DELETE FROM copy_held WHERE set_id = ? AND "+is, append([]any{w.set}, args...)...)
}

// held counts the rows that are kept as they were.
func (w *copyWriter) held() (n int64) {
	if !w.holds {
		return 0
	}
	if w.b.finish(); w.b.err == nil {
		w.b.err = w.b.tx.QueryRowContext(w.b.ctx, "SELECT count(*) FROM copy_held WHERE set_id = ?", w.set).Scan(&n)
	}
	return n
}

// stillHeld counts them at the end of a reading, without those that were deleted and
// those that another version of Trama, which knows nothing of it, has written since.
func (s *Store) stillHeld(ctx context.Context, tx *sql.Tx, set *copies.Set) (int64, error) {
	if set.Held == 0 {
		return 0, nil
	}
	w := newCopyWriter(ctx, tx, s.copyDialect(), set, s.now())
	w.b.run(`DELETE FROM copy_held WHERE set_id = ? AND NOT EXISTS (SELECT 1 FROM `+marksOfRows+`
		WHERE r.set_id = copy_held.set_id AND r.key = copy_held.key AND m.version = ?)`, set.ID, s.copyDialect().text(""))
	n := w.held()
	return n, w.close()
}

// wholeHolding is as of when a set is, of which so many rows are kept as they were: of
// the time before there were any.
func wholeHolding(set *copies.Set, held int64) time.Time {
	if set.Held == 0 && held > 0 {
		return set.Whole()
	}
	return set.AsOf
}

// isWithdrawn reports whether rows are there by a consent that is no more.
func isWithdrawn(set *copies.Set, byConsent bool, at time.Time) bool {
	return byConsent && !set.AcceptGarbled.After(at)
}

// AcceptGarbled implements copies.Store.
func (s *Store) AcceptGarbled(ctx context.Context, source string, until time.Time) error {
	return s.write(ctx, "accept garbled values", func(tx *sql.Tx) error {
		if err := s.holdSets(ctx, tx, source); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE copy_sets SET garbled_until = ? WHERE source = ?", micros(until), source)
		return err
	})
}
