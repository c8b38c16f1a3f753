package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// folded is what the root list's filter can say of an expression: a condition that holds
// on every row on which the expression has the truth value asked for, and, where exact,
// on no other. schema.Predicate is what the list makes of its filter; the columns here
// are the filter's keys.
type folded struct {
	where schema.Predicate
	exact bool
}

var never = schema.Predicate{Op: schema.None}

// unknown is what can be said of anything.
func unknown() folded { return folded{} }

func exactly(p schema.Predicate) folded { return folded{where: p, exact: true} }

// loosely is a condition that holds on more rows than are asked for.
func loosely(p schema.Predicate) folded { return folded{where: p, exact: p.Op == schema.None} }

// folder folds the filters of one table. An expression has three truth values, and a row
// belongs to the answer when it is True: holds is about that, fails about False, which is
// what not asks for. In the list's filter a comparison with null is false, and its not is
// true then.
type folder struct {
	columns []dataset.Column
	changes dataset.Changes
}

func (f folder) holds(e *odata.Expr) folded {
	if isConstant(e) {
		return constant(e, odata.True)
	}
	switch e.Op {
	case odata.OpAnd:
		return all(e.Args, f.holds)
	case odata.OpOr:
		return either(e.Args, f.holds)
	case odata.OpNot:
		return f.fails(e.Args[0])
	case odata.OpEq, odata.OpNe, odata.OpGt, odata.OpGe, odata.OpLt, odata.OpLe:
		return f.comparison(e)
	case odata.OpIn:
		return f.in(e)
	case odata.OpContains, odata.OpStartsWith, odata.OpEndsWith:
		return f.text(e)
	case odata.OpColumn:
		return f.compare(e, odata.OpEq, schema.Bool(true))
	}
	return unknown()
}

func (f folder) fails(e *odata.Expr) folded {
	if isConstant(e) {
		return constant(e, odata.False)
	}
	switch e.Op {
	case odata.OpAnd:
		return either(e.Args, f.fails)
	case odata.OpOr:
		return all(e.Args, f.fails)
	case odata.OpNot:
		return f.holds(e.Args[0])
	case odata.OpEq, odata.OpNe, odata.OpGt, odata.OpGe, odata.OpLt, odata.OpLe, odata.OpIn:
		return opposite(f.holds(e)) // these are never Unknown
	case odata.OpColumn:
		return f.compare(e, odata.OpEq, schema.Bool(false))
	}
	return unknown()
}

func all(args []*odata.Expr, fold func(*odata.Expr) folded) folded {
	parts, exact := make([]schema.Predicate, len(args)), true
	for i, a := range args {
		part := fold(a)
		parts[i] = part.where
		exact = exact && part.exact
	}
	p := schema.AllOf(parts...)
	return folded{where: p, exact: exact || p.Op == schema.None}
}

func either(args []*odata.Expr, fold func(*odata.Expr) folded) folded {
	parts := make([]folded, len(args))
	for i, a := range args {
		parts[i] = fold(a)
	}
	return anyOf(parts)
}

// anyOf is about what holds when one of several things does.
func anyOf(parts []folded) folded {
	of, exact := make([]schema.Predicate, len(parts)), true
	for i, p := range parts {
		if p.exact && p.where.Op == schema.All {
			return p
		}
		of[i] = p.where
		exact = exact && p.exact
	}
	return folded{where: schema.AnyOf(of...), exact: exact}
}

// opposite is about an expression that is never Unknown.
func opposite(of folded) folded {
	if !of.exact {
		return unknown()
	}
	return exactly(schema.Negate(of.where))
}

func isConstant(e *odata.Expr) bool {
	if e.Op == odata.OpColumn {
		return false
	}
	for _, a := range e.Args {
		if !isConstant(a) {
			return false
		}
	}
	return true
}

func constant(e *odata.Expr, want odata.Truth) folded {
	if e.Eval(func(int) schema.Value { return schema.Null }) == want {
		return exactly(schema.Predicate{})
	}
	return exactly(never)
}

// comparison folds an operator between something of a column and a literal.
func (f folder) comparison(e *odata.Expr) folded {
	left, op, right := e.Args[0], e.Op, e.Args[1]
	if left.Op == odata.OpLiteral {
		left, op, right = right, turned(op), left
	}
	if right.Op != odata.OpLiteral {
		return unknown()
	}
	if left.Op != odata.OpColumn && left.Type == odata.Boolean {
		return f.truth(left, op, right.Value) // contains(name,'a') eq true
	}
	return f.compare(left, op, right.Value)
}

func turned(op odata.Op) odata.Op {
	switch op {
	case odata.OpGt:
		return odata.OpLt
	case odata.OpGe:
		return odata.OpLe
	case odata.OpLt:
		return odata.OpGt
	case odata.OpLe:
		return odata.OpGe
	}
	return op
}

func (f folder) truth(e *odata.Expr, op odata.Op, v schema.Value) folded {
	if v.Kind != schema.KindBool {
		return unknown()
	}
	is := f.fails
	if v.Bool {
		is = f.holds
	}
	switch op {
	case odata.OpEq:
		return is(e)
	case odata.OpNe:
		return opposite(is(e)) // an Unknown one is neither true nor false, and so not equal
	}
	return unknown()
}

