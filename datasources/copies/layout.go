package copies

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"reflect"
	"time"

	"github.com/govalues/decimal"
)

// format is the version of how rows are written: it changes with the code of the
// codec, and with what rows answer to Column. That a type got other fields is
// noticed without it.
const format = 1

// kind is how one field is written.
type kind uint8

const (
	kindString kind = iota
	kindTime
	kindDecimal
	kindBool
	kindInt
	kindPointer // to elem
	kindSlice   // of elem
	kindStruct
	kindMap // of texts, by text
)

// shape is how a type is written.
type shape struct {
	kind   kind
	typ    reflect.Type
	elem   *shape
	fields []field // of a struct, those of embedded structs in their place

	list reflect.Type // of what pointers point to: slabs of it
	slab int          // the number of its slabs
}

// field is a field of a struct.
type field struct {
	index  []int
	offset uintptr // from the beginning of the struct
	name   string  // SDL field: the Go name with a lower first letter
	shape  *shape
	// whole fields are lists of records: they are written with their size, so that
	// a reader who has no use for them can pass over.
	whole bool
}

// maxFields is how many fields a struct may have: their presence is one word.
const maxFields = 64

// shapeOf finds out how a type is written. The depth is bounded, as a type that
// holds itself has no end.
func shapeOf(t reflect.Type, depth int) (*shape, error) {
	if depth > 8 {
		return nil, fmt.Errorf("copies: %s is nested too deep", t)
	}
	s := &shape{typ: t}
	var err error
	switch {
	case t == reflect.TypeFor[time.Time]():
		s.kind = kindTime
	case t == reflect.TypeFor[decimal.Decimal]():
		s.kind = kindDecimal
	case t.Kind() == reflect.String:
		s.kind = kindString
	case t.Kind() == reflect.Bool:
		s.kind = kindBool
	case t.Kind() == reflect.Int:
		s.kind = kindInt
	case t.Kind() == reflect.Pointer:
		s.kind = kindPointer
		s.elem, err = shapeOf(t.Elem(), depth+1)
	case t.Kind() == reflect.Slice:
		s.kind = kindSlice
		s.elem, err = shapeOf(t.Elem(), depth+1)
	case t == reflect.TypeFor[map[string]string]():
		s.kind = kindMap
	case t.Kind() == reflect.Struct:
		s.kind = kindStruct
		if err = s.add(t, nil, 0, depth); err == nil && len(s.fields) > maxFields {
			err = fmt.Errorf("copies: %s has more than %d fields", t, maxFields)
		}
	default:
		err = fmt.Errorf("copies: no way to write a %s", t)
	}
	return s, err
}

func (s *shape) add(t reflect.Type, index []int, offset uintptr, depth int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int{}, index...), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if err := s.add(f.Type, at, offset+f.Offset, depth); err != nil {
				return err
			}
			continue
		}
		if f.Tag.Get("copy") == "-" {
			continue // what copies tell of a row, and no part of it
		}
		if !f.IsExported() {
			return fmt.Errorf("copies: %s.%s cannot be written", t, f.Name)
		}
		fs, err := shapeOf(f.Type, depth+1)
		if err != nil {
			return err
		}
		whole := fs.kind == kindSlice && fs.elem.kind == kindPointer
		s.fields = append(s.fields, field{index: at, offset: offset + f.Offset, name: lowerFirst(f.Name), shape: fs, whole: whole})
	}
	return nil
}

// number gives each type that is pointed to the number of its slabs.
func (s *shape) number(known map[reflect.Type]int) {
	if s.elem != nil {
		if s.kind == kindPointer {
			t := s.elem.typ
			if _, ok := known[t]; !ok {
				known[t] = len(known)
			}
			s.elem.slab, s.elem.list = known[t], reflect.SliceOf(t)
		}
		s.elem.number(known)
	}
	for i := range s.fields {
		s.fields[i].shape.number(known)
	}
}

func lowerFirst(name string) string {
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return name
	}
	return string(name[0]+'a'-'A') + name[1:]
}

// describe writes what decides how bytes are read.
func (s *shape) describe(b []byte) []byte {
	b = append(b, byte('a'+s.kind))
	if s.elem != nil {
		b = s.elem.describe(b)
	}
	for _, f := range s.fields {
		b = append(append(b, f.name...), ':')
		b = f.shape.describe(b)
	}
	return append(b, ';')
}

// layoutSize is the length of a layout's name, with which each row begins.
const layoutSize = 8

// layout names how rows of this type are written and which columns are kept
// beside them: another name, and the rows must be read again.
func (s *shape) layout() string {
	b := append(s.describe(nil), format)
	for _, c := range Columns() {
		b = append(append(b, c.Name...), byte(c.Kind))
	}
	sum := sha256.Sum256(b)
	return base32.StdEncoding.EncodeToString(sum[:])[:layoutSize]
}
