package engine

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/trama-graph/trama/schema"
)

// sheetReader goes through an answer while it is made, and hands on the rows of a table.
type sheetReader struct {
	sheet   *Sheet
	told    *told
	take    func(*Window) error
	rows    *Window
	given   int64 // rows handed on
	w       writer
	refused error // of take

	holder  []schema.Value // the cells of what holds the row, where the root's rows are none
	numbers []int
	nodes   int // root rows before those of the page at hand
	over    int // rows of the root row at hand that stand in windows handed on
	from    int // where its others begin in this one
}

// read hands on all rows.
func (r *sheetReader) read(res *Result) error {
	if res.root == nil {
		return r.told.last()
	}
	if err := r.told.failure(); err != nil {
		return err
	}
	r.numbers = make([]int, r.sheet.numbers)
	if len(r.sheet.lists) > 1 {
		r.holder = make([]schema.Value, r.sheet.width)
	}
	if !res.HasData() {
		if err := r.told.unseen(); err != nil {
			return err
		}
	} else if err := r.root(res); err != nil {
		return err
	}
	return r.flush(true)
}

// root finds the root's list.
func (r *sheetReader) root(res *Result) error {
	s, i := res.root, 0
	way := r.sheet.lists[0].way
	for _, k := range way[:len(way)-1] {
		c := s.columns[k].cells
		if c == nil || c.isNull(i) {
			return r.told.unseen()
		}
		s, i = c.object(i)
	}
	k := way[len(way)-1]
	c := s.columns[k].cells
	if c == nil || c.isNull(i) {
		return r.told.unseen() // further parts have no rows either
	}
	r.page(s, i)
	if err := r.elements(c, i); err != nil {
		return err
	}
	if s.parts == nil || k != s.parts.list {
		return nil
	}
	p := s.parts
	p.fill()
	for {
		if err := r.flush(false); err != nil {
			return err
		}
		if !p.next(&r.w) {
			return r.w.err
		}
		r.nodes += r.rows.done
		r.page(p.now.set, 0)
		if err := r.elements(p.now.set.columns[k].cells, 0); err != nil {
			return err
		}
	}
}

// page notes whose nodes are given.
func (r *sheetReader) page(s *set, i int) {
	r.rows.page, r.rows.done = nil, 0
	if !s.sel.object.page {
		return
	}
	r.rows.page, _ = reflect.NewAt(s.sel.object.goType, s.objects[i]).Interface().(behind)
}

// elements hands on what hangs on the elements of the root's list.
func (r *sheetReader) elements(c *cells, i int) error {
	list := r.sheet.lists[0]
	from, to := int(c.offsets[i]), int(c.offsets[i]) // of the first part, which counts the others
	if c.elem != nil {
		to = from + c.elem.n
	}
	for e := from; e < to; e++ {
		r.over, r.from = 0, r.rows.Rows
		if c.elem.isNull(e) {
			r.rows.done++
			continue
		}
		s, j := c.elem.object(e)
		var late []column
		var l int
		if b := s.bulk; b != nil {
			if b.now == nil || j >= b.now.set.base+len(b.now.set.objects) {
				if err := r.flush(false); err != nil {
					return err
				}
				r.from = 0
			}
			if late, l = b.at(&r.w, j); late == nil {
				return r.w.err
			}
		}
		for _, n := range list.numbers {
			r.numbers[n] = r.nodes + r.rows.done + 1
		}
		if len(r.sheet.lists) == 1 {
			row, err := r.row()
			if err != nil {
				return err
			}
			list.level.fill(row, s, j, late, l)
		} else {
			list.level.fill(r.holder, s, j, late, l)
			if err := r.below(1, s, j, late, l); err != nil {
				return err
			}
		}
		r.rows.done++
	}
	return nil
}

// below hands on the rows of a list below an object.
func (r *sheetReader) below(n int, s *set, i int, late []column, j int) error {
	list := r.sheet.lists[n]
	if err := r.lost(s, i, list.way[0]); err != nil {
		return err
	}
	c := columnOf(s, list.way[0], late)
	if c != s.columns[list.way[0]].cells {
		i = j
	}
	for _, k := range list.way[1:] {
		if c == nil || c.isNull(i) {
			return nil
		}
		s, i = c.object(i)
		if err := r.lost(s, i, k); err != nil {
			return err
		}
		c = s.columns[k].cells
	}
	if c == nil || c.isNull(i) {
		return nil
	}
	from := int(c.offsets[i])
	for e := from; e < int(c.offsets[i+1]); e++ {
		if c.elem.isNull(e) {
			continue
		}
		s, i := c.elem.object(e)
		for _, n := range list.numbers {
			r.numbers[n] = e - from + 1
		}
		if n+1 < len(r.sheet.lists) {
			list.level.fill(r.holder, s, i, nil, 0)
			if err := r.below(n+1, s, i, nil, 0); err != nil {
				return err
			}
			continue
		}
		row, err := r.row()
		if err != nil {
			return err
		}
		copy(row, r.holder)
		list.level.fill(row, s, i, nil, 0)
	}
	return nil
}

// lost is the error of an object that cannot show the list of rows, or what leads there:
// rows that are not there are seen by nobody.
func (r *sheetReader) lost(s *set, i, k int) error {
	if s.spoilt == nil || r.told.partial || !s.spoilt[i].Has(s.sel.fields[k].node.Field) {
		return nil
	}
	err := garbled(reflect.NewAt(s.sel.object.goType, s.objects[i]).Interface(), s.sel.object.name, s.sel.fields[k].node.Field)
	var own *schema.Error
	if errors.As(err, &own) && r.told.bear(own) {
		return nil
	}
	return fmt.Errorf("in a list that leads to rows: %w", err)
}

// columnOf returns the cells of a step, from the window's columns where its call was put
// off.
func columnOf(s *set, k int, late []column) *cells {
	if c := s.columns[k].cells; c != nil || late == nil {
		return c
	}
	return late[k].cells
}

// row returns the place for one more row; what stands in it is of no account but for
// the cells before those of the table, which are null.
func (r *sheetReader) row() ([]schema.Value, error) {
	w := r.rows
	if w.Rows == sheetRows {
		over := r.over + w.Rows - r.from
		w.isCut = over > 0
		if err := r.flush(false); err != nil {
			return nil, err
		}
		r.over, r.from = over, 0
		w.before = over
	}
	n := w.Rows
	w.Rows++
	w.roots[n] = w.done
	copy(w.Numbers[n*w.numbers:], r.numbers)
	row := w.Row(n)
	clear(row[:r.sheet.lead])
	return row, nil
}

// flush hands on the rows there are.
func (r *sheetReader) flush(isLast bool) error {
	if err := r.told.failure(); err != nil {
		return err
	}
	w := r.rows
	if w.Rows == 0 && !isLast {
		return nil
	}
	w.IsLast = isLast
	if r.refused = r.take(w); r.refused != nil {
		return r.refused
	}
	r.given += int64(w.Rows)
	w.Rows, w.before, w.isCut = 0, 0, false
	return nil
}
