package output

import (
	"strconv"

	"github.com/trama-graph/trama/schema"
)

// cells writes the values of NDJSON and OData JSON, which differ only in what
// stands around them.
type cells struct {
	class *[256]uint8

	// texts writes decimals and whole numbers as strings: OData's
	// IEEE754Compatible=true.
	texts bool
}

// append appends the value of a cell.
func (j *cells) append(b []byte, v *schema.Value, col *column) ([]byte, fault) {
	if v.Kind == schema.KindNull {
		return append(b, "null"...), noFault
	}
	if !col.takes(v.Kind) {
		return b, wrongKind
	}
	switch col.Type {
	case String:
		return appendJSON(b, v.Str, j.class), noFault
	case Int:
		if j.texts {
			b = append(b, '"')
			b = strconv.AppendInt(b, v.Int, 10)
			return append(b, '"'), noFault
		}
		return strconv.AppendInt(b, v.Int, 10), noFault
	case Decimal:
		d, f := col.fit(v)
		if f != noFault {
			return b, f
		}
		if j.texts {
			b = append(b, '"')
			b = appendDecimal(b, d, '.')
			return append(b, '"'), noFault
		}
		return appendDecimal(b, d, '.'), noFault
	case DateTime, Date:
		if !hasYear(v.Time) {
			return b, outOfYears
		}
		b = append(b, '"')
		if col.Type == Date {
			b = appendDate(b, v.Time)
		} else {
			b = appendTime(b, v.Time)
		}
		return append(b, '"'), noFault
	}
	return strconv.AppendBool(b, v.Bool), noFault
}
