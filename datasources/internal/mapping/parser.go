package mapping

import "sync"

// The bounds of one document.
const (
	MaxDepth  = 64
	MaxValues = 4 << 20 // 28 bytes each that is kept
)

// Parse takes a text apart. It accepts exactly what encoding/json does, within
// MaxDepth and MaxValues, and bytes that are no UTF-8 in texts. The errors are
// ErrSyntax, ErrCut, ErrDepth and ErrSize.
func Parse(body []byte) (*Doc, error) { return (*Shape)(nil).Parse(body) }

// Parse is the function Parse, but does not keep what the shape has no name for.
// All of it is checked, and counted for MaxValues. A nil Shape keeps everything.
func (s *Shape) Parse(body []byte) (*Doc, error) {
	if uint64(len(body)) >= 1<<32 {
		return nil, ErrSize
	}
	p := parsers.Get().(*parser)
	defer p.free()
	p.b, p.shape = body, s
	d := &Doc{body: body, shape: s}
	if kept, ok := tapes.Get().(*tape); ok {
		d.tape, p.nodes, d.more = kept, kept.nodes[:0], kept.more[:0]
	} else {
		d.tape, p.nodes = &tape{}, make([]node, 0, min(len(body)/32+8, MaxValues))
	}
	p.space()
	err := p.value(0, true, node{})
	d.nodes = p.nodes
	if err == nil {
		if p.space(); p.i != len(body) {
			err = ErrSyntax
		}
	} else if err == ErrSyntax && p.isCut && len(body) > 0 { //nolint:errorlint // the parser's own
		err = ErrCut
	}
	if err != nil {
		d.Free()
		return nil, err
	}
	return d, nil
}

// tape is the memory of a document that may be used for another one.
type tape struct {
	nodes []node
	more  []byte
}

var (
	parsers = sync.Pool{New: func() any { return new(parser) }}
	tapes   sync.Pool
)

// How many nodes and bytes are kept for the next document: more are rare.
const (
	maxTape = 64 << 10
	maxMore = 256 << 10
)

// Free gives the memory of the document back, though not the text. No Value of it
// may be used afterwards; what a Plan made of them may. It need not be called.
func (d *Doc) Free() {
	t := d.tape
	if t == nil {
		return
	}
	if cap(d.nodes) <= maxTape {
		if t.nodes, t.more = d.nodes, d.more; cap(t.more) > maxMore {
			t.more = nil
		}
		tapes.Put(t)
	}
	*d = Doc{}
}

// The bounds of what is remembered of the last record: names of members by the
// object's depth and their place in it.
const (
	guessDepth   = 6
	guessMembers = 48
)

// guess is where a name was met in the text, with its number. It holds no pointer: all
// guesses are cleared with each parser that is given back.
type guess struct {
	from, to uint32
	id       uint16
}

type parser struct {
	b      []byte
	i      int
	nodes  []node
	values int  // met, kept or not
	lists  int  // that are open: within one the shape decides
	isCut  bool // the text ended where it should go on
	shape  *Shape
	// Records repeat the same members in the same order: the last one's tell what
	// the next one's most likely are, and comparing is faster than reading.
	guesses [guessDepth][guessMembers]guess
}

func (p *parser) free() {
	*p = parser{} // guesses are of this text only
	parsers.Put(p)
}

