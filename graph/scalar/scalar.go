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
	b = append(b, '"')
	if text, err := d.AppendText(b); err == nil {
		b = text
	}
	return append(b, '"')
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
