package store

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// known is the condition that a set is as the caller knows it.
const known = " WHERE id = ? AND run = ? AND pages = ?"

// BeginRun implements copies.Store.
func (s *Store) BeginRun(ctx context.Context, id, run, pages int64, b copies.Begin) (copies.Set, error) {
	return s.step(ctx, "begin to read a copy", id, func(tx *sql.Tx) (sql.Result, error) {
		if b.Resume {
			// When all pages are here, nothing of the source is read any more.
			return tx.ExecContext(ctx, "UPDATE copy_sets SET resumed = CASE WHEN at_end = 1 THEN resumed ELSE 1 END"+known+" AND running = 1", id, run, pages)
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET run = run + 1, running = 1, settings = ?, started_at = ?, saved_at = ?, mark = '', pages = 0, seen = 0,
			changed = 0, resumed = 0, at_end = 0, doubtful = 0, shifting = 0`+known, b.Settings, b.At.UnixMicro(), b.At.UnixMicro(), id, run, pages)
	})
}

// step changes a set and returns what it is then; it fails when the set is not as
// the caller knows it.
func (s *Store) step(ctx context.Context, what string, id int64, change func(tx *sql.Tx) (sql.Result, error)) (copies.Set, error) {
	var set copies.Set
	err := s.write(ctx, what, func(tx *sql.Tx) error {
		result, err := change(tx)
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
	return s.step(ctx, "save a page of a copy", id, func(tx *sql.Tx) (sql.Result, error) {
		w := &copyWriter{b: batch{ctx: ctx, tx: tx}, set: id, run: run}
		if err := w.page(ctx, tx, p.Rows); err != nil {
			return nil, err
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET pages = pages + 1, mark = ?, saved_at = ?, at_end = ?, refusal = '',
			doubtful = CASE WHEN ? THEN 1 ELSE doubtful END, shifting = CASE WHEN ? THEN 1 ELSE shifting END,
			seen = seen + ?, changed = changed + ?, row_count = row_count + ?`+known+" AND running = 1",
			p.Mark, p.At.UnixMicro(), p.Last, p.Doubtful, p.Shifting, w.seen, w.changed, w.added, id, run, pages)
	})
}

// copyWriter writes the rows of one page.
type copyWriter struct {
	b                    batch
	set, run             int64
	seen, changed, added int64
	next                 int64 // id of the next new row
	columns              []copies.Column
}

// oldRow is what is known of a row that exists.
type oldRow struct {
	id   int64
	run  int64
	hash []byte
}

// writeChunk is how many rows are looked up and marked by one statement.
const writeChunk = 500

// page writes new and changed rows whole, and marks the others as met.
func (w *copyWriter) page(ctx context.Context, tx *sql.Tx, rows []copies.Row) error {
	if len(rows) == 0 {
		return nil
	}
	w.columns = copies.Columns()
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) + 1 FROM copy_rows").Scan(&w.next); err != nil {
		return err
	}
	for len(rows) > 0 {
		chunk := rows[:min(len(rows), writeChunk)]
		rows = rows[len(chunk):]
		old, err := w.find(ctx, tx, chunk)
		if err != nil {
			return err
		}
		if err := w.chunk(chunk, old); err != nil {
			return err
		}
	}
	return w.b.close()
}

func (w *copyWriter) find(ctx context.Context, tx *sql.Tx, rows []copies.Row) (map[string]oldRow, error) {
	args := make([]any, 1, len(rows)+1)
	args[0] = w.set
	for i := range rows {
		args = append(args, rows[i].Key)
	}
	old := make(map[string]oldRow, len(rows))
	err := each(ctx, tx, "SELECT r.key, r.id, m.run, m.hash FROM copy_rows r JOIN copy_marks m ON m.row_id = r.id WHERE r.set_id = ? AND r.key IN ("+placeholders(len(rows))+")",
		func(rows *sql.Rows) error {
			var key string
			var o oldRow
			err := rows.Scan(&key, &o.id, &o.run, &o.hash)
			old[key] = o
			return err
		}, args...)
	return old, err
}

func (w *copyWriter) chunk(rows []copies.Row, old map[string]oldRow) error {
	var met []any // ids of the rows that have not changed
	var fresh, changed []*copies.Row
	for i := range rows {
		row := &rows[i]
		o, ok := old[row.Key]
		if !ok {
			fresh = append(fresh, row)
			continue
		}
		if o.run != w.run {
			w.seen++
		}
		if bytes.Equal(o.hash, row.Hash) {
			met = append(met, o.id)
		} else {
			changed = append(changed, row)
		}
	}
	if len(met) > 0 {
		w.b.exec("UPDATE copy_marks SET run = ? WHERE row_id IN ("+placeholders(len(met))+")", append([]any{w.run}, met...)...)
	}
	w.insert(fresh)
	for _, row := range changed {
		w.update(old[row.Key].id, row)
	}
	w.seen += int64(len(fresh))
	w.added += int64(len(fresh))
	w.changed += int64(len(fresh) + len(changed))
	return w.b.err
}

