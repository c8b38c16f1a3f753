package engine

import (
	"sort"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// set is the objects of one selection, over the whole answer: a column of
// parents. It is written by one goroutine until its columns are filled, each
// column by one other.
type set struct {
	sel     *selection
	objects []place // one per object; Query's has one nil
	from    *cells  // the cells that hold the objects, nil for Query
	pos     []int32 // for each object its cell; nil: the same number
	base    int     // of a window: the number of its first object in from and pos
	bulk    *bulk   // how the columns come that were put off; nil: none were
	parts   *parts  // of a page: those behind its first; nil: it is whole
	columns []column
	dead    []bool // objects that became null, nil: none
	// spoilt are what of the objects cannot be shown: nil for none of them, and for each
	// of which all can.
	spoilt []*schema.Faults
}

// column is the values of one field over the objects of a set.
type column struct {
	cells  *cells
	faults []fault
	// forbidden counts the objects that do not show the field; the first
	// maxForbidden of them are among the faults.
	forbidden int
	// garbled is the same for the objects that cannot show it, and maxGarbled.
	garbled int
	raw     []byte // modeIntrospection
	dead    bool   // the same, null where it may not be
}

// cells are values of one shape in order: of a field over its parents, or of
// the elements of all their lists, one behind the other.
type cells struct {
	shape *shape
	n     int
	null  []bool // nil: none

	// A value that is a field's stands at (set, step, object); an element's
	// stands in the lists of parent.
	parent *cells
	set    *set
	step   *step

	// Leaves: read at src when written, or, for those that can fail, already
	// written: the i-th ends at ends[i].
	src  source
	text []byte
	ends []int32

	// Lists: the i-th has the elements offsets[i] to offsets[i+1] of elem.
	offsets []int32
	elem    *cells
	base    int // of the list of a further part: the number of its first element

	// Objects: cell i is object ref[i] of sets[in[i]]. ref nil: the same number;
	// in nil: the first set.
	sets []*set
	ref  []int32
	in   []uint8
}

func (c *cells) isNull(i int) bool {
	if c.null != nil && c.null[i] {
		return true
	}
	switch c.shape.kind {
	case shapeObject, shapeAbstract:
		s, j := c.object(i)
		return s.dead != nil && s.dead[j]
	}
	return false
}

func (c *cells) setNull(i int) {
	if c.null == nil {
		c.null = make([]bool, c.n)
	}
	c.null[i] = true
}

// object returns where the object of a cell that is not null stands.
func (c *cells) object(i int) (*set, int) {
	s := c.sets[0]
	if c.in != nil {
		s = c.sets[c.in[i]]
	}
	if c.ref != nil {
		i = int(c.ref[i])
	}
	return s, i
}

// path returns the response path of a cell.
func (c *cells) path(i int) ast.Path {
	if c.parent == nil {
		return append(c.set.path(i), ast.PathName(c.step.node.Key))
	}
	offsets := c.parent.offsets
	// The last list that begins at or before i: empty ones begin there as well,
	// but before it.
	list := sort.Search(len(offsets), func(k int) bool { return int(offsets[k]) > i }) - 1
	return append(c.parent.path(list), ast.PathIndex(i-int(offsets[list])+c.parent.base))
}

func (s *set) path(i int) ast.Path {
	if s.from == nil {
		return nil
	}
	if i += s.base; s.pos != nil {
		i = int(s.pos[i])
	}
	return s.from.path(i)
}

func (s *set) kill(i int) {
	if s.dead == nil {
		s.dead = make([]bool, len(s.objects))
	}
	s.dead[i] = true
}

// settle lets nulls rise to the next value that may be null, from the leaves
// up. Specification: Handling Field Errors (6.4.4).
func (s *set) settle() {
	for k := range s.columns {
		c := s.columns[k].cells
		if c == nil {
			if s.columns[k].dead {
				s.kill(0)
			}
			continue
		}
		c.settle()
		if !c.shape.nonNull {
			continue
		}
		for i := range c.n {
			if c.isNull(i) {
				s.kill(i)
			}
		}
	}
}

func (c *cells) settle() {
	for _, s := range c.sets {
		s.settle()
	}
	if c.elem == nil {
		return
	}
	c.elem.settle()
	if !c.elem.shape.nonNull {
		return
	}
	for i := range c.n {
		for j := c.offsets[i]; j < c.offsets[i+1]; j++ {
			if c.elem.isNull(int(j)) {
				c.setNull(i)
				break
			}
		}
	}
}
