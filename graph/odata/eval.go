package odata

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// Truth is a truth value of three: a Boolean expression that is null is Unknown.
type Truth uint8

// The truth values, in the order that makes and the least and or the greatest
// of its operands.
const (
	False Truth = iota
	Unknown
	True
)

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Eval judges one row, whose values row returns by column index; a row belongs
// to the answer when it is True. A nil Expr is True.
//
// Null follows Part 2 §5.1.1.1 to the letter, which is not SQL's way:
//   - eq: null equals null and nothing else; ne is its opposite, so "x ne 5" is
//     True where x is null (in SQL: IS DISTINCT FROM).
//   - gt and lt are False, never Unknown, if an operand is null; ge and le are
//     too, but True if both are. So "not (x gt 5)" is True where x is null.
//   - a function of null is null, and so are and, or and not of nulls unless the
//     other operand decides: these are where Unknown comes from.
//
// Texts compare by bytes and as they are written; tolower and toupper follow
// Unicode. Numbers compare exactly, whole ones with decimals too. It does not
// allocate, except in tolower and toupper of texts that change, and may be
// called by many goroutines at once.
func (e *Expr) Eval(row func(column int) schema.Value) Truth {
	if e == nil {
		return True
	}
	return e.truth(row)
}

func (e *Expr) truth(row func(int) schema.Value) Truth {
	switch e.Op {
	case OpAnd:
		all := True
		for _, a := range e.Args {
			if all = min(all, a.truth(row)); all == False {
				return False
			}
		}
		return all
	case OpOr:
		any := False
		for _, a := range e.Args {
			if any = max(any, a.truth(row)); any == True {
				return True
			}
		}
		return any
	case OpNot:
		return True - e.Args[0].truth(row)
	case OpEq, OpNe, OpGt, OpGe, OpLt, OpLe:
		return truthOf(e.compare(row))
	case OpIn:
		v := e.Args[0].value(row)
		return truthOf(isMember(e.List, &v))
	case OpContains, OpStartsWith, OpEndsWith:
		v, w := e.Args[0].value(row), e.Args[1].value(row)
		if v.IsNull() || w.IsNull() {
			return Unknown
		}
		switch e.Op {
		case OpContains:
			return truthOf(strings.Contains(v.Str, w.Str))
		case OpStartsWith:
			return truthOf(strings.HasPrefix(v.Str, w.Str))
		}
		return truthOf(strings.HasSuffix(v.Str, w.Str))
	}
	v := e.value(row)
	if v.IsNull() {
		return Unknown
	}
	return truthOf(v.Bool)
}

func (e *Expr) compare(row func(int) schema.Value) bool {
	var v schema.Value
	left, right := e.Args[0], e.Args[1]
	if left.Op == OpColumn { // most of them are: one copy of a Value less
		v = row(left.Column)
	} else {
		v = left.value(row)
	}
	w := &right.Value
	if right.Op != OpLiteral {
		computed := right.value(row)
		w = &computed
	}
	if v.IsNull() || w.IsNull() {
		both := v.IsNull() && w.IsNull()
		switch e.Op {
		case OpEq, OpGe, OpLe:
			return both
		case OpNe:
			return !both
		}
		return false
	}
	if v.Kind == schema.KindString && w.Kind == v.Kind && (e.Op == OpEq || e.Op == OpNe) {
		return (v.Str == w.Str) == (e.Op == OpEq)
	}
	c := order(&v, w)
	switch e.Op {
	case OpEq:
		return c == 0
	case OpNe:
		return c != 0
	case OpGt:
		return c > 0
	case OpGe:
		return c >= 0
	case OpLt:
		return c < 0
	}
	return c <= 0
}

// order is schema.Value.Compare without copying two values' 80 bytes for the
// kinds that are met most.
func order(v, w *schema.Value) int {
	if v.Kind == w.Kind {
		switch v.Kind {
		case schema.KindString:
			return strings.Compare(v.Str, w.Str)
		case schema.KindInt:
			return cmp.Compare(v.Int, w.Int)
		case schema.KindDecimal:
			return v.Dec.Cmp(w.Dec)
		case schema.KindTime:
			return v.Time.Compare(w.Time)
		}
	}
	return v.Compare(*w)
}

// isMember searches a list that is sorted by Compare.
func isMember(list []schema.Value, v *schema.Value) bool {
	if v.IsNull() {
		return len(list) > 0 && list[0].IsNull()
	}
	low, high := 0, len(list)
	for low < high {
		middle := (low + high) / 2
		if order(&list[middle], v) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(list) && order(&list[low], v) == 0
}

func (e *Expr) value(row func(int) schema.Value) schema.Value {
	switch e.Op {
	case OpLiteral:
		return e.Value
	case OpColumn:
		return row(e.Column)
	}
	if e.Type == Boolean {
		switch e.truth(row) {
		case True:
			return schema.Bool(true)
		case False:
			return schema.Bool(false)
		}
		return schema.Null
	}
	v := e.Args[0].value(row)
	if v.IsNull() {
		return v
	}
	switch e.Op {
	case OpToLower:
		v.Str = strings.ToLower(v.Str)
	case OpToUpper:
		v.Str = strings.ToUpper(v.Str)
	case OpTrim:
		v.Str = strings.TrimSpace(v.Str)
	case OpLength:
		return schema.Int(int64(utf8.RuneCountInString(v.Str)))
	case OpDate:
		v.Time = midnight(v.Time)
	default:
		return schema.Int(int64(part(e.Op, v.Time.UTC())))
	}
	return v
}

func part(op Op, t time.Time) int {
	switch op {
	case OpYear:
		return t.Year()
	case OpMonth:
		return int(t.Month())
	case OpDay:
		return t.Day()
	case OpHour:
		return t.Hour()
	case OpMinute:
		return t.Minute()
	}
	return t.Second()
}

// midnight is the beginning of t's day in UTC. Truncate counts from the zero
// time, which was a midnight.
func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
