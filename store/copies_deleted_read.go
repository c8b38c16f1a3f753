package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// livingKey finds the living row of a deleted row's key: as a value of its own it is
// looked up for each row of a page, whatever a server thinks of joining them.
const livingKey = "(SELECT l.id FROM copy_rows l WHERE l.set_id = r.set_id AND l.key = r.key)"

// newDeletedQuery is newCopyQuery for the deleted rows of a list.
func newDeletedQuery(d copyDialect, a copies.Ask, id int64, rows copies.DeletedRows) (*copyQuery, error) {
	a.Where = rows.Where
	q, err := newCopyQuery(d, a, "copy_deleted r", "r.set_id = ? AND r.layout = ? AND "+livingKey+" IS NULL", id, rows.Layout)
	if err == nil {
		q.mark = ", 1 AS gone"
	}
	return q, err
}

// pageAsker runs a statement of three columns: bytes and two numbers.
type pageAsker func(text string, args []any, f func(data []byte, a, b int64) error) error

// CopyListDeleted implements copies.Store.
func (s *Store) CopyListDeleted(ctx context.Context, id int64, a copies.Ask, d copies.DeletedRows, row func(data []byte, changed int64, isDeleted bool) error) (copies.Answer, error) {
	l := &deletedList{id: id, ask: &a, layout: d.Layout, row: row, answer: copies.Answer{More: make([]bool, 1), Totals: []int{-1}}}
	var err error
	if l.gone, err = newDeletedQuery(s.copyDialect(), a, id, d); err != nil {
		return copies.Answer{}, err
	}
	if a.Where.Op != schema.None {
		if l.living, err = newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id); err != nil {
			return copies.Answer{}, err
		}
		l.living.tail = ", 0"
	}
	if s.lite != nil {
		err := s.copied(ctx, "list a copy", func(c *liteConn) error {
			if l.answer.Set, err = c.set(id); err != nil {
				return err
			}
			if l.living != nil { // as in a list of living rows
				if err := c.walk(l.living, &a, l.answer.Set.Rows); err != nil {
					return err
				}
			}
			l.count = func() (int, error) { return c.counted(l.living, &a, &l.answer) }
			return l.read(func(text string, args []any, f func([]byte, int64, int64) error) error {
				return c.each(text, args, func(st *liteStmt) error { return f(c.bytes(st, 0), c.int(st, 1), c.int(st, 2)) })
			})
		})
		return l.answer, err
	}
	err = s.read(ctx, "list a copy", func(tx *sql.Tx) error {
		if l.answer.Set, err = copySet(ctx, tx, id); err != nil {
			return err
		}
		if err := planForArguments(ctx, tx, l.living, &a); err != nil {
			return err
		}
		l.count = func() (n int, err error) {
			err = tx.QueryRowContext(ctx, l.living.totalText(), l.living.where.args...).Scan(&n)
			return n, err
		}
		return l.read(func(text string, args []any, f func([]byte, int64, int64) error) error {
			var data sql.RawBytes
			var x, y int64
			return each(ctx, tx, text, func(rows *sql.Rows) error {
				if err := rows.Scan(&data, &x, &y); err != nil {
					return err
				}
				return f(data, x, y)
			}, args...)
		})
	})
	return l.answer, err
}

// deletedList is a list with deleted rows, within one reading.
type deletedList struct {
	id           int64
	ask          *copies.Ask
	layout       string
	living, gone *copyQuery // living is nil where it is about deleted rows only
	count        func() (int, error)
	row          func(data []byte, changed int64, isDeleted bool) error
	answer       copies.Answer
}

func (l *deletedList) read(ask pageAsker) error {
	hasDead := false
	err := ask("SELECT '', 1, 0 FROM copy_deleted WHERE set_id = ? AND layout = ? LIMIT 1", []any{l.id, l.layout}, func([]byte, int64, int64) error { hasDead = true; return nil })
	if err != nil {
		return err
	}
	var text string
	var args []any
	switch {
	case hasDead && l.living != nil:
		text, args = eitherText(l.living, l.gone)
	case hasDead:
		text, args = eitherText(l.gone)
	case l.living != nil: // as when nobody asks for deleted rows
		text, args = l.living.pageText(), l.living.pageArgs()
	}
	n := 0
	if text != "" {
		err := ask(text, args, func(data []byte, changed, gone int64) error {
			if n == l.gone.first {
				l.answer.More[0] = true
				return nil
			}
			n++
			return l.row(data, changed, gone != 0)
		})
		if err != nil {
			return err
		}
	}
	return l.total(ask, n, hasDead)
}

// total fills in the total of a list whose page has n rows.
func (l *deletedList) total(ask pageAsker, n int, hasDead bool) error {
	total := &l.answer.Totals[0]
	switch {
	case !l.ask.Total:
		return nil
	case l.ask.After == nil && !l.answer.More[0]:
		*total = n
		return nil
	}
	*total = 0
	switch {
	case l.living == nil:
	case l.ask.Where.Op == schema.All:
		*total = int(l.answer.Set.Rows)
	default:
		var err error
		if *total, err = l.count(); err != nil {
			return err
		}
	}
	if !hasDead {
		return nil
	}
	return ask("SELECT '', ("+l.gone.totalText()+"), 0", l.gone.where.args, func(_ []byte, n, _ int64) error { *total += int(n); return nil })
}

// eitherText is pageText for living and deleted rows together: the first of each, put in
// order, and the data of those that are on the page. Behind the moment is whether the row
// is deleted.
func eitherText(parts ...*copyQuery) (text string, args []any) {
	q := parts[0]
	limit := " LIMIT " + strconv.Itoa(q.first+1)
	order := strings.ReplaceAll(q.found(), "x.", "") // columns of what is united have no table
	for i, p := range parts {
		if i > 0 {
			text += " UNION ALL "
		}
		if p.mark == "" {
			marked := *p
			marked.mark = ", 0 AS gone"
			p = &marked
		}
		text += "SELECT * FROM (" + p.rowsText() + ") p" + strconv.Itoa(i)
		args = slices.Concat(args, p.pageArgs())
	}
	return "SELECT CASE WHEN x.gone = 1 THEN (SELECT g.data FROM copy_deleted g WHERE g.id = x.id) ELSE (SELECT d.data FROM copy_data d WHERE d.row_id = x.id) END, " +
		q.changed("x") + ", x.gone FROM (" + text + " ORDER BY " + order + limit + ") x ORDER BY " + q.found() + limit, args
}