// insert writes new rows, table by table: a statement is prepared once for all of
// them. Only the columns that some of them have are named.
func (w *copyWriter) insert(rows []*copies.Row) {
	if len(rows) == 0 {
		return
	}
	used, folded := w.used(rows)
	names := []string{"id", "set_id", "key"}
	for _, i := range used {
		names = append(names, copyColumn(w.columns[i].Name))
	}
	for _, i := range folded {
		names = append(names, "fold_"+copyColumn(w.columns[i].Name))
	}
	text := "INSERT INTO copy_rows (" + strings.Join(names, ", ") + ") VALUES (" + placeholders(len(names)) + ")"
	first := w.next
	args := make([]any, len(names))
	for _, row := range rows {
		args = append(args[:0], w.next, w.set, row.Key)
		w.next++
		for _, i := range used {
			args = append(args, sortText(row.Values[i]))
		}
		for _, i := range folded {
			args = append(args, foldText(row.Values[i].Str))
		}
		w.b.exec(text, args...)
	}
	for i, row := range rows {
		w.b.exec("INSERT INTO copy_data (row_id, data) VALUES (?, ?)", first+int64(i), row.Data)
	}
	for i, row := range rows {
		w.b.exec("INSERT INTO copy_marks (row_id, run, hash) VALUES (?, ?, ?)", first+int64(i), w.run, row.Hash)
	}
	for i, row := range rows {
		w.links(first+int64(i), row.Links)
	}
	args = append(args[:0], w.set)
	for _, row := range rows {
		args = append(args, row.Key)
	}
	w.b.exec("DELETE FROM copy_gone WHERE set_id = ? AND key IN ("+placeholders(len(rows))+")", args...)
}

// used tells which columns some row has, and which have a text in lower case
// that differs.
func (w *copyWriter) used(rows []*copies.Row) (used, folded []int) {
	for i, c := range w.columns {
		has, differs := false, false
		for _, row := range rows {
			if len(row.Values) == 0 || row.Values[i].IsNull() {
				continue
			}
			has = true
			if c.Folded && foldText(row.Values[i].Str) != "" {
				differs = true
				break
			}
		}
		if has {
			used = append(used, i)
		}
		if differs {
			folded = append(folded, i)
		}
	}
	return used, folded
}

func (w *copyWriter) links(id int64, links []copies.Link) {
	for _, l := range links {
		w.b.exec("INSERT INTO copy_links (set_id, relation, number, row_id) VALUES (?, ?, ?, ?)", w.set, l.Relation, l.Number, id)
	}
}

// update writes a row that has changed, with all of its columns: one may have
// become absent.
func (w *copyWriter) update(id int64, row *copies.Row) {
	var text strings.Builder
	text.WriteString("UPDATE copy_rows SET key = key")
	var args []any
	for i, c := range w.columns {
		value := ""
		if len(row.Values) > 0 {
			value = sortText(row.Values[i])
		}
		text.WriteString(", " + copyColumn(c.Name) + " = ?")
		args = append(args, value)
		if c.Folded {
			text.WriteString(", fold_" + copyColumn(c.Name) + " = ?")
			args = append(args, foldText(value))
		}
	}
	text.WriteString(" WHERE id = ?")
	w.b.exec(text.String(), append(args, id)...)
	w.b.exec("UPDATE copy_data SET data = ? WHERE row_id = ?", row.Data, id)
	w.b.exec("UPDATE copy_marks SET run = ?, hash = ? WHERE row_id = ?", w.run, row.Hash, id)
	w.b.exec("DELETE FROM copy_links WHERE row_id = ?", id)
	w.links(id, row.Links)
}

// EndRun implements copies.Store.
func (s *Store) EndRun(ctx context.Context, id, run, pages int64, e copies.End) (copies.Ended, error) {
	var deleted int64
	set, err := s.step(ctx, "end the reading of a copy", id, func(tx *sql.Tx) (sql.Result, error) {
		set, err := copySet(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		missing, doomed, err := countMissing(ctx, tx, &set, e.Before)
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
			if err := bury(ctx, tx, id, &e); err != nil {
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
		return tx.ExecContext(ctx, `UPDATE copy_sets SET running = 0, mark = '', at_end = 0, complete = run, sound = CASE WHEN doubtful = 1 THEN sound ELSE run END,
			as_of = started_at, took = ? - started_at, row_count = row_count - ?, missing = ?, refused = ?, accept_until = ?`+known+" AND running = 1 AND at_end = 1",
			e.At.UnixMicro(), deleted, missing, refused, micros(accept), id, run, pages)
	})
	return copies.Ended{Set: set, Deleted: deleted}, err
}

// countMissing counts the rows this reading did not meet, and of those the ones
// last met by a reading before the given one.
func countMissing(ctx context.Context, tx *sql.Tx, set *copies.Set, before int64) (missing, doomed int64, err error) {
	if set.Rows == set.Seen {
		return 0, 0, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(m.run < ?), 0) FROM copy_rows r JOIN copy_marks m ON m.row_id = r.id
		WHERE r.set_id = ? AND m.run < ?`, before, set.ID, set.Run).Scan(&missing, &doomed)
	return missing, doomed, err
}

// bury puts tombstones in the place of rows, some at a time.
func bury(ctx context.Context, tx *sql.Tx, id int64, e *copies.End) error {
	for {
		var keys, ids []any
		err := each(ctx, tx, `SELECT r.id, r.key FROM copy_rows r JOIN copy_marks m ON m.row_id = r.id WHERE r.set_id = ? AND m.run < ? LIMIT ?`, func(rows *sql.Rows) error {
			var row int64
			var key string
			err := rows.Scan(&row, &key)
			ids, keys = append(ids, row), append(keys, key)
			return err
		}, id, e.Before, writeChunk)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, "INSERT INTO copy_gone (set_id, key, gone_at) VALUES (?, ?, ?) ON CONFLICT (set_id, key) DO UPDATE SET gone_at = excluded.gone_at",
				id, key, e.At.UnixMicro()); err != nil {
				return err
			}
		}
		in := " IN (" + placeholders(len(ids)) + ")"
		for _, text := range []string{
			"DELETE FROM copy_links WHERE row_id" + in, "DELETE FROM copy_data WHERE row_id" + in,
			"DELETE FROM copy_marks WHERE row_id" + in, "DELETE FROM copy_rows WHERE id" + in,
		} {
			if _, err := tx.ExecContext(ctx, text, ids...); err != nil {
				return err
			}
		}
	}
}
