package copies

import (
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"time"
	"unsafe"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
)

// decode reads a row that encode wrote into a zero x. Lists of records that
// fields does not name stay nil. The texts of a row share one allocation.
func (c *codec[T]) decode(data []byte, x *T, fields datasources.Fields) error {
	d := decoder{rows: 1, skip: c.shape.unasked(fields)}
	return c.decodeText(&d, string(data), x)
}

// decodeText is decode of a text, parts of which x keeps. One decoder is used for
// all rows of an answer.
func (c *codec[T]) decodeText(d *decoder, data string, x *T) error {
	if len(data) < layoutSize || data[:layoutSize] != c.name {
		return errDamaged
	}
	d.s, d.i, d.bad = data[layoutSize:], 0, false
	d.fields(c.shape, unsafe.Pointer(x), d.skip)
	if d.bad || d.i != len(d.s) {
		return errDamaged
	}
	return nil
}

// unasked are the fields, a bit each, that are not read for these fields.
func (s *shape) unasked(fields datasources.Fields) (skip uint64) {
	for i := range s.fields {
		if f := &s.fields[i]; f.whole && !fields.Has(f.name) {
			skip |= 1 << i
		}
	}
	return skip
}

// decoder reads from s at i. Once bad, it reads zeros.
//
// It writes where the shape says that a field lies, since reflection costs more than
// all the rest. What a pointer points to is taken from a slab of its type.
type decoder struct {
	s     string
	i     int
	bad   bool
	skip  uint64 // fields of the outermost struct that are passed over
	rows  int    // of the answer, about
	slabs []slab // by shape.slab

	// What lists are cut from.
	pointers []unsafe.Pointer
	texts    []string
}

// slab is memory of one type, of which left elements are not used yet.
type slab struct {
	next unsafe.Pointer
	left int
	size int // elements of the last one that was allocated
}

// slabMost is how many elements a slab has at most: one that is kept keeps all.
const slabMost = 64

// make returns a new zero value of the type.
func (d *decoder) make(s *shape) unsafe.Pointer {
	for len(d.slabs) <= s.slab {
		d.slabs = append(d.slabs, slab{})
	}
	of := &d.slabs[s.slab]
	if of.left == 0 {
		of.size = min(max(d.rows, 2*of.size), slabMost)
		of.left = of.size
		of.next = reflect.MakeSlice(s.list, of.size, of.size).UnsafePointer()
	}
	p := of.next
	if of.left--; of.left > 0 { // never a pointer behind the end
		of.next = unsafe.Add(p, s.typ.Size())
	}
	return p
}

// cut takes a list of n zero elements off the memory of many. Who appends to it has
// it moved.
func cut[T any](from *[]T, n, rows int) []T {
	if *from == nil || n > len(*from) {
		*from = make([]T, max(n, min(rows, slabMost)))
	}
	list := (*from)[:n:n]
	*from = (*from)[n:]
	return list
}

// value reads what lies at p, which is of the shape's type.
func (d *decoder) value(s *shape, p unsafe.Pointer) {
	switch s.kind {
	case kindString:
		*(*string)(p) = d.text()
	case kindTime:
		*(*time.Time)(p) = d.time()
	case kindDecimal:
		*(*decimal.Decimal)(p) = d.decimal()
	case kindBool:
		*(*bool)(p) = d.byte() == 1
	case kindInt:
		*(*int)(p) = int(d.varint())
	case kindPointer:
		if d.byte() == 1 && !d.bad {
			x := d.make(s.elem)
			*(*unsafe.Pointer)(p) = x
			d.value(s.elem, x)
		}
	case kindSlice:
		d.list(s, p)
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
		*(*map[string]string)(p) = m
	case kindStruct:
		d.fields(s, p, 0)
	}
}

func (d *decoder) list(s *shape, p unsafe.Pointer) {
	n, ok := d.count()
	if !ok {
		return
	}
	switch s.elem.kind {
	case kindString:
		list := cut(&d.texts, n, d.rows)
		*(*[]string)(p) = list
		for i := 0; i < n && !d.bad; i++ {
			list[i] = d.text()
		}
	case kindPointer: // to whatever, it lies alike
		list := cut(&d.pointers, n, d.rows)
		*(*[]unsafe.Pointer)(p) = list
		for i := 0; i < n && !d.bad; i++ {
			d.value(s.elem, unsafe.Pointer(&list[i]))
		}
	default:
		list := reflect.MakeSlice(s.typ, n, n)
		reflect.NewAt(s.typ, p).Elem().Set(list)
		for i := 0; i < n && !d.bad; i++ {
			d.value(s.elem, list.Index(i).Addr().UnsafePointer())
		}
	}
}

// fields reads a struct, without the fields of skip.
func (d *decoder) fields(s *shape, p unsafe.Pointer, skip uint64) {
	present := d.uvarint()
	if bits.Len64(present) > len(s.fields) {
		d.bad = true
	}
	for present != 0 && !d.bad {
		at := bits.TrailingZeros64(present)
		f := &s.fields[at]
		present &= present - 1
		if !f.whole {
			d.value(f.shape, unsafe.Add(p, f.offset))
			continue
		}
		size := d.uvarint()
		if size > uint64(len(d.s)-d.i) {
			d.bad = true
			return
		}
		if skip&(1<<at) != 0 {
			d.i += int(size)
			continue
		}
		end := d.i + int(size)
		d.value(f.shape, unsafe.Add(p, f.offset))
		d.bad = d.bad || d.i != end
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
