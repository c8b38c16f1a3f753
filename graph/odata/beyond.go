package odata

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Numbers which no column can hold have their place among those that one can:
// the comparison with one is folded to what it is true of, and none of them is in
// an Expr. They compare with everything but null, so the rules for null stay.

// beyondOf returns the number that e stands for if it is one that no exact decimal
// is, nil otherwise.
func (p *parser) beyondOf(e *Expr) *quantity { return p.beyond[e] }

// quantityOf returns the number that e stands for if it is a literal of any, nil
// otherwise.
func (p *parser) quantityOf(e *Expr) *quantity {
	if n := p.beyondOf(e); n != nil || e.Op != OpLiteral || !e.Type.isNumber() {
		return n
	}
	n := quantityOf(e.Value.Text())
	return &n
}

// foldBeyond folds "left op right", of which at least one is such a number.
func (p *parser) foldBeyond(left *Expr, op Op, right *Expr) *Expr {
	n, m := p.quantityOf(left), p.quantityOf(right)
	if n != nil && m != nil {
		return decided(op, n.compare(*m))
	}
	if n != nil {
		left, op, m = right, turned(op), n
	}
	d, _ := m.towardZero()
	isAbove := m.sign() > 0 // so d is below m, and nothing is between them
	switch op {
	case OpEq, OpNe:
		return constant(op == OpNe)
	case OpGt, OpGe:
		switch {
		case isAbove && m.isBeyond():
			return constant(false)
		case m.isBeyond():
			return isSomething(left)
		case isAbove:
			op = OpGt
		default:
			op = OpGe
		}
	default:
		switch {
		case isAbove && m.isBeyond():
			return isSomething(left)
		case m.isBeyond():
			return constant(false)
		case isAbove:
			op = OpLe
		default:
			op = OpLt
		}
	}
	t, v := valueOf(d.Trim(0))
	return &Expr{Op: op, Type: Boolean, Args: []*Expr{left, beside(&Expr{Op: OpLiteral, Type: t, Value: v}, left.Type)}}
}

// foldedIn leaves out the members that no value is. A list of nothing has no text,
// so it is false.
func (p *parser) foldedIn(left *Expr, list []schema.Value, beyond []*quantity) *Expr {
	if n := p.beyondOf(left); n != nil {
		return constant(slices.ContainsFunc(beyond, func(m *quantity) bool { return n.compare(*m) == 0 }))
	}
	if len(list) == 0 {
		return constant(false)
	}
	return &Expr{Op: OpIn, Type: Boolean, List: list, Args: []*Expr{left}}
}

func constant(b bool) *Expr { return &Expr{Op: OpLiteral, Type: Boolean, Value: schema.Bool(b)} }

// isSomething is true of every value but null.
func isSomething(e *Expr) *Expr {
	return &Expr{Op: OpNe, Type: Boolean, Args: []*Expr{e, {Op: OpLiteral}}}
}

// decided is what an operator says of two numbers that compare as c.
func decided(op Op, c int) *Expr {
	switch op {
	case OpEq:
		return constant(c == 0)
	case OpNe:
		return constant(c != 0)
	case OpGt:
		return constant(c > 0)
	case OpGe:
		return constant(c >= 0)
	case OpLt:
		return constant(c < 0)
	}
	return constant(c <= 0)
}

// turned is the operator that says the same with its sides exchanged.
func turned(op Op) Op {
	switch op {
	case OpGt:
		return OpLt
	case OpGe:
		return OpLe
	case OpLt:
		return OpGt
	case OpLe:
		return OpGe
	}
	return op
}
