package store

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/copies"
)

const (
	// fewRows are sorted here rather than in SQLite, where a statement that sorts costs
	// more than reading them.
	fewRows = 32
	// manyRows are sorted there: they would all have to be held.
	manyRows = 1000
)

// liteParents asks SQLite for the pages of parents: all rows of many parents at once
// by one statement, which are sorted here, and where a parent has many of them, the
// pages of parents one by one.
type liteParents struct {
	c      *liteConn
	q      *copyQuery
	ask    *copies.Ask
	answer *copies.Answer
	row    func(parent int, data []byte, changed int64) error

	page, all, count *liteStmt
	rows             []liteRow // of one parent
	held             []byte
}

// liteRow is where a row lies in what is held: its data, what it is sorted by, and
// its key end there.
type liteRow struct {
	begin, data, order, key int
	changed                 int64
}

// parents calls row with the pages of parents.
func (c *liteConn) parents(ctx context.Context, q *copyQuery, parents []string, a *copies.Ask, answer *copies.Answer, row func(parent int, data []byte, changed int64) error) error {
	p := &liteParents{c: c, q: q, ask: a, answer: answer, row: row}
	done := 0
	if list, ok := plainList(parents); ok && len(parents) > 1 && q.isWhole() {
		var err error
		if done, err = p.together(parents, list); err != nil {
			return err
		}
	}
	for i := done; i < len(parents); i++ {
		// The statement of many parents is done soon, and no interruption may meet it.
		if err := ctx.Err(); err != nil {
			return err
		}
		n, isAll, err := p.read(parents[i], i)
		if err == nil {
			err = p.found(parents[i], i, n, isAll)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plainList is a list as JSON, if none of its texts has to be escaped.
func plainList(texts []string) (string, bool) {
	var b strings.Builder
	b.WriteByte('[')
	for i, text := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		for j := range len(text) {
			if c := text[j]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
				return "", false
			}
		}
		b.WriteByte('"')
		b.WriteString(text)
		b.WriteByte('"')
	}
	b.WriteByte(']')
	return b.String(), true
}

// together reads all rows of the parents, parent by parent, until one has too many.
// It returns how many parents it is done with.
func (p *liteParents) together(parents []string, list string) (done int, err error) {
	st, err := p.c.statement(p.q.togetherText(), p.q.pageArgs())
	if err == nil {
		err = p.c.bind(st, 1, list)
	}
	if err != nil {
		return 0, err
	}
	defer p.c.reset(st)
	for {
		there, err := p.c.next(st)
		if err != nil {
			return done, err
		}
		next := len(parents)
		if there {
			next = int(p.c.int(st, 4))
		}
		if next < done {
			return done, errParentOrder
		}
		for ; done < next; done++ {
			n, err := p.emit(done)
			if err == nil {
				err = p.found(parents[done], done, n, true)
			}
			if err != nil {
				return done, err
			}
		}
		if !there || !p.hold(st) {
			p.rows, p.held = p.rows[:0], p.held[:0]
			return done, nil
		}
	}
}

// found notes what is known of a parent of whom n rows were found.
func (p *liteParents) found(parent string, i, n int, isAll bool) (err error) {
	p.answer.More[i] = n > p.q.first
	switch p.answer.Totals[i] = -1; {
	case !p.ask.Total:
	case p.ask.After == nil && (isAll || n <= p.q.first):
		p.answer.Totals[i] = n
	default:
		p.answer.Totals[i], err = p.total(parent)
	}
	return err
}

// read calls row with the page of a parent, and tells how many rows it found, at
// least one more than the page has where there are more, and whether that is all.
func (p *liteParents) read(parent string, i int) (n int, isAll bool, err error) {
	if !p.q.isWalked && p.q.isWhole() {
		if n, isAll, err = p.readFew(parent, i); err != nil || isAll {
			return n, isAll, err
		}
	}
	if err := p.bind(&p.page, p.q.pageText, p.q.pageArgs, parent); err != nil {
		return 0, false, err
	}
	defer p.c.reset(p.page)
	for n = 0; ; n++ {
		there, err := p.c.next(p.page)
		if err == nil && there && n < p.q.first {
			err = p.row(i, p.c.bytes(p.page, 0), p.c.int(p.page, 1))
		}
		if err != nil || !there {
			return n, false, err
		}
	}
}

// bind gives a statement its parent. The other arguments are bound the first time.
func (p *liteParents) bind(st **liteStmt, text func() string, args func() []any, parent string) (err error) {
	if *st == nil {
		if *st, err = p.c.statement(text(), args()); err != nil {
			return err
		}
	}
	return p.c.bind(*st, 1, parent)
}

// readFew reads all rows of a parent, sorts them and calls row with the first, unless
// they are too many.
func (p *liteParents) readFew(parent string, i int) (n int, isAll bool, err error) {
	if err := p.bind(&p.all, p.q.fewText, p.q.pageArgs, parent); err != nil {
		return 0, false, err
	}
	defer p.c.reset(p.all)
	for {
		there, err := p.c.next(p.all)
		if err != nil {
			return 0, false, err
		}
		if !there {
			n, err := p.emit(i)
			return n, true, err
		}
		if !p.hold(p.all) {
			p.rows, p.held = p.rows[:0], p.held[:0]
			return 0, false, nil
		}
	}
}

// hold keeps a row of fewText, unless they are too many.
func (p *liteParents) hold(st *liteStmt) bool {
	if len(p.rows) == p.q.most() {
		return false
	}
	r := liteRow{begin: len(p.held), changed: p.c.int(st, 3)}
	p.held = append(p.held, p.c.bytes(st, 0)...)
	r.data = len(p.held)
	p.held = append(p.held, p.c.bytes(st, 1)...)
	r.order = len(p.held)
	p.held = append(p.held, p.c.bytes(st, 2)...)
	r.key = len(p.held)
	p.rows = append(p.rows, r)
	return true
}

// emit sorts what is held and calls row with the first rows. It returns how many are
// held, and holds none any more.
func (p *liteParents) emit(i int) (int, error) {
	if len(p.rows) > 1 {
		slices.SortFunc(p.rows, p.compare)
	}
	for j := range min(len(p.rows), p.q.first) {
		if err := p.row(i, p.held[p.rows[j].begin:p.rows[j].data], p.rows[j].changed); err != nil {
			return 0, err
		}
	}
	n := len(p.rows)
	p.rows, p.held = p.rows[:0], p.held[:0]
	return n, nil
}

// compare is the order of a page: texts are compared as SQLite does, by their bytes.
func (p *liteParents) compare(x, y liteRow) int {
	c := bytes.Compare(p.held[x.data:x.order], p.held[y.data:y.order])
	if p.q.desc {
		c = -c
	}
	if c == 0 {
		c = bytes.Compare(p.held[x.order:x.key], p.held[y.order:y.key])
	}
	return c
}

func (p *liteParents) total(parent string) (n int, err error) {
	if err := p.bind(&p.count, p.q.totalText, func() []any { return p.q.where.args }, parent); err != nil {
		return 0, err
	}
	defer p.c.reset(p.count)
	if _, err := p.c.next(p.count); err != nil {
		return 0, err
	}
	return int(p.c.int(p.count, 0)), nil
}

// isWhole reports whether a page has room for all rows of most parents: then all are
// read and sorted here. Of smaller pages it would read data that nobody asked for.
func (q *copyQuery) isWhole() bool { return q.first >= fewRows && q.first <= manyRows }

// most is how many rows of a parent are sorted here.
func (q *copyQuery) most() int { return q.first }

// fewText finds all rows of a parent in any order, one more than are sorted here:
// their data, what they are sorted by, and their keys.
func (q *copyQuery) fewText() string {
	return "SELECT " + q.fewColumns() + " FROM " + q.from + q.fewWhere() + " LIMIT " + strconv.Itoa(q.most()+1)
}

// togetherText is fewText for all parents of a list, one after the other: behind the
// rest is the number of the parent, from 0 on. No row is left out, but for all behind
// the last that is read.
func (q *copyQuery) togetherText() string {
	// CROSS JOIN keeps the tables in this order, so that parents come one by one.
	return "SELECT " + q.fewColumns() + ", p.key FROM json_each(" + parentArg + ") p CROSS JOIN " + strings.Replace(q.from, " JOIN ", " CROSS JOIN ", 1) +
		strings.Replace(q.fewWhere(), parentArg, "p.value", 1)
}

func (q *copyQuery) fewColumns() string {
	if q.order == "" {
		return "d.data, '', r.key, " + q.changed("r")
	}
	return "d.data, " + q.order + ", r.key, " + q.changed("r")
}

func (q *copyQuery) fewWhere() string {
	text := " CROSS JOIN copy_data d ON d.row_id = r.id WHERE " + q.where.sql.String()
	if q.after.sql.Len() > 0 {
		text += " AND " + q.after.sql.String()
	}
	return text
}
