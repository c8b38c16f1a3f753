package store

import (
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copyQuery is a question to copy_rows as SQL.
type copyQuery struct {
	from  string
	where condition // of the rows that are counted
	after condition // of those behind the cursor, empty = all
	order string    // the column, "" = by key alone
	desc  bool
	first int
}

// parentArg stands among the arguments for the parent of a page.
type parentArg struct{}

// newCopyQuery translates a question; of says whose rows it is about.
func newCopyQuery(a copies.Ask, from, of string, args ...any) (*copyQuery, error) {
	cc := newCopyColumns()
	q := &copyQuery{from: from, first: max(a.First, 0), desc: a.Order.Desc}
	q.where.add(of, args...)
	if a.Where.Op != schema.All {
		q.where.add(" AND ")
		if err := cc.where(&q.where, a.Where, a.Source); err != nil {
			return nil, err
		}
		if len(q.where.args) > maxArgs {
			return nil, schema.Errorf(schema.UnsupportedFilter, "the filter compares with too many values")
		}
	}
	var col copies.Column
	switch a.Order.Column {
	case "", "source": // one source: all rows are equal
	default:
		var ok bool
		if col, ok = cc[a.Order.Column]; !ok {
			return nil, schema.Errorf(schema.UnsupportedFilter, "a copy cannot sort by %s", a.Order.Column)
		}
		q.order = "r." + copyColumn(col.Name)
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
		q.after.add("0")
	case c == 0 && a.After.ID != "":
		q.after.add("r.key > ?", a.After.ID)
	}
}

// behind begins behind the cursor: an absent value is the least of texts, so that
// it needs no case of its own.
func (q *copyQuery) behind(a *copies.Ask) {
	op := ">"
	if q.desc {
		op = "<"
	}
	v := sortText(a.After.Value)
	switch {
	case a.After.ID != "":
		// The first half lets an index begin there.
		q.after.add(q.order+" "+op+"= ? AND ("+q.order+" "+op+" ? OR r.key > ?)", v, v, a.After.ID)
	case a.After.Inclusive:
		q.after.add(q.order+" "+op+"= ?", v)
	default:
		q.after.add(q.order+" "+op+" ?", v)
	}
}

// pageText finds the rows first and their data last, so that what is sorted is
// small.
func (q *copyQuery) pageText() string {
	dir := ""
	if q.desc {
		dir = " DESC"
	}
	text := "SELECT d.data FROM (SELECT r.id, r.key"
	inner, outer := "r.key", "x.key"
	if q.order != "" {
		text += ", " + q.order + " AS o"
		inner, outer = q.order+dir+", r.key", "x.o"+dir+", x.key"
	}
	text += " FROM " + q.from + " WHERE " + q.where.text.String()
	if q.after.text.Len() > 0 {
		text += " AND " + q.after.text.String()
	}
	return text + " ORDER BY " + inner + " LIMIT ?) x JOIN copy_data d ON d.row_id = x.id ORDER BY " + outer
}

func (q *copyQuery) pageArgs(parent string) []any {
	args := make([]any, 0, len(q.where.args)+len(q.after.args)+1)
	args = append(append(args, q.where.args...), q.after.args...)
	return append(bind(args, parent), q.first+1)
}

func (q *copyQuery) totalText() string {
	return "SELECT count(*) FROM " + q.from + " WHERE " + q.where.text.String()
}

func (q *copyQuery) totalArgs(parent string) []any {
	return bind(append([]any(nil), q.where.args...), parent)
}

func bind(args []any, parent string) []any {
	for i := range args {
		if args[i] == (parentArg{}) {
			args[i] = parent
		}
	}
	return args
}
