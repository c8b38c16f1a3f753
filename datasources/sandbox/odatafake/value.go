package odatafake

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds of values. KindRef is a 1C reference of composite type: it knows the table it points to.
const (
	KindNull Kind = iota
	KindString
	KindGUID
	KindBool
	KindInt
	KindDecimal
	KindTime
	KindRef
)

// String returns the name that appears in error texts.
func (k Kind) String() string {
	return [...]string{"Null", "Edm.String", "Edm.Guid", "Edm.Boolean", "Edm.Int64", "Edm.Decimal", "Edm.DateTime", "Ref"}[k]
}

// ZeroGUID is the empty reference of both systems.
const ZeroGUID = "00000000-0000-0000-0000-000000000000"

// decimalUnit is how many units of N make one in a decimal: four digits after the point.
const decimalUnit = 10000

// Value is one cell. N holds booleans, integers, decimals in units of 1/10000 and times in Unix microseconds; S holds
// strings, GUIDs in their 36 lower-case characters, and references as «Table|guid».
type Value struct {
	Kind Kind
	N    int64
	S    string
}

// Text returns a string value.
func Text(s string) Value { return Value{Kind: KindString, S: s} }

// GUID returns a GUID value; the empty string is the zero GUID.
func GUID(s string) Value {
	if s == "" {
		s = ZeroGUID
	}
	return Value{Kind: KindGUID, S: s}
}

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{Kind: KindBool, N: 1}
	}
	return Value{Kind: KindBool}
}

// Int returns an integer value.
func Int(n int64) Value { return Value{Kind: KindInt, N: n} }

// Decimal returns the decimal units/10000.
func Decimal(units int64) Value { return Value{Kind: KindDecimal, N: units} }

// Cents returns the decimal cents/100.
func Cents(cents int64) Value { return Value{Kind: KindDecimal, N: cents * (decimalUnit / 100)} }

// Time returns a time value.
func Time(t time.Time) Value { return Value{Kind: KindTime, N: t.UnixMicro()} }

// Wall returns the wall clock of t in zone as a time value without a zone, the way 1C prints dates.
func Wall(t time.Time, zone *time.Location) Value {
	t = t.In(zone)
	_, off := t.Zone()
	return Value{Kind: KindTime, N: t.UnixMicro() + int64(off)*1e6}
}

// Ref returns a reference of composite type; an empty guid is «undefined».
func Ref(table, guid string) Value {
	if guid == "" {
		return Value{Kind: KindRef}
	}
	return Value{Kind: KindRef, S: table + "|" + guid}
}

// RefParts returns the table and the GUID of a reference.
func (v Value) RefParts() (table, guid string) {
	table, guid, _ = strings.Cut(v.S, "|")
	return table, guid
}

// Collation is how a system's database orders what text alone does not order.
type Collation struct {
	// GUID compares two GUIDs in their text form; nil compares the text.
	GUID func(a, b string) int
	// Text compares two strings; nil compares the bytes.
	Text func(a, b string) int
}

// Compare orders two values; ok is false when they cannot be ordered, which is so for nulls and different kinds.
func (c *Collation) Compare(a, b Value) (order int, ok bool) {
	if a.Kind != b.Kind {
		switch {
		case a.Kind == KindInt && b.Kind == KindDecimal:
			return cmp.Compare(a.N*decimalUnit, b.N), true
		case a.Kind == KindDecimal && b.Kind == KindInt:
			return cmp.Compare(a.N, b.N*decimalUnit), true
		}
		return 0, false
	}
	switch a.Kind {
	case KindNull:
		return 0, false
	case KindGUID:
		if c.GUID != nil {
			return c.GUID(a.S, b.S), true
		}
		return strings.Compare(a.S, b.S), true
	case KindString:
		if c.Text != nil {
			return c.Text(a.S, b.S), true
		}
		return strings.Compare(a.S, b.S), true
	case KindRef:
		return strings.Compare(a.S, b.S), true
	}
	return cmp.Compare(a.N, b.N), true
}

// order is Compare made total: nulls first, then by kind. Sorting needs it.
func (c *Collation) order(a, b Value) int {
	if o, ok := c.Compare(a, b); ok {
		return o
	}
	return cmp.Compare(a.Kind, b.Kind)
}

// SQLServerGUID orders GUIDs as SQL Server orders a uniqueidentifier: the last group first, and the first three groups by
// their stored, reversed bytes.
func SQLServerGUID(a, b string) int {
	if len(a) != 36 || len(b) != 36 {
		return strings.Compare(a, b)
	}
	if o := strings.Compare(a[24:], b[24:]); o != 0 {
		return o
	}
	if o := strings.Compare(a[19:23], b[19:23]); o != 0 {
		return o
	}
	for _, at := range [...]int{16, 14, 11, 9, 6, 4, 2, 0} {
		if o := strings.Compare(a[at:at+2], b[at:at+2]); o != 0 {
			return o
		}
	}
	return 0
}

// OneCGUID orders GUIDs as a 1C database does: references are stored as sixteen bytes with the groups in the order
// four, five, three, two, one, and the database compares those bytes.
func OneCGUID(a, b string) int {
	if len(a) != 36 || len(b) != 36 {
		return strings.Compare(a, b)
	}
	if o := strings.Compare(a[19:], b[19:]); o != 0 {
		return o
	}
	if o := strings.Compare(a[14:18], b[14:18]); o != 0 {
		return o
	}
	if o := strings.Compare(a[9:13], b[9:13]); o != 0 {
		return o
	}
	return strings.Compare(a[:8], b[:8])
}

// FoldText orders strings without regard to case, and by bytes where only case differs.
func FoldText(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		r, n := utf8.DecodeRuneInString(x)
		q, m := utf8.DecodeRuneInString(y)
		if r != q {
			r, q = unicode.ToLower(r), unicode.ToLower(q)
			if r != q {
				return cmp.Compare(r, q)
			}
		}
		x, y = x[n:], y[m:]
	}
	if o := cmp.Compare(len(x), len(y)); o != 0 {
		return o
	}
	return strings.Compare(a, b)
}

// isGUID reports whether s is a GUID in text form.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
