package dataset

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Groups are told apart, and sorted, by bytes made of their values: they are equal for
// equal values, as Value.Compare has it, and no others, and bytes.Compare orders them as
// Value.Compare orders the values of one column.

// appendComparable appends these bytes of a value; it takes no memory of its own.
func appendComparable(b []byte, v *schema.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case schema.KindString:
		// A text is shorter than what it begins, whatever comes behind it.
		for text := v.Str; ; {
			at := indexZero(text)
			b = append(b, text[:at]...)
			if at == len(text) {
				return append(b, 0, 1)
			}
			b, text = append(b, 0, 0xff), text[at+1:]
		}
	case schema.KindInt:
		b = appendSigned(b, v.Int)
	case schema.KindDecimal:
		hi, lo := bits.Mul64(v.Dec.Coef(), powers[maxPlaces-v.Dec.Scale()]) // 1.0 is 1
		if v.Dec.IsNeg() {
			b, hi, lo = append(b, 0), ^hi, ^lo
		} else {
			b = append(b, 1)
		}
		b = binary.BigEndian.AppendUint64(b, hi)
		b = binary.BigEndian.AppendUint64(b, lo)
	case schema.KindTime:
		b = appendSigned(b, v.Time.Unix())
		b = binary.BigEndian.AppendUint32(b, uint32(v.Time.Nanosecond())) //nolint:gosec // below 1e9
	case schema.KindBool:
		if v.Bool {
			return append(b, 1)
		}
		b = append(b, 0)
	}
	return b
}

func indexZero(text string) int {
	for i := range len(text) {
		if text[i] == 0 {
			return i
		}
	}
	return len(text)
}

// appendSigned appends a whole number so that smaller ones are smaller bytes.
func appendSigned(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)^1<<63) //nolint:gosec // the same bits
}

func signed(b []byte) int64 {
	return int64(binary.BigEndian.Uint64(b) ^ 1<<63) //nolint:gosec // the same bits
}

// readComparable reads a value that appendComparable wrote, and what is behind it; a decimal
// has so many places. It is false for what appendComparable does not write.
func readComparable(b []byte, places int) (v schema.Value, rest []byte, ok bool) {
	if len(b) == 0 {
		return v, nil, false
	}
	v.Kind, b = schema.Kind(b[0]), b[1:]
	size := 0
	switch v.Kind {
	case schema.KindInt:
		size = 8
	case schema.KindDecimal:
		size = 17
	case schema.KindTime:
		size = 12
	case schema.KindBool:
		size = 1
	}
	if len(b) < size {
		return v, nil, false
	}
	switch v.Kind {
	case schema.KindNull:
		return v, b, true
	case schema.KindString:
		v.Str, rest, ok = readText(b)
		return v, rest, ok
	case schema.KindInt:
		v.Int = signed(b)
	case schema.KindDecimal:
		if v.Dec, ok = readDecimal(b, places); !ok {
			return v, nil, false
		}
	case schema.KindTime:
		nanos := binary.BigEndian.Uint32(b[8:])
		if nanos >= uint32(time.Second) {
			return v, nil, false
		}
		v.Time = time.Unix(signed(b), int64(nanos)).UTC()
	case schema.KindBool:
		v.Bool = b[0] == 1
	default:
		return v, nil, false
	}
	return v, b[size:], true
}

func readText(b []byte) (text string, rest []byte, ok bool) {
	var out []byte
	for {
		at := bytes.IndexByte(b, 0)
		if at < 0 || at+1 == len(b) {
			return "", nil, false
		}
		mark := b[at+1]
		switch {
		case mark == 1 && out == nil:
			return string(b[:at]), b[at+2:], true
		case mark == 1:
			return string(append(out, b[:at]...)), b[at+2:], true
		case mark != 0xff:
			return "", nil, false
		}
		out, b = append(append(out, b[:at]...), 0), b[at+2:]
	}
}

func readDecimal(b []byte, places int) (decimal.Decimal, bool) {
	hi, lo := binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint64(b[9:])
	if b[0] > 1 || places > maxPlaces {
		return decimal.Decimal{}, false
	}
	if b[0] == 0 {
		hi, lo = ^hi, ^lo
	}
	unit := powers[maxPlaces-places]
	if hi >= unit {
		return decimal.Decimal{}, false
	}
	coef, rest := bits.Div64(hi, lo, unit)
	if rest != 0 || coef > maxCoef {
		return decimal.Decimal{}, false
	}
	return newDecimal(b[0] == 0, coef, places), true
}

// appendNumber appends the number of a row of a summary's first list.
func appendNumber(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // bounded by the groups
}
