package store

import (
	"database/sql"
	"slices"
	"time"

	"github.com/trama-graph/trama/schema"
)

// changedColumn is the column of when Trama last saw a row change. It is not one of
// copies.Columns: the source has no part in it, and a row that gets another moment is
// the same row.
const changedColumn = "changedAt"

// whose tells what the rows of a set have in common: their source, and when those of
// them changed of which no moment is kept (copies.Set.ChangedFrom), 0 in the database.
type whose struct {
	source      string
	changedFrom int64
}

// changedRow is a row of which only the moment is asked.
type changedRow schema.Value

// Column implements schema.Row.
func (r changedRow) Column(string) schema.Value { return schema.Value(r) }

// compareChanged writes a comparison with when rows changed.
func compareChanged(c *condition, p schema.Predicate, from int64) error {
	if p.Op == schema.In {
		list := make([]schema.Predicate, len(p.Values))
		for i, v := range p.Values {
			list[i] = schema.Compare(changedColumn, schema.Eq, v)
		}
		return join(c, list, " OR ", "FALSE", whose{changedFrom: from})
	}
	undated := changedRow(schema.Null)
	if from > 0 {
		undated = changedRow(schema.Time(time.UnixMilli(from)))
	}
	isUndated := p.Match(undated) // whether rows without a moment of their own match
	if p.Op == schema.IsNull || len(p.Values) == 1 && p.Values[0].Kind != schema.KindTime {
		// All moments compare alike with what is none.
		c.add(among(isUndated, p.Match(changedRow(schema.Time(time.UnixMilli(1))))))
		return nil
	}
	name := "r.changed_at"
	if name == c.walked && p.Op != schema.Eq && !c.isPostgres {
		name = "+" + name // as in compare
	}
	floor, isWhole := milliseconds(p.Values[0].Time)
	switch p.Op {
	case schema.Eq:
		if !isWhole || floor < 1 {
			floor = -1 // nothing that is kept
		}
		if isUndated {
			c.add("("+name+" = 0 OR "+name+" = ?)", floor)
		} else {
			c.add(name+" = ?", floor)
		}
	case schema.Ge, schema.Gt:
		least := floor + 1
		if isWhole && p.Op == schema.Ge {
			least = floor
		}
		if isUndated {
			c.add("("+name+" = 0 OR "+name+" >= ?)", least)
		} else {
			c.add(name+" >= ?", max(least, 1))
		}
	case schema.Lt, schema.Le:
		most := floor
		if isWhole && p.Op == schema.Lt {
			most = floor - 1
		}
		if isUndated {
			c.add(name+" <= ?", max(most, 0))
		} else {
			c.add("("+name+" <= ? AND "+name+" > 0)", most)
		}
	default:
		return schema.Errorf(schema.UnsupportedFilter, "a copy cannot compare %s in this way", changedColumn)
	}
	return nil
}

// among is the condition that holds for the rows without a moment, or for those with
// one, or for both.
func among(undated, dated bool) string {
	switch {
	case undated && dated:
		return "TRUE"
	case undated:
		return "r.changed_at = 0"
	case dated:
		return "r.changed_at > 0"
	}
	return "FALSE"
}

// farthest bounds moments that are compared with: the year 9999.
const farthest = 253_402_300_799_999

// milliseconds are the whole ones of a moment since 1970, and whether that is all of it.
func milliseconds(t time.Time) (floor int64, isWhole bool) {
	floor = t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		// Before 1970 UnixMilli goes up.
		for time.UnixMilli(floor).After(t) {
			floor--
		}
		return bounded(floor), false
	}
	return bounded(floor), true
}

func bounded(ms int64) int64 { return max(min(ms, farthest), -farthest) }

// changedPlace is where a cursor's value lies among what the database has, of which
// rows without a moment have 0.
func changedPlace(v schema.Value, from int64) int64 {
	if v.IsNull() {
		return 0
	}
	switch ms, _ := milliseconds(v.Time); {
	case from > 0 && ms == from:
		return 0
	case from > 0 && ms < from:
		return -1 // before all rows, also those
	default:
		return max(ms, 0)
	}
}

// changedOf is the column of the moment behind others of a question, if it is asked.
func changedOf(isAsked bool) string {
	if isAsked {
		return ", r.changed_at"
	}
	return ", 0"
}

// changed is the same for a page, of the table with the name.
func (q *copyQuery) changed(table string) string {
	if q.withChanged {
		return table + ".changed_at"
	}
	return "0"
}

// farAhead is how far in the future the last moment of a source may lie and still be
// held to: so much do the clocks of instances differ. One that lies farther was given
// by a clock that was wrong; to wait until it has come would keep all changes at one
// moment until then.
const farAhead = 10 * time.Minute

// healed is how many rows of a table with such moments are put right by one transaction.
const healed = 10_000

// at is the moment at which rows change in this transaction, in milliseconds since
// 1970: now, but after all moments that were given to rows of the source before, so
// that who asks for what has changed since finds everything.
func (w *copyWriter) at() int64 {
	if w.moment > 0 || w.b.err != nil {
		return w.moment
	}
	now := w.now.UnixMilli()
	var last, own int64
	w.b.err = w.b.tx.QueryRowContext(w.b.ctx, `SELECT coalesce(max(CASE WHEN changed_at > changed_from THEN changed_at ELSE changed_from END), 0),
		coalesce(max(CASE WHEN id = ? THEN CASE WHEN changed_at > changed_from THEN changed_at ELSE changed_from END END), 0)
		FROM copy_sets WHERE source = ?`, w.set, w.source).Scan(&last, &own)
	limit := now + farAhead.Milliseconds()
	if last > limit {
		// A clock was wrong; that of other sets is not waited for.
		if last = 0; own <= limit {
			last = own
		}
	}
	w.moment = max(now, last+1)
	if w.b.err != nil {
		return w.moment
	}
	if own > limit && !w.heal(limit) {
		return w.moment // the set still says so
	}
	w.b.run("UPDATE copy_sets SET changed_at = ? WHERE id = ?", w.moment, w.set)
	return w.moment
}

// heal gives rows whose moments lie beyond the limit that of this transaction, living and
// deleted ones, some at a time, and reports whether these were the last.
func (w *copyWriter) heal(limit int64) bool {
	areLast := true
	for _, table := range []string{"copy_rows", "copy_deleted"} {
		areLast = w.healTable(table, limit) && areLast
	}
	if !areLast {
		return false
	}
	// Rows without a moment changed before all others, so not later than now.
	w.b.run("UPDATE copy_sets SET changed_from = CASE WHEN changed_from > ? THEN ? ELSE changed_from END WHERE id = ?", w.moment-1, w.moment-1, w.set)
	return true
}

func (w *copyWriter) healTable(table string, limit int64) (areLast bool) {
	if w.b.err != nil {
		return false
	}
	var ids []int64
	w.b.err = each(w.b.ctx, w.b.tx, "SELECT id FROM "+table+" WHERE set_id = ? AND changed_at > ? ORDER BY changed_at DESC LIMIT ?", func(rows *sql.Rows) error {
		ids = append(ids, 0)
		return rows.Scan(&ids[len(ids)-1])
	}, w.set, limit, healed)
	for chunk := range slices.Chunk(ids, writeChunk) {
		is, args := w.b.isOneID("id", chunk)
		w.b.run("UPDATE "+table+" SET changed_at = ? WHERE "+is, append([]any{w.moment}, args...)...)
	}
	return len(ids) < healed
}
