package cache

import (
	"reflect"
	"time"
)

// overhead is what an entry costs beside its name and rows: the node and its
// pointers in otter, the slot in its table, the entry itself. Measured, see
// TestBytesAreHonest.
const overhead = 256

// sizer gives the bytes a value points to, beside its own.
type sizer func(v reflect.Value) int

// sizerOf compiles the sizer of a type, nil when its values point to nothing. It
// walks the type once; a row then costs its texts, slices and pointers only.
// Texts are counted where they lie even if rows share them: that is an estimate
// from above, but for texts cut out of a larger one.
func sizerOf(t reflect.Type) sizer { return compileSizer(t, map[reflect.Type]bool{}) }

func compileSizer(t reflect.Type, open map[reflect.Type]bool) sizer {
	if open[t] || t == reflect.TypeFor[time.Time]() {
		return nil // a time's zone is shared
	}
	open[t] = true
	defer delete(open, t)
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) int { return allocated(v.Len()) }
	case reflect.Pointer:
		own, inner := allocated(int(t.Elem().Size())), compileSizer(t.Elem(), open)
		return func(v reflect.Value) int {
			if v.IsNil() {
				return 0
			}
			if inner == nil {
				return own
			}
			return own + inner(v.Elem())
		}
	case reflect.Slice:
		own, inner := int(t.Elem().Size()), compileSizer(t.Elem(), open)
		return func(v reflect.Value) int {
			n := allocated(v.Cap() * own)
			if inner != nil {
				for i := range v.Len() {
					n += inner(v.Index(i))
				}
			}
			return n
		}
	case reflect.Map:
		own := int(t.Key().Size() + t.Elem().Size())
		key, value := compileSizer(t.Key(), open), compileSizer(t.Elem(), open)
		return func(v reflect.Value) int {
			n := 2 * own * v.Len() // tables are half empty
			for it := v.MapRange(); it.Next(); {
				if key != nil {
					n += key(it.Key())
				}
				if value != nil {
					n += value(it.Value())
				}
			}
			return n
		}
	case reflect.Struct:
		return structSizer(t, open)
	}
	return nil
}

func structSizer(t reflect.Type, open map[reflect.Type]bool) sizer {
	type field struct {
		i    int
		size sizer
	}
	var fields []field
	for i := range t.NumField() {
		if s := compileSizer(t.Field(i).Type, open); s != nil {
			fields = append(fields, field{i, s})
		}
	}
	if fields == nil {
		return nil
	}
	return func(v reflect.Value) int {
		n := 0
		for _, f := range fields {
			n += f.size(v.Field(f.i))
		}
		return n
	}
}

// allocated is what the allocator takes for n bytes, about: its classes are 8
// bytes apart at first and an eighth of the size later.
func allocated(n int) int {
	switch {
	case n <= 16:
		return n // small ones share a block
	case n <= 256:
		return (n + 15) &^ 15
	}
	return n + n/16
}
