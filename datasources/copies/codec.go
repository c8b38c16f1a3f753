package copies

import (
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/govalues/decimal"
)

// errDamaged says nothing of what was found: rows are data.
var errDamaged = errors.New("copies: a row is damaged or of another layout")

// codec writes rows of one type as bytes: equal rows give equal bytes, whatever
// the order of a map or the zone of a time. A row begins with its layout's name.
// It is safe for concurrent use.
type codec[T any] struct {
	shape   *shape
	name    string
	answers sync.Pool // of *found
}

func newCodec[T any]() (*codec[T], error) {
	s, err := shapeOf(reflect.TypeFor[T](), 0)
	if err != nil {
		return nil, err
	}
	s.number(map[reflect.Type]int{})
	return &codec[T]{shape: s, name: s.layout()}, nil
}

// encode appends the row to b.
func (c *codec[T]) encode(b []byte, x *T) []byte {
	b = append(b, c.name...)
	return c.shape.encode(b, reflect.ValueOf(x).Elem())
}

func (s *shape) encode(b []byte, v reflect.Value) []byte {
	switch s.kind {
	case kindString:
		return appendText(b, v.String())
	case kindTime:
		t := v.Interface().(time.Time)
		b = binary.AppendVarint(b, t.Unix())
		return binary.AppendUvarint(b, uint64(t.Nanosecond()))
	case kindDecimal:
		return appendDecimal(b, v.Interface().(decimal.Decimal))
	case kindBool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case kindInt:
		return binary.AppendVarint(b, v.Int())
	case kindPointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return s.elem.encode(append(b, 1), v.Elem())
	case kindSlice:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		for i := range v.Len() {
			b = s.elem.encode(b, v.Index(i))
		}
		return b
	case kindMap:
		return appendMap(b, v.Interface().(map[string]string))
	}
	return s.encodeStruct(b, v)
}

// encodeStruct writes which fields are not zero, and those.
func (s *shape) encodeStruct(b []byte, v reflect.Value) []byte {
	var present uint64
	for i := range s.fields {
		f := &s.fields[i]
		if x := v.FieldByIndex(f.index); !isAbsent(f.shape, x) {
			present |= 1 << i
		}
	}
	b = binary.AppendUvarint(b, present)
	for i := range s.fields {
		if present&(1<<i) == 0 {
			continue
		}
		f := &s.fields[i]
		if !f.whole {
			b = f.shape.encode(b, v.FieldByIndex(f.index))
			continue
		}
		inside := f.shape.encode(nil, v.FieldByIndex(f.index))
		b = append(binary.AppendUvarint(b, uint64(len(inside))), inside...)
	}
	return b
}

func isAbsent(s *shape, v reflect.Value) bool {
	if s.kind == kindTime { // a zero time may have a zone
		return v.Interface().(time.Time).IsZero()
	}
	return v.IsZero()
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendDecimal keeps the scale: 350.90 is not written as 350.9.
func appendDecimal(b []byte, d decimal.Decimal) []byte {
	first := byte(d.Scale())
	if d.Sign() < 0 {
		first |= 0x80
	}
	return binary.AppendUvarint(append(b, first), d.Coef())
}

func appendMap(b []byte, m map[string]string) []byte {
	if m == nil {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(m))+1)
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = appendText(appendText(b, k), m[k])
	}
	return b
}
