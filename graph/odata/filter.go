package odata

import (
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// parser reads a $filter by recursive descent, one method for each rank of
// precedence (Part 2 §5.1.1.10). Depth and number of nodes are bounded.
type parser struct {
	cursor
	set    *Set
	limits Limits
	depth  int
	nodes  int
	beyond map[*Expr]*quantity // literals that no exact decimal is; see foldBeyond
}

// parseFilter reads a whole $filter over set's columns.
func parseFilter(text string, set *Set, limits Limits) (*Expr, error) {
	if len(text) > limits.FilterBytes {
		return nil, tooLongf(optFilter, "it has %d bytes, at most %d are read", len(text), limits.FilterBytes)
	}
	p := parser{cursor: cursor{option: optFilter, text: text}, set: set, limits: limits}
	p.space()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.done() {
		return nil, p.want("an operator, and, or, or the end")
	}
	if e.Type != Boolean && e.Type != 0 {
		return nil, p.fail(0, "the filter is %s, not %s", e.Type, Boolean)
	}
	return e, nil
}

func (p *parser) node(e *Expr, offset int) (*Expr, *Error) {
	if p.nodes++; p.nodes > p.limits.Nodes {
		return nil, p.fail(offset, "more than %d operators and operands", p.limits.Nodes)
	}
	return e, nil
}

func (p *parser) deeper(offset int) *Error {
	if p.depth++; p.depth > p.limits.Depth {
		return p.fail(offset, "more than %d levels within each other", p.limits.Depth)
	}
	return nil
}

// operator skips one of the words if it comes next, and returns its index.
func (p *parser) operator(words ...string) (int, int, *Error) {
	before := p.pos
	spaced := p.space()
	word, at := p.word(), p.pos
	i := slices.Index(words, word)
	if i < 0 {
		p.pos = before
		return -1, at, nil
	}
	// "(a eq 1)and(b eq 2)" is not the ABNF's, which wants RWS; it has one meaning only.
	if !spaced && p.pos > 0 && p.text[p.pos-1] != ')' {
		return -1, at, p.want("a blank before " + word)
	}
	p.pos += len(word)
	if !p.space() && p.peek() != '(' {
		return -1, at, p.want("a blank after " + word)
	}
	return i, at, nil
}

func (p *parser) or() (*Expr, *Error)  { return p.chain(OpOr, "or", p.and) }
func (p *parser) and() (*Expr, *Error) { return p.chain(OpAnd, "and", p.equality) }

func (p *parser) chain(op Op, word string, next func() (*Expr, *Error)) (*Expr, *Error) {
	start := p.pos
	left, err := next()
	if err != nil {
		return nil, err
	}
	for {
		i, at, err := p.operator(word)
		if err != nil || i < 0 {
			return left, err
		}
		from := p.pos
		right, err := next()
		if err != nil {
			return nil, err
		}
		if err := p.mustBe(left, start, word, Boolean); err != nil {
			return nil, err
		}
		if err := p.mustBe(right, from, word, Boolean); err != nil {
			return nil, err
		}
		if left.Op != op {
			if left, err = p.node(&Expr{Op: op, Type: Boolean, Args: []*Expr{left}}, at); err != nil {
				return nil, err
			}
		}
		if right.Op == op {
			left.Args = append(left.Args, right.Args...)
		} else {
			left.Args = append(left.Args, right)
		}
	}
}

func (p *parser) mustBe(e *Expr, offset int, what string, t Type) *Error {
	if e.Type != t && e.Type != 0 {
		return p.fail(offset, "%s takes %s, not %s", what, t, e.Type)
	}
	return nil
}

func (p *parser) equality() (*Expr, *Error) {
	return p.comparison([]string{"eq", "ne"}, []Op{OpEq, OpNe}, p.relation)
}

func (p *parser) relation() (*Expr, *Error) {
	return p.comparison([]string{"gt", "ge", "lt", "le"}, []Op{OpGt, OpGe, OpLt, OpLe}, p.unary)
}

func (p *parser) comparison(words []string, ops []Op, next func() (*Expr, *Error)) (*Expr, *Error) {
	left, err := next()
	if err != nil {
		return nil, err
	}
	for links := 0; ; links++ {
		i, at, err := p.operator(words...)
		if err != nil || i < 0 {
			p.depth -= max(0, links-1)
			return left, err
		}
		if links > 0 { // "a eq b eq c" nests to the left, as deep as it is long
			if err := p.deeper(at); err != nil {
				return nil, err
			}
		}
		right, err := next()
		if err != nil {
			return nil, err
		}
		if left, right, err = p.comparable(left, right, words[i], at); err != nil {
			return nil, err
		}
		e := &Expr{Op: ops[i], Type: Boolean, Args: []*Expr{left, right}}
		if p.beyondOf(left) != nil || p.beyondOf(right) != nil {
			e = p.foldBeyond(left, ops[i], right)
		}
		if left, err = p.node(e, at); err != nil {
			return nil, err
		}
	}
}

// comparable checks the types on both sides. Numbers of both kinds compare, and
// a DateTimeOffset literal at midnight UTC is a Date beside a Date, which is how RangeStart and
// RangeEnd of an incremental refresh arrive at a date column.
func (p *parser) comparable(left, right *Expr, word string, at int) (*Expr, *Expr, *Error) {
	left, right = beside(left, right.Type), beside(right, left.Type)
	l, r := left.Type, right.Type
	if l == r || l == 0 || r == 0 || l.isNumber() && r.isNumber() {
		return left, right, nil
	}
	hint := ""
	if l == DateTime && r == Date || l == Date && r == DateTime {
		hint = "; write date(…) around the DateTimeOffset or give the other a time and a zone"
	}
	return nil, nil, p.fail(at, "%s cannot compare %s with %s%s", word, l, r, hint)
}

// beside gives a literal the type of what it is compared with, where that loses
// nothing. A whole number becomes a decimal here, and not for every row again.
func beside(e *Expr, t Type) *Expr {
	if e.Op != OpLiteral {
		return e
	}
	switch {
	case t == Date && e.Type == DateTime && e.Value.Time.Equal(midnight(e.Value.Time)):
		return &Expr{Op: OpLiteral, Type: Date, Value: e.Value}
	case t == Decimal && e.Type == Int:
		if d, err := decimal.New(e.Value.Int, 0); err == nil {
			return &Expr{Op: OpLiteral, Type: Decimal, Value: schema.Dec(d)}
		}
	}
	return e
}

func (p *parser) unary() (*Expr, *Error) {
	start := p.pos
	if p.word() == "not" {
		p.pos += len("not")
		if !p.space() && p.peek() != '(' {
			return nil, p.want("a blank after not")
		}
		if err := p.deeper(start); err != nil {
			return nil, err
		}
		from := p.pos
		e, err := p.unary()
		if err != nil {
			return nil, err
		}
		p.depth--
		if e.Type != Boolean && e.Type != 0 {
			return nil, p.fail(from, "not takes %s, not %s; it binds closer than a comparison, which needs parentheses", Boolean, e.Type)
		}
		return p.node(&Expr{Op: OpNot, Type: Boolean, Args: []*Expr{e}}, start)
	}
	e, err := p.primary()
	if err != nil {
		return nil, err
	}
	before := p.pos
	spaced := p.space()
	at, word := p.pos, p.word()
	p.pos = before
	switch {
	case spaced && isForeignOperator(word):
		return nil, p.unsupported(at, "the operator "+word)
	case word != "in":
		return e, nil
	}
	if _, _, err := p.operator("in"); err != nil {
		return nil, err
	}
	return p.in(e, at)
}

func (p *parser) primary() (*Expr, *Error) {
	start := p.pos
	b := p.peek()
	if b == '(' {
		return p.parentheses()
	}
	word := p.word()
	if p.atLiteral() && word == "" || isGUID(p.text[start:min(start+36, len(p.text))]) {
		if rest := p.text[start+1:]; b == '-' && !isDigits(rest[:min(1, len(rest))]) && !strings.HasPrefix(rest, "INF") {
			return nil, p.unsupported(start, "arithmetic negation")
		}
		t, v, beyond, err := p.literal()
		if err != nil {
			return nil, err
		}
		e := &Expr{Op: OpLiteral, Type: t, Value: v}
		if beyond != nil {
			if p.beyond == nil {
				p.beyond = map[*Expr]*quantity{}
			}
			p.beyond[e] = beyond
		}
		return p.node(e, start)
	}
	switch {
	case b == '@':
		return nil, p.unsupported(start, "a parameter alias")
	case b == '$':
		return nil, p.unsupported(start, "a path that begins with $, such as $it,")
	case word == "":
		return nil, p.want("a column, a function, a literal or (")
	}
	p.pos += len(word)
	switch word {
	case "null":
		return p.node(&Expr{Op: OpLiteral}, start)
	case "true", "false":
		return p.node(&Expr{Op: OpLiteral, Type: Boolean, Value: schema.Bool(word == "true")}, start)
	case "INF", "NaN":
		return nil, p.unsupported(start, word+", which only Edm.Double has,")
	}
	return p.named(word, start)
}

func (p *parser) parentheses() (*Expr, *Error) {
	start := p.pos
	if err := p.deeper(start); err != nil {
		return nil, err
	}
	p.pos++
	p.space()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.take(')') {
		if p.done() {
			return nil, p.fail(start, "the parenthesis that begins here is not closed")
		}
		return nil, p.want("an operator or )")
	}
	p.depth--
	return e, nil
}
