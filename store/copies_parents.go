package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// parentsChunk is how many parents' pages one statement asks for.
const parentsChunk = 1000

// errParentOrder says that the database gave pages in another order than asked for.
var errParentOrder = errors.New("the pages of parents came in another order")

// CopyByParent implements copies.Store. Of PostgreSQL one statement finds the pages
// of many parents, and one more counts the rows of those whose page does not tell;
// SQLite, which is no journey away, is asked for each.
func (s *Store) CopyByParent(ctx context.Context, id int64, relation string, parents []string, a copies.Ask, row func(parent int, data []byte, changed int64) error) (copies.Answer, error) {
	longest := 0
	for _, p := range parents {
		longest = max(longest, len(p))
	}
	q, err := newParentQuery(s.copyDialect(), a, id, relation, longest)
	if err != nil {
		return copies.Answer{}, err
	}
	answer := copies.Answer{More: make([]bool, len(parents)), Totals: make([]int, len(parents))}
	if s.lite != nil {
		err := s.copied(ctx, "read a copy by parents", func(c *liteConn) error {
			if answer.Set, err = c.set(id); err != nil {
				return err
			}
			return c.parents(ctx, q, parents, &a, &answer, row)
		})
		return answer, err
	}
	err = s.read(ctx, "read a copy by parents", func(tx *sql.Tx) error {
		var err error
		if answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		for at := 0; at < len(parents) && err == nil; at += parentsChunk {
			end := min(at+parentsChunk, len(parents))
			p := &copyParents{q: q, parents: parents[at:end], more: answer.More[at:end], totals: answer.Totals[at:end]}
			err = p.read(ctx, tx, &a, func(parent int, data []byte, changed int64) error { return row(at+parent, data, changed) })
		}
		return err
	})
	return answer, err
}

// parentSlot is the argument in whose place each parent is put, the first, parentArg
// how a statement of SQLite names it.
type parentSlot struct{}

const parentArg = "?1"

// newParentQuery translates a question about the rows of parents, none longer than
// longest. Each is p.parent in it, in SQLite the argument parentSlot.
func newParentQuery(d copyDialect, a copies.Ask, id int64, relation string, longest int) (*copyQuery, error) {
	parent, args := "p.parent", []any(nil)
	if !d.isPostgres {
		// It is named first, so that the others are numbered behind it.
		parent, args = parentArg, []any{parentSlot{}}
	}
	switch relation {
	case "orderNumber", "quoteNumber", "invoiceNumber":
		return newCopyQuery(d, a, "copy_links l JOIN copy_rows r ON r.id = l.row_id", "l.number = "+parent+" AND l.set_id = ? AND l.relation = ?", append(args, id, relation)...)
	case "customer", "order", "quote", "invoice", "number", "sku":
		name := "r." + copyColumn(relation)
		// The indexes leave out rows without a parent, which the statement must say too.
		q, err := newCopyQuery(d, a, "copy_rows r", name+" = "+parent+" AND r.set_id = ? AND "+d.isThere(name, longest), append(args, id)...)
		if err == nil {
			q.isWalked = (relation == "customer" || relation == "order") && q.order == "r.date" && q.desc
		}
		return q, err
	}
	return nil, schema.Errorf(schema.UnsupportedFilter, "a copy has no relation %s", relation)
}

// copyParents is one question to PostgreSQL for the pages of some parents.
type copyParents struct {
	q       *copyQuery
	parents []string
	more    []bool
	totals  []int
	counts  []int
}

func (p *copyParents) read(ctx context.Context, tx *sql.Tx, a *copies.Ask, row func(parent int, data []byte, changed int64) error) error {
	p.counts = make([]int, len(p.parents))
	var data sql.RawBytes
	last := 0
	err := each(ctx, tx, p.q.parentsText(len(p.parents)), func(rows *sql.Rows) error {
		var i int
		var changed int64
		if err := rows.Scan(&i, &data, &changed); err != nil {
			return err
		}
		if i--; i < last {
			return errParentOrder
		}
		last = i
		if p.counts[i] == p.q.first {
			p.more[i] = true
			return nil
		}
		p.counts[i]++
		return row(i, data, changed)
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
	}, p.q.parentTotalsArgs(open)...)
}

// eachParent is parents as p: the number i of each, from 1 on, and its name.
const eachParent = "unnest(?::bytea[]) WITH ORDINALITY AS p(parent, i)"

// parentsText finds the pages of n parents, in order: the number of each parent and
// the data of its rows.
func (q *copyQuery) parentsText(n int) string {
	return "SELECT x.i, (SELECT d.data FROM copy_data d WHERE d.row_id = x.id), " + q.changed("x") + " FROM (SELECT y.*, p.i FROM (SELECT p.parent, p.i FROM " + eachParent +
		") p CROSS JOIN LATERAL (" + q.rowsText() + ") y) x ORDER BY x.i, " + q.found() + " LIMIT " + strconv.Itoa(n*(q.first+1))
}

// parentsArgs are the arguments of parentsText.
func (q *copyQuery) parentsArgs(parents []string) []any {
	return slices.Concat([]any{q.where.texts(parents)}, q.where.args, q.after.args)
}

// parentTotalsText counts the rows of parents.
func (q *copyQuery) parentTotalsText() string {
	return "SELECT p.i, (" + q.totalText() + ") FROM " + eachParent
}

// parentTotalsArgs are the arguments of parentTotalsText.
func (q *copyQuery) parentTotalsArgs(parents []string) []any {
	return slices.Concat(q.where.args, []any{q.where.texts(parents)})
}
