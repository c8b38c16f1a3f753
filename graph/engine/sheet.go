package engine

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// SheetOptions say which part of an answer is a table. Paths are response names from
// the answer on, a page's nodes among them.
type SheetOptions struct {
	// Rows leads to the list whose elements are rows: orders, nodes, lines. Each list on
	// the way multiplies, and the first is the root's: a root field, or its page's nodes.
	Rows []string
	// Cells lead to the values of a row: of its element, or of what holds it.
	Cells [][]string
	// Lists are those on the way of Rows, that of the rows among them, in which a row's
	// place is to be numbered.
	Lists [][]string
	// Lead is how many empty cells stand before those of Cells in each row.
	Lead int
}

// Sheet reads the answers of one prepared operation as a table: values, not JSON, in
// windows, with masks and verdicts as Run has them. It does not change, and is safe for
// use by several goroutines.
type Sheet struct {
	engine  *Engine
	program *Program
	lists   []*sheetList // from the root's to that of the rows
	width   int          // cells of a row
	lead    int
	numbers int
}

// sheetList is a list on the way to the rows.
type sheetList struct {
	way   []int       // steps from the object above (or the query) to the list
	level *sheetLevel // what is read of its elements
	// numbers are the places of its elements' numbers among those of a row.
	numbers []int
	sel     *selection
}

// sheetLevel is what is read of an object.
type sheetLevel struct {
	leaves  []sheetLeaf
	objects []sheetObject
	cells   []int // all of it and of the objects in it: null where it is not there
}

type sheetLeaf struct {
	step, cell int
	kind       schema.Kind
}

type sheetObject struct {
	step  int
	level *sheetLevel
}

// Sheet compiles a table of a prepared operation. Errors are BAD_REQUEST: a path that
// leads nowhere, through an interface or a union, through a list that is not on the way
// to the rows, or to what is no value; or the program of another view.
func (e *Engine) Sheet(p *Program, o SheetOptions) (*Sheet, error) {
	if p.es != e.es {
		return nil, schema.Errorf(schema.BadRequest, "the operation of a table was prepared for another view")
	}
	s := &Sheet{engine: e, program: p, width: o.Lead + len(o.Cells), lead: o.Lead, numbers: len(o.Lists)}
	if err := s.findLists(o); err != nil {
		return nil, err
	}
	for i, path := range o.Cells {
		if err := s.cell(path, o, o.Lead+i); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func noTable(path []string, why string) error {
	return schema.Errorf(schema.BadRequest, "%s %s", strings.Join(path, "."), why)
}

// findLists finds the lists on the way to the rows.
func (s *Sheet) findLists(o SheetOptions) error {
	sel := s.program.root
	l := &sheetList{}
	ends := 0 // how much of the way leads to the last list
	for i, key := range o.Rows {
		k := sel.keyed(key)
		if k < 0 {
			return noTable(o.Rows[:i+1], "is not asked for")
		}
		st := &sel.fields[k]
		if st.mode != modeColumn || len(st.below) != 1 || st.field.shape.core().kind != shapeObject {
			return noTable(o.Rows[:i+1], "is no object of a single type")
		}
		l.way, sel = append(l.way, k), st.below[0]
		if st.field.shape.kind != shapeList {
			continue
		}
		if st.field.shape.elem.kind != shapeObject {
			return noTable(o.Rows[:i+1], "is a list of lists")
		}
		for n, path := range o.Lists {
			if slices.Equal(path, o.Rows[:i+1]) {
				l.numbers = append(l.numbers, n)
			}
		}
		l.level, l.sel, ends = &sheetLevel{}, sel, i+1
		s.lists = append(s.lists, l)
		l = &sheetList{}
	}
	if len(s.lists) == 0 || ends != len(o.Rows) {
		return noTable(o.Rows, "is no list")
	}
	for _, path := range o.Lists {
		if !s.isList(path, o.Rows) {
			return noTable(path, "is no list on the way to the rows")
		}
	}
	return nil
}

// isList reports whether a path on the way to the rows ends at a list.
func (s *Sheet) isList(path, rows []string) bool {
	n := 0
	for _, l := range s.lists {
		if n += len(l.way); n == len(path) {
			return slices.Equal(path, rows[:n])
		}
	}
	return false
}

func isPrefix(path, of []string) bool {
	return len(path) <= len(of) && slices.Equal(path, of[:len(path)])
}

// cell finds where the value of a cell is read.
func (s *Sheet) cell(path []string, o SheetOptions, cell int) error {
	var in *sheetList
	from, n := 0, 0
	for _, l := range s.lists {
		if n += len(l.way); len(path) > n && isPrefix(o.Rows[:n], path) {
			in, from = l, n
		}
	}
	if in == nil {
		return noTable(path, "is not of a row, nor of what holds it")
	}
	sel, level := in.sel, in.level
	for i := from; i < len(path); i++ {
		k := sel.keyed(path[i])
		if k < 0 {
			return noTable(path[:i+1], "is not asked for")
		}
		level.cells = append(level.cells, cell)
		st := &sel.fields[k]
		if i == len(path)-1 {
			kind, ok := st.kind()
			if !ok {
				return noTable(path, "is no value")
			}
			level.leaves = append(level.leaves, sheetLeaf{step: k, cell: cell, kind: kind})
			return nil
		}
		if st.field == nil || st.field.shape.kind != shapeObject || len(st.below) != 1 {
			return noTable(path[:i+1], "is no object of a single type")
		}
		level, sel = level.object(k), st.below[0]
	}
	return nil
}

// object returns what is read of the object that a step yields.
func (l *sheetLevel) object(step int) *sheetLevel {
	for i := range l.objects {
		if l.objects[i].step == step {
			return l.objects[i].level
		}
	}
	below := &sheetLevel{}
	l.objects = append(l.objects, sheetObject{step, below})
	return below
}

// keyed returns the step of a response name, -1 when there is none.
func (sel *selection) keyed(key string) int {
	return slices.IndexFunc(sel.fields, func(s step) bool { return s.node.Key == key })
}
