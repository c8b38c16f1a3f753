package odata

import (
	"slices"
	"strconv"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Op says what an Expr does with its arguments.
type Op uint8

// The operators and functions of $filter, with the section of Part 2 that
// defines them.
const (
	OpLiteral    Op = iota // Value (§5.1.1.11)
	OpColumn               // column Column, called Name
	OpAnd                  // two or more (§5.1.1.1.7)
	OpOr                   // two or more (§5.1.1.1.8)
	OpNot                  // one (§5.1.1.1.9)
	OpEq                   // §5.1.1.1.1
	OpNe                   // §5.1.1.1.2
	OpGt                   // §5.1.1.1.3
	OpGe                   // §5.1.1.1.4
	OpLt                   // §5.1.1.1.5
	OpLe                   // §5.1.1.1.6
	OpIn                   // Args[0] is one of List (OData 4.01, Part 2 §5.1.1.1.12)
	OpContains             // §5.1.1.4.1
	OpEndsWith             // §5.1.1.4.2
	OpStartsWith           // §5.1.1.4.3
	OpLength               // characters, not bytes (§5.1.1.4.4)
	OpToLower              // §5.1.1.4.7
	OpToUpper              // §5.1.1.4.8
	OpTrim                 // white space on both sides (§5.1.1.4.9)
	OpYear                 // §5.1.1.5.1; all parts of a time are those of UTC
	OpMonth                // §5.1.1.5.2
	OpDay                  // §5.1.1.5.3
	OpHour                 // §5.1.1.5.4
	OpMinute               // §5.1.1.5.5
	OpSecond               // §5.1.1.5.6
	OpDate                 // the Date of a DateTime (§5.1.1.5.8)
)

// Expr is one node of a filter, plain data that is never changed after Parse.
// Args have types that fit: the parser has seen to it. A chain of and or of or
// is one node, so that depth is that of the meaning.
type Expr struct {
	Op     Op
	Type   Type // of the result; 0 for the null literal
	Column int  // of an OpColumn: index in the Set's Columns
	Name   string
	Value  schema.Value   // of an OpLiteral
	List   []schema.Value // of an OpIn: sorted by Compare, each once, null first if it is there
	Args   []*Expr
}

// Columns returns the indices of the columns that e reads, sorted, each once.
// A nil Expr reads none.
func (e *Expr) Columns() []int {
	var columns []int
	e.walk(func(n *Expr) {
		if n.Op == OpColumn {
			columns = append(columns, n.Column)
		}
	})
	slices.Sort(columns)
	return slices.Compact(columns)
}

// walk visits e and all below it; the recursion is as deep as Limits.Depth let it be.
func (e *Expr) walk(visit func(*Expr)) {
	if e == nil {
		return
	}
	visit(e)
	for _, a := range e.Args {
		a.walk(visit)
	}
}

// String returns the filter's canonical text, which Parse reads as the same
// tree: one space between words, every comparison in parentheses where it
// stands within another expression, texts with doubled quotes, times in UTC.
// It holds the values that were asked for, so it is not for logs.
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	return string(e.append(nil))
}

func (e *Expr) append(b []byte) []byte {
	switch e.Op {
	case OpLiteral:
		return appendLiteral(b, e.Type, e.Value)
	case OpColumn:
		return append(b, e.Name...)
	case OpNot:
		return e.Args[0].appendInside(append(b, "not "...))
	case OpIn:
		b = append(e.Args[0].appendInside(b), " in ("...)
		for i, v := range e.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendLiteral(b, e.Args[0].Type, v)
		}
		return append(b, ')')
	}
	if word := e.Op.infix(); word != "" {
		for i, a := range e.Args {
			if i > 0 {
				b = append(b, ' ')
				b = append(b, word...)
				b = append(b, ' ')
			}
			b = a.appendInside(b)
		}
		return b
	}
	b = append(b, e.Op.function()...)
	b = append(b, '(')
	for i, a := range e.Args {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.append(b)
	}
	return append(b, ')')
}

func (e *Expr) appendInside(b []byte) []byte {
	if e.Op == OpNot || e.Op == OpIn || e.Op.infix() != "" {
		return append(e.append(append(b, '(')), ')')
	}
	return e.append(b)
}

func (o Op) infix() string {
	switch o {
	case OpAnd:
		return "and"
	case OpOr:
		return "or"
	case OpEq:
		return "eq"
	case OpNe:
		return "ne"
	case OpGt:
		return "gt"
	case OpGe:
		return "ge"
	case OpLt:
		return "lt"
	case OpLe:
		return "le"
	}
	return ""
}

func (o Op) function() string {
	for i := range functions {
		if functions[i].op == o {
			return functions[i].name
		}
	}
	return ""
}

func appendLiteral(b []byte, t Type, v schema.Value) []byte {
	switch v.Kind {
	case schema.KindString:
		return appendQuoted(b, v.Str)
	case schema.KindInt:
		return strconv.AppendInt(b, v.Int, 10)
	case schema.KindDecimal:
		return append(b, v.Dec.String()...)
	case schema.KindTime:
		if t == Date {
			return v.Time.UTC().AppendFormat(b, time.DateOnly)
		}
		return v.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	case schema.KindBool:
		return strconv.AppendBool(b, v.Bool)
	}
	return append(b, "null"...)
}

// appendQuoted writes a text literal: single quotes, doubled inside (Part 2 §5.1.1.11.1).
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		if s[i] == '\'' {
			b = append(b, '\'')
		}
		b = append(b, s[i])
	}
	return append(b, '\'')
}