func (p *parser) space() {
	for p.i < len(p.b) && p.b[p.i] <= ' ' {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// value reads one value. n holds its name; what is not kept is only checked.
func (p *parser) value(depth int, isKept bool, n node) error {
	if p.values++; p.values > MaxValues {
		return ErrSize
	}
	if p.i >= len(p.b) {
		return p.cut()
	}
	n.from = uint32(p.i)
	var err error
	switch c := p.b[p.i]; c {
	case '"':
		n.kind = Text
		n.from++
		var end int
		if end, n.isEscaped, n.isWide = p.text(); end < 0 {
			return ErrSyntax
		}
		n.to = uint32(end)
	case '{', '[':
		return p.container(depth+1, isKept, n, c)
	case 't':
		n.kind = Bool
		err = p.word("true")
		n.to = uint32(p.i)
	case 'f':
		n.kind = Bool
		err = p.word("false")
		n.to = uint32(p.i)
	case 'n':
		n.kind = Null
		err = p.word("null")
		n.to = uint32(p.i)
	default:
		n.kind = Number
		err = p.number()
		n.to = uint32(p.i)
	}
	if isKept {
		n.next = uint32(len(p.nodes) + 1)
		p.nodes = append(p.nodes, n)
	}
	return err
}

func (p *parser) container(depth int, isKept bool, n node, c byte) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	at := len(p.nodes)
	if n.kind = Object; c == '[' {
		n.kind = List
	}
	if isKept {
		p.nodes = append(p.nodes, n)
	}
	var err error
	if c == '{' {
		// An element has no name.
		if p.lists == 1 && isKept && n.keyFrom == 0 && p.shape != nil && p.shape.room != 0 {
			p.nodes = append(p.nodes, node{next: uint32(len(p.nodes) + 1)})
		}
		err = p.object(depth, isKept)
	} else {
		p.lists++
		err = p.list(depth, isKept)
		p.lists--
	}
	if isKept {
		p.nodes[at].to, p.nodes[at].next = uint32(p.i), uint32(len(p.nodes))
	}
	return err
}

func (p *parser) object(depth int, isKept bool) error {
	b := p.b
	isSelected := p.lists > 0 && p.shape != nil && p.shape.wanted != nil
	p.i++
	p.space()
	if p.i < len(b) && b[p.i] == '}' {
		p.i++
		return nil
	}
	for place := 0; ; place++ {
		if p.i >= len(b) {
			return p.cut()
		}
		if b[p.i] != '"' {
			return ErrSyntax
		}
		var n node
		if !isKept || !p.guessed(depth, place, &n) {
			if err := p.name(depth, place, isKept, &n); err != nil {
				return err
			}
		}
		if p.i >= len(b) || b[p.i] != ':' {
			if p.space(); p.i >= len(b) {
				return p.cut()
			}
			if b[p.i] != ':' {
				return ErrSyntax
			}
		}
		p.i++
		if p.i < len(b) && b[p.i] <= ' ' {
			p.space()
		}
		if err := p.value(depth, isKept && (!isSelected || p.shape.wanted[n.id]), n); err != nil {
			return err
		}
		if p.i+1 < len(b) && b[p.i] == ',' && b[p.i+1] == '"' {
			p.i++
			continue
		}
		if end, err := p.more('}'); end || err != nil {
			return err
		}
	}
}

// guessed reads the name of a member when it is the same as in the last record.
func (p *parser) guessed(depth, place int, n *node) bool {
	if depth > guessDepth || place >= guessMembers {
		return false
	}
	g := &p.guesses[depth-1][place]
	from := p.i + 1
	end := from + int(g.to-g.from)
	if g.to == g.from || end >= len(p.b) || p.b[end] != '"' || string(p.b[from:end]) != string(p.b[g.from:g.to]) {
		return false
	}
	n.keyFrom, n.keyTo, n.id = uint32(from), uint32(end), g.id
	p.i = end + 1
	return true
}

// name reads the name of a member.
func (p *parser) name(depth, place int, isKept bool, n *node) error {
	from := p.i + 1
	n.keyFrom = uint32(from)
	end, isEscaped, _ := p.text()
	if end < 0 {
		return ErrSyntax
	}
	n.keyTo, n.isKeyEscaped = uint32(end), isEscaped
	if !isKept {
		return nil
	}
	name := p.b[from:end]
	if p.shape != nil {
		if isEscaped {
			n.id = p.shape.keys.ids[unescape(name)]
		} else {
			n.id = p.shape.keys.ids[string(name)]
		}
	}
	if depth <= guessDepth && place < guessMembers && !isEscaped {
		p.guesses[depth-1][place] = guess{from: n.keyFrom, to: n.keyTo, id: n.id}
	}
	return nil
}

func (p *parser) list(depth int, isKept bool) error {
	p.i++
	p.space()
	if p.i < len(p.b) && p.b[p.i] == ']' {
		p.i++
		return nil
	}
	for {
		if err := p.value(depth, isKept, node{}); err != nil {
			return err
		}
		if end, err := p.more(']'); end || err != nil {
			return err
		}
	}
}

// more steps over a comma and the space behind it, or over the end.
func (p *parser) more(closing byte) (end bool, err error) {
	if p.i < len(p.b) && p.b[p.i] <= ' ' {
		p.space()
	}
	if p.i >= len(p.b) {
		return false, p.cut()
	}
	switch p.b[p.i] {
	case closing:
		p.i++
		return true, nil
	case ',':
		p.i++
		if p.i < len(p.b) && p.b[p.i] <= ' ' {
			p.space()
		}
		return false, nil
	}
	return false, ErrSyntax
}
