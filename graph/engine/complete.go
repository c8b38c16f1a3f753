package engine

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// completion turns Go values into cells. Specification: Value Completion
// (6.4.3).
type completion struct {
	run    *run
	column *column
	step   *step
	born   *[]*set // the sets of objects that came out, to be read next

	hidden []bool              // objects that do not show the field; nil: none
	mask   func(string) string // what the leaves' texts become; nil: what they are
	masked []bool              // with mask: which of them; nil: all
}

// top completes the values of a field, which lie at src, one for each object of
// the set. Where bad is true there was an error instead.
func (c *completion) top(s *set, src source, bad []bool) {
	cl := &cells{shape: c.step.field.shape, n: len(s.objects), set: s, step: c.step, null: bad}
	c.column.cells = cl
	if bad != nil && cl.shape.nonNull {
		c.run.violated.Store(true)
	}
	c.values(cl, src)
}

func (c *completion) values(cl *cells, src source) {
	switch cl.shape.kind {
	case shapeLeaf:
		c.leaves(cl, src)
	case shapeList:
		c.lists(cl, src)
	case shapeObject:
		c.objects(cl, src)
	case shapeAbstract:
		c.abstracts(cl, src)
	}
}

// absent notes a null, which is an error where the schema allows none.
func (c *completion) absent(cl *cells, i int) {
	cl.setNull(i)
	if cl.shape.nonNull {
		c.fault(cl, i, errNull)
	}
}

func (c *completion) fault(cl *cells, i int, err error) {
	c.column.faults = append(c.column.faults, fault{cells: cl, step: c.step, index: i, err: err})
	if cl.shape.nonNull {
		c.run.violated.Store(true)
	}
}

func (c *completion) leaves(cl *cells, src source) {
	l := cl.shape.leaf
	if c.mask != nil {
		c.maskLeaves(cl, src)
		return
	}
	if l.kind == leafMarshal {
		c.encode(cl, src)
		return
	}
	cl.src = src
	if !cl.shape.nonNull || !l.canBeNull() {
		return
	}
	var scratch []byte
	for i := range cl.n {
		if (cl.null == nil || !cl.null[i]) && l.isNull(src.at(i), &scratch) {
			c.absent(cl, i)
		}
	}
}

// maxColumn is what the offsets of a column's texts can count.
const maxColumn = math.MaxInt32

var errColumn = schema.Errorf(schema.TooCostly, "the column is larger than 2 GB")

// encode writes leaves that can fail, so that a failure is a field error and
// not half an answer.
func (c *completion) encode(cl *cells, src source) {
	cl.ends = make([]int32, cl.n)
	for i := range cl.n {
		if cl.null == nil || !cl.null[i] {
			text, null, err := c.encodeOne(cl.shape.leaf, cl.text, src.at(i))
			switch {
			case err != nil:
				cl.setNull(i)
				c.fault(cl, i, err)
			case null:
				c.absent(cl, i)
			case len(text) > maxColumn:
				cl.setNull(i)
				c.fault(cl, i, errColumn)
			default:
				cl.text = text
			}
		}
		cl.ends[i] = int32(len(cl.text))
	}
}

func (c *completion) encodeOne(l *leaf, b []byte, p place) (text []byte, null bool, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			text, null, err = b, false, c.run.engine.opts.Recover(c.run.ctx, panicked)
		}
	}()
	return l.encode(c.run.ctx, b, p)
}

func (c *completion) lists(cl *cells, src source) {
	sh := cl.shape
	cl.offsets = make([]int32, cl.n+1)
	total := 0
	list := func(i int) (place, int) {
		p := src.at(i)
		if sh.pointer {
			if p = pointerAt(p); p == nil {
				return nil, -1
			}
		}
		data, n := sliceAt(p)
		if data == nil && !sh.nonNull {
			return nil, -1 // gqlgen: a nil slice is null where that is allowed, else empty
		}
		return data, n
	}
	for i := range cl.n {
		if cl.null == nil || !cl.null[i] {
			if _, n := list(i); n < 0 {
				c.absent(cl, i)
			} else {
				total += n
			}
		}
		cl.offsets[i+1] = int32(total)
	}
	elem := &cells{shape: sh.elem, n: total, parent: cl, step: c.step}
	cl.elem = elem
	if cl.n == 1 {
		var data place
		if total > 0 {
			data, _ = list(0)
		}
		c.values(elem, source{slab: data, stride: sh.elem.size})
		return
	}
	places := make([]place, 0, total)
	// Of lists of pointers the places of the objects are what is wanted, not those of
	// the pointers to them.
	isPointed := sh.elem.kind == shapeObject && sh.elem.pointer
	for i := range cl.n {
		if cl.offsets[i] == cl.offsets[i+1] {
			continue
		}
		data, n := list(i)
		if isPointed {
			places = append(places, placesAt(data, n)...)
			continue
		}
		for j := range n {
			places = append(places, at(data, uintptr(j)*sh.elem.size))
		}
	}
	if isPointed {
		c.gather(elem, places)
		return
	}
	c.values(elem, source{places: places})
}

