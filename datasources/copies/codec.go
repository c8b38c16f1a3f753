package copies

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
)

// errDamaged says nothing of what was found: rows are data.
var errDamaged = errors.New("copies: a row is damaged or of another layout")

// codec writes rows of one type as bytes: equal rows give equal bytes, whatever
// the order of a map or the zone of a time. A row begins with its layout's name.
// It is safe for concurrent use.
type codec[T any] struct {
	shape *shape
	name  string
}

func newCodec[T any]() (*codec[T], error) {
	s, err := shapeOf(reflect.TypeFor[T](), 0)
	if err != nil {
		return nil, err
	}
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

// decode reads a row that encode wrote into a zero x. Lists of records that
// fields does not name stay nil. The texts of a row share one allocation.
func (c *codec[T]) decode(data []byte, x *T, fields datasources.Fields) error {
	if len(data) < layoutSize || string(data[:layoutSize]) != c.name {
		return errDamaged
	}
	d := decoder{s: string(data[layoutSize:])}
	d.fields(c.shape, reflect.ValueOf(x).Elem(), fields)
	if d.bad || d.i != len(d.s) {
		return errDamaged
	}
	return nil
}

// decoder reads from s at i. Once bad, it reads zeros.
type decoder struct {
	s   string
	i   int
	bad bool
}

func (d *decoder) value(s *shape, v reflect.Value) {
	switch s.kind {
	case kindString:
		v.SetString(d.text())
	case kindTime:
		*v.Addr().Interface().(*time.Time) = d.time()
	case kindDecimal:
		*v.Addr().Interface().(*decimal.Decimal) = d.decimal()
	case kindBool:
		v.SetBool(d.byte() == 1)
	case kindInt:
		v.SetInt(d.varint())
	case kindPointer:
		if d.byte() == 1 && !d.bad {
			v.Set(reflect.New(s.elem.typ))
			d.value(s.elem, v.Elem())
		}
	case kindSlice:
		n, ok := d.count()
		if !ok {
			return
		}
		v.Set(reflect.MakeSlice(s.typ, n, n))
		for i := 0; i < n && !d.bad; i++ {
			d.value(s.elem, v.Index(i))
		}
	case kindMap:
		n, ok := d.count()
		if !ok {
			return
		}
		m := make(map[string]string, n)
		for i := 0; i < n && !d.bad; i++ {
			k := d.text()
			m[k] = d.text()
		}
		v.Set(reflect.ValueOf(m))
	case kindStruct:
		d.fields(s, v, nil)
	}
}

// fields reads a struct. Only the outermost is given the fields that are asked
// for.
func (d *decoder) fields(s *shape, v reflect.Value, asked datasources.Fields) {
	present := d.uvarint()
	if bits.Len64(present) > len(s.fields) {
		d.bad = true
	}
	for present != 0 && !d.bad {
		f := &s.fields[bits.TrailingZeros64(present)]
		present &= present - 1
		if !f.whole {
			d.value(f.shape, v.FieldByIndex(f.index))
			continue
		}
		size := d.uvarint()
		if size > uint64(len(d.s)-d.i) {
			d.bad = true
			return
		}
		if asked.Has(f.name) {
			end := d.i + int(size)
			d.value(f.shape, v.FieldByIndex(f.index))
			d.bad = d.bad || d.i != end
		} else {
			d.i += int(size)
		}
	}
}

// count reads the length of a list or map; not ok when it is nil. Each element
// takes a byte at least, so that a damaged length allocates no more than the row
// is long.
func (d *decoder) count() (int, bool) {
	n := d.uvarint()
	if n == 0 {
		return 0, false
	}
	if n-1 > uint64(len(d.s)-d.i) {
		d.bad = true
		return 0, false
	}
	return int(n - 1), true
}

func (d *decoder) byte() byte {
	if d.bad || d.i >= len(d.s) {
		d.bad = true
		return 0
	}
	d.i++
	return d.s[d.i-1]
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := d.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

func (d *decoder) varint() int64 {
	n := d.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *decoder) text() string {
	n := d.uvarint()
	if d.bad || n > uint64(len(d.s)-d.i) {
		d.bad = true
		return ""
	}
	s := d.s[d.i : d.i+int(n)]
	d.i += int(n)
	return s
}

func (d *decoder) time() time.Time {
	sec, nsec := d.varint(), d.uvarint()
	if d.bad || nsec >= uint64(time.Second) {
		d.bad = true
		return time.Time{}
	}
	return time.Unix(sec, int64(nsec)).UTC()
}

func (d *decoder) decimal() decimal.Decimal {
	first, coef := d.byte(), d.uvarint()
	scale := int(first &^ 0x80)
	if d.bad || scale > decimal.MaxScale {
		d.bad = true
		return decimal.Decimal{}
	}
	x, err := newDecimal(coef, scale)
	if err != nil {
		d.bad = true
		return decimal.Decimal{}
	}
	if first&0x80 != 0 {
		x = x.Neg()
	}
	return x
}

func newDecimal(coef uint64, scale int) (decimal.Decimal, error) {
	if coef <= math.MaxInt64 {
		return decimal.New(int64(coef), scale)
	}
	// New takes an int64, which is less than the largest coefficient of 19 digits.
	digits := strconv.FormatUint(coef, 10)
	if scale > len(digits) {
		return decimal.Decimal{}, errDamaged
	}
	point := len(digits) - scale
	return decimal.Parse("0" + digits[:point] + "." + digits[point:])
}
