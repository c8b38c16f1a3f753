package schema

import (
	"strconv"
	"strings"
)

// Op is what a Predicate does.
type Op uint8

// The operations. All is the zero value, so that an empty Predicate matches
// every row; None matches no row.
const (
	All Op = iota
	None
	And
	Or
	Not
	Eq       // column equals Values[0]
	In       // column equals one of Values
	Lt       // column < Values[0]
	Le       // column <= Values[0]
	Gt       // column > Values[0]
	Ge       // column >= Values[0]
	Contains // text contains Values[0], letter case ignored
	Prefix   // text begins with Values[0], letter case ignored
	IsNull   // column is absent
)

// Predicate is a condition on the columns of one entity, as data, so that a
// connector can translate it, a planner can price it and anybody can check it
// on a row. Column names are the SDL's field names. A comparison with a null
// column is false, so Not(Eq) is true for it.
type Predicate struct {
	Op     Op
	Column string
	Values []Value
	Of     []Predicate // operands of And, Or; the one of Not
}

// Row is anything whose columns can be asked by name. An unknown column is
// null.
type Row interface {
	Column(name string) Value
}

// Compare makes a comparison of one column.
func Compare(column string, op Op, values ...Value) Predicate {
	return Predicate{Op: op, Column: column, Values: values}
}

// AllOf joins predicates by And; operands that match everything are left out,
// and one that matches nothing decides.
func AllOf(of ...Predicate) Predicate {
	var kept []Predicate
	for _, p := range of {
		switch p.Op {
		case All:
		case None:
			return Predicate{Op: None}
		case And:
			kept = append(kept, p.Of...)
		default:
			kept = append(kept, p)
		}
	}
	switch len(kept) {
	case 0:
		return Predicate{}
	case 1:
		return kept[0]
	}
	return Predicate{Op: And, Of: kept}
}

// AnyOf joins predicates by Or; without operands nothing matches.
func AnyOf(of ...Predicate) Predicate {
	var kept []Predicate
	for _, p := range of {
		switch p.Op {
		case None:
		case All:
			return Predicate{}
		default:
			kept = append(kept, p)
		}
	}
	switch len(kept) {
	case 0:
		return Predicate{Op: None}
	case 1:
		return kept[0]
	}
	return Predicate{Op: Or, Of: kept}
}

// Negate makes the opposite of p.
func Negate(p Predicate) Predicate {
	switch p.Op {
	case All:
		return Predicate{Op: None}
	case None:
		return Predicate{}
	}
	return Predicate{Op: Not, Of: []Predicate{p}}
}

// Conjuncts returns the operands of a top-level And, or p itself; none for a
// predicate that matches everything.
func (p Predicate) Conjuncts() []Predicate {
	switch p.Op {
	case All:
		return nil
	case And:
		return p.Of
	}
	return []Predicate{p}
}

// Columns calls f with every column p reads.
func (p Predicate) Columns(f func(string)) {
	if p.Column != "" {
		f(p.Column)
	}
	for _, q := range p.Of {
		q.Columns(f)
	}
}

// Given returns what remains of p on rows whose column has the value: p itself where it
// does not read the column.
func (p Predicate) Given(column string, v Value) Predicate {
	if !p.Reads(column) {
		return p
	}
	switch p.Op {
	case And, Or:
		of := make([]Predicate, len(p.Of))
		for i, q := range p.Of {
			of[i] = q.Given(column, v)
		}
		if p.Op == And {
			return AllOf(of...)
		}
		return AnyOf(of...)
	case Not:
		return Negate(p.Of[0].Given(column, v))
	}
	if p.Match(given{column, v}) {
		return Predicate{}
	}
	return Predicate{Op: None}
}

// Reads reports whether p compares a column.
func (p Predicate) Reads(column string) bool {
	if p.Column == column && column != "" {
		return true
	}
	for i := range p.Of {
		if p.Of[i].Reads(column) {
			return true
		}
	}
	return false
}

// given is a row of one column.
type given struct {
	column string
	value  Value
}

// Column implements Row.
func (g given) Column(name string) Value {
	if name == g.column {
		return g.value
	}
	return Null
}

// Match reports whether row fulfils p.
func (p Predicate) Match(row Row) bool {
	switch p.Op {
	case All:
		return true
	case None:
		return false
	case And:
		for _, q := range p.Of {
			if !q.Match(row) {
				return false
			}
		}
		return true
	case Or:
		for _, q := range p.Of {
			if q.Match(row) {
				return true
			}
		}
		return false
	case Not:
		return !p.Of[0].Match(row)
	}
	v := row.Column(p.Column)
	if p.Op == IsNull {
		return v.IsNull()
	}
	if v.IsNull() {
		return false
	}
	switch p.Op {
	case In:
		for _, w := range p.Values {
			if v.Compare(w) == 0 {
				return true
			}
		}
		return false
	case Contains:
		return strings.Contains(strings.ToLower(v.Str), strings.ToLower(p.Values[0].Str))
	case Prefix:
		return strings.HasPrefix(strings.ToLower(v.Str), strings.ToLower(p.Values[0].Str))
	}
	w := p.Values[0]
	if w.IsNull() {
		return false
	}
	c := v.Compare(w)
	switch p.Op {
	case Eq:
		return c == 0
	case Lt:
		return c < 0
	case Le:
		return c <= 0
	case Gt:
		return c > 0
	case Ge:
		return c >= 0
	}
	return false
}

// Permits is Match for a condition that decides what may be seen: a comparison of a
// column that the row's source answered in a form that was not agreed (Faults) shows
// no row more, below a Not as well. row is the row itself, not one that wraps it.
func (p Predicate) Permits(row Row) bool {
	if p.Op == All {
		return true
	}
	f := FaultsOf(row)
	if f == nil {
		return p.Match(row)
	}
	return p.permits(row, f, true)
}

func (p Predicate) permits(row Row, f *Faults, positive bool) bool {
	switch p.Op {
	case And:
		for _, q := range p.Of {
			if !q.permits(row, f, positive) {
				return false
			}
		}
		return true
	case Or:
		for _, q := range p.Of {
			if q.permits(row, f, positive) {
				return true
			}
		}
		return false
	case Not:
		return !p.Of[0].permits(row, f, !positive)
	}
	if f.Has(p.Column) {
		return !positive
	}
	return p.Match(row)
}

// Sort is the column a list is sorted by. Rows without the column come first
// when ascending and last when descending.
type Sort struct {
	Column string
	Desc   bool
}

// Key is a text that is equal for equal predicates and differs for others.
func (p Predicate) Key() string {
	var room [64]byte
	return string(p.AppendKey(room[:0]))
}

// AppendKey appends Key.
func (p Predicate) AppendKey(b []byte) []byte {
	b = strconv.AppendInt(append(b, '('), int64(p.Op), 10)
	b = strconv.AppendQuote(b, p.Column)
	for _, v := range p.Values {
		b = v.AppendKey(append(b, ' '))
	}
	for _, q := range p.Of {
		b = q.AppendKey(b)
	}
	return append(b, ')')
}