func (c *completion) objects(cl *cells, src source) {
	if cl.shape.pointer && cl.null == nil && src.places == nil && cl.n > 0 {
		// They lie as they are wanted. The slice is the resolver's: it is only read.
		if found := placesAt(src.slab, cl.n); !slices.Contains(found, nil) {
			c.gather(cl, found)
			return
		}
	}
	found := make([]place, cl.n)
	for i := range found {
		if cl.null != nil && cl.null[i] {
			continue
		}
		if found[i] = src.at(i); cl.shape.pointer {
			found[i] = pointerAt(found[i])
		}
	}
	c.gather(cl, found)
}

// gather makes the objects found, one for each cell, a set. Those that are nil, which
// are nulls, are taken out of the slice.
func (c *completion) gather(cl *cells, found []place) {
	var pos []int32
	n := 0
	for i, p := range found {
		if p == nil {
			if cl.null == nil || !cl.null[i] {
				c.absent(cl, i)
			}
			if cl.ref == nil {
				cl.ref, pos = identity(cl.n, n)
			}
			continue
		}
		if cl.ref != nil {
			cl.ref[i] = int32(n)
			pos = append(pos, int32(i))
			found[n] = p
		}
		n++
	}
	s := &set{sel: c.step.below[0], objects: found[:n:n], from: cl, pos: pos}
	cl.sets = []*set{s}
	c.bear(s)
}

// identity returns the numbers of n cells of which the first k are their own
// objects; the mapping back has only these.
func identity(n, k int) (ref, pos []int32) {
	ref, pos = make([]int32, n), make([]int32, k, n)
	for i := range k {
		ref[i], pos[i] = int32(i), int32(i)
	}
	return ref, pos
}

func (c *completion) abstracts(cl *cells, src source) {
	cl.ref, cl.in = make([]int32, cl.n), make([]uint8, cl.n)
	g := cl.shape.goType
	for i := range cl.n {
		if cl.null != nil && cl.null[i] {
			continue
		}
		p, k, err := c.concrete(cl, valueOf(g, src.at(i)))
		switch {
		case err != nil:
			cl.setNull(i)
			c.fault(cl, i, err)
		case p == nil:
			c.absent(cl, i)
		default:
			s := cl.sets[k]
			cl.ref[i], cl.in[i] = int32(len(s.objects)), uint8(k)
			s.objects = append(s.objects, p)
			s.pos = append(s.pos, int32(i))
		}
	}
	if len(cl.sets) == 0 {
		return
	}
	for _, s := range cl.sets {
		c.bear(s)
	}
}

// concrete returns the object in a Go interface and the number of the set for
// its type. A nil place is null: there is nothing, or the schema at hand does
// not have the type.
func (c *completion) concrete(cl *cells, v reflect.Value) (place, int, error) {
	if v.IsNil() {
		return nil, 0, nil
	}
	v = v.Elem()
	t := v.Type()
	var p place
	switch t.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, 0, nil
		}
		p, t = v.UnsafePointer(), t.Elem()
	default:
		box := reflect.New(t)
		box.Elem().Set(v)
		p = box.UnsafePointer()
	}
	o := cl.shape.abstract.byType[t]
	if o == nil {
		return nil, 0, fmt.Errorf("%s cannot be a %s", t, cl.shape.abstract.name)
	}
	sel := c.step.under(o)
	if sel == nil {
		return nil, 0, nil
	}
	for k, s := range cl.sets {
		if s.sel == sel {
			return p, k, nil
		}
	}
	if len(cl.sets) > math.MaxUint8 {
		return nil, 0, fmt.Errorf("%s has more than %d members", cl.shape.abstract.name, math.MaxUint8)
	}
	cl.sets = append(cl.sets, &set{sel: sel, from: cl})
	return p, len(cl.sets) - 1, nil
}

func (c *completion) bear(s *set) {
	s.columns = make([]column, len(s.sel.fields))
	s.findSpoilt()
	if s.sel.rows && !c.run.count(len(s.objects)) {
		return
	}
	if len(s.objects) > 0 {
		*c.born = append(*c.born, s)
	}
}
