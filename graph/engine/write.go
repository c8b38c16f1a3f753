package engine

import "io"

// writer appends the answer. It reads the sets and changes nothing but what a stream
// still has to make, so a result that is whole can be written more than once.
type writer struct {
	b    []byte
	out  io.Writer // where the pieces go; nil: all stays in b
	sent bool      // a piece has gone
	err  error     // nothing further is written
}

// piece is how much is gathered before it is handed on.
const piece = 32 << 10

// send hands on what was gathered.
func (w *writer) send() {
	if w.out == nil || w.err != nil || len(w.b) == 0 {
		return
	}
	_, w.err = w.out.Write(w.b)
	w.sent = true
	w.b = w.b[:0]
}

// pause hands on what there is before a window that is not ready is waited for, so
// that the reader has something to do. Before the first window nothing is handed on:
// it would be some brackets.
func (w *writer) pause(next *window) error {
	if w.out == nil {
		return nil
	}
	select {
	case <-next.done:
		return w.err
	default:
	}
	if len(w.b) < piece/8 && !w.sent {
		return w.err
	}
	if w.send(); w.err == nil {
		if f, ok := w.out.(interface{ Flush() error }); ok {
			w.err = f.Flush()
		}
	}
	return w.err
}

func (w *writer) object(s *set, i int) {
	var late []column
	var j int
	if s.bulk != nil {
		if late, j = s.bulk.at(w, i); late == nil {
			return
		}
	}
	w.b = append(w.b, '{')
	for k := range s.sel.fields {
		st := &s.sel.fields[k]
		w.b = append(w.b, st.prefix...)
		switch st.mode {
		case modeDirect:
			w.b = st.leaf.write(w.b, at(s.objects[i], st.offset))
		case modeColumn:
			if c := s.columns[k].cells; c != nil {
				w.cell(c, i)
			} else {
				w.cell(late[k].cells, j)
			}
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
		w.list(c, i)
	default:
		s, j := c.object(i)
		if s.dead != nil && s.dead[j] {
			w.b = append(w.b, "null"...)
			return
		}
		w.object(s, j)
	}
}

func (w *writer) list(c *cells, i int) {
	w.b = append(w.b, '[')
	from, to := int(c.offsets[i]), int(c.offsets[i+1])
	for j := from; j < to; j++ {
		if j > from {
			w.b = append(w.b, ',')
		}
		w.cell(c.elem, j)
		if len(w.b) >= piece && w.out != nil {
			w.send()
		}
		if w.err != nil {
			return
		}
	}
	w.b = append(w.b, ']')
}
