package store

import (
	"slices"
	"strconv"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copyQuery is a question to copy_rows as SQL.
type copyQuery struct {
	from  string
	hint  string    // how rows are counted
	walk  string    // how a page is found, "" = as the database likes
	where condition // of the rows that are counted
	after condition // of those behind the cursor, empty = all
	order string    // the column, "" = by key alone
	desc  bool
	first int
	mark  string // what rowsText selects besides, "" = nothing
	tail  string // and pageText behind the rest

	// withChanged is that the page tells when its rows changed.
	withChanged bool

	isWalked bool // of a parent's rows: the index that finds them has them in this order
}

// keyOrder is the order of the column id: that of keys, which each row has its own of.
const keyOrder = "r.key"

// newCopyQuery translates a question; of says whose rows it is about.
func newCopyQuery(d copyDialect, a copies.Ask, from, of string, args ...any) (*copyQuery, error) {
	q := &copyQuery{from: from, first: max(a.First, 0), desc: a.Order.Desc, withChanged: a.WithChanged}
	q.where.copyDialect, q.after.copyDialect = d, d
	q.where.add(of, args...)
	var col copies.Column
	switch a.Order.Column {
	case changedColumn:
		col, q.order = copies.Column{Name: changedColumn, Kind: schema.KindTime}, "r.changed_at"
	case "", "source": // one source: all rows are equal
	default:
		var ok bool
		if col, ok = columnOf(a.Order.Column); !ok {
			return nil, schema.Errorf(schema.UnsupportedFilter, "a copy cannot sort by %s", a.Order.Column)
		}
		q.order = "r." + copyColumn(col.Name)
	}
	if a.After != nil {
		q.where.walked = q.order
	}
	if a.Where.Op != schema.All {
		q.where.add(" AND ")
		if err := where(&q.where, a.Where, whose{a.Source, a.ChangedFrom}); err != nil {
			return nil, err
		}
		if len(q.where.args) > maxArgs {
			return nil, schema.Errorf(schema.UnsupportedFilter, "the filter compares with too many values")
		}
	}
	if a.After == nil {
		return q, nil
	}
	if q.order == "" {
		var own schema.Value
		if a.Order.Column == "source" {
			own = schema.String(a.Source)
		}
		q.behindOne(&a, own)
		return q, nil
	}
	if !a.After.Value.IsNull() && !isComparable(col, a.After.Value) {
		return nil, schema.Errorf(schema.BadRequest, "the cursor is not of a list sorted by %s", a.Order.Column)
	}
	q.behind(&a)
	return q, nil
}

// behindOne begins behind the cursor where all rows have the same value.
func (q *copyQuery) behindOne(a *copies.Ask, own schema.Value) {
	c := 0
	if a.Order.Column != "" {
		if c = own.Compare(a.After.Value); q.desc {
			c = -c
		}
	}
	switch {
	case c < 0 || c == 0 && a.After.ID == "" && !a.After.Inclusive:
		q.after.add("FALSE")
	case c == 0 && a.After.ID != "":
		q.after.add("r.key > ?", q.after.text(a.After.ID))
	}
}

// behind begins behind the cursor: an absent value is the least of texts, so that
// it needs no case of its own.
func (q *copyQuery) behind(a *copies.Ask) {
	op := ">"
	if q.desc {
		op = "<"
	}
	v := q.after.text(sortText(a.After.Value))
	if a.Order.Column == changedColumn { // a number
		v = changedPlace(a.After.Value, a.ChangedFrom)
	}
	switch {
	case a.After.ID != "":
		// The first half lets an index begin there.
		q.after.add(q.order+" "+op+"= ? AND ("+q.order+" "+op+" ? OR r.key > ?)", v, v, q.after.text(a.After.ID))
	case a.After.Inclusive:
		q.after.add(q.order+" "+op+"= ?", v)
	default:
		q.after.add(q.order+" "+op+" ?", v)
	}
}

// rowsText finds the rows of a page, one more than it has, in order.
func (q *copyQuery) rowsText() string {
	text := "SELECT r.id, r.key"
	if q.withChanged {
		text += ", r.changed_at"
	}
	order := keyOrder
	switch q.order {
	case "":
	case keyOrder:
		order += q.dir()
	default:
		text += ", " + q.order + " AS o"
		order = q.order + q.dir() + ", r.key"
	}
	text += q.mark + " FROM " + q.from + q.walk + " WHERE " + q.where.sql.String()
	if q.after.sql.Len() > 0 {
		text += " AND " + q.after.sql.String()
	}
	return text + " ORDER BY " + order + " LIMIT " + strconv.Itoa(q.first+1)
}

func (q *copyQuery) dir() string {
	if q.desc {
		return " DESC"
	}
	return ""
}

// found is the order of the rows of rowsText, as x.
func (q *copyQuery) found() string {
	switch q.order {
	case "":
		return "x.key"
	case keyOrder:
		return "x.key" + q.dir()
	}
	return "x.o" + q.dir() + ", x.key"
}

// pageText finds the rows first and their data last, so that what is sorted is
// small.
func (q *copyQuery) pageText() string {
	if q.where.isPostgres {
		// With a limit PostgreSQL looks up what is selected when it has sorted. As a join
		// it might read all data there is.
		return "SELECT (SELECT d.data FROM copy_data d WHERE d.row_id = x.id), " + q.changed("x") + q.tail + " FROM (" + q.rowsText() + ") x ORDER BY " + q.found() + " LIMIT " + strconv.Itoa(q.first+1)
	}
	return "SELECT d.data, " + q.changed("x") + q.tail + " FROM (" + q.rowsText() + ") x JOIN copy_data d ON d.row_id = x.id ORDER BY " + q.found()
}

// pageArgs are the arguments of rowsText and pageText.
func (q *copyQuery) pageArgs() []any { return slices.Concat(q.where.args, q.after.args) }

// isWalkable reports whether the rows that a filter leaves may be found by walking all of
// them in their order, that of keys, as well as by the filter's index: which is better
// depends on how many they are.
func (q *copyQuery) isWalkable(where schema.Predicate) bool {
	return (q.order == "" || q.order == keyOrder) && where.Op != schema.All && !isNarrow(where)
}

// isNarrow reports whether a filter leaves few rows that an index finds.
func isNarrow(p schema.Predicate) bool {
	switch p.Op {
	case schema.And:
		return slices.ContainsFunc(p.Of, isNarrow)
	case schema.Eq, schema.In:
		return slices.Contains([]string{"id", "customer", "order", "quote", "invoice", "number", "sku"}, p.Column)
	}
	return false
}

// countWhole lets all rows be counted as they lie. Through an index, in another
// order than they lie, each costs ten times as much: SQLite would take one even
// where the set is all there is.
func (q *copyQuery) countWhole() { q.hint = " NOT INDEXED" }

// totalText counts all rows; its arguments are those of where.
func (q *copyQuery) totalText() string {
	return "SELECT count(*) FROM " + q.from + q.hint + " WHERE " + q.where.sql.String()
}
