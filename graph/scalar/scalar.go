// Package scalar says how the graph's scalars look on the wire. Sources have no
// common idea of "absent", so the empty text and the zero time are written as
// null.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"
)

// MarshalText writes a text, null when empty.
func MarshalText(s string) graphql.Marshaler {
	if s == "" {
		return graphql.Null
	}
	return graphql.MarshalString(s)
}

// UnmarshalText reads a text.
func UnmarshalText(v any) (string, error) { return graphql.UnmarshalString(v) }

// MarshalDecimal writes a decimal as a JSON string with all its digits.
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(AppendDecimal(nil, d)) // gqlgen writes into memory
	})
}

// UnmarshalDecimal reads a decimal from a string or a JSON number of at most 19
// digits. Floats never come in between.
func UnmarshalDecimal(v any) (decimal.Decimal, error) {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case int64:
		return decimal.New(v, 0)
	case int:
		return decimal.New(int64(v), 0)
	default:
		return decimal.Decimal{}, fmt.Errorf("a decimal is a string or a number, not %T", v)
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("not a decimal of at most 19 digits")
	}
	return d, nil
}

// MarshalDateTime writes a moment in UTC as RFC 3339, null when zero.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(AppendDateTime(nil, t)) // gqlgen writes into memory
	})
}

// UnmarshalDateTime reads a moment as RFC 3339, with any offset.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("a moment is a string like 2026-03-04T08:15:00Z, not %T", v)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if year := t.UTC().Year(); err != nil || year < 1 || year > 9999 { // beyond them RFC 3339 has no words
		return time.Time{}, fmt.Errorf("a moment is written like 2026-03-04T08:15:00Z")
	}
	return t, nil
}

// AppendDecimal appends a decimal as a JSON string.
func AppendDecimal(b []byte, d decimal.Decimal) []byte {
	var room [28]byte // 19 digits or 0.19 digits, sign, quotes
	i := len(room) - 1
	room[i] = '"'
	rest, scale := d.Coef(), d.Scale()
	if scale == 2 { // what money has
		i = putPair(&room, i, rest%100)
		rest /= 100
		i--
		room[i] = '.'
	} else if scale > 0 {
		for range scale {
			i--
			room[i] = '0' + byte(rest%10)
			rest /= 10
		}
		i--
		room[i] = '.'
	}
	for rest >= 100 {
		i = putPair(&room, i, rest%100)
		rest /= 100
	}
	if rest >= 10 {
		i = putPair(&room, i, rest)
	} else {
		i--
		room[i] = '0' + byte(rest)
	}
	if d.IsNeg() {
		i--
		room[i] = '-'
	}
	i--
	room[i] = '"'
	return append(b, room[i:]...)
}

const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// putPair writes two digits before i.
func putPair(room *[28]byte, i int, n uint64) int {
	room[i-2], room[i-1] = pairs[2*n], pairs[2*n+1]
	return i - 2
}

// AppendDateTime appends a moment as a JSON string, nothing when it is zero.
func AppendDateTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}
