package store

import (
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// rowValue is a row's value of the i-th column; a row may come without any.
func rowValue(row *copies.Row, i int) schema.Value {
	if len(row.Values) == 0 {
		return schema.Null
	}
	return row.Values[i]
}

// used tells which columns some row has, and which have a text in lower case
// that differs.
func (w *copyWriter) used(rows []*copies.Row) (used, folded []int) {
	for i, c := range w.columns {
		has, differs := false, false
		for _, row := range rows {
			v := rowValue(row, i)
			if v.IsNull() {
				continue
			}
			has = true
			if c.Folded && foldText(v.Str) != "" {
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

// links writes the numbers that rows name.
func (w *copyWriter) links(ids []int64, rows []*copies.Row) {
	type named struct {
		id int64
		copies.Link
	}
	var all []named
	for i, row := range rows {
		for _, l := range row.Links {
			all = append(all, named{ids[i], l})
		}
	}
	w.b.insert("copy_links", []string{"set_id", "relation", "number", "row_id"}, len(all), func(row, column int) any {
		l := &all[row]
		return [...]any{w.set, ownText(l.Relation), l.Number, l.id}[column]
	}, "")
}

// update writes rows that have changed, with all of their columns: one may have
// become absent.
func (w *copyWriter) update(ids []int64, rows []*copies.Row) {
	if len(rows) == 0 {
		return
	}
	moment := w.at()
	names := []string{"id", "changed_at"}
	at := []int{0, 0} // the column of each name
	for i, c := range w.columns {
		names, at = append(names, copyColumn(c.Name)), append(at, i)
	}
	plain := len(names)
	for i, c := range w.columns {
		if c.Folded {
			names, at = append(names, "fold_"+copyColumn(c.Name)), append(at, i)
		}
	}
	w.b.update("copy_rows", names, len(rows), func(row, column int) any {
		switch column {
		case 0:
			return ids[row]
		case 1:
			return moment
		}
		text := sortText(rowValue(rows[row], at[column]))
		if column >= plain {
			return foldText(text)
		}
		return text
	})
	w.b.update("copy_data", []string{"row_id", "data"}, len(rows), func(row, column int) any {
		return [...]any{ids[row], rows[row].Data}[column]
	})
	w.b.update("copy_marks", []string{"row_id", "run", "hash", "version"}, len(rows), func(row, column int) any {
		return [...]any{ids[row], w.run, rows[row].Hash, rows[row].Version}[column]
	})
	w.erase("copy_links", "row_id", ids)
	w.links(ids, rows)
}

// erase deletes what lies in a table under these numbers, which are not none.
func (w *copyWriter) erase(table, column string, ids []int64) {
	is, args := w.b.isOneID(column, ids)
	w.b.run("DELETE FROM "+table+" WHERE "+is, args...)
}

// grave is a row that is deleted, or one that never was here (id 0).
type grave struct {
	id      int64
	key     string
	version string
}

// bury puts tombstones in the place of rows.
func (w *copyWriter) bury(dead []grave, at time.Time) {
	for len(dead) > 0 {
		chunk := dead[:min(len(dead), writeChunk)]
		dead = dead[len(chunk):]
		w.b.insert("copy_gone", []string{"set_id", "key", "gone_at", "version"}, len(chunk), func(row, column int) any {
			g := &chunk[row]
			return [...]any{w.set, g.key, at.UnixMicro(), g.version}[column]
		}, "ON CONFLICT (set_id, key) DO UPDATE SET gone_at = excluded.gone_at, version = excluded.version")
		var ids []int64
		var keys []string
		for i := range chunk {
			if chunk[i].id != 0 {
				ids, keys = append(ids, chunk[i].id), append(keys, chunk[i].key)
			}
		}
		if len(ids) == 0 {
			continue
		}
		w.keep(ids, keys)
		w.erase("copy_links", "row_id", ids)
		w.erase("copy_data", "row_id", ids)
		w.erase("copy_marks", "row_id", ids)
		w.erase("copy_rows", "id", ids)
		w.releaseKeys(keys)
	}
}

// dig takes tombstones away.
func (w *copyWriter) dig(keys []string) { w.digIn("copy_gone", keys) }

// digIn deletes what lies in a table under these keys of the set.
func (w *copyWriter) digIn(table string, keys []string) {
	if w.b.isPostgres { // as in ofKeys
		text, args := w.b.ofKeys("r.ctid", table+" r", w.set, keys)
		w.b.run("DELETE FROM "+table+" WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM ("+text+") x))", args...)
		return
	}
	is, args := w.b.isOneOf("key", keys)
	w.b.run("DELETE FROM "+table+" WHERE set_id = ? AND "+is, append([]any{w.set}, args...)...)
}

// remove buries rows that exist and takes them off the counters; version is the
// tombstone's, nil = the row's own.
func (w *copyWriter) remove(keys []string, old map[string]oldRow, version func(key string) string, at time.Time) {
	var dead []grave
	for _, key := range keys {
		o, isThere := old[key]
		g := grave{id: o.id, key: key, version: o.version}
		switch {
		case version != nil:
			g.version = version(key)
		case !isThere:
			continue // nothing was deleted
		}
		if isThere {
			w.added--
			if o.run == w.run {
				w.seen--
			}
		}
		dead = append(dead, g)
	}
	w.bury(dead, at)
}
