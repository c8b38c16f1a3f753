package store

import (
	"context"
	"database/sql"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
)

// StaleKeys implements copies.Store. They are in the order of keys.
func (s *Store) StaleKeys(ctx context.Context, id int64, keys []datasources.Keyed) ([]string, error) {
	have := make(map[string]string, len(keys))
	err := s.read(ctx, "compare versions of a copy", func(tx *sql.Tx) error {
		for at := 0; at < len(keys); at += readChunk {
			chunk := keys[at:min(at+readChunk, len(keys))]
			names := make([]string, len(chunk))
			for i := range chunk {
				names[i] = chunk[i].Key
			}
			text, args := s.copyDialect().ofKeys("m.version", marksOfRows, id, names)
			err := each(ctx, tx, text, func(rows *sql.Rows) error {
				var key, version string
				err := rows.Scan(&key, &version)
				have[key] = version
				return err
			}, args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, k := range keys {
		if k.Version == "" || have[k.Key] != k.Version {
			stale = append(stale, k.Key)
		}
	}
	return stale, nil
}

// SaveChanges implements copies.Store. What is deleted and was not there leaves no
// tombstone; the tombstone of what was there has its last version.
func (s *Store) SaveChanges(ctx context.Context, id int64, c *copies.ChangeSet) (copies.Set, error) {
	d := s.copyDialect()
	return s.step(ctx, "save changes of a copy", id, func(tx *sql.Tx, set *copies.Set) (sql.Result, error) {
		if set.Cursor != c.From || isWithdrawn(set, c.ByConsent, c.At) {
			return nil, copies.ErrOvertaken
		}
		w := newCopyWriter(ctx, tx, d, set, s.now())
		w.keeps = c.KeepDeleted
		w.save(c.Rows)
		w.hold(c.Rows, c.Held)
		if len(c.Deleted) > 0 {
			w.remove(c.Deleted, w.find(c.Deleted), nil, c.At)
		}
		held := w.held()
		if err := w.close(); err != nil {
			return nil, err
		}
		return tx.ExecContext(ctx, `UPDATE copy_sets SET cursor = ?, followed_at = coalesce(?, followed_at), refusal = '',
			seen = seen + ?, changed = changed + ?, row_count = row_count + ?, held = ?, as_of = ? WHERE id = ? AND cursor = ?`,
			d.text(c.Next), micros(c.Followed), w.seen, w.changed, w.added, held, micros(wholeHolding(set, held)), id, d.text(c.From))
	})
}
