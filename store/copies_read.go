package store

import (
	"context"
	"database/sql"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// readChunk is how many keys are looked up by one statement.
const readChunk = 500

const dataOfRows = "copy_rows r JOIN copy_data d ON d.row_id = r.id"

// CopyByKeys implements copies.Store.
func (s *Store) CopyByKeys(ctx context.Context, id int64, keys []string, row func(data []byte) error) (copies.Set, error) {
	var set copies.Set
	err := s.read(ctx, "read a copy by keys", func(tx *sql.Tx) error {
		var err error
		if set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		var key, data sql.RawBytes
		for len(keys) > 0 {
			chunk := keys[:min(len(keys), readChunk)]
			keys = keys[len(chunk):]
			text, args := s.copyDialect().ofKeys("d.data", dataOfRows, id, chunk)
			err := each(ctx, tx, text, func(rows *sql.Rows) error {
				if err := rows.Scan(&key, &data); err != nil {
					return err
				}
				return row(data)
			}, args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return set, err
}

// CopyList implements copies.Store.
func (s *Store) CopyList(ctx context.Context, id int64, a copies.Ask, row func(data []byte) error) (copies.Answer, error) {
	q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, 1), Totals: []int{-1}}
	err = s.read(ctx, "list a copy", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		n, more, err := copyPage(ctx, tx, q, row)
		if err != nil {
			return err
		}
		answer.More[0] = more
		switch {
		case !a.Total:
		case a.After == nil && !more:
			answer.Totals[0] = n
		case a.Where.Op == schema.All:
			answer.Totals[0] = int(answer.Set.Rows)
		default:
			if !s.isPostgres && !isNarrow(a.Where) {
				var all int64
				if err := tx.QueryRowContext(ctx, "SELECT sum(row_count) FROM copy_sets").Scan(&all); err != nil {
					return err
				}
				if answer.Set.Rows >= all/10 {
					q.countWhole()
				}
			}
			err = tx.QueryRowContext(ctx, q.totalText(), q.where.args...).Scan(&answer.Totals[0])
		}
		return err
	})
	return answer, err
}

// copyPage calls row with the rows of a page and tells how many they were and
// whether there are more.
func copyPage(ctx context.Context, tx *sql.Tx, q *copyQuery, row func([]byte) error) (n int, more bool, err error) {
	var data sql.RawBytes
	err = each(ctx, tx, q.pageText(), func(rows *sql.Rows) error {
		if n == q.first {
			more = true
			return nil
		}
		n++
		if err := rows.Scan(&data); err != nil {
			return err
		}
		return row(data)
	}, q.pageArgs()...)
	return n, more, err
}
