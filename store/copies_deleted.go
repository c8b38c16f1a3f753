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

// dueRows are the deleted rows of a set that go: those of before a moment, and of those
// of that moment the ones from a key on. So they are the last of the index
// copy_deleted_changed, the oldest, without a gap. Those that are kept later are no part
// of them, nor are more rows when others have let some go.
type dueRows struct {
	before int64
	key    *string // nil = none of that moment
}

// PurgeDeleted implements copies.Store. What goes is found out once, in a reading, and
// each transaction after it costs as much as the rows it deletes.
func (s *Store) PurgeDeleted(ctx context.Context, id int64, before time.Time, least int64) (n int64, err error) {
	var due *dueRows
	err = s.read(ctx, "find deleted rows to forget", func(tx *sql.Tx) (err error) {
		due, err = findDue(ctx, tx, id, before.UnixMilli(), least, s.now().UnixMilli())
		return err
	})
	for more := due != nil; more && err == nil; {
		var some int64
		err = s.write(ctx, "forget deleted rows", func(tx *sql.Tx) (err error) {
			// The set goes first, as in all that writes its rows.
			var held int64
			if err := tx.QueryRowContext(ctx, "SELECT id FROM copy_sets WHERE id = ?"+s.hold, id).Scan(&held); err != nil {
				return err
			}
			some, err = s.forgetDue(ctx, tx, id, due)
			return err
		})
		if err == nil {
			n, more = n+some, some == purgedAtOnce
		}
	}
	return n, err
}

// findDue finds what goes of a set, nil = nothing. now is the moment of the question.
func findDue(ctx context.Context, tx *sql.Tx, id, before, least, now int64) (*dueRows, error) {
	var living, oldest int64
	err := tx.QueryRowContext(ctx, "SELECT s.row_count, d.changed_at FROM copy_sets s JOIN copy_deleted d ON d.set_id = s.id WHERE s.id = ? ORDER BY d.changed_at, d.key DESC LIMIT 1", id).Scan(&living, &oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	// The newest stay. To find the one behind them is no more work than to count them.
	var at int64
	var key string
	err = tx.QueryRowContext(ctx, "SELECT changed_at, key FROM copy_deleted WHERE set_id = ? ORDER BY changed_at DESC, key LIMIT 1 OFFSET ?", id, max(living, least)).Scan(&at, &key)
	switch isSurplus := err == nil; {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return nil, err
	case isSurplus && at >= before && at > now:
		// Rows that are ahead of time may get the moment at which that is put right, and
		// would be before this one. Those of before now are surplus, too.
		before = max(before, now)
	case isSurplus && at >= before:
		return &dueRows{before: at, key: &key}, nil
	}
	if oldest >= before {
		return nil, nil
	}
	return &dueRows{before: before}, nil
}

// forgetDue deletes the oldest rows that are due, at most purgedAtOnce.
func (s *Store) forgetDue(ctx context.Context, tx *sql.Tx, id int64, due *dueRows) (int64, error) {
	n, err := forgetDeleted(ctx, tx, earlier, purgedAtOnce, id, due.before)
	if err != nil || n == purgedAtOnce || due.key == nil {
		return n, err
	}
	// By themselves: as one condition with OR, those that stay of the moment would be walked.
	last, err := forgetDeleted(ctx, tx, fromKey, purgedAtOnce-n, id, due.before, s.copyDialect().text(*due.key))
	return n + last, err
}

// The two parts of what is due, each a piece of the index copy_deleted_changed.
const (
	earlier = "set_id = ? AND changed_at < ?"
	fromKey = "set_id = ? AND changed_at = ? AND key >= ?"
)

// forgetDeleted deletes the oldest of some deleted rows.
func forgetDeleted(ctx context.Context, tx *sql.Tx, which string, most int64, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, "DELETE FROM copy_deleted WHERE id IN ("+oldestDeleted(which)+")", append(args, most)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// oldestDeleted are the ids of the oldest of some deleted rows, in the order of the index,
// which is walked from its end.
func oldestDeleted(which string) string {
	return "SELECT id FROM copy_deleted WHERE " + which + " ORDER BY changed_at, key DESC LIMIT ?"
}
