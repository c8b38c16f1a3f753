package unknown

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// member is one member of a JSON object, whose order is kept.
type member struct {
	name string
	raw  []byte
}

// object appends members as a JSON object.
func object(b []byte, members []member) []byte {
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(appendText(b, m.name), ':'), m.raw...)
	}
	return append(b, '}')
}

// appendText appends a JSON string; invalid UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	raw, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return append(b, `""`...)
	}
	return append(b, raw...)
}

func text(name, s string) member { return member{name, appendText(nil, s)} }

func num(name string, n int) member { return member{name, strconv.AppendInt(nil, int64(n), 10)} }

func boolean(name string, is bool) member { return member{name, strconv.AppendBool(nil, is)} }

func null(name string) member { return member{name, []byte("null")} }

// orNull is a text, or null where it is empty.
func orNull(name, s string) member {
	if s == "" {
		return null(name)
	}
	return text(name, s)
}

// unix is a time in seconds since 1970. PHP knows no null date: one that is missing is an empty text.
func unix(name string, t time.Time) member {
	if t.IsZero() {
		return text(name, "")
	}
	return member{name, strconv.AppendInt(nil, t.Unix(), 10)}
}

// cents is an amount of the world as an exact decimal.
func cents(m world.Money) decimal.Decimal { return decimal.MustNew(int64(m), 2) }

// quantity is a quantity of the world as an exact decimal.
func quantity(q world.Qty) decimal.Decimal { return decimal.MustNew(int64(q), 3) }

// number is a decimal as a JSON number, without needless noughts.
func number(d decimal.Decimal) []byte { return []byte(d.Trim(0).String()) }

// amount is a decimal as MySQL's double(24,8) leaves PHP: a string with eight digits after the point.
func amount(name string, m world.Money) member { return text(name, cents(m).Pad(8).String()) }
