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
func (s *Store) CopyByKeys(ctx context.Context, id int64, keys []string, withChanged bool, row func(data []byte, changed int64) error) (copies.Set, error) {
	var set copies.Set
	if s.lite != nil {
		err := s.copied(ctx, "read a copy by keys", func(c *liteConn) error {
			var err error
			if set, err = c.set(id); err != nil {
				return err
			}
			return c.byKeys(ctx, id, keys, withChanged, row)
		})
		return set, err
	}
	err := s.read(ctx, "read a copy by keys", func(tx *sql.Tx) error {
		var err error
		if set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		var key, data sql.RawBytes
		var changed int64
		for len(keys) > 0 {
			chunk := keys[:min(len(keys), readChunk)]
			keys = keys[len(chunk):]
			text, args := s.copyDialect().ofKeys("d.data"+changedOf(withChanged), dataOfRows, id, chunk)
			err := each(ctx, tx, text, func(rows *sql.Rows) error {
				if err := rows.Scan(&key, &data, &changed); err != nil {
					return err
				}
				return row(data, changed)
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
func (s *Store) CopyList(ctx context.Context, id int64, a copies.Ask, row func(data []byte, changed int64) error) (copies.Answer, error) {
	q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, 1), Totals: []int{-1}}
	if s.lite != nil {
		err := s.copied(ctx, "list a copy", func(c *liteConn) error {
			if answer.Set, err = c.set(id); err != nil {
				return err
			}
			return c.list(q, &a, &answer, row)
		})
		return answer, err
	}
	err = s.read(ctx, "list a copy", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		if err := planForArguments(ctx, tx, q, &a); err != nil {
			return err
		}
		n, more, err := copyPage(ctx, tx, q, row)
		if err != nil {
			return err
		}
		if answer.More[0] = more; !knowsTotal(&answer, &a, n) {
			err = tx.QueryRowContext(ctx, q.totalText(), q.where.args...).Scan(&answer.Totals[0])
		}
		return err
	})
	return answer, err
}

// planForArguments has PostgreSQL plan a filtered list for its arguments: for any it would
// be planned as if few rows were found. q is nil where there is none.
func planForArguments(ctx context.Context, tx *sql.Tx, q *copyQuery, a *copies.Ask) error {
	if q == nil || !q.isWalkable(a.Where) {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL plan_cache_mode = force_custom_plan")
	return err
}

// knowsTotal fills in the total of a list whose page has n rows, unless the rows must
// be counted.
func knowsTotal(answer *copies.Answer, a *copies.Ask, n int) bool {
	switch {
	case !a.Total:
	case a.After == nil && !answer.More[0]:
		answer.Totals[0] = n
	case a.Where.Op == schema.All:
		answer.Totals[0] = int(answer.Set.Rows)
	default:
		return false
	}
	return true
}

// copyPage calls row with the rows of a page and tells how many they were and
// whether there are more.
func copyPage(ctx context.Context, tx *sql.Tx, q *copyQuery, row func([]byte, int64) error) (n int, more bool, err error) {
	var data sql.RawBytes
	var changed int64
	err = each(ctx, tx, q.pageText(), func(rows *sql.Rows) error {
		if n == q.first {
			more = true
			return nil
		}
		n++
		if err := rows.Scan(&data, &changed); err != nil {
			return err
		}
		return row(data, changed)
	}, q.pageArgs()...)
	return n, more, err
}
