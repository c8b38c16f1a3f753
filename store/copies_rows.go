package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// writeChunk is how many rows are looked up and written by one statement.
const writeChunk = 500

// copyWriter writes rows of one set within a transaction that holds the set. After
// the first error it does nothing more; close returns it.
type copyWriter struct {
	b        *bulk
	set, run int64
	columns  []copies.Column

	now    time.Time
	source string
	moment int64 // at which rows change, 0 = none did so far

	holds bool // rows of the set are, or were, kept as they were

	layout  string // of the set
	keeps   bool   // what is deleted is kept as a deleted row
	hasDead *bool  // the set has deleted rows, nil = nobody has looked

	// What the set's counters change by.
	seen, changed, added int64
}

// newCopyWriter makes a writer. The rows it writes count as met by the set's reading
// under way, or its last one.
func newCopyWriter(ctx context.Context, tx *sql.Tx, d copyDialect, set *copies.Set, now time.Time) *copyWriter {
	return &copyWriter{b: newBulk(ctx, tx, d), set: set.ID, run: set.Run, columns: copies.Columns(), source: set.Source, now: now, holds: set.Held > 0, layout: set.Layout}
}

func (w *copyWriter) close() error { return w.b.close() }

// oldRow is what is known of a row that exists.
type oldRow struct {
	id      int64
	run     int64
	hash    []byte
	version string
}

const marksOfRows = "copy_rows r JOIN copy_marks m ON m.row_id = r.id"

// find returns those of the keys that exist.
func (w *copyWriter) find(keys []string) map[string]oldRow {
	old := make(map[string]oldRow, len(keys))
	for len(keys) > 0 && w.b.err == nil {
		chunk := keys[:min(len(keys), writeChunk)]
		keys = keys[len(chunk):]
		text, args := w.b.ofKeys("r.id, m.run, m.hash, m.version", marksOfRows, w.set, chunk)
		w.b.err = each(w.b.ctx, w.b.tx, text, func(rows *sql.Rows) error {
			var key string
			var o oldRow
			err := rows.Scan(&key, &o.id, &o.run, &o.hash, &o.version)
			old[key] = o
			return err
		}, args...)
	}
	return old
}

// errLongKey: an index of PostgreSQL does not take it, and a copy is to be the same
// in both databases. Who packs rows leaves such out.
var errLongKey = errors.New("a key or the number of a link is longer than 1000 bytes")

func checkKeys(rows []*copies.Row) error {
	for _, row := range rows {
		if len(row.Key) > longestIndexed {
			return errLongKey
		}
		for _, l := range row.Links {
			if len(l.Number) > longestIndexed {
				return errLongKey
			}
		}
	}
	return nil
}

// save writes new and changed rows whole, and marks the others as met.
func (w *copyWriter) save(rows []copies.Row) {
	for len(rows) > 0 && w.b.err == nil {
		chunk := rows[:min(len(rows), writeChunk)]
		rows = rows[len(chunk):]
		keys := make([]string, len(chunk))
		for i := range chunk {
			keys[i] = chunk[i].Key
		}
		w.chunk(chunk, w.find(keys))
	}
}

// meet marks rows as met that are as they were.
func (w *copyWriter) meet(keys []string) {
	for len(keys) > 0 && w.b.err == nil {
		chunk := keys[:min(len(keys), writeChunk)]
		keys = keys[len(chunk):]
		var met []int64
		for _, o := range w.find(chunk) {
			if o.run != w.run {
				met = append(met, o.id)
			}
		}
		w.seen += int64(len(met))
		w.mark(met)
	}
}

// chunk writes rows of which it is known what there was.
func (w *copyWriter) chunk(rows []copies.Row, old map[string]oldRow) {
	var met []int64 // rows that are as they were
	var fresh, changed, renamed []*copies.Row
	var changedIDs, renamedIDs []int64
	for i := range rows {
		row := &rows[i]
		o, ok := old[row.Key]
		switch {
		case !ok:
			fresh = append(fresh, row)
			w.seen++
			continue
		case !bytes.Equal(o.hash, row.Hash):
			changed, changedIDs = append(changed, row), append(changedIDs, o.id)
		case row.Version != "" && row.Version != o.version:
			// Something changed that is not kept. Who tells no version leaves the one that
			// this same data came with.
			renamed, renamedIDs = append(renamed, row), append(renamedIDs, o.id)
		case o.run != w.run:
			met = append(met, o.id)
		}
		if o.run != w.run {
			w.seen++
		}
	}
	if err := errors.Join(checkKeys(fresh), checkKeys(changed)); err != nil && w.b.err == nil {
		w.b.err = err
		return
	}
	w.mark(met)
	w.b.update("copy_marks", []string{"row_id", "run", "version"}, len(renamed), func(row, column int) any {
		return [...]any{renamedIDs[row], w.run, renamed[row].Version}[column]
	})
	w.insert(fresh)
	w.update(changedIDs, changed)
	w.added += int64(len(fresh))
	w.changed += int64(len(fresh) + len(changed))
}

// mark notes that rows were met.
func (w *copyWriter) mark(ids []int64) {
	if len(ids) == 0 {
		return
	}
	is, args := w.b.isOneID("row_id", ids)
	w.b.run("UPDATE copy_marks SET run = ? WHERE "+is, append([]any{w.run}, args...)...)
}

// ids are numbers for n new rows.
func (w *copyWriter) ids(n int) []int64 {
	ids := make([]int64, 0, n)
	if w.b.err != nil {
		return make([]int64, n)
	}
	if w.b.isPostgres {
		w.b.err = each(w.b.ctx, w.b.tx, "SELECT nextval('copy_row_ids') FROM generate_series(1, ?)", func(rows *sql.Rows) error {
			ids = append(ids, 0)
			return rows.Scan(&ids[len(ids)-1])
		}, n)
		return append(ids, make([]int64, n-len(ids))...)
	}
	// Nobody else writes.
	var next int64
	w.b.err = w.b.tx.QueryRowContext(w.b.ctx, "SELECT coalesce(max(id), 0) + 1 FROM copy_rows").Scan(&next)
	for i := range n {
		ids = append(ids, next+int64(i))
	}
	return ids
}

// insert writes new rows. Only the columns that some of them have are named.
func (w *copyWriter) insert(rows []*copies.Row) {
	if len(rows) == 0 {
		return
	}
	ids := w.ids(len(rows))
	used, folded := w.used(rows)
	moment := w.at()
	names := []string{"id", "set_id", "key", "changed_at"}
	for _, i := range used {
		names = append(names, copyColumn(w.columns[i].Name))
	}
	for _, i := range folded {
		names = append(names, "fold_"+copyColumn(w.columns[i].Name))
	}
	w.b.insert("copy_rows", names, len(rows), func(row, column int) any {
		switch {
		case column == 0:
			return ids[row]
		case column == 1:
			return w.set
		case column == 2:
			return rows[row].Key
		case column == 3:
			return moment
		case column < 4+len(used):
			return sortText(rowValue(rows[row], used[column-4]))
		}
		return foldText(sortText(rowValue(rows[row], folded[column-4-len(used)])))
	}, "")
	w.b.insert("copy_data", []string{"row_id", "data"}, len(rows), func(row, column int) any {
		return [...]any{ids[row], rows[row].Data}[column]
	}, "")
	w.b.insert("copy_marks", []string{"row_id", "run", "hash", "version"}, len(rows), func(row, column int) any {
		return [...]any{ids[row], w.run, rows[row].Hash, rows[row].Version}[column]
	}, "")
	w.links(ids, rows)
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	w.dig(keys)
	w.raise(keys)
}
