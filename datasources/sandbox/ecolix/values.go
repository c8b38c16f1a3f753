package ecolix

import (
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// encoder writes records in a dialect.
type encoder struct {
	d     *Dialect
	names map[string]string
	zone  *time.Location
	b     []byte
}

func (e *encoder) comma() {
	if n := len(e.b); n > 0 && e.b[n-1] != '{' && e.b[n-1] != '[' && e.b[n-1] != ':' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) open(c byte) { e.comma(); e.b = append(e.b, c) }

func (e *encoder) close(c byte) { e.b = append(e.b, c) }

// name starts a field by its name on the wire.
func (e *encoder) name(name string) {
	e.comma()
	e.b = odatafake.AppendString(e.b, name)
	e.b = append(e.b, ':')
}

// field starts a field by its "record.field"; one that Candidates does not have is a mistake of this package.
func (e *encoder) field(key string) {
	name, ok := e.names[key]
	if !ok {
		panic("ecolix: no candidate names for " + key)
	}
	e.name(name)
}

func (e *encoder) text(key, v string) {
	e.field(key)
	e.b = odatafake.AppendString(e.b, v)
}

func (e *encoder) integer(key string, v int) {
	e.field(key)
	e.b = strconv.AppendInt(e.b, int64(v), 10)
}

func (e *encoder) boolean(key string, v bool) {
	e.field(key)
	e.b = strconv.AppendBool(e.b, v)
}

// partner writes the key of a client or supplier.
func (e *encoder) partner(key, code string) {
	e.field(key)
	if e.d.NumericIDs {
		e.b = append(e.b, e.d.ClientKey(code)...)
		return
	}
	e.b = odatafake.AppendString(e.b, code)
}

// technical writes the technical id of a document, where it has one.
func (e *encoder) technical(serial int) {
	if !e.d.DocumentIDs {
		return
	}
	e.name("id")
	if e.d.NumericIDs {
		e.b = strconv.AppendInt(e.b, int64(serial), 10)
		return
	}
	e.b = odatafake.AppendString(e.b, strconv.Itoa(serial))
}

// total writes an amount that the example of §3 shows as text, price one that it shows as a number.
func (e *encoder) total(key string, m world.Money) { e.decimal(key, int64(m), 2, 2, true) }

func (e *encoder) price(key string, m world.Money) { e.decimal(key, int64(m), 2, 2, false) }

// quantity has as many decimals as it needs: three would look like thousands.
func (e *encoder) quantity(key string, q world.Qty) { e.decimal(key, int64(q), 3, 0, false) }

func (e *encoder) percent(key string, p int) { e.decimal(key, int64(p)*10, 1, 1, false) }

// decimal writes v / 10^scale with at least so many decimals.
func (e *encoder) decimal(key string, v int64, scale, least int, total bool) {
	e.field(key)
	style := e.d.Decimals
	if style == DecimalAsShown {
		style = DecimalNumber
		if total {
			style = DecimalComma
		}
	}
	e.b = appendDecimal(e.b, v, scale, least, style)
}

func appendDecimal(b []byte, v int64, scale, least int, style DecimalStyle) []byte {
	point, group := ".", ""
	switch style {
	case DecimalComma:
		point = ","
	case DecimalSpace:
		point, group = ",", " "
	case DecimalNoBreak:
		point, group = ",", "\u00a0"
	case DecimalNarrow:
		point, group = ",", "\u202f"
	}
	quoted := style != DecimalNumber
	if quoted {
		b = append(b, '"')
	}
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	digits := strconv.FormatInt(v, 10)
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, rest := digits[:len(digits)-scale], digits[len(digits)-scale:]
	for len(rest) > least && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	for k := range len(whole) {
		if k > 0 && (len(whole)-k)%3 == 0 {
			b = append(b, group...)
		}
		b = append(b, whole[k])
	}
	if rest != "" {
		b = append(b, point...)
		b = append(b, rest...)
	}
	if quoted {
		b = append(b, '"')
	}
	return b
}

// day writes a calendar day: of t on the server's wall clock, or blank for the zero time.
func (e *encoder) day(key string, t time.Time) {
	e.field(key)
	if t.IsZero() {
		e.blank()
		return
	}
	y, m, d := t.In(e.zone).Date()
	style := e.d.Days
	if style == DateAsShown {
		style = DateISO
	}
	e.date(time.Date(y, m, d, 0, 0, 0, 0, e.zone), style)
}

// calendar writes a day that the world keeps as midnight UTC.
func (e *encoder) calendar(key string, t time.Time) {
	if !t.IsZero() {
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, e.zone)
	}
	e.day(key, t)
}

func (e *encoder) moment(key string, t time.Time) {
	e.field(key)
	if t.IsZero() {
		e.blank()
		return
	}
	style := e.d.Moments
	if style == DateAsShown {
		style = DateRFC3339
	}
	e.date(t.In(e.zone), style)
}

func (e *encoder) date(t time.Time, style DateStyle) {
	if style == DateUnix {
		e.b = strconv.AppendInt(e.b, t.Unix(), 10)
		return
	}
	e.b = append(e.b, '"')
	e.b = t.AppendFormat(e.b, layout(style))
	e.b = append(e.b, '"')
}

func layout(style DateStyle) string {
	switch style {
	case DateFrench:
		return "02/01/2006"
	case DateTimeISO:
		return "2006-01-02T15:04:05"
	case DateRFC3339:
		return "2006-01-02T15:04:05-07:00"
	}
	return "2006-01-02"
}

// impossible writes the 31st of February of t's year: a program that keeps dates in three columns does not mind. No number of seconds
// says it, so that there it is a French text.
func (e *encoder) impossible(key string, year int) {
	e.field(key)
	y := strconv.Itoa(year)
	text := y + "-02-31"
	switch e.d.Days {
	case DateFrench, DateUnix:
		text = "31/02/" + y
	case DateTimeISO:
		text += "T00:00:00"
	case DateRFC3339:
		text += "T00:00:00+01:00"
	}
	e.b = odatafake.AppendString(e.b, text)
}

func (e *encoder) blank() {
	switch e.d.BlankDates {
	case BlankNull:
		e.b = append(e.b, "null"...)
	case BlankZero:
		e.b = append(e.b, `"0000-00-00"`...)
	default:
		e.b = append(e.b, `""`...)
	}
}

// readTime reads a date in any style; ok is false for anything else.
func readTime(s string, zone *time.Location) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1<<33 {
		return time.Unix(n, 0), true
	}
	for _, style := range []DateStyle{DateRFC3339, DateTimeISO, DateISO, DateFrench} {
		if t, err := time.ParseInLocation(layout(style), s, zone); err == nil {
			return t, true
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s) // with a Z, with fractions
	return t, err == nil
}
