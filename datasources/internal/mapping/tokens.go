package mapping

import (
	"encoding/binary"
	"math/bits"
)

func (p *parser) word(w string) error {
	if rest := p.b[p.i:]; len(rest) < len(w) {
		if string(rest) == w[:len(rest)] {
			return p.cut()
		}
		return ErrSyntax
	} else if string(rest[:len(w)]) != w {
		return ErrSyntax
	}
	p.i += len(w)
	return nil
}

// Eight bytes at once: the high bit of each byte of stops is set where the byte
// ends the run of plain ones (a quote, a backslash, a control character), exactly
// for the first such byte.
const (
	each01 = 0x0101010101010101
	high   = 0x8080808080808080
)

func stops(w uint64) uint64 {
	quote, back := w^(each01*'"'), w^(each01*'\\')
	return ((quote-each01)&^quote | (back-each01)&^back | (w-each01*' ')&^w) & high
}

// text steps over a text and returns where it ends, negative when it does not, and
// whether it has escapes and bytes that are not ASCII.
func (p *parser) text() (end int, isEscaped, isWide bool) {
	b, i := p.b, p.i+1
	var wide uint64
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			m := stops(w)
			if m == 0 {
				wide |= w
				i += 8
				continue
			}
			n := bits.TrailingZeros64(m) &^ 7
			wide |= w & (1<<n - 1)
			i += n >> 3
			break
		}
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			wide |= uint64(b[i])
			i++
		}
		if i >= len(b) {
			p.isCut = true
			return -1, false, false
		}
		if b[i] == '"' {
			p.i = i + 1
			return i, isEscaped, wide&high != 0
		}
		if b[i] != '\\' {
			return -1, false, false
		}
		isEscaped = true
		p.i = i
		if !p.escape() {
			return -1, false, false
		}
		i = p.i
	}
}

// escape steps over one escape.
func (p *parser) escape() bool {
	p.i++
	if p.i >= len(p.b) {
		p.isCut = true
		return false
	}
	switch p.b[p.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.i++
		return true
	case 'u':
		if len(p.b)-p.i < 5 {
			p.isCut = true
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
	b, i := p.b, p.i
	if b[i] == '-' {
		i++
	}
	from := i
	i = digits(b, i)
	if i == from {
		return p.noDigit(i)
	}
	if b[from] == '0' && i > from+1 {
		return ErrSyntax
	}
	if i < len(b) && b[i] == '.' {
		from = i + 1
		if i = digits(b, from); i == from {
			return p.noDigit(i)
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		if i = digits(b, from); i == from {
			return p.noDigit(i)
		}
	}
	p.i = i
	return nil
}

// noDigit is the error where a number needs a digit at i.
func (p *parser) noDigit(i int) error {
	if i >= len(p.b) {
		return p.cut()
	}
	return ErrSyntax
}

// cut is the error of a text that ends where it should go on.
func (p *parser) cut() error {
	p.isCut = true
	return ErrSyntax
}

// digits is the index behind the digits at i.
func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}
