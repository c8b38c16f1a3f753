package schema

import (
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// Kind says which of its members a Value uses.
type Kind uint8

// The kinds of comparable values.
const (
	KindNull Kind = iota
	KindString
	KindInt
	KindDecimal
	KindTime
	KindBool
)

// Value is one comparable value of a column: what a Predicate compares with,
// what a cursor remembers and what a row answers. The zero Value is null.
type Value struct {
	Kind Kind
	Str  string
	Int  int64
	Dec  decimal.Decimal
	Time time.Time
	Bool bool
}

// Null is the absent value.
var Null = Value{}

// String makes a text value; the empty text is null, as every source has its
// own idea of which of the two it sends.
func String(s string) Value {
	if s == "" {
		return Null
	}
	return Value{Kind: KindString, Str: s}
}

// Int makes a whole-number value.
func Int(n int64) Value { return Value{Kind: KindInt, Int: n} }

// Dec makes a decimal value.
func Dec(d decimal.Decimal) Value { return Value{Kind: KindDecimal, Dec: d} }

// Time makes a time value; the zero time is null.
func Time(t time.Time) Value {
	if t.IsZero() {
		return Null
	}
	return Value{Kind: KindTime, Time: t.UTC()}
}

// BoolPtr makes a truth value of an optional one.
func BoolPtr(b *bool) Value {
	if b == nil {
		return Null
	}
	return Bool(*b)
}

// Amount makes a decimal value of optional money. The currency is another
// column.
func Amount(m *Money) Value {
	if m == nil {
		return Null
	}
	return Dec(m.Amount)
}

// Bool makes a truth value.
func Bool(b bool) Value { return Value{Kind: KindBool, Bool: b} }

// IsNull reports whether v is absent.
func (v Value) IsNull() bool { return v.Kind == KindNull }

// Compare orders two values: null first, then by content. Texts compare by
// bytes, which no source promises to do: only times, numbers and ids may be
// ordered by across sources. Values of different kinds order by kind, numbers
// excepted, which compare as decimals.
func (v Value) Compare(w Value) int {
	if v.Kind != w.Kind {
		if a, ok := v.number(); ok {
			if b, ok := w.number(); ok {
				return a.Cmp(b)
			}
		}
		return int(v.Kind) - int(w.Kind)
	}
	switch v.Kind {
	case KindString:
		return strings.Compare(v.Str, w.Str)
	case KindInt:
		switch {
		case v.Int < w.Int:
			return -1
		case v.Int > w.Int:
			return 1
		}
		return 0
	case KindDecimal:
		return v.Dec.Cmp(w.Dec)
	case KindTime:
		return v.Time.Compare(w.Time)
	case KindBool:
		switch {
		case v.Bool == w.Bool:
			return 0
		case w.Bool:
			return -1
		}
		return 1
	}
	return 0
}

func (v Value) number() (decimal.Decimal, bool) {
	switch v.Kind {
	case KindDecimal:
		return v.Dec, true
	case KindInt:
		d, err := decimal.New(v.Int, 0)
		return d, err == nil
	}
	return decimal.Decimal{}, false
}

// Text writes the value so that ParseValue reads it again; "" for null.
func (v Value) Text() string {
	switch v.Kind {
	case KindString:
		return v.Str
	case KindInt:
		return strconv.FormatInt(v.Int, 10)
	case KindDecimal:
		return v.Dec.String()
	case KindTime:
		return v.Time.UTC().Format(time.RFC3339Nano)
	case KindBool:
		return strconv.FormatBool(v.Bool)
	}
	return ""
}

// Key is a text that is equal for equal values and differs for others.
func (v Value) Key() string {
	var room [64]byte
	return string(v.AppendKey(room[:0]))
}

// AppendKey appends Key.
func (v Value) AppendKey(b []byte) []byte {
	return strconv.AppendQuote(strconv.AppendInt(b, int64(v.Kind), 10), v.Text())
}

// ParseValue reads what Text wrote.
func ParseValue(kind Kind, text string) (Value, error) {
	switch kind {
	case KindString:
		return String(text), nil
	case KindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		return Int(n), err
	case KindDecimal:
		d, err := decimal.Parse(text)
		return Dec(d), err
	case KindTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		return Time(t), err
	case KindBool:
		b, err := strconv.ParseBool(text)
		return Bool(b), err
	}
	return Null, nil
}
