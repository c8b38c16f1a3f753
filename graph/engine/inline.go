package engine

// An object that lies in its parent, of which only leaves are read that need no look
// before the answer is written, is written where it lies: no column is made for it. A
// Money with its amount is such a one. What a page says of itself is not: of a page
// that comes in parts, the last one says it.

// isInline reports whether that is so for a step whose fields below are known.
func (s *step) isInline() bool {
	sh := s.field.shape
	if s.parent.page || s.field.how != byOffset || sh.kind != shapeObject || sh.nonNull && sh.pointer || s.live || len(s.below) != 1 {
		return false
	}
	sel := s.below[0]
	if sel.rows || sel.live {
		return false
	}
	for i := range sel.fields {
		switch f := &sel.fields[i]; f.mode {
		case modeTypename, modeInline:
		case modeDirect:
			if f.field.shape.nonNull && f.leaf.canBeNull() {
				return false
			}
		default:
			return false
		}
	}
	return len(sel.fields) > 0
}

func (s *step) appendInline(b []byte, parent place) []byte {
	p := at(parent, s.offset)
	if s.field.shape.pointer {
		if p = pointerAt(p); p == nil {
			return append(b, "null"...)
		}
	}
	sel := s.below[0]
	for k := range sel.fields {
		st := &sel.fields[k]
		b = st.appendPrefix(b)
		switch st.mode {
		case modeDirect:
			b = st.leaf.write(b, at(p, st.offset))
		case modeInline:
			b = st.appendInline(b, p)
		default:
			b = append(b, '"')
			b = append(b, sel.object.name...)
			b = append(b, '"')
		}
	}
	return append(b, '}')
}

// head is the beginning of a prefix, of a length that is copied without a call.
type head [24]byte

// appendPrefix appends what stands before a field's value. Behind the end of b it may
// write more than it appends.
func (s *step) appendPrefix(b []byte) []byte {
	n := len(b)
	if len(s.prefix) > len(s.head) || cap(b)-n < len(s.head) {
		return append(b, s.prefix...)
	}
	*(*head)(b[n : n+len(s.head)]) = s.head
	return b[:n+len(s.prefix)]
}
