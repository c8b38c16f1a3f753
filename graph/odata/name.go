package odata

import (
	"strings"

	"github.com/trama-graph/trama/schema"
)

// named reads what begins with a word: a column, a call, or something foreign.
func (p *parser) named(word string, start int) (*Expr, *Error) {
	switch p.peek() {
	case '(':
		return p.call(word, start)
	case '\'':
		return nil, p.prefixed(word, start)
	case '.':
		return nil, p.qualified(start)
	case '/':
		return nil, p.path(start)
	}
	i, err := column(&p.cursor, p.set, word, start, "filtered by", (*Column).mayFilter)
	if err != nil {
		return nil, err
	}
	return p.node(&Expr{Op: OpColumn, Type: p.set.Columns[i].Type, Column: i, Name: p.set.Columns[i].Name}, start)
}

func (c *Column) mayFilter() bool { return c.CanFilter && !c.IsMasked }
func (c *Column) maySort() bool   { return c.CanSort && !c.IsMasked }

// column finds the column called word among those that may be used. One that
// exists and may not be used has the same error as one that does not exist, so
// that nothing is learnt from it; that a column is masked can be seen in the
// rows, so it may be said.
func column(c *cursor, set *Set, word string, start int, used string, may func(*Column) bool) (int, *Error) {
	i, ok := set.column(word)
	if ok && may(&set.Columns[i]) {
		return i, nil
	}
	if ok && set.Columns[i].IsMasked {
		return 0, c.fail(start, "%s is masked and cannot be %s", shown(word), used)
	}
	names := make([]string, 0, len(set.Columns))
	for i := range set.Columns {
		if may(&set.Columns[i]) {
			names = append(names, set.Columns[i].Name)
		}
	}
	return 0, c.fail(start, "%s has no column %s that it can be %s%s", set.Name, shown(word), used, schema.DidYouMean(word, names))
}

// path is the error for what stands behind a slash: there is no navigation, so
// it is the same whatever stands before it.
func (c *cursor) path(start int) *Error {
	c.pos++
	switch w := c.word(); {
	case w == "any" || w == "all":
		return c.unsupported(start, "the lambda operator "+w)
	case strings.HasPrefix(c.text[c.pos:], "$count"):
		return c.unsupported(start, "/$count in "+c.option)
	}
	return c.unsupported(start, "a path in "+c.option)
}

// isCast says whether a qualified name stands at start and a path goes on behind
// it: a type cast.
func (c *cursor) isCast(start int) bool {
	end := c.qualifiedEnd(start)
	return strings.IndexByte(c.text[start:end], '.') >= 0 && end < len(c.text) && c.text[end] == '/'
}

// qualifiedEnd is where the name with dots that stands at start ends.
func (c *cursor) qualifiedEnd(start int) int {
	end := start
	for end < len(c.text) && (isNameByte(c.text[end]) || c.text[end] == '.') {
		end++
	}
	return end
}

// prefixed is the error for duration'…' and other literals with a type.
func (p *parser) prefixed(word string, start int) *Error {
	switch word {
	case "duration", "binary", "geography", "geometry":
		return p.unsupported(start, "a "+word+" literal")
	case "datetime", "datetimeoffset", "guid", "time", "X": // OData 1 to 3
		return p.fail(start, "%s'…' is not OData 4; a DateTimeOffset is written 2026-01-31T23:59:59Z, a date 2026-01-31, without quotes", word)
	}
	return p.fail(start, "expected an operator after %s, found a literal", shown(word))
}

// qualified is the error for what has a dot: functions of a namespace, enum
// literals, types.
func (p *parser) qualified(start int) *Error {
	end := p.qualifiedEnd(start)
	name := p.text[start:end]
	switch {
	case p.isCast(start):
		return p.unsupported(start, "a type cast")
	case strings.HasPrefix(name, "geo."):
		return p.unsupported(start, "the function "+strings.Trim(shown(name), `"`))
	case end < len(p.text) && p.text[end] == '\'':
		return p.unsupported(start, "an enumeration literal")
	}
	return p.fail(start, "%s has no types or functions with a namespace", p.set.Name)
}

func (p *parser) call(word string, start int) (*Expr, *Error) {
	f := functionNamed(word)
	if f == nil {
		if isForeignFunction(word) {
			return nil, p.unsupported(start, "the function "+word)
		}
		return nil, p.fail(start, "there is no function %s%s", shown(word), schema.DidYouMean(word, functionNames()))
	}
	if err := p.deeper(start); err != nil {
		return nil, err
	}
	e := &Expr{Op: f.op, Type: f.result, Args: make([]*Expr, 0, len(f.args))}
	p.pos++
	for i, want := range f.args {
		p.space()
		at := p.pos
		arg, err := p.or()
		if err != nil {
			return nil, err
		}
		if !want.takes(arg.Type) {
			return nil, p.fail(at, "%s takes %s, not %s", f.name, want, arg.Type)
		}
		e.Args = append(e.Args, arg)
		p.space()
		switch last := i == len(f.args)-1; {
		case last && !p.take(')'):
			return nil, p.want(") after the last argument of " + f.name)
		case !last && !p.take(','):
			return nil, p.want(", before the next argument of " + f.name)
		}
	}
	p.depth--
	return p.node(e, start)
}
