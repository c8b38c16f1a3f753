package engine

import (
	"reflect"

	"github.com/vektah/gqlparser/v2/ast"
)

type shapeKind uint8

const (
	shapeLeaf shapeKind = iota
	shapeList
	shapeObject
	shapeAbstract
)

// shape says how a value of an SDL type lies in memory: what the bytes at its
// place mean and what is to be made of them.
type shape struct {
	kind    shapeKind
	nonNull bool
	pointer bool // at the place lies a pointer to the value, nil for null
	goType  reflect.Type
	size    uintptr // of goType: the distance of two values in a slice

	leaf     *leaf     // shapeLeaf
	elem     *shape    // shapeList
	object   *object   // shapeObject
	abstract *abstract // shapeAbstract
}

// core returns the shape inside all lists.
func (s *shape) core() *shape {
	for s.kind == shapeList {
		s = s.elem
	}
	return s
}

// object is an SDL object type with the Go struct its values have.
type object struct {
	name   string
	goType reflect.Type // the struct; nil for Query, which has no value
	fields map[string]*field
	page   bool // the wrapper of a list: pageInfo with nodes or edges
	edge   bool // the wrapper of one of its rows: cursor and node

	faults    uintptr // where its values have a *schema.Faults
	hasFaults bool
}

// abstract is an SDL interface or union, whose values are Go interfaces.
type abstract struct {
	name   string
	byType map[reflect.Type]*object // by struct type
}

// how a field's values are come by.
type how uint8

const (
	byOffset how = iota // they lie in the parent's struct
	byIndex             // the same, behind an embedded pointer
	byMethod            // a method of the parent, without a context
	byCall              // a resolver
)

// field is one field of one object type, bound.
type field struct {
	def      *ast.FieldDefinition
	typeName string
	shape    *shape
	how      how

	offset uintptr // byOffset
	index  []int   // byIndex

	fn      reflect.Value // byMethod: its first parameter is the parent; byCall: bound to the resolver
	hasCtx  bool
	hasErr  bool
	hasOK   bool         // (value, false) is null
	batch   bool         // takes and returns slices
	byValue bool         // the parent goes in as a struct, not as a pointer
	parents reflect.Type // batch: the type of the parents' slice
	args    []*argument
}

func (f *field) String() string { return f.typeName + "." + f.def.Name }

// argument is one argument of a field with the way from its JSON form to Go.
type argument struct {
	name   string
	goType reflect.Type
	read   reader
}
