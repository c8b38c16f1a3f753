package odatafake

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Format says how a system prints values.
type Format struct {
	// Zone is appended to times: «Z», or nothing where the wall clock is meant.
	Zone string
	// Fraction prints the part of a second, without trailing zeros.
	Fraction bool
	// Scale is how many digits a decimal has at least after its point.
	Scale int
	// TextDecimals and TextLongs print these numbers as strings.
	TextDecimals bool
	TextLongs    bool
	// NullZeroTime prints the empty date as null; without it as 0001-01-01T00:00:00.
	NullZeroTime bool
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			i++
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// zeroTime is 0001-01-01T00:00:00 in Unix microseconds.
var zeroTime = time.Time{}.UnixMicro()

// AppendValue appends v as JSON.
func (f *Format) AppendValue(b []byte, v Value, t Type) []byte {
	switch v.Kind {
	case KindString:
		return AppendString(b, v.S)
	case KindGUID:
		b = append(b, '"')
		b = append(b, v.S...)
		return append(b, '"')
	case KindBool:
		return strconv.AppendBool(b, v.N != 0)
	case KindInt:
		if t == TypeLong && f.TextLongs {
			b = append(b, '"')
			b = strconv.AppendInt(b, v.N, 10)
			return append(b, '"')
		}
		return strconv.AppendInt(b, v.N, 10)
	case KindDecimal:
		if f.TextDecimals {
			b = append(b, '"')
			b = AppendDecimal(b, v.N, f.Scale)
			return append(b, '"')
		}
		return AppendDecimal(b, v.N, f.Scale)
	case KindTime:
		if f.NullZeroTime && v.N == zeroTime {
			return append(b, "null"...)
		}
		b = append(b, '"')
		b = f.AppendTime(b, v.N)
		return append(b, '"')
	case KindRef:
		_, guid := v.RefParts()
		return AppendString(b, guid)
	}
	return append(b, "null"...)
}

// AppendTime appends a time in Unix microseconds.
func (f *Format) AppendTime(b []byte, micro int64) []byte {
	t := time.UnixMicro(micro).UTC()
	layout := "2006-01-02T15:04:05"
	if f.Fraction {
		layout = "2006-01-02T15:04:05.999999"
	}
	b = t.AppendFormat(b, layout)
	return append(b, f.Zone...)
}

// AppendDecimal appends units/10000 with at least scale digits after the point and no more than needed.
func AppendDecimal(b []byte, units int64, scale int) []byte {
	if units < 0 {
		b = append(b, '-')
		units = -units
	}
	b = strconv.AppendInt(b, units/decimalUnit, 10)
	frac := units % decimalUnit
	var digits [4]byte
	for i := 3; i >= 0; i-- {
		digits[i] = byte('0' + frac%10)
		frac /= 10
	}
	n := 4
	for n > scale && digits[n-1] == '0' {
		n--
	}
	if n == 0 {
		return b
	}
	b = append(b, '.')
	return append(b, digits[:n]...)
}

// Shape is what of a row is printed: the outcome of $select and $expand.
type Shape struct{ Items []Item }

// Item is one member of a Shape: a column, a row behind a navigation, the rows of a tabular part, or a link.
type Item struct {
	Column *Column
	Nav    *Nav
	Part   *Part
	Sub    *Shape
	// Link appends a member of its own making, name and all, such as 1C's navigation links.
	Link func(b []byte, row int) []byte
}

// Append appends a row as a JSON object; first are members that stand before the row's own.
func (s *Shape) Append(b []byte, row int, f *Format, first []byte) []byte {
	b = append(b, '{')
	b = append(b, first...)
	comma := len(first) > 0
	for i := range s.Items {
		it := &s.Items[i]
		if comma {
			b = append(b, ',')
		}
		comma = true
		switch {
		case it.Column != nil:
			b = append(b, it.Column.key...)
			b = f.AppendValue(b, it.Column.Get(row), it.Column.Type)
		case it.Nav != nil:
			b = append(b, it.Nav.key...)
			if at := it.Nav.Row(row); at >= 0 {
				b = it.Sub.Append(b, at, f, nil)
			} else {
				b = append(b, "null"...)
			}
		case it.Part != nil:
			b = append(b, it.Part.key...)
			b = append(b, '[')
			from, to := it.Part.Rows(row)
			for r := from; r < to; r++ {
				if r > from {
					b = append(b, ',')
				}
				b = it.Sub.Append(b, r, f, nil)
			}
			b = append(b, ']')
		case it.Link != nil:
			b = it.Link(b, row)
		}
	}
	return append(b, '}')
}

// Whole returns the shape of all columns of the table, and of its tabular parts if parts is set.
func (t *Table) Whole(parts bool) *Shape {
	s := &Shape{}
	for _, c := range t.Columns {
		s.Items = append(s.Items, Item{Column: c})
	}
	if parts {
		for _, p := range t.Parts {
			s.Items = append(s.Items, Item{Part: p, Sub: p.Target.Whole(false)})
		}
	}
	return s
}
