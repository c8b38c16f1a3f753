package operand

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// row writes one JSON object in the server's dialect. Its methods are given FinanceEntry's names; the dialect has the last word on
// the wire's.
type row struct {
	b     []byte
	d     *Dialect
	names map[string]string // wire names of the resource
	zone  *time.Location
	open  string            // the nested object that is being written, "" if none
	start int               // of the object, so that the first comma is known
	dirt  *world.AgencyDirt // what is wrong with this row, nil if nothing
}

func (e *row) begin(dirt *world.AgencyDirt) {
	e.b = append(e.b, '{')
	e.open, e.start, e.dirt = "", len(e.b), dirt
}

func (e *row) end() {
	e.closeNested()
	e.b = append(e.b, '}')
}

func (e *row) closeNested() {
	if e.open != "" {
		e.b = append(e.b, '}')
		e.open = ""
	}
}

// field writes the key of a field; false means that the row lacks it.
func (e *row) field(name string) bool {
	if e.dirt != nil && e.dirt.Kind == world.AgencyMissingFields {
		switch name {
		case "partyId", "partyName", "partyTaxId", "status", "paidAmount":
			return false
		}
	}
	name = e.names[name]
	if outer, inner, nested := strings.Cut(name, "."); nested {
		if e.open == outer {
			e.b = append(e.b, ',')
		} else {
			e.key(outer)
			e.b = append(e.b, '{')
			e.open = outer
		}
		e.b = append(appendText(e.b, inner), ':')
		return true
	}
	e.key(name)
	return true
}

func (e *row) key(name string) {
	e.closeNested()
	if len(e.b) > e.start {
		e.b = append(e.b, ',')
	}
	e.b = append(appendText(e.b, name), ':')
}

func (e *row) text(name, value string) {
	if !e.field(name) {
		return
	}
	if value == "" && e.d.BlankTexts == BlankNull {
		e.b = append(e.b, "null"...)
		return
	}
	e.b = appendText(e.b, value)
}

func (e *row) number(name string, n int) {
	if e.field(name) {
		e.b = strconv.AppendInt(e.b, int64(n), 10)
	}
}

// id writes the id of a row of another or the same resource; 0 is blank.
func (e *row) id(name string, r Resource, id int) {
	switch {
	case id == 0:
		e.text(name, "")
	case !e.field(name):
	case e.d.IDs == IDNumber:
		e.b = strconv.AppendInt(e.b, int64(id), 10)
	default:
		e.b = appendText(e.b, e.d.ID(r, id))
	}
}

func (e *row) deleted(is bool) {
	if !e.field("isDeleted") {
		return
	}
	switch {
	case e.d.Deleted == DeletedBool:
		e.b = strconv.AppendBool(e.b, is)
	case e.d.Deleted == DeletedNumber && is:
		e.b = append(e.b, '1')
	case e.d.Deleted == DeletedNumber:
		e.b = append(e.b, '0')
	case is:
		e.b = append(e.b, `"1"`...)
	default:
		e.b = append(e.b, `"0"`...)
	}
}

func (e *row) situation(isActive bool) { e.text("situation", e.d.Situation(isActive)) }

func (e *row) status(s world.AgencyStatus) {
	if e.dirt != nil && e.dirt.Kind == world.AgencyUnknownStatus {
		e.text("status", e.dirt.Text)
		return
	}
	e.text("status", e.d.Status(s))
}

// day writes a calendar day, which is midnight UTC in the world.
func (e *row) day(name string, t time.Time) {
	if e.dirt != nil && e.dirt.Kind == world.AgencyImpossibleDay && name == e.dirt.Field {
		if e.field(name) { // the row's own day is the 28th: no other two figures of it are 28
			e.b = appendText(e.b, strings.Replace(t.Format(e.d.DayLayout), "28", "31", 1))
		}
		return
	}
	e.date(name, e.d.DayLayout, t)
}

// instant writes a point in time as São Paulo's clocks showed it.
func (e *row) instant(name string, t time.Time) {
	if !t.IsZero() {
		t = t.In(e.zone)
	}
	e.date(name, e.d.TimeLayout, t)
}

func (e *row) date(name, layout string, t time.Time) {
	switch {
	case !e.field(name):
	case !t.IsZero():
		e.b = append(e.b, '"')
		e.b = t.AppendFormat(e.b, layout)
		e.b = append(e.b, '"')
	case e.d.BlankDates == BlankNull:
		e.b = append(e.b, "null"...)
	case e.d.BlankDates == BlankEmpty:
		e.b = append(e.b, `""`...)
	default:
		e.b = appendText(e.b, Zeros(layout))
	}
}

func (e *row) minutes(name string, n int) {
	if !e.d.HourTexts {
		e.number(name, n)
		return
	}
	if e.field(name) {
		hours, rest := strconv.Itoa(n/60), strconv.Itoa(n%60)
		e.b = appendText(e.b, strings.Repeat("0", max(0, 2-len(hours)))+hours+":"+strings.Repeat("0", 2-len(rest))+rest)
	}
}

func (e *row) amount(name string, m world.Money) {
	if !e.field(name) {
		return
	}
	if e.dirt != nil && name == e.dirt.Field {
		switch e.dirt.Kind {
		case world.AgencyAmbiguousAmount:
			e.b = appendText(e.b, e.dirt.Text)
			return
		case world.AgencyNullAmount:
			e.b = append(e.b, "null"...)
			return
		case world.AgencyThreeDecimals:
			e.b = appendAmount(e.b, e.d.Amounts, m*10+7, 3)
			return
		}
	}
	e.b = appendAmount(e.b, e.d.Amounts, m, 2)
}

// appendAmount writes m, which counts units of 10^-decimals.
func appendAmount(b []byte, style AmountStyle, m world.Money, decimals int) []byte {
	digits := strconv.FormatInt(int64(m), 10)
	sign := ""
	if m < 0 {
		sign, digits = "-", digits[1:]
	}
	if pad := decimals + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, cents := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if style == AmountNumber {
		b = append(append(b, sign...), whole...)
		if cents = strings.TrimRight(cents, "0"); cents != "" {
			b = append(append(b, '.'), cents...)
		}
		return b
	}
	b = append(append(b, '"'), sign...)
	point := byte(',')
	switch style {
	case AmountDot:
		point = '.'
		b = append(b, whole...)
	case AmountComma:
		for k := range len(whole) {
			if k > 0 && (len(whole)-k)%3 == 0 {
				b = append(b, '.')
			}
			b = append(b, whole[k])
		}
	default:
		b = append(b, whole...)
	}
	b = append(append(b, point), cents...)
	return append(b, '"')
}

// appendText writes a JSON string.
func appendText(b []byte, s string) []byte {
	plain := true
	for k := range len(s) {
		if s[k] < 0x20 || s[k] == '"' || s[k] == '\\' {
			plain = false
			break
		}
	}
	if plain { // all texts of the world are valid UTF-8
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // a string cannot fail
		return append(b, `""`...)
	}
	return append(b, quoted...)
}
