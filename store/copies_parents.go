package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// parentsChunk is how many parents' pages PostgreSQL is asked for at once.
const parentsChunk = 1000

// CopyByParent implements copies.Store. SQLite is asked parent by parent, PostgreSQL
// for many at once: there each statement is a round trip.
func (s *Store) CopyByParent(ctx context.Context, id int64, relation string, parents []string, a copies.Ask, row func(parent int, data []byte) error) (copies.Answer, error) {
	longest := 0
	for _, p := range parents {
		longest = max(longest, len(p))
	}
	q, err := newParentQuery(s.copyDialect(), a, id, relation, longest)
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, len(parents)), Totals: make([]int, len(parents))}
	err = s.read(ctx, "read a copy by parents", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		if s.isPostgres {
			for at := 0; at < len(parents) && err == nil; at += parentsChunk {
				end := min(at+parentsChunk, len(parents))
				p := &copyParents{q: q, parents: parents[at:end], more: answer.More[at:end], totals: answer.Totals[at:end]}
				err = p.read(ctx, tx, &a, func(parent int, data []byte) error { return row(at+parent, data) })
			}
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

// newParentQuery translates a question about the rows of parents of which none is
// longer than longest. In PostgreSQL a parent is p.parent, in SQLite an argument.
func newParentQuery(d copyDialect, a copies.Ask, id int64, relation string, longest int) (*copyQuery, error) {
	parent, args := "?", []any{parentArg{}}
	if d.isPostgres {
		parent, args = "p.parent", nil
	}
	switch relation {
	case "orderNumber", "quoteNumber", "invoiceNumber":
		return newCopyQuery(d, a, "copy_links l JOIN copy_rows r ON r.id = l.row_id", "l.set_id = ? AND l.relation = ? AND l.number = "+parent,
			slices.Concat([]any{id, relation}, args)...)
	case "customer", "order", "quote", "invoice", "number", "sku":
		name := "r." + copyColumn(relation)
		// The indexes leave out rows without a parent, which the statement must say too.
		return newCopyQuery(d, a, "copy_rows r", "r.set_id = ? AND "+name+" = "+parent+" AND "+d.isThere(name, longest), slices.Concat([]any{id}, args)...)
	}
	return nil, schema.Errorf(schema.UnsupportedFilter, "a copy has no relation %s", relation)
}

// copyParents is one question for the pages of some parents.
type copyParents struct {
	q       *copyQuery
	parents []string
	more    []bool
	totals  []int
	counts  []int
}

func (p *copyParents) read(ctx context.Context, tx *sql.Tx, a *copies.Ask, row func(parent int, data []byte) error) error {
	p.counts = make([]int, len(p.parents))
	var data sql.RawBytes
	err := each(ctx, tx, p.q.parentsText(len(p.parents)), func(rows *sql.Rows) error {
		var i int
		if err := rows.Scan(&i, &data); err != nil {
			return err
		}
		i--
		if p.counts[i] == p.q.first {
			p.more[i] = true
			return nil
		}
		p.counts[i]++
		return row(i, data)
	}, p.q.parentsArgs(p.parents)...)
	if err != nil {
		return err
	}
	var open []string // whose total is not known
	var at []int
	for i, n := range p.counts {
		switch p.totals[i] = -1; {
		case !a.Total:
		case a.After == nil && !p.more[i]:
			p.totals[i] = n
		default:
			open, at = append(open, p.parents[i]), append(at, i)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return each(ctx, tx, p.q.parentTotalsText(), func(rows *sql.Rows) error {
		var i, n int
		err := rows.Scan(&i, &n)
		p.totals[at[i-1]] = n
		return err
	}, slices.Concat(p.q.where.args, []any{p.q.where.texts(open)})...)
}

const eachParent = " FROM unnest(?::bytea[]) WITH ORDINALITY AS p(parent, i)"

// parentsText finds the pages of n parents: the number of each, from 1 on, and the
// data of its rows.
func (q *copyQuery) parentsText(n int) string {
	return "SELECT x.i, (SELECT d.data FROM copy_data d WHERE d.row_id = x.id) FROM (SELECT y.*, p.i FROM (SELECT p.parent, p.i" + eachParent +
		") p CROSS JOIN LATERAL (" + q.rowsText() + ") y) x ORDER BY x.i, " + q.found() + " LIMIT " + strconv.Itoa(n*(q.first+1))
}

func (q *copyQuery) parentsArgs(parents []string) []any {
	return slices.Concat([]any{q.where.texts(parents)}, q.where.args, q.after.args)
}

// parentTotalsText counts the rows of parents.
func (q *copyQuery) parentTotalsText() string {
	return "SELECT p.i, (" + q.totalText() + ")" + eachParent
}
