package store

import (
	"context"
	"database/sql"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// readChunk is how many keys are looked up by one statement.
const readChunk = 500

// CopyByKeys implements copies.Store.
func (s *Store) CopyByKeys(ctx context.Context, id int64, keys []string, row func(data []byte) error) (copies.Set, error) {
	var set copies.Set
	err := s.read(ctx, "read a copy by keys", func(tx *sql.Tx) error {
		var err error
		if set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		for len(keys) > 0 {
			chunk := keys[:min(len(keys), readChunk)]
			keys = keys[len(chunk):]
			args := make([]any, 1, len(chunk)+1)
			args[0] = id
			for _, k := range chunk {
				args = append(args, k)
			}
			var data sql.RawBytes
			err := each(ctx, tx, "SELECT d.data FROM copy_rows r JOIN copy_data d ON d.row_id = r.id WHERE r.set_id = ? AND r.key IN ("+placeholders(len(chunk))+")",
				func(rows *sql.Rows) error {
					if err := rows.Scan(&data); err != nil {
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
	q, err := newCopyQuery(a, "copy_rows r", "r.set_id = ?", id)
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, 1), Totals: []int{-1}}
	err = s.read(ctx, "list a copy", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		p := &copyPages{ctx: ctx, tx: tx, q: q}
		defer p.close()
		n, more, err := p.page("", row)
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
			answer.Totals[0], err = p.total("")
		}
		return err
	})
	return answer, err
}

// CopyByParent implements copies.Store.
func (s *Store) CopyByParent(ctx context.Context, id int64, relation string, parents []string, a copies.Ask, row func(parent int, data []byte) error) (copies.Answer, error) {
	var q *copyQuery
	var err error
	switch relation {
	case "orderNumber", "quoteNumber", "invoiceNumber":
		q, err = newCopyQuery(a, "copy_links l JOIN copy_rows r ON r.id = l.row_id", "l.set_id = ? AND l.relation = ? AND l.number = ?", id, relation, parentArg{})
	case "customer", "order", "quote", "invoice", "number", "sku":
		name := "r." + copyColumn(relation)
		// The indexes leave out rows without a parent, which the statement must say too.
		q, err = newCopyQuery(a, "copy_rows r", "r.set_id = ? AND "+name+" = ? AND "+name+" <> ''", id, parentArg{})
	default:
		err = schema.Errorf(schema.UnsupportedFilter, "a copy has no relation %s", relation)
	}
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, len(parents)), Totals: make([]int, len(parents))}
	err = s.read(ctx, "read a copy by parents", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		p := &copyPages{ctx: ctx, tx: tx, q: q}
		defer p.close()
		for i, parent := range parents {
			n, more, err := p.page(parent, func(data []byte) error { return row(i, data) })
			if err != nil {
				return err
			}
			answer.More[i], answer.Totals[i] = more, -1
			switch {
			case !a.Total:
			case a.After == nil && !more:
				answer.Totals[i] = n
			default:
				if answer.Totals[i], err = p.total(parent); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return answer, err
}

// copyPages runs one query for many parents, its statements prepared once.
type copyPages struct {
	ctx    context.Context //nolint:containedctx // lives as long as one call of the store
	tx     *sql.Tx
	q      *copyQuery
	pages  *sql.Stmt
	totals *sql.Stmt
	data   sql.RawBytes
}

func (p *copyPages) close() {
	for _, s := range []*sql.Stmt{p.pages, p.totals} {
		if s != nil {
			_ = s.Close()
		}
	}
}

// page calls row with the rows of a page and tells how many they were and
// whether there are more.
func (p *copyPages) page(parent string, row func([]byte) error) (n int, more bool, err error) {
	if p.pages == nil {
		if p.pages, err = p.tx.PrepareContext(p.ctx, p.q.pageText()); err != nil {
			return 0, false, err
		}
	}
	rows, err := p.pages.QueryContext(p.ctx, p.q.pageArgs(parent)...)
	if err != nil {
		return 0, false, err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		if n == p.q.first {
			return n, true, nil
		}
		if err := rows.Scan(&p.data); err != nil {
			return n, false, err
		}
		if err := row(p.data); err != nil {
			return n, false, err
		}
		n++
	}
	return n, false, rows.Err()
}

func (p *copyPages) total(parent string) (n int, err error) {
	if p.totals == nil {
		if p.totals, err = p.tx.PrepareContext(p.ctx, p.q.totalText()); err != nil {
			return 0, err
		}
	}
	err = p.totals.QueryRowContext(p.ctx, p.q.totalArgs(parent)...).Scan(&n)
	return n, err
}
