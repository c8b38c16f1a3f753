package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// sortText writes a value as a text that sorts by its bytes as the values do
// (schema.Value.Compare), equal for equal values; "" for null. Values of
// different kinds are not comparable, numbers excepted. Every database sorts
// bytes alike, and none has such decimals.
func sortText(v schema.Value) string {
	switch v.Kind {
	case schema.KindString:
		return v.Str
	case schema.KindInt:
		d, err := decimal.New(v.Int, 0)
		if err != nil { // 19 digits hold every int64
			return ""
		}
		return decimalText(d)
	case schema.KindDecimal:
		return decimalText(v.Dec)
	case schema.KindTime:
		return timeText(v.Time)
	case schema.KindBool:
		if v.Bool {
			return "1"
		}
		return "0"
	}
	return ""
}

// decimalText: "1" is zero. A positive number is "2", how many digits stand
// before its point, from -18 to 19 and 20 added, and its digits without zeros
// around them. A negative one is "0" and the nines' complement of the same; the
// sign behind it sorts the shorter, which is the greater, last.
func decimalText(d decimal.Decimal) string {
	if d.IsZero() {
		return "1"
	}
	digits := strconv.FormatUint(d.Coef(), 10)
	before := len(digits) - d.Scale() + 20
	digits = strings.TrimRight(digits, "0")
	b := make([]byte, 0, 3+len(digits)+1)
	b = append(b, '2', byte('0'+before/10), byte('0'+before%10))
	b = append(b, digits...)
	if d.Sign() > 0 {
		return string(b)
	}
	b[0] = '0'
	for i := 1; i < len(b); i++ {
		b[i] = '0' + '9' - b[i]
	}
	return string(append(b, '~'))
}

// timeText is the moment in UTC, its fraction without zeros at the end. Years
// that have no four digits are written as seconds, before and behind all others.
func timeText(t time.Time) string {
	t = t.UTC()
	if y := t.Year(); y >= 0 && y <= 9999 {
		return t.Format("20060102T150405.999999999")
	}
	sign := byte('~')
	if t.Year() < 0 {
		sign = '-'
	}
	return fmt.Sprintf("%c%020d.%09d", sign, uint64(t.Unix())+1<<63, t.Nanosecond())
}

// foldText is a text in lower case, "" where that is the text itself.
func foldText(s string) string {
	if low := strings.ToLower(s); low != s {
		return low
	}
	return ""
}
