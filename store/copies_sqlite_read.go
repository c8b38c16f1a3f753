package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copied runs f in one consistent reading of the copies in SQLite.
func (s *Store) copied(ctx context.Context, what string, f func(c *liteConn) error) error {
	ctx, cancel := context.WithTimeout(ctx, usualCall)
	defer cancel()
	return s.failed(what, s.lite.read(ctx, f))
}

// keptSets is more than the entities of all sources of one installation.
const keptSets = 1000

// set is copySet. Texts that are as they were are not allocated again.
func (c *liteConn) set(id int64) (copies.Set, error) {
	st, err := c.statement("SELECT "+setColumns+" FROM copy_sets WHERE id = ?", []any{id})
	if err != nil {
		return copies.Set{}, err
	}
	defer c.reset(st)
	there, err := c.next(st)
	if err == nil && !there {
		err = sql.ErrNoRows
	}
	if err != nil {
		return copies.Set{}, err
	}
	was, r := c.sets[id], setReader{c: c, st: st}
	// In the order of setColumns.
	now := copies.Set{
		ID: r.number(), Source: r.text(was.Source), Entity: r.text(was.Entity), Layout: r.text(was.Layout), Rows: r.number(), Run: r.number(), Running: r.is(),
		Settings: r.text(was.Settings), Started: r.when(), Saved: r.when(), Mark: r.text(was.Mark), Pages: r.number(), Seen: r.number(), Changed: r.number(),
		Resumed: r.is(), AtEnd: r.is(), Doubtful: r.is(), Shifting: r.is(), Complete: r.number(), Sound: r.number(), AsOf: r.when(),
		Took: time.Duration(r.number()) * time.Microsecond, Missing: r.number(), Refused: r.number(), Refusal: schema.Code(r.text(string(was.Refusal))),
		Accept: r.when(), Cursor: r.text(was.Cursor), Followed: r.when(), Failure: schema.Code(r.text(string(was.Failure))), ChangedFrom: r.number(),
		Garbled: r.text(was.Garbled), Held: r.number(), AcceptGarbled: r.when(),
	}
	if len(c.sets) >= keptSets {
		clear(c.sets)
	}
	c.sets[id] = now
	return now, nil
}

// setReader reads the columns of a row one after the other.
type setReader struct {
	c    *liteConn
	st   *liteStmt
	next int
}

func (r *setReader) at() int { r.next++; return r.next - 1 }

func (r *setReader) number() int64 { return r.c.int(r.st, r.at()) }

func (r *setReader) is() bool { return r.number() != 0 }

func (r *setReader) text(was string) string {
	if now := r.c.bytes(r.st, r.at()); string(now) != was {
		return string(now)
	}
	return was
}

func (r *setReader) when() time.Time {
	at := r.at()
	if r.c.isNull(r.st, at) {
		return time.Time{}
	}
	return time.UnixMicro(r.c.int(r.st, at)).UTC()
}

const ofKey = " FROM " + dataOfRows + " WHERE r.set_id = ? AND r.key = ?"

// byKeys calls row with the data of the keys that exist.
func (c *liteConn) byKeys(ctx context.Context, id int64, keys []string, withChanged bool, row func([]byte, int64) error) error {
	st, err := c.statement("SELECT d.data"+changedOf(withChanged)+ofKey, []any{id})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.bind(st, 2, key); err != nil {
			return err
		}
		there, err := c.next(st)
		if err == nil && there {
			err = row(c.bytes(st, 0), c.int(st, 1))
		}
		c.reset(st)
		if err != nil {
			return err
		}
	}
	return nil
}

// list calls row with the rows of a page.
func (c *liteConn) list(q *copyQuery, a *copies.Ask, answer *copies.Answer, row func([]byte, int64) error) error {
	if err := c.walk(q, a, answer.Set.Rows); err != nil {
		return err
	}
	n := 0
	err := c.each(q.pageText(), q.pageArgs(), func(st *liteStmt) error {
		if n == q.first {
			answer.More[0] = true
			return nil
		}
		n++
		return row(c.bytes(st, 0), c.int(st, 1))
	})
	if err != nil || knowsTotal(answer, a, n) {
		return err
	}
	answer.Totals[0], err = c.counted(q, a, answer)
	return err
}

// counted counts all rows of a list.
func (c *liteConn) counted(q *copyQuery, a *copies.Ask, answer *copies.Answer) (n int, err error) {
	if !isNarrow(a.Where) {
		var all int64
		if err := c.each("SELECT sum(row_count) FROM copy_sets", nil, func(st *liteStmt) error { all = c.int(st, 0); return nil }); err != nil {
			return 0, err
		}
		if answer.Set.Rows >= all/10 {
			q.countWhole()
		}
	}
	err = c.each(q.totalText(), q.where.args, func(st *liteStmt) error { n = int(c.int(st, 0)); return nil })
	return n, err
}
