package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// SavePushed implements copies.Store. A key may come several times: each record is
// measured by what those before it in the batch have left.
func (s *Store) SavePushed(ctx context.Context, id int64, rows []copies.PushedRow, at time.Time) (copies.Set, []copies.PushResult, error) {
	for i := range rows {
		if err := checkKeys([]*copies.Row{&rows[i].Row}); err != nil {
			return copies.Set{}, nil, s.failed("save what was pushed", err)
		}
	}
	results := make([]copies.PushResult, len(rows))
	set, err := s.step(ctx, "save what was pushed", id, func(tx *sql.Tx, set *copies.Set) (sql.Result, error) {
		w := newCopyWriter(ctx, tx, s.copyDialect(), set)
		var keys []string
		last := make(map[string]int, len(rows)) // the record that holds, -1 = none of these
		for i := range rows {
			if _, again := last[rows[i].Key]; !again {
				keys = append(keys, rows[i].Key)
				last[rows[i].Key] = -1
			}
		}
		old := w.find(keys)
		versions := w.buried(keys)
		for key, o := range old {
			versions[key] = o.version
		}
		for i := range rows {
			row := &rows[i]
			switch have, isKnown := versions[row.Key]; {
			case isKnown && have == row.Version:
				results[i] = copies.PushSame
			case isKnown && have > row.Version:
				results[i] = copies.PushOlder
			default:
				results[i], versions[row.Key], last[row.Key] = copies.PushStored, row.Version, i
			}
		}
		var kept []copies.Row
		var gone []string
		for _, key := range keys {
			switch i := last[key]; {
			case i < 0:
			case rows[i].Deleted:
				gone = append(gone, key)
			default:
				kept = append(kept, rows[i].Row)
			}
		}
		w.saveOver(kept, old)
		// A tombstone also where there was nothing: an older record may still come.
		w.remove(gone, old, func(key string) string { return versions[key] }, at)
		if err := w.close(); err != nil {
			return nil, err
		}
		return tx.ExecContext(ctx, "UPDATE copy_sets SET refusal = '', seen = seen + ?, changed = changed + ?, row_count = row_count + ? WHERE id = ?",
			w.seen, w.changed, w.added, id)
	})
	if err != nil {
		return copies.Set{}, nil, err
	}
	return set, results, nil
}

// saveOver saves rows of which it is known what there was.
func (w *copyWriter) saveOver(rows []copies.Row, old map[string]oldRow) {
	for len(rows) > 0 {
		chunk := rows[:min(len(rows), writeChunk)]
		rows = rows[len(chunk):]
		w.chunk(chunk, old)
	}
}

// buried returns the versions of tombstones.
func (w *copyWriter) buried(keys []string) map[string]string {
	versions := make(map[string]string, len(keys))
	for len(keys) > 0 && w.b.err == nil {
		chunk := keys[:min(len(keys), writeChunk)]
		keys = keys[len(chunk):]
		text, args := w.b.ofKeys("r.version", "copy_gone r", w.set, chunk)
		w.b.err = each(w.b.ctx, w.b.tx, text, func(rows *sql.Rows) error {
			var key, version string
			err := rows.Scan(&key, &version)
			versions[key] = version
			return err
		}, args...)
	}
	return versions
}
