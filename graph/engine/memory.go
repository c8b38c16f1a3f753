package engine

import (
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Values are read where they lie: a column of objects is a slice of pointers,
// and a field is an offset from each. That is what spares an interface value
// and an allocation per scalar. Everything the compiler cannot check about it
// is in this file. Three facts carry it: offsets and sizes come from reflect
// and are used only with pointers to the very type they were computed for
// (bind checks each binding); pointers stay unsafe.Pointer, never uintptr, so
// the garbage collector sees them; and a slice of pointers lies in memory like
// a slice of unsafe.Pointer.

type place = unsafe.Pointer

// at returns the place offset bytes behind p.
func at(p place, offset uintptr) place { return unsafe.Add(p, offset) }

// pointerAt reads the pointer that lies at p.
func pointerAt(p place) place { return *(*unsafe.Pointer)(p) }

// sliceAt reads the slice header that lies at p. data is nil for a nil slice.
func sliceAt(p place) (data place, n int) {
	s := *(*[]struct{})(p)
	return unsafe.Pointer(unsafe.SliceData(s)), len(s)
}

// placesAt returns the n pointers of a slice whose first lies at p, over the same memory.
func placesAt(p place, n int) []place { return unsafe.Slice((*place)(p), n) }

// valueOf returns the value of type t at p, addressable.
func valueOf(t reflect.Type, p place) reflect.Value { return reflect.NewAt(t, p).Elem() }

// pointersOf returns objects as a value of the slice type t = []*T, over the
// same memory, without room to append: several resolvers get the same slice.
func pointersOf(t reflect.Type, objects []place) reflect.Value {
	objects = slices.Clip(objects)
	return reflect.NewAt(t, unsafe.Pointer(&objects)).Elem()
}

// source is where the values of a column lie: in one slab, or at an offset from
// each of many places.
type source struct {
	slab   place
	stride uintptr
	places []place
	offset uintptr
}

func (s *source) at(i int) place {
	if s.places != nil {
		return unsafe.Add(s.places[i], s.offset)
	}
	return unsafe.Add(s.slab, uintptr(i)*s.stride)
}

// isOmittable reports whether t is a graphql.Omittable of the layout this
// package knows: the value, then whether it was set.
func isOmittable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "github.com/99designs/gqlgen/graphql" &&
		strings.HasPrefix(t.Name(), "Omittable[") && t.NumField() == 2 &&
		t.Field(0).Name == "value" && t.Field(1).Name == "set" && t.Field(1).Type.Kind() == reflect.Bool
}

// setOmittable does what graphql.OmittableOf does: a generic function cannot be
// called with a type that is only known by reflection.
func setOmittable(o, v reflect.Value) {
	t := o.Type()
	p := o.Addr().UnsafePointer()
	valueOf(t.Field(0).Type, p).Set(v)
	*(*bool)(at(p, t.Field(1).Offset)) = true
}
