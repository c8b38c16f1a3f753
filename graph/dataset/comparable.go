package dataset

import (
	"encoding/binary"

	"github.com/trama-graph/trama/schema"
)

// absent is the key of null.
const absent = byte(schema.KindNull)

// appendComparable appends bytes that are equal for equal values, as Value.Compare
// has it, and no others; it takes no memory of its own.
func appendComparable(b []byte, v *schema.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case schema.KindString:
		b = binary.AppendUvarint(b, uint64(len(v.Str)))
		b = append(b, v.Str...)
	case schema.KindInt:
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Int)) //nolint:gosec // the same bits
	case schema.KindDecimal:
		d := v.Dec.Trim(0) // 1.0 is 1
		if d.IsNeg() {
			b = append(b, '-')
		}
		b = append(b, byte(d.Scale()))
		b = binary.LittleEndian.AppendUint64(b, d.Coef())
	case schema.KindTime:
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Time.Unix()))       //nolint:gosec // the same bits
		b = binary.LittleEndian.AppendUint32(b, uint32(v.Time.Nanosecond())) //nolint:gosec // below 1e9
	case schema.KindBool:
		if v.Bool {
			return append(b, 1)
		}
		b = append(b, 0)
	}
	return b
}

// appendNumber appends the number of a row of a summary's first list.
func appendNumber(b []byte, n int32) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(n)) //nolint:gosec // never below 0
}
