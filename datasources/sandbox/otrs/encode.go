package otrs

import (
	"strconv"
	"unicode/utf8"
)

// encoder writes JSON objects whose keys come sorted, because they are written so, or in random order (wire/otrs.md, Variants).
type encoder struct {
	b     []byte
	fixed bool
	seed  uint64
	open  [][]int // of each open object, where its members begin; unused if fixed
}

func (s *Server) encoder() *encoder {
	return &encoder{fixed: s.opts.Variant == Znuny65, seed: s.requests.Add(1) * 0x9e3779b97f4a7c15}
}

func (e *encoder) random(n int) int {
	e.seed = e.seed*6364136223846793005 + 1442695040888963407
	return int(e.seed >> 33 % uint64(n))
}

func (e *encoder) begin() {
	e.b = append(e.b, '{')
	if !e.fixed {
		e.open = append(e.open, nil)
	}
}

// key begins a member; the value is to be appended to b.
func (e *encoder) key(name string) {
	if e.b[len(e.b)-1] != '{' {
		e.b = append(e.b, ',')
	}
	if !e.fixed {
		at := &e.open[len(e.open)-1]
		*at = append(*at, len(e.b))
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

func (e *encoder) end() {
	if e.fixed {
		e.b = append(e.b, '}')
		return
	}
	at := e.open[len(e.open)-1]
	e.open = e.open[:len(e.open)-1]
	if len(at) > 1 {
		start, stop := at[0], len(e.b)
		members := make([][]byte, len(at))
		for i := range at {
			to := stop
			if i+1 < len(at) {
				to = at[i+1] - 1 // the comma
			}
			members[i] = append([]byte(nil), e.b[at[i]:to]...)
		}
		for i := len(members) - 1; i > 0; i-- {
			j := e.random(i + 1)
			members[i], members[j] = members[j], members[i]
		}
		e.b = e.b[:start]
		for i, m := range members {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.b = append(e.b, m...)
		}
	}
	e.b = append(e.b, '}')
}

// list begins an array that item fills; item is called with the encoder once per element.
func (e *encoder) list(n int, item func(i int)) {
	e.b = append(e.b, '[')
	for i := range n {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		item(i)
	}
	e.b = append(e.b, ']')
}

func (e *encoder) str(name, value string) {
	e.key(name)
	e.text(value)
}

// null writes a string or, for a nil pointer, null.
func (e *encoder) null(name string, value *string) {
	if value == nil {
		e.key(name)
		e.b = append(e.b, "null"...)
		return
	}
	e.str(name, *value)
}

func (e *encoder) num(name string, value int64) {
	e.key(name)
	e.b = strconv.AppendInt(e.b, value, 10)
}

func (e *encoder) text(s string) {
	const hex = "0123456789abcdef"
	e.b = append(e.b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf || c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		e.b = append(e.b, s[from:i]...)
		switch c {
		case '"', '\\':
			e.b = append(e.b, '\\', c)
		case '\n':
			e.b = append(e.b, '\\', 'n')
		case '\r':
			e.b = append(e.b, '\\', 'r')
		case '\t':
			e.b = append(e.b, '\\', 't')
		default:
			e.b = append(e.b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	e.b = append(e.b, s[from:]...)
	e.b = append(e.b, '"')
}
