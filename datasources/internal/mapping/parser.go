package mapping

import "errors"

// The bounds of one document.
const (
	MaxDepth  = 64
	MaxValues = 4 << 20 // 24 bytes each
)

// The reasons why a text is no document.
var (
	ErrSyntax = errors.New("mapping: not JSON")
	ErrDepth  = errors.New("mapping: JSON nested too deeply")
	ErrSize   = errors.New("mapping: JSON of too many values")
)

// Parse takes a text apart. It accepts exactly what encoding/json does, within
// MaxDepth and MaxValues, and bytes that are no UTF-8 in texts. The errors are
// ErrSyntax, ErrDepth and ErrSize.
func Parse(body []byte) (*Doc, error) {
	if uint64(len(body)) >= 1<<32 {
		return nil, ErrSize
	}
	p := parser{b: body, nodes: make([]node, 0, min(len(body)/16+8, MaxValues))}
	p.space()
	if err := p.value(0, 0, 0, false); err != nil {
		return nil, err
	}
	p.space()
	if p.i != len(body) {
		return nil, ErrSyntax
	}
	return &Doc{body: body, nodes: p.nodes}, nil
}

type parser struct {
	b     []byte
	i     int
	nodes []node
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int, keyFrom, keyTo uint32, isKeyEscaped bool) error {
	if len(p.nodes) >= MaxValues {
		return ErrSize
	}
	if p.i >= len(p.b) {
		return ErrSyntax
	}
	at := len(p.nodes)
	p.nodes = append(p.nodes, node{keyFrom: keyFrom, keyTo: keyTo, isKeyEscaped: isKeyEscaped, from: uint32(p.i)})
	var err error
	switch c := p.b[p.i]; {
	case c == '{':
		p.nodes[at].kind = Object
		err = p.object(depth + 1)
	case c == '[':
		p.nodes[at].kind = List
		err = p.list(depth + 1)
	case c == '"':
		n := &p.nodes[at]
		n.kind = Text
		n.from, n.to, n.isEscaped, err = p.text()
		n.next = uint32(len(p.nodes))
		return err
	case c == 't':
		p.nodes[at].kind = Bool
		err = p.word("true")
	case c == 'f':
		p.nodes[at].kind = Bool
		err = p.word("false")
	case c == 'n':
		p.nodes[at].kind = Null
		err = p.word("null")
	default:
		p.nodes[at].kind = Number
		err = p.number()
	}
	p.nodes[at].to, p.nodes[at].next = uint32(p.i), uint32(len(p.nodes))
	return err
}

func (p *parser) object(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	p.i++
	for first := true; ; first = false {
		p.space()
		if first && p.i < len(p.b) && p.b[p.i] == '}' {
			p.i++
			return nil
		}
		if p.i >= len(p.b) || p.b[p.i] != '"' {
			return ErrSyntax
		}
		from, to, isEscaped, err := p.text()
		if err != nil {
			return err
		}
		p.space()
		if p.i >= len(p.b) || p.b[p.i] != ':' {
			return ErrSyntax
		}
		p.i++
		p.space()
		if err := p.value(depth, from, to, isEscaped); err != nil {
			return err
		}
		if end, err := p.more('}'); end || err != nil {
			return err
		}
	}
}

func (p *parser) list(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	p.i++
	for first := true; ; first = false {
		p.space()
		if first && p.i < len(p.b) && p.b[p.i] == ']' {
			p.i++
			return nil
		}
		if err := p.value(depth, 0, 0, false); err != nil {
			return err
		}
		if end, err := p.more(']'); end || err != nil {
			return err
		}
	}
}

// more steps over a comma, or over the end.
func (p *parser) more(closing byte) (end bool, err error) {
	p.space()
	if p.i >= len(p.b) || p.b[p.i] != closing && p.b[p.i] != ',' {
		return false, ErrSyntax
	}
	p.i++
	return p.b[p.i-1] == closing, nil
}

func (p *parser) word(w string) error {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return ErrSyntax
	}
	p.i += len(w)
	return nil
}

func (p *parser) text() (from, to uint32, isEscaped bool, err error) {
	p.i++
	from = uint32(p.i)
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return from, uint32(p.i - 1), isEscaped, nil
		case c < ' ':
			return 0, 0, false, ErrSyntax
		case c == '\\':
			isEscaped = true
			if !p.escape() {
				return 0, 0, false, ErrSyntax
			}
		default:
			p.i++
		}
	}
	return 0, 0, false, ErrSyntax
}

// escape steps over one escape.
func (p *parser) escape() bool {
	p.i++
	if p.i >= len(p.b) {
		return false
	}
	switch p.b[p.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.i++
		return true
	case 'u':
		if len(p.b)-p.i < 5 {
			return false
		}
		for _, c := range p.b[p.i+1 : p.i+5] {
			if hex(c) < 0 {
				return false
			}
		}
		p.i += 5
		return true
	}
	return false
}

func (p *parser) number() error {
	if p.b[p.i] == '-' {
		p.i++
	}
	switch {
	case p.i < len(p.b) && p.b[p.i] == '0':
		p.i++
	case p.digits() == 0:
		return ErrSyntax
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if p.digits() == 0 {
			return ErrSyntax
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if p.digits() == 0 {
			return ErrSyntax
		}
	}
	return nil
}

func (p *parser) digits() int {
	from := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i - from
}
