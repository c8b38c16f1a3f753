package mapping

import (
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is what a Value is in JSON.
type Kind uint8

// The kinds of values. Absent is the zero value: no such member.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	Text
	List
	Object
)

// Doc is one JSON text, taken apart once. Its values point into the text, which
// may not be changed while they are used; numbers stay as they were written.
type Doc struct {
	body  []byte
	more  []byte // texts that were not sent, see Value.SetText
	nodes []node
	shape *Shape // nil = everything was kept, and names have no numbers
	tape  *tape
}

// node is one value. A list or object is followed by what it holds, up to next.
type node struct {
	keyFrom, keyTo uint32 // within the quotes
	from, to       uint32 // a text's are within its quotes
	next           uint32 // index of the node behind this one and its content
	id             uint16 // of the name among those of the Shape, 0 = none
	kind           Kind
	isEscaped      bool
	isKeyEscaped   bool
	isWide         bool // a text that is not all ASCII
	isMore         bool // from and to are of Doc.more
}

// key is the name of a member.
func (d *Doc) key(n *node) []byte {
	if n.isKeyEscaped {
		return []byte(unescape(d.body[n.keyFrom:n.keyTo]))
	}
	return d.body[n.keyFrom:n.keyTo]
}

// text is what a value is written as.
func (d *Doc) text(n *node) []byte {
	if n.isMore {
		return d.more[n.from:n.to:n.to]
	}
	return d.body[n.from:n.to:n.to]
}

// Root is the whole document.
func (d *Doc) Root() Value { return Value{d: d} }

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Value is one value of a Doc. The zero Value is Absent. Values are small and
// compare equal when they are the same place of the same document.
type Value struct {
	d *Doc
	i uint32
}

func (v Value) node() *node { return &v.d.nodes[v.i] }

// Kind tells what v is.
func (v Value) Kind() Kind {
	if v.d == nil {
		return Absent
	}
	return v.node().kind
}

// Raw is the text of v as it was sent, a text's without its quotes and with its
// escapes; nil when absent. It may not be changed.
func (v Value) Raw() []byte {
	if v.d == nil {
		return nil
	}
	return v.d.text(v.node())
}

// String is a text unescaped, a number or truth value as it was written, and ""
// of anything else. Bytes that are no UTF-8 stay as they are.
func (v Value) String() string {
	switch v.Kind() {
	case Text:
		if n := v.node(); n.isEscaped {
			return unescape(v.Raw())
		}
		return string(v.Raw())
	case Number, Bool:
		return string(v.Raw())
	}
	return ""
}

// Member finds a member of an object by its name, the first of equals; Absent
// when there is none or v is no object.
func (v Value) Member(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	for i := v.i + 1; i < v.node().next; i = v.d.nodes[i].next {
		n := &v.d.nodes[i]
		if string(v.d.key(n)) == name {
			return Value{d: v.d, i: i}
		}
	}
	return Value{}
}

// Free frees the document of v, see Doc.Free; nothing of an absent value.
func (v Value) Free() {
	if v.d != nil {
		v.d.Free()
	}
}

// Len is the number of elements of a list, 0 of anything else.
func (v Value) Len() int {
	n := 0
	for range v.Items() {
		n++
	}
	return n
}

// Items are the elements of a list; none of anything else.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for i := v.i + 1; i < v.node().next; i = v.d.nodes[i].next {
			if !yield(Value{d: v.d, i: i}) {
				return
			}
		}
	}
}

// Members are the members of an object, in its order; none of anything else.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := v.i + 1; i < v.node().next; i = v.d.nodes[i].next {
			n := &v.d.nodes[i]
			if n.kind != Absent && !yield(string(v.d.key(n)), Value{d: v.d, i: i}) {
				return
			}
		}
	}
}

// Int is a whole number, written as a number or a text; false when v is none.
func (v Value) Int() (int, bool) {
	if k := v.Kind(); k != Number && k != Text {
		return 0, false
	}
	n, err := strconv.Atoi(v.String())
	return n, err == nil
}

// unescape undoes the escapes of a text Parse has accepted. Half a pair of
// surrogates becomes the replacement character, as in encoding/json.
func unescape(b []byte) string { return string(appendUnescaped(make([]byte, 0, len(b)), b)) }

func appendUnescaped(out, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := code(b[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
					low = code(b[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, b[i])
		}
	}
	return out
}

func code(b []byte) rune {
	return rune(hex(b[0])<<12 | hex(b[1])<<8 | hex(b[2])<<4 | hex(b[3]))
}
