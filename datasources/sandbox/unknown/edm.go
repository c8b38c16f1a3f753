package unknown

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// edmType is the declared type of a property. Dates and times have another name, literal and form in each version.
type edmType uint8

const (
	edmString edmType = iota
	edmGUID
	edmBool
	edmInt32
	edmInt64
	edmDecimal
	edmTime // Edm.DateTime; Edm.DateTimeOffset in version 4
	edmDate // Edm.DateTime at midnight; Edm.Date in version 4
)

// name returns the type's name in a version.
func (t edmType) name(version int) string {
	if version < 4 && t == edmDate {
		t = edmTime
	}
	if version == 4 && t == edmTime {
		return "Edm.DateTimeOffset"
	}
	return [...]string{"Edm.String", "Edm.Guid", "Edm.Boolean", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.DateTime", "Edm.Date"}[t]
}

// kind returns the kind of the type's values in a version.
func (t edmType) kind(version int) kind {
	if version < 4 && t == edmDate {
		return kindTime
	}
	return [...]kind{kindString, kindGUID, kindBool, kindInt, kindInt, kindDecimal, kindTime, kindDate}[t]
}

// kind is what a value or an expression is.
type kind uint8

const (
	kindNull kind = iota
	kindString
	kindGUID
	kindBool
	kindInt
	kindDecimal
	kindDouble // of literals only
	kindTime
	kindDate
)

// name is the word for the kind in error texts.
func (k kind) name(version int) string {
	if version == 4 && k == kindTime {
		return "Edm.DateTimeOffset"
	}
	return [...]string{"null", "Edm.String", "Edm.Guid", "Edm.Boolean", "Edm.Int64", "Edm.Decimal", "Edm.Double", "Edm.DateTime", "Edm.Date"}[k]
}

// value is one cell or the outcome of an expression. text holds strings and GUIDs (lower case), num all numbers, at times;
// times of versions 2 and 3 are the wall clock of the server, told as if it were UTC.
type value struct {
	kind kind
	text string
	num  decimal.Decimal
	at   time.Time
	is   bool
}

func stringValue(s string) value { return value{kind: kindString, text: s} }

// optional is null where the text is empty.
func optional(s string) value {
	if s == "" {
		return value{}
	}
	return stringValue(s)
}

func guidValue(s string) value { return value{kind: kindGUID, text: strings.ToLower(s)} }

func boolValue(is bool) value { return value{kind: kindBool, is: is} }

func intValue(n int64) value { return value{kind: kindInt, num: decimal.MustNew(n, 0)} }

func decimalValue(d decimal.Decimal) value { return value{kind: kindDecimal, num: d} }

// compare orders two values that fit each other; ok is false where one of them is null.
func compare(a, b value) (order int, ok bool) {
	if a.kind == kindNull || b.kind == kindNull {
		return 0, false
	}
	switch a.kind {
	case kindString, kindGUID:
		return strings.Compare(a.text, b.text), true
	case kindBool:
		return cmp.Compare(truth(a.is), truth(b.is)), true
	case kindTime, kindDate:
		return a.at.Compare(b.at), true
	}
	return a.num.Cmp(b.num), true
}

// property is one column of an entity set.
type property struct {
	name       string
	typ        edmType
	isNullable bool
	size       int // MaxLength of strings, scale of decimals
}

// navigation leads from a row to rows of another set.
type navigation struct {
	name   string
	target *entitySet
	isMany bool
	rows   [][]int32 // of each row the rows in target
}

// entitySet is one set with all its rows, ordered by key.
type entitySet struct {
	name     string // of the set: SalesOrders
	typeName string // of its entities: SalesOrder
	keys     []string
	props    []property
	navs     []*navigation
	rows     [][]value
	recs     []Record
	byID     map[string]int
}

func (t *entitySet) prop(name string) int {
	return slices.IndexFunc(t.props, func(p property) bool { return p.name == name })
}

func (t *entitySet) nav(name string) *navigation {
	for _, n := range t.navs {
		if n.name == name {
			return n
		}
	}
	return nil
}

// add appends a row; the values stand in the order of the properties.
func (t *entitySet) add(rec Record, values ...value) {
	if len(values) != len(t.props) {
		panic("unknown: wrong number of values for " + t.name)
	}
	rec.Set = t.name
	t.rows = append(t.rows, values)
	t.recs = append(t.recs, rec)
}

// finish orders the rows by key, which is the order of a list that asks for none.
func (t *entitySet) finish() {
	keys := make([]int, len(t.keys))
	for i, k := range t.keys {
		keys[i] = t.prop(k)
	}
	index := make([]int, len(t.rows))
	for i := range index {
		index[i] = i
	}
	slices.SortFunc(index, func(a, b int) int {
		for _, k := range keys {
			if o, _ := compare(t.rows[a][k], t.rows[b][k]); o != 0 {
				return o
			}
		}
		return 0
	})
	rows, recs := make([][]value, len(index)), make([]Record, len(index))
	t.byID = make(map[string]int, len(index))
	for to, from := range index {
		rows[to], recs[to] = t.rows[from], t.recs[from]
		t.byID[recs[to].ID] = to
	}
	t.rows, t.recs = rows, recs
}
