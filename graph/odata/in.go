package odata

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// in reads what stands behind the operator: a list of literals. Other lists are
// OData's, and not done.
func (p *parser) in(left *Expr, at int) (*Expr, *Error) {
	if left.Type == 0 {
		return nil, p.fail(at, "in takes a column or a function on its left, not null")
	}
	if !p.take('(') {
		if b := p.peek(); b != '$' && b != '@' && (p.word() == "" || p.atLiteral()) {
			return nil, p.want("( and a list of literals after in")
		}
		start := p.pos
		if _, err := p.primary(); err != nil {
			return nil, err
		}
		return nil, p.unsupported(start, "in with something else than a list of literals")
	}
	var list []schema.Value
	var beyond []*quantity
	for {
		p.space()
		start := p.pos
		if b := p.peek(); !p.atLiteral() && b != '@' && b != '$' && p.word() == "" {
			return nil, p.want("a literal")
		}
		e, err := p.primary()
		if err != nil {
			return nil, err
		}
		if e.Op != OpLiteral {
			return nil, p.unsupported(start, "something else than a literal in the list of in")
		}
		if len(list)+len(beyond) == p.limits.InList {
			return nil, p.fail(start, "more than %d members in one list", p.limits.InList)
		}
		if e, _, err = p.comparable(e, left, "in", start); err != nil {
			return nil, err
		}
		if n := p.beyondOf(e); n != nil {
			beyond = append(beyond, n)
		} else {
			list = append(list, e.Value)
		}
		p.space()
		if p.take(')') {
			break
		}
		if !p.take(',') {
			return nil, p.want(", or )")
		}
	}
	slices.SortFunc(list, schema.Value.Compare)
	list = slices.CompactFunc(list, func(a, b schema.Value) bool { return a.Compare(b) == 0 })
	return p.node(p.foldedIn(left, list, beyond), at)
}

// atLiteral says whether what comes next is a literal that stands for itself.
func (p *parser) atLiteral() bool {
	switch b := p.peek(); {
	case b == '\'' || b == '-' || b == '+' || b >= '0' && b <= '9':
		return true
	}
	switch p.word() {
	case "null", "true", "false":
		return true
	}
	return isGUID(p.text[p.pos:min(p.pos+36, len(p.text))])
}
