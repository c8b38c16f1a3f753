package mapping

import "iter"

// What is here changes a document that was parsed: the connector of a protocol that
// wraps records, or writes values in a form of its own, puts them into the form a
// Plan reads where they lie, instead of writing a second text that must be parsed
// again. The text itself is never changed.

// ShapeOf keeps only members of these names, within lists at any depth, and numbers
// them for Value.Name. The plan reads documents parsed by it. Names that are in no
// path of the plan must be among Options.Names. room, unless it is "", is the name of
// a member each object that stands in an outermost list has room for, see Value.Put.
func (p *Plan[T]) ShapeOf(room string, names ...string) *Shape {
	s := &Shape{keys: p.keys, room: p.keys.ids[room], wanted: make([]bool, len(p.keys.names))}
	for _, name := range names {
		id := p.keys.ids[name]
		if id == 0 {
			s.wanted = nil // more names than have numbers: everything is kept
			break
		}
		s.wanted[id] = true
	}
	return s
}

// Number is that of a name, 0 when it has none. It is below Numbers.
func (s *Shape) Number(name string) int { return int(s.keys.ids[name]) }

// Numbers is how many numbers names have, 0 included.
func (s *Shape) Numbers() int { return len(s.keys.names) }

// Name is the number of a member's name in the Shape of its document, 0 when it has
// none there.
func (v Value) Name() int { return int(v.node().id) }

// Label is the name of a member. It may not be changed.
func (v Value) Label() []byte { return v.d.key(v.node()) }

// Fields are the members of an object, in its order; none of anything else. Members
// that Lift puts there while they are gone through are among them.
func (v Value) Fields() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := v.i + 1; i < v.node().next; i = v.d.nodes[i].next {
			if v.d.nodes[i].kind != Absent && !yield(Value{d: v.d, i: i}) {
				return
			}
		}
	}
}

// Hide takes a member out of its object: nothing finds it any more.
func (v Value) Hide() {
	n := v.node()
	*n = node{next: n.next}
}

// Lift puts inner, a member of the object v, in the place of v among the members of
// v's own object. The other members of v are gone.
func (v Value) Lift(inner Value) {
	n := v.node()
	end, name := n.next, *n
	for i := v.i + 1; i < end; i = v.d.nodes[i].next {
		if i != inner.i {
			Value{d: v.d, i: i}.Hide()
		}
	}
	in := inner.node()
	in.keyFrom, in.keyTo, in.id, in.isKeyEscaped = name.keyFrom, name.keyTo, name.id, name.isKeyEscaped
	// What v held now follows it instead of standing in it.
	*n = node{next: v.i + 1}
}

// Nullify makes a value that holds no others null.
func (v Value) Nullify() { v.node().kind = Null }

// AsNumber makes a text that has no escapes, and is written as a number is, that
// number.
func (v Value) AsNumber() { v.node().kind = Number }

// SetText makes a value that holds no others this text, of which it takes a copy.
func (v Value) SetText(text []byte) { v.d.set(v.node(), Text, text) }

// SetNumber makes a value that holds no others the number written so.
func (v Value) SetNumber(text []byte) { v.d.set(v.node(), Number, text) }

// set writes behind the texts that were not sent.
func (d *Doc) set(n *node, kind Kind, text []byte) {
	from := len(d.more)
	d.more = append(d.more, text...)
	n.from, n.to, n.kind = uint32(from), uint32(len(d.more)), kind
	n.isMore, n.isEscaped, n.isWide = true, false, isWide(text)
}

// isWide reports whether a text must be looked at closely. One that was sent has no
// control characters but by escapes.
func isWide(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c >= 0x80 {
			return true
		}
	}
	return false
}

// Put gives an object of an outermost list the member its Shape has room for: a copy
// of this text. It returns the member; Absent when there is no room.
func (v Value) Put(text []byte) Value {
	m := v.room()
	if m.d != nil {
		m.SetText(text)
	}
	return m
}

// PutAs is Put of the text that another value of the document is written as, which
// may have no escapes.
func (v Value) PutAs(other Value) Value {
	m := v.room()
	if m.d != nil {
		n, from := m.node(), other.node()
		n.from, n.to, n.isMore, n.isWide, n.kind = from.from, from.to, from.isMore, from.isWide, Text
	}
	return m
}

// room is the place of the member that was not sent.
func (v Value) room() Value {
	n := v.node()
	if n.kind != Object || n.next == v.i+1 {
		return Value{}
	}
	m := &v.d.nodes[v.i+1]
	if m.kind != Absent || v.d.shape == nil || v.d.shape.room == 0 {
		return Value{}
	}
	m.id = v.d.shape.room
	return Value{d: v.d, i: v.i + 1}
}

// Append appends a text with its escapes undone, a number or truth value as it was
// written, and nothing of anything else.
func (v Value) Append(b []byte) []byte {
	switch v.Kind() {
	case Text:
		if v.node().isEscaped {
			return appendUnescaped(b, v.Raw())
		}
		return append(b, v.Raw()...)
	case Number, Bool:
		return append(b, v.Raw()...)
	}
	return b
}

// IsHalved reports whether a text has half a character: one of a pair of surrogates
// stands alone among its escapes.
func (v Value) IsHalved() bool {
	return v.IsEscaped() && isHalved(v.Raw(), v.Append(nil))
}

// IsEscaped reports whether a text has escapes, so that Raw is not what it says.
func (v Value) IsEscaped() bool { return v.d != nil && v.node().isEscaped }