// compare folds a comparison of a column, or of a function of one, with a value.
func (f folder) compare(e *odata.Expr, op odata.Op, v schema.Value) folded {
	switch e.Op {
	case odata.OpColumn:
		c := f.column(e)
		switch {
		case c == nil && e.Column == dataset.ModifiedAtColumn:
			return f.latest(op, v)
		case c == nil:
			return unknown()
		case v.IsNull():
			return ofNull(c.FilterKey, op)
		}
		return plain(c, op, v)
	case odata.OpYear, odata.OpDate:
		c := f.column(e.Args[0])
		switch {
		case c == nil || c.Type != dataset.DateTime:
			return unknown()
		case v.IsNull():
			return ofNull(c.FilterKey, op)
		}
		return ofPeriod(c.FilterKey, e.Op, op, v)
	case odata.OpToLower:
		v, ok := operand(dataset.Text, v)
		if c := f.column(e.Args[0]); c != nil && op == odata.OpEq && ok {
			return loosely(schema.Compare(c.FilterKey, schema.Prefix, v))
		}
	}
	return unknown()
}

// column is the column of an expression where the root list's filter has a key for it,
// nil otherwise.
func (f folder) column(e *odata.Expr) *dataset.Column {
	if e.Op != odata.OpColumn {
		return nil
	}
	c := &f.columns[e.Column]
	if c.FilterKey == "" || !c.IsExact || c.IsPartial {
		return nil
	}
	switch c.Type {
	case dataset.Text, dataset.Decimal, dataset.DateTime, dataset.Boolean:
		return c
	}
	return nil // there is no filter of whole numbers
}

// ofNull compares with null: eq, ge and le hold where both are null, gt and lt never.
func ofNull(key string, op odata.Op) folded {
	absent := schema.Compare(key, schema.IsNull)
	switch op {
	case odata.OpEq, odata.OpGe, odata.OpLe:
		return exactly(absent)
	case odata.OpNe:
		return exactly(schema.Negate(absent))
	}
	return exactly(never)
}

// plain compares a column with a value. ne holds where the column is null, as not does in
// the list's filter.
func plain(c *dataset.Column, op odata.Op, v schema.Value) folded {
	v, ok := operand(c.Type, v)
	if !ok {
		return unknown()
	}
	switch op {
	case odata.OpEq:
		return exactly(schema.Compare(c.FilterKey, schema.Eq, v))
	case odata.OpNe:
		return exactly(schema.Negate(schema.Compare(c.FilterKey, schema.Eq, v)))
	}
	of, ok := map[odata.Op]schema.Op{odata.OpGt: schema.Gt, odata.OpGe: schema.Ge, odata.OpLt: schema.Lt, odata.OpLe: schema.Le}[op]
	if !ok || c.Type != dataset.Decimal && c.Type != dataset.DateTime {
		return unknown() // lists compare texts for equality only
	}
	return exactly(schema.Compare(c.FilterKey, of, v))
}

// operand is a literal as the filter's type takes it; false where it cannot.
func operand(t dataset.Type, v schema.Value) (schema.Value, bool) {
	switch t {
	case dataset.Text:
		// The empty text is null to the list's filter.
		return v, v.Kind == schema.KindString && v.Str != "" && utf8.ValidString(v.Str) && !strings.Contains(v.Str, "\x00")
	case dataset.Boolean:
		return v, v.Kind == schema.KindBool
	case dataset.DateTime:
		return v, v.Kind == schema.KindTime && isMoment(v.Time)
	case dataset.Decimal:
		if v.Kind == schema.KindInt {
			d, err := decimal.New(v.Int, 0)
			return schema.Dec(d), err == nil
		}
		return v, v.Kind == schema.KindDecimal
	}
	return v, false
}

// isMoment reports whether every store holds a moment as it is: copies have microseconds.
func isMoment(t time.Time) bool {
	return t.Nanosecond()%1000 == 0 && t.Year() >= 1 && t.Year() <= 9999 && !t.IsZero()
}

// ofPeriod compares the year or the day of a moment: its period is a range of moments.
func ofPeriod(key string, part, op odata.Op, v schema.Value) folded {
	var from, to time.Time
	switch {
	case part == odata.OpYear && v.Kind == schema.KindInt && v.Int > 1 && v.Int < 9999:
		from = time.Date(int(v.Int), 1, 1, 0, 0, 0, 0, time.UTC)
		to = from.AddDate(1, 0, 0)
	case part == odata.OpDate && v.Kind == schema.KindTime && v.Time.Year() > 1 && v.Time.Year() < 9999:
		from = v.Time.UTC()
		to = from.AddDate(0, 0, 1)
	default:
		return unknown()
	}
	since, before := schema.Compare(key, schema.Ge, schema.Time(from)), schema.Compare(key, schema.Lt, schema.Time(from))
	behind, until := schema.Compare(key, schema.Ge, schema.Time(to)), schema.Compare(key, schema.Lt, schema.Time(to))
	switch op {
	case odata.OpEq:
		return exactly(schema.AllOf(since, until))
	case odata.OpNe:
		return exactly(schema.Negate(schema.AllOf(since, until)))
	case odata.OpGt:
		return exactly(behind)
	case odata.OpGe:
		return exactly(since)
	case odata.OpLt:
		return exactly(before)
	}
	return exactly(until)
}
