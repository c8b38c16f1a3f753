package odata

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// literals writes values into addresses, as a version wants them.
type literals struct {
	version version
	zone    *time.Location // of Edm.DateTime and Edm.Date
}

// value writes v as a literal of type t, false when no value of t equals it: a
// key "A-1" in a column of whole numbers matches nothing. Times must lie on the
// type's grid, see floor.
func (l literals) value(t edm, v schema.Value) (string, bool) {
	switch t.kind {
	case kindText:
		return quote(v.Text()), v.Kind == schema.KindString
	case kindGUID:
		id, ok := guid(v.Text())
		if l.version < v4 {
			id = "guid'" + id + "'"
		}
		return id, ok
	case kindInt, kindInt64, kindDec, kindFloat:
		return l.number(t, v)
	case kindBool:
		if v.Kind == schema.KindString {
			b, err := strconv.ParseBool(v.Str)
			return strconv.FormatBool(b), err == nil
		}
		return strconv.FormatBool(v.Bool), v.Kind == schema.KindBool
	case kindWall, kindMoment, kindDay:
		at := v.Time
		if v.Kind == schema.KindString { // a key
			var err error
			if at, err = time.Parse(time.RFC3339Nano, v.Str); err != nil {
				return "", false
			}
		} else if v.Kind != schema.KindTime {
			return "", false
		}
		return l.time(t, at), true
	case kindEnum:
		if v.Kind != schema.KindString || !slices.Contains(t.members, v.Str) {
			return "", false
		}
		return t.name + quote(v.Str), true
	}
	return "", false
}

// quote writes a text; a quote inside is doubled in every version.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// guid returns a GUID in lower case, as literals have it.
func guid(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return "", false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// number writes numbers. Before version 4 the literal's suffix says its type, and
// several servers compare nothing when it is missing.
func (l literals) number(t edm, v schema.Value) (string, bool) {
	var d decimal.Decimal
	switch v.Kind {
	case schema.KindInt:
		d = decimal.MustNew(v.Int, 0)
	case schema.KindDecimal:
		d = v.Dec
	case schema.KindString: // a key
		var ok bool
		if d, ok = plainDecimal(v.Str); !ok {
			return "", false
		}
	default:
		return "", false
	}
	d = d.Trim(0)
	text, suffix := d.String(), ""
	switch t.kind {
	case kindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		bits, isWhole := intRange(t.name)
		return text, isWhole && err == nil && n >= bits.low && n <= bits.high
	case kindInt64:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return "", false
		}
		suffix = "L"
	case kindDec:
		suffix = "M"
	case kindFloat:
		suffix = "d"
		if t.name == "Edm.Single" {
			suffix = "f"
		}
	}
	if l.version >= v4 {
		suffix = ""
	}
	return text + suffix, true
}

type bounds struct{ low, high int64 }

// intRange keeps a number out of an address that its type cannot hold: servers
// answer it with 400 or 500 instead of "none".
func intRange(name string) (bounds, bool) {
	switch name {
	case "Edm.Byte":
		return bounds{0, 1<<8 - 1}, true
	case "Edm.SByte":
		return bounds{-1 << 7, 1<<7 - 1}, true
	case "Edm.Int16":
		return bounds{-1 << 15, 1<<15 - 1}, true
	case "Edm.Int32":
		return bounds{-1 << 31, 1<<31 - 1}, true
	}
	return bounds{}, false
}

// plainDecimal reads a number as keys have it: digits with at most one point, no
// exponent and no plus.
func plainDecimal(s string) (decimal.Decimal, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 {
		return decimal.Decimal{}, false
	}
	d, err := decimal.Parse(s)
	return d, err == nil
}

// wallLayout has up to the hundred nanoseconds that Edm.DateTime counts; zeros at
// the end are left out.
const (
	wallLayout   = "2006-01-02T15:04:05.9999999"
	momentLayout = "2006-01-02T15:04:05.9999999Z"
	dayLayout    = "2006-01-02"
)

func (l literals) time(t edm, at time.Time) string {
	switch t.kind {
	case kindDay:
		return at.In(l.zone).Format(dayLayout)
	case kindWall:
		return "datetime'" + at.In(l.zone).Format(wallLayout) + "'"
	}
	text := at.UTC().Format(momentLayout)
	if l.version < v4 {
		return "datetimeoffset'" + text + "'"
	}
	return text
}

// grain is the least step between two values of a time, as a reply shows them:
// version 2 writes milliseconds, whatever the server has.
func (l literals) grain(t edm) time.Duration {
	if l.version == v2 {
		return time.Millisecond
	}
	return 100 * time.Nanosecond
}

// floor returns the last point of the type's grid that is not behind at.
func (l literals) floor(t edm, at time.Time) time.Time {
	if t.kind == kindDay {
		y, m, d := at.In(l.zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, l.zone)
	}
	return at.UTC().Truncate(l.grain(t))
}

// cuts reports whether replies show a value of the type cut off, so that one
// shown value stands for a span of stored ones.
func (l literals) cuts(t edm) bool { return l.version == v2 && t.kind != kindDay }
