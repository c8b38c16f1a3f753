package engine

import (
	"io"

	"github.com/trama-graph/trama/schema"
)

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
	var spoilt *schema.Faults
	if s.spoilt != nil {
		spoilt = s.spoilt[i]
	}
	fields := s.sel.fields
	if len(fields) == 0 {
		w.b = append(w.b, '{')
	}
	for k := range fields {
		st := &fields[k]
		w.b = st.appendPrefix(w.b)
		if spoilt != nil && (st.mode == modeDirect || st.mode == modeInline) && spoilt.Has(st.node.Field) {
			w.b = append(w.b, "null"...)
			continue
		}
		switch st.mode {
		case modeDirect:
			w.b = st.leaf.write(w.b, at(s.objects[i], st.offset))
		case modeInline:
			w.b = st.appendInline(w.b, s.objects[i])
		case modeColumn:
			if c := s.columns[k].cells; s.parts != nil && k == s.parts.list {
				if late = w.parts(s.parts, c); late == nil {
					return
				}
			} else if c != nil {
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
	w.elements(c, i, true)
	w.b = append(w.b, ']')
}

// elements writes those of a list; first tells whether none stands before them.
func (w *writer) elements(c *cells, i int, first bool) {
	from, to := int(c.offsets[i]), int(c.offsets[i+1])
	for j := from; j < to; j++ {
		if j > from || !first {
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
}

// parts writes the list of a page that comes in parts, and returns the columns of its
// last part, nil when it fails.
func (w *writer) parts(p *parts, c *cells) []column {
	p.fill()
	isNull, first := c.isNull(0), c.elem == nil || c.elem.n == 0
	if isNull {
		w.b = append(w.b, "null"...)
	} else {
		w.b = append(w.b, '[')
		w.elements(c, 0, true)
	}
	for w.err == nil && p.next(w) {
		if rows := p.now.set.columns[p.list].cells; !isNull && rows.elem.n > 0 {
			w.elements(rows, 0, first)
			first = false
		}
	}
	if w.err != nil {
		return nil
	}
	if !isNull {
		w.b = append(w.b, ']')
	}
	return p.last.columns
}
