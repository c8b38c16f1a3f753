package engine

import "github.com/trama-graph/trama/schema"

// fill puts what is read of an object into the cells of a row. late are the columns of
// the window where calls were put off, in which the object has the number j.
func (l *sheetLevel) fill(row []schema.Value, s *set, i int, late []column, j int) {
	var spoilt *schema.Faults
	if s.spoilt != nil {
		spoilt = s.spoilt[i]
	}
	for k := range l.leaves {
		f := &l.leaves[k]
		st := &s.sel.fields[f.step]
		v := &row[f.cell]
		switch st.mode {
		case modeDirect:
			if spoilt.Has(st.node.Field) {
				*v = schema.Value{}
				continue
			}
			st.leaf.value(v, f.kind, at(s.objects[i], st.offset))
		case modeColumn:
			if c := s.columns[f.step].cells; c != nil {
				c.value(v, f.kind, i)
			} else {
				late[f.step].cells.value(v, f.kind, j)
			}
		case modeTypename:
			text(v, s.sel.object.name)
		default:
			*v = schema.Value{}
		}
	}
	for k := range l.objects {
		o := &l.objects[k]
		switch st := &s.sel.fields[o.step]; st.mode {
		case modeInline:
			if spoilt.Has(st.node.Field) {
				o.level.absent(row)
				continue
			}
			o.level.inline(row, st, s.objects[i])
		case modeColumn:
			c, n := s.columns[o.step].cells, i
			if c == nil {
				c, n = late[o.step].cells, j
			}
			if c.isNull(n) {
				o.level.absent(row)
				continue
			}
			t, n := c.object(n)
			o.level.fill(row, t, n, nil, 0)
		default:
			o.level.absent(row)
		}
	}
}

// inline does the same for an object that lies in its parent.
func (l *sheetLevel) inline(row []schema.Value, st *step, parent place) {
	p := at(parent, st.offset)
	if st.field.shape.pointer {
		if p = pointerAt(p); p == nil {
			l.absent(row)
			return
		}
	}
	sel := st.below[0]
	for k := range l.leaves {
		f := &l.leaves[k]
		if st := &sel.fields[f.step]; st.mode == modeDirect {
			st.leaf.value(&row[f.cell], f.kind, at(p, st.offset))
		} else {
			text(&row[f.cell], sel.object.name)
		}
	}
	for k := range l.objects {
		o := &l.objects[k]
		o.level.inline(row, &sel.fields[o.step], p)
	}
}

// absent leaves all of an object null.
func (l *sheetLevel) absent(row []schema.Value) {
	for _, c := range l.cells {
		row[c] = schema.Value{}
	}
}
