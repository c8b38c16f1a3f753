package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
)

// keptColumns are those of copy_rows that a deleted row keeps, but for its set, its key
// and when it changed.
func (w *copyWriter) keptColumns() []string {
	var names []string
	for _, c := range w.columns {
		names = append(names, copyColumn(c.Name))
	}
	for _, c := range w.columns {
		if c.Folded {
			names = append(names, "fold_"+copyColumn(c.Name))
		}
	}
	return names
}

// keep copies rows that are about to be deleted, at most writeChunk of them, to the
// deleted ones. What was written in another layout is not among them: a reading that
// replaces such rows finds those that are no more, and nobody can read them.
func (w *copyWriter) keep(ids []int64, keys []string) {
	if !w.keeps || w.b.err != nil {
		return
	}
	w.digIn("copy_deleted", keys) // an older instance brings a row back and leaves the deleted one
	moment := w.at()
	has := true
	w.hasDead = &has
	names := w.keptColumns()
	is, args := w.b.isOneID("r.id", ids)
	layout := any([]byte(w.layout)) // compared with a part of the data, which is no text in either database
	w.b.run("INSERT INTO copy_deleted (set_id, key, layout, changed_at, "+strings.Join(names, ", ")+", data) SELECT r.set_id, r.key, "+w.b.asText()+", "+w.b.asNumber()+", r."+strings.Join(names, ", r.")+
		", d.data FROM copy_rows r JOIN copy_data d ON d.row_id = r.id WHERE substr(d.data, 1, "+strconv.Itoa(len(w.layout))+") = ? AND "+is,
		append([]any{w.layout, moment, layout}, args...)...)
}

// asText and asNumber are arguments in a place that does not say what they are.
func (d copyDialect) asText() string {
	if d.isPostgres {
		return "?::text"
	}
	return "?"
}

func (d copyDialect) asNumber() string {
	if d.isPostgres {
		return "?::bigint"
	}
	return "?"
}

// raise takes the deleted rows away whose keys have come back.
func (w *copyWriter) raise(keys []string) {
	if w.hasDead == nil && w.b.err == nil {
		// Sets are filled by many pages before anything of them is deleted.
		w.b.finish()
		var has int
		err := w.b.tx.QueryRowContext(w.b.ctx, "SELECT 1 FROM copy_deleted WHERE set_id = ? LIMIT 1", w.set).Scan(&has)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			w.b.err = err
			return
		}
		is := err == nil
		w.hasDead = &is
	}
	if w.b.err == nil && *w.hasDead {
		w.digIn("copy_deleted", keys)
	}
}

// purgedAtOnce is how many deleted rows one transaction lets go.
const purgedAtOnce = 2000

// PurgeDeleted implements copies.Store.
func (s *Store) PurgeDeleted(ctx context.Context, id int64, before time.Time, least int64) (n int64, more bool, err error) {
	err = s.write(ctx, "forget deleted rows", func(tx *sql.Tx) error {
		// The set goes first, as in all that writes its rows.
		set, err := scanSet(tx.QueryRowContext(ctx, "SELECT "+setColumns+" FROM copy_sets WHERE id = ?"+s.hold, id).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		if n, err = forgetDeleted(ctx, tx, "set_id = ? AND changed_at < ?", purgedAtOnce, id, before.UnixMilli()); err != nil || n == purgedAtOnce {
			more = n == purgedAtOnce
			return err
		}
		var all int64
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM copy_deleted WHERE set_id = ?", id).Scan(&all); err != nil {
			return err
		}
		surplus := all - max(set.Rows, least)
		if surplus <= 0 {
			return nil
		}
		oldest, err := forgetDeleted(ctx, tx, "set_id = ?", min(surplus, purgedAtOnce), id)
		n, more = n+oldest, surplus > purgedAtOnce
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return n, more, nil
}

// forgetDeleted deletes the oldest of some deleted rows.
func forgetDeleted(ctx context.Context, tx *sql.Tx, which string, most int64, args ...any) (int64, error) {
	// In the order of the index, which is walked from its end.
	result, err := tx.ExecContext(ctx, "DELETE FROM copy_deleted WHERE id IN (SELECT id FROM copy_deleted WHERE "+which+" ORDER BY changed_at, key DESC LIMIT ?)", append(args, most)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
