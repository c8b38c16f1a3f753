package engine

// writer appends the answer. It reads the sets and changes nothing, so a result
// can be written more than once.
type writer struct{ b []byte }

func (w *writer) object(s *set, i int) {
	w.b = append(w.b, '{')
	for k := range s.sel.fields {
		st := &s.sel.fields[k]
		w.b = append(w.b, st.prefix...)
		switch st.mode {
		case modeDirect:
			w.b = st.leaf.write(w.b, at(s.objects[i], st.offset))
		case modeColumn:
			w.cell(s.columns[k].cells, i)
		case modeTypename:
			w.b = append(w.b, '"')
			w.b = append(w.b, s.sel.object.name...)
			w.b = append(w.b, '"')
		case modeNull:
			w.b = append(w.b, "null"...)
		case modeIntrospection:
			w.b = append(w.b, s.columns[k].raw...)
		}
	}
	w.b = append(w.b, '}')
}

func (w *writer) cell(c *cells, i int) {
	if c.null != nil && c.null[i] {
		w.b = append(w.b, "null"...)
		return
	}
	switch c.shape.kind {
	case shapeLeaf:
		if c.ends == nil {
			w.b = c.shape.leaf.write(w.b, c.src.at(i))
			return
		}
		from := int32(0)
		if i > 0 {
			from = c.ends[i-1]
		}
		w.b = append(w.b, c.text[from:c.ends[i]]...)
	case shapeList:
		w.b = append(w.b, '[')
		from, to := int(c.offsets[i]), int(c.offsets[i+1])
		for j := from; j < to; j++ {
			if j > from {
				w.b = append(w.b, ',')
			}
			w.cell(c.elem, j)
		}
		w.b = append(w.b, ']')
	default:
		s, j := c.object(i)
		if s.dead != nil && s.dead[j] {
			w.b = append(w.b, "null"...)
			return
		}
		w.object(s, j)
	}
}
