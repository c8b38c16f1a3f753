package copies

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Reading stops at the first thing that is wrong. What is said of it names no
// value: a value is data, and the answer may be kept in somebody's log.
var (
	errSyntax   = errors.New("not well-formed JSON")
	errEncoding = errors.New("not UTF-8")
	errNul      = errors.New("a text holds a NUL")
	errTwice    = errors.New("given twice")
	errDeep     = errors.New("nested too deep")
)

// jsonReader reads one JSON value (RFC 8259) in one pass, without making a tree of
// it: what nobody asked for is refused before it takes memory. Unlike encoding/json
// it takes no text that is not UTF-8, no half of a surrogate pair and no name twice,
// and it hands numbers over as they are written.
type jsonReader struct {
	b     []byte
	i     int
	depth int
	path  []string // of the value being read; an index is "[3]"
}

// jsonDepth is how deep a record may be nested; the deepest that has a meaning is
// data, lines, a line, money.
const jsonDepth = 8

func (r *jsonReader) space() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\r', '\n':
			r.i++
		default:
			return
		}
	}
}

// peek returns the sign with which the next value begins, 0 at the end.
func (r *jsonReader) peek() byte {
	r.space()
	if r.i >= len(r.b) {
		return 0
	}
	return r.b[r.i]
}

func (r *jsonReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.i++
	return true
}

// end reports what follows the last value.
func (r *jsonReader) end() error {
	if r.space(); r.i != len(r.b) {
		return errSyntax
	}
	return nil
}

// null takes a null, and reports whether there was one.
func (r *jsonReader) null() bool {
	if r.peek() != 'n' || !r.word("null") {
		return false
	}
	return true
}

func (r *jsonReader) word(w string) bool {
	if len(r.b)-r.i < len(w) || string(r.b[r.i:r.i+len(w)]) != w {
		return false
	}
	r.i += len(w)
	return true
}

// object calls member with each name, standing before its value. That no name comes
// twice is the caller's business, who knows the names.
func (r *jsonReader) object(member func(name string) error) error {
	if !r.take('{') {
		return errSyntax
	}
	if r.depth++; r.depth > jsonDepth {
		return errDeep
	}
	defer func() { r.depth-- }()
	if r.take('}') {
		return nil
	}
	for {
		if r.peek() != '"' {
			return errSyntax
		}
		name, err := r.text()
		if err != nil {
			return err
		}
		if !r.take(':') {
			return errSyntax
		}
		r.path = append(r.path, name)
		if err := member(name); err != nil {
			return err // the path stays, to say where
		}
		r.path = r.path[:len(r.path)-1]
		if r.take('}') {
			return nil
		}
		if !r.take(',') {
			return errSyntax
		}
	}
}

// array calls element standing before each value.
func (r *jsonReader) array(element func(i int) error) error {
	if !r.take('[') {
		return errSyntax
	}
	if r.depth++; r.depth > jsonDepth {
		return errDeep
	}
	defer func() { r.depth-- }()
	if r.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		r.path = append(r.path, "["+strconv.Itoa(i)+"]")
		if err := element(i); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		if r.take(']') {
			return nil
		}
		if !r.take(',') {
			return errSyntax
		}
	}
}

// text reads a text.
func (r *jsonReader) text() (string, error) {
	if !r.take('"') {
		return "", errSyntax
	}
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			s := r.b[start:r.i]
			r.i++
			if !utf8.Valid(s) {
				return "", errEncoding
			}
			return string(s), nil
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			return "", errSyntax
		default:
			r.i++
		}
	}
	return "", errSyntax
}

// escaped reads on in a text that has an escape.
func (r *jsonReader) escaped(start int) (string, error) {
	out := append(make([]byte, 0, 2*(r.i-start)+16), r.b[start:r.i]...)
	for r.i < len(r.b) {
		c := r.b[r.i]
		r.i++
		switch {
		case c == '"':
			if !utf8.Valid(out) {
				return "", errEncoding
			}
			return string(out), nil
		case c < ' ':
			return "", errSyntax
		case c != '\\':
			out = append(out, c)
			continue
		}
		x, err := r.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, x)
	}
	return "", errSyntax
}

// escape reads what follows a backslash.
func (r *jsonReader) escape() (rune, error) {
	if r.i >= len(r.b) {
		return 0, errSyntax
	}
	c := r.b[r.i]
	r.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
	default:
		return 0, errSyntax
	}
	x, ok := r.hex()
	switch {
	case !ok:
		return 0, errSyntax
	case x == 0:
		return 0, errNul
	case !utf16.IsSurrogate(x):
		return x, nil
	case !r.word(`\u`):
		return 0, errEncoding
	}
	low, ok := r.hex()
	if !ok {
		return 0, errSyntax
	}
	if x = utf16.DecodeRune(x, low); x == utf8.RuneError {
		return 0, errEncoding
	}
	return x, nil
}

func (r *jsonReader) hex() (rune, bool) {
	if len(r.b)-r.i < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.b[r.i:r.i+4]), 16, 16)
	r.i += 4
	return rune(n), err == nil
}

// number returns a number as it is written.
func (r *jsonReader) number() (string, error) {
	r.space()
	start := r.i
	digits := func() bool {
		from := r.i
		for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
			r.i++
		}
		return r.i > from
	}
	at := func(list string) bool {
		for j := range len(list) {
			if r.i < len(r.b) && r.b[r.i] == list[j] {
				r.i++
				return true
			}
		}
		return false
	}
	at("-")
	if isZero := at("0"); !isZero && !digits() {
		return "", errSyntax
	}
	if at(".") && !digits() {
		return "", errSyntax
	}
	if at("eE") {
		at("+-")
		if !digits() {
			return "", errSyntax
		}
	}
	return string(r.b[start:r.i]), nil
}

// truth reads true or false.
func (r *jsonReader) truth() (bool, error) {
	switch {
	case r.peek() == 't' && r.word("true"):
		return true, nil
	case r.peek() == 'f' && r.word("false"):
		return false, nil
	}
	return false, errSyntax
}

// skip passes over a value that is read later, and returns its bytes. It looks at
// brackets and texts only: the later reading finds what else is wrong.
func (r *jsonReader) skip() ([]byte, error) {
	r.space()
	start, depth := r.i, 0
	for r.i < len(r.b) {
		c := r.b[r.i]
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return nil, errSyntax
			}
		case '"':
			if err := r.skipText(); err != nil {
				return nil, err
			}
		}
		r.i++
		if depth == 0 && (c == '}' || c == ']' || c == '"' || r.i == len(r.b) || isBehind(r.b[r.i])) {
			return r.b[start:r.i], nil
		}
	}
	return nil, errSyntax
}

// skipText stops at the closing quote.
func (r *jsonReader) skipText() error {
	for r.i++; r.i < len(r.b); r.i++ {
		switch r.b[r.i] {
		case '\\':
			r.i++
		case '"':
			return nil
		}
	}
	return errSyntax
}

// isBehind reports whether c ends a number or a word.
func isBehind(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}
