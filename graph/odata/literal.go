package odata

import (
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// literal reads a primitive literal (Part 2 §5.1.1.11) that begins with a quote,
// a digit or a sign. beyond is its number where no exact decimal is it, nil for
// anything else; the value is null then.
func (c *cursor) literal() (t Type, v schema.Value, beyond *quantity, err *Error) {
	if c.peek() == '\'' {
		s, err := c.quoted()
		return String, schema.Value{Kind: schema.KindString, Str: s}, nil, err
	}
	start := c.pos
	for c.pos < len(c.text) && isLiteralByte(c.text[c.pos]) {
		c.pos++
	}
	raw := c.text[start:c.pos]
	switch {
	case isGUID(raw):
		return 0, schema.Null, nil, c.unsupported(start, "a guid literal")
	case len(raw) > 4 && raw[4] == '-' && isDigits(raw[:4]):
		t, v, err = c.moment(start, raw)
		return t, v, nil, err
	case len(raw) > 2 && raw[2] == ':':
		return 0, schema.Null, nil, c.unsupported(start, "a TimeOfDay literal")
	}
	return c.number(start, raw)
}

func isLiteralByte(b byte) bool {
	return isNameByte(b) || b == '.' || b == ':' || b == '-' || b == '+'
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// quoted reads a text in single quotes, in which a quote is doubled.
func (c *cursor) quoted() (string, *Error) {
	start := c.pos
	c.pos++
	from, doubled := c.pos, false
	for {
		n := strings.IndexByte(c.text[c.pos:], '\'')
		if n < 0 {
			return "", c.fail(start, "the text that begins here has no closing quote")
		}
		c.pos += n + 1
		if !c.take('\'') {
			break
		}
		doubled = true
	}
	s := c.text[from : c.pos-1]
	if strings.IndexByte(s, 0) >= 0 { // no source and no database can hold it
		return "", c.fail(start, "the text holds a NUL")
	}
	if doubled {
		s = strings.ReplaceAll(s, "''", "'")
	}
	return s, nil
}

// maxFraction is the digits of a fraction of a second: nanoseconds.
const maxFraction = 9

// moment reads a Date or a DateTimeOffset. Seconds may be left out, the zone may
// not: a time without one is another moment to everybody.
func (c *cursor) moment(start int, raw string) (Type, schema.Value, *Error) {
	if len(raw) == len(time.DateOnly) {
		t, err := time.Parse(time.DateOnly, raw)
		if err != nil || t.Year() < 1 {
			return 0, schema.Null, c.fail(start, "this is not a date of the calendar")
		}
		return Date, schema.Value{Kind: schema.KindTime, Time: t}, nil
	}
	// time.Parse cuts what is behind the ninth digit, and the answer would be to
	// another question.
	if _, fraction, _ := strings.Cut(raw, "."); len(fraction) > maxFraction && isDigits(fraction[:maxFraction+1]) {
		return 0, schema.Null, c.fail(start, "a DateTimeOffset has at most %d digits after the second", maxFraction)
	}
	short := raw[:min(len(raw), len("2026-01-01T00:00:00.123456789+00:00")+1)] // what is longer is no moment
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, strings.ToUpper(short))
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
			break
		}
		return DateTime, schema.Value{Kind: schema.KindTime, Time: t}, nil
	}
	return 0, schema.Null, c.fail(start, "expected a date as 2026-01-31 or a DateTimeOffset as 2026-01-31T23:59:59Z, with its zone (the + of a zone is written %%2B)")
}

func isGUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range len(s) {
		if !strings.ContainsRune("0123456789abcdefABCDEF-", rune(s[i])) {
			return false
		}
	}
	return true
}
