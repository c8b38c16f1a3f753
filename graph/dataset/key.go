package dataset

import (
	"slices"
	"strconv"
	"time"

	"github.com/trama-graph/trama/schema"
)

// KeyPart is one part of a row's key: the value of a cell or, where Cell is -1, the
// number of the row's place in a list, from 1.
type KeyPart struct {
	Cell int
	List []string // where Cell is -1: the path to the list, from the answer
}

// AppendKey appends the key of a base row: the values of its parts with points
// between. cells are the row's, behind the columns each table begins with; numbers are
// the row's places in the lists of the parts that have no cell, in their order, from 1.
// Whatever is not a letter, a digit, - or _ is written as %XX and null as ~, so sealed
// ids stay as they are and no two keys are alike that are not one. A - is so written where
// the key would begin with it: files for spreadsheets put a ' before such texts, and would
// no longer join with others.
func (q *Query) AppendKey(b []byte, cells []schema.Value, numbers []int) []byte {
	from := len(b)
	for i, p := range q.Key {
		if i > 0 {
			b = append(b, '.')
		}
		if p.Cell >= 0 {
			b = appendEscaped(b, &cells[p.Cell], Text)
			continue
		}
		if len(numbers) > 0 {
			b = strconv.AppendInt(b, int64(numbers[0]), 10)
			numbers = numbers[1:]
		}
	}
	return harmless(b, from)
}

// harmless is a key, from a place on, that begins no formula.
func harmless(b []byte, from int) []byte {
	if len(b) == from || b[from] != '-' {
		return b
	}
	return slices.Replace(b, from, from+1, []byte("%2D")...)
}

// appendEscaped appends a value's text, as AppendKey has it.
func appendEscaped(b []byte, v *schema.Value, t Type) []byte {
	var room [64]byte
	var text []byte
	switch v.Kind {
	case schema.KindNull:
		return append(b, '~')
	case schema.KindString:
		for i := range len(v.Str) {
			b = appendByte(b, v.Str[i])
		}
		return b
	case schema.KindTime:
		layout := time.RFC3339Nano
		if t == Date {
			layout = time.DateOnly
		}
		text = v.Time.UTC().AppendFormat(room[:0], layout)
	case schema.KindDecimal:
		text = append(room[:0], v.Dec.Trim(0).String()...)
	default:
		text = append(room[:0], v.Text()...)
	}
	for _, c := range text {
		b = appendByte(b, c)
	}
	return b
}

func appendByte(b []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	switch {
	case c == '-', c == '_', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		return append(b, c)
	}
	return append(b, '%', hex[c>>4], hex[c&15])
}
