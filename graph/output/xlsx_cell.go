package output

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

const (
	// excelDigits is how many digits Excel keeps of a number.
	excelDigits = 15

	// cellText is how many characters Excel has room for in a cell, counted in
	// UTF-16.
	cellText = 32767
)

// What a byte means for a text in XML.
const (
	xmlEscape uint8 = 1 << iota // must be escaped, or is not allowed
	xmlBeyond                   // not ASCII: to be checked
)

func xmlClass() [256]uint8 {
	var class [256]uint8
	for b := range 0x20 {
		class[b] = xmlEscape
	}
	class['\t'], class['\n'] = 0, 0
	// Excel reads _x0041_ as A: the sign it begins with must be looked at.
	for _, b := range []byte{'&', '<', '>', '_'} {
		class[b] = xmlEscape
	}
	for b := utf8.RuneSelf; b < 256; b++ {
		class[b] = xmlBeyond
	}
	return class
}

// cell appends a cell, nothing for a null.
func (x *XLSX) cell(v *schema.Value, i int, row []byte) fault {
	if v.Kind == schema.KindNull {
		return noFault
	}
	col := &x.cols[i]
	if !col.takes(v.Kind) {
		return wrongKind
	}
	switch col.Type {
	case String:
		st := stylePlain
		if isFormula(v.Str) {
			st = styleQuoted
		}
		x.text(v.Str, i, row, st)
	case Int:
		var room [20]byte
		digits := strconv.AppendInt(room[:0], v.Int, 10)
		if len(bytes.TrimLeft(digits, "-")) > excelDigits {
			x.text(string(digits), i, row, styleText)
			return noFault
		}
		x.open(i, row, styleInt)
		x.buf = append(append(x.buf, "<v>"...), digits...)
		x.buf = append(x.buf, "</v></c>"...)
	case Decimal:
		return x.decimal(v, i, row)
	case DateTime, Date:
		return x.date(v.Time, i, row)
	default:
		x.open(i, row, stylePlain)
		x.buf = append(x.buf[:len(x.buf)-1], ` t="b"><v>`...)
		x.buf = append(x.buf, '0'+truth(v.Bool))
		x.buf = append(x.buf, "</v></c>"...)
	}
	return noFault
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (x *XLSX) decimal(v *schema.Value, i int, row []byte) fault {
	col := &x.cols[i]
	d, f := col.fit(v)
	if f != noFault {
		return f
	}
	if d.Prec() > excelDigits {
		// Zeros at the end are no digits to lose.
		if d = d.Trim(0); d.Prec() > excelDigits {
			x.text(d.String(), i, row, styleText)
			return noFault
		}
	}
	st := stylePlain
	if col.Scale != AnyScale {
		st = styleDecimal + style(col.Scale)
	}
	x.open(i, row, st)
	x.buf = append(x.buf, "<v>"...)
	x.buf = appendDecimal(x.buf, d, '.')
	x.buf = append(x.buf, "</v></c>"...)
	return noFault
}

// The days from Excel's day 0, 1899-12-30, to 1970-01-01, and the first day
// from which its calendar is right: it has a 29th of February 1900.
const (
	epochSerial = 25569
	firstSerial = 61
)

func (x *XLSX) date(t time.Time, i int, row []byte) fault {
	if !hasYear(t) {
		return outOfYears
	}
	day, second := divide(t.Unix(), 86400)
	serial := day + epochSerial
	isDate := x.cols[i].Type == Date
	if serial < firstSerial {
		var room [40]byte
		text := room[:0]
		if isDate {
			text = appendDate(text, t)
		} else {
			text = appendTime(text, t)
		}
		x.text(string(text), i, row, styleText)
		return noFault
	}
	if isDate {
		x.open(i, row, styleDate)
	} else {
		x.open(i, row, styleMoment)
	}
	x.buf = append(x.buf, "<v>"...)
	x.buf = strconv.AppendInt(x.buf, serial, 10)
	if ms := second*1000 + int64(t.Nanosecond())/1e6; !isDate && ms > 0 {
		x.buf = appendFraction(x.buf, ms)
	}
	x.buf = append(x.buf, "</v></c>"...)
	return noFault
}

// appendFraction appends what part of a day some milliseconds are, to 11 places:
// as many as the double that Excel reads has left, and a thousandth of a
// millisecond.
func appendFraction(b []byte, ms int64) []byte {
	const places = 1e11
	n := (ms*places + 43_200_000) / 86_400_000 // below 8.64e18, an int64 holds it
	b = append(b, '.')
	for unit := int64(places / 10); unit > 0 && n > 0; unit /= 10 {
		b = append(b, byte('0'+n/unit))
		n %= unit
	}
	return b
}

// open appends the beginning of a cell.
func (x *XLSX) open(i int, row []byte, s style) {
	x.buf = append(append(x.buf, `<c r="`...), x.names[i]...)
	x.buf = append(append(x.buf, row...), '"')
	if s != stylePlain {
		x.buf = append(x.buf, ` s="`...)
		x.buf = strconv.AppendInt(x.buf, int64(s), 10)
		x.buf = append(x.buf, '"')
	}
	x.buf = append(x.buf, '>')
}

// text appends a text as an inline string. A table of shared strings would have
// to be held until the end.
func (x *XLSX) text(s string, i int, row []byte, st style) {
	x.open(i, row, st)
	x.buf = append(x.buf[:len(x.buf)-1], ` t="inlineStr"><is><t`...)
	if s != "" && (s[0] <= ' ' || s[len(s)-1] <= ' ') {
		x.buf = append(x.buf, ` xml:space="preserve"`...)
	}
	x.buf = append(x.buf, '>')
	x.escaped(s)
	x.buf = append(x.buf, "</t></is></c>"...)
}

// escaped appends a text as XML has it, with what XML 1.0 (§2.2) cannot hold
// replaced.
func (x *XLSX) escaped(s string) {
	var class uint8
	for i := range len(s) {
		class |= x.class[s[i]]
	}
	// The signs that XML has no room for, U+FFFE and U+FFFF, begin with EF BF.
	if len(s) <= cellText && (class == 0 || class == xmlBeyond && utf8.ValidString(s) && !strings.Contains(s, "\xef\xbf")) {
		x.buf = append(x.buf, s...)
		return
	}
	long := false
	if len(s) > cellText {
		s, long = cut(s)
	}
	for i, r := range s {
		switch {
		case r == '&':
			x.buf = append(x.buf, "&amp;"...)
		case r == '<':
			x.buf = append(x.buf, "&lt;"...)
		case r == '>':
			x.buf = append(x.buf, "&gt;"...)
		case r == '\r': // a CR as such would be read as LF
			x.buf = append(x.buf, "&#13;"...)
		case r == '_' && isEscape(s[i:]):
			x.buf = append(x.buf, "_x005F_"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			x.buf = append(x.buf, "\ufffd"...)
		default:
			x.buf = utf8.AppendRune(x.buf, r)
		}
	}
	if long {
		x.buf = append(x.buf, "…"...)
	}
}

// isEscape reports whether a text begins with what a spreadsheet reads as a
// character: _xHHHH_ (ECMA-376, Part 1, §22.9.2.19).
func isEscape(s string) bool {
	if len(s) < 7 || s[1] != 'x' && s[1] != 'X' || s[6] != '_' {
		return false
	}
	for _, b := range []byte(s[2:6]) {
		if (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'f') {
			return false
		}
	}
	return true
}

// cut takes off what a cell has no room for, and one character more for the sign
// that tells so.
func cut(s string) (string, bool) {
	units, end := 0, 0 // end: where there is still room for the sign
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		units++
		if r > 0xFFFF {
			units++
		}
		if units < cellText {
			end = i
		}
		if units > cellText {
			return s[:end], true
		}
	}
	return s, false
}
