package report

import (
	"encoding/binary"
	"time"

	"github.com/trama-graph/trama/schema"
)

// appendCell packs a value: a schema.Value has room for each kind, and takes some ten
// times of what most hold.
func appendCell(b []byte, v *schema.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case schema.KindString:
		b = binary.AppendUvarint(b, uint64(len(v.Str)))
		b = append(b, v.Str...)
	case schema.KindInt:
		b = binary.AppendVarint(b, v.Int)
	case schema.KindDecimal:
		at := len(b)
		b = append(b, 0)
		b, _ = v.Dec.AppendBinary(b) // it cannot fail
		b[at] = byte(len(b) - at - 1)
	case schema.KindTime:
		b = binary.AppendVarint(b, v.Time.Unix())
		b = binary.AppendUvarint(b, uint64(v.Time.Nanosecond())) //nolint:gosec // never below 0
	case schema.KindBool:
		if v.Bool {
			return append(b, 1)
		}
		b = append(b, 0)
	}
	return b
}

// cell reads what appendCell wrote, and returns what is behind it.
func cell(b []byte) (schema.Value, []byte) {
	v := schema.Value{Kind: schema.Kind(b[0])}
	b = b[1:]
	var n uint64
	switch v.Kind {
	case schema.KindString:
		n, b = unsigned(b)
		v.Str, b = string(b[:n]), b[n:]
	case schema.KindInt:
		v.Int, b = signed(b)
	case schema.KindDecimal:
		end := 1 + int(b[0])
		_ = v.Dec.UnmarshalBinary(b[1:end]) // what AppendBinary wrote
		b = b[end:]
	case schema.KindTime:
		var at int64
		at, b = signed(b)
		n, b = unsigned(b)
		v.Time = time.Unix(at, int64(n)).UTC() //nolint:gosec // below 1e9
	case schema.KindBool:
		v.Bool, b = b[0] == 1, b[1:]
	}
	return v, b
}

func unsigned(b []byte) (uint64, []byte) {
	n, size := binary.Uvarint(b)
	return n, b[size:]
}

func signed(b []byte) (int64, []byte) {
	n, size := binary.Varint(b)
	return n, b[size:]
}
