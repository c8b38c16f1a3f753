package odata

import (
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// literal reads a primitive literal (Part 2 §5.1.1.11) that begins with a quote,
// a digit or a sign.
func (c *cursor) literal() (Type, schema.Value, *Error) {
	if c.peek() == '\'' {
		s, err := c.quoted()
		return String, schema.Value{Kind: schema.KindString, Str: s}, err
	}
	start := c.pos
	for c.pos < len(c.text) && isLiteralByte(c.text[c.pos]) {
		c.pos++
	}
	raw := c.text[start:c.pos]
	switch {
	case isGUID(raw):
		return 0, schema.Null, c.unsupported(start, "a guid literal")
	case len(raw) > 4 && raw[4] == '-' && isDigits(raw[:4]):
		return c.moment(start, raw)
	case len(raw) > 2 && raw[2] == ':':
		return 0, schema.Null, c.unsupported(start, "a TimeOfDay literal")
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

// number reads a whole or decimal number exactly. An exponent is taken for
// short: OData has it for Edm.Double only, but Power Query writes it.
func (c *cursor) number(start int, raw string) (Type, schema.Value, *Error) {
	if raw == "-INF" {
		return 0, schema.Null, c.unsupported(start, "INF, which only Edm.Double has,")
	}
	if !isNumber(raw) {
		return 0, schema.Null, c.fail(start, "expected a number, a date or a DateTimeOffset (texts stand in single quotes)")
	}
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return Int, schema.Int(n), nil
	}
	d, err := exact(raw)
	if err != nil {
		return 0, schema.Null, c.fail(start, "the number has more than %d digits", decimal.MaxPrec)
	}
	if d.Scale() == 0 { // 1e5, 1.5e3
		if n, _, ok := d.Int64(0); ok {
			return Int, schema.Int(n), nil
		}
	}
	return Decimal, schema.Dec(d), nil
}

// isNumber checks [-+]digits[.digits][e[-+]digits].
func isNumber(s string) bool {
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent := s[i+1:]
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !isDigits(exponent) {
			return false
		}
		s = s[:i]
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	return isDigits(whole) && (!hasPoint || isDigits(fraction))
}

// exact parses without the rounding that decimal.Parse does where the fraction
// is too long for it.
func exact(s string) (decimal.Decimal, error) {
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	digits, fraction := 0, 0
	whole, after, _ := strings.Cut(strings.TrimLeft(mantissa, "+-"), ".")
	digits, fraction = len(strings.TrimLeft(whole+after, "0")), len(after)
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > decimal.MaxPrec || n < -decimal.MaxScale {
			return decimal.Decimal{}, strconv.ErrRange
		}
		fraction -= n
	}
	if digits > decimal.MaxPrec || fraction > decimal.MaxScale {
		return decimal.Decimal{}, strconv.ErrRange
	}
	return decimal.Parse(s)
}

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
	if len(raw) > len("2026-01-01T00:00:00.123456789+00:00") {
		return 0, schema.Null, c.fail(start, "a DateTimeOffset has at most 9 digits after the second")
	}
	upper := strings.ToUpper(raw)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, upper)
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
