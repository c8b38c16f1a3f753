package unknown

import (
	"slices"
	"strings"
)

// operand is a part of a $filter, typed and bound to its set.
type operand struct {
	kind kind // kindNull for the literal null
	get  func(row []value) value
}

// maxDepth bounds the nesting of a filter.
const maxDepth = 100

// filterParser reads a $filter and checks its types as it goes.
type filterParser struct {
	rest    string
	set     *entitySet
	version int
	opts    *LedgerOptions
	depth   int
	nodes   int
}

// parseFilter returns a test of rows.
func (l *Ledger) parseFilter(text string, set *entitySet) (func(row []value) bool, *odataError) {
	p := &filterParser{rest: text, set: set, version: l.opts.Version, opts: &l.opts}
	o, fail := p.or()
	if fail != nil {
		return nil, fail
	}
	if p.space(); p.rest != "" {
		return nil, badSyntax("Syntax error at " + clip(p.rest) + ".")
	}
	if o.kind != kindBool {
		return nil, badType("The $filter expression must evaluate to a single boolean value.")
	}
	return func(row []value) bool { return o.get(row).is }, nil
}

func (p *filterParser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// node counts one part of the filter.
func (p *filterParser) node() *odataError {
	p.nodes++
	if p.opts.MaxNodes > 0 && p.nodes > p.opts.MaxNodes {
		return badSyntax("The node count limit has been exceeded. To increase the limit, set the 'MaxNodeCount' property on EnableQueryAttribute or ODataValidationSettings.")
	}
	return nil
}

// keyword takes an operator, which stands between spaces or brackets.
func (p *filterParser) keyword(words ...string) string {
	p.space()
	w := word.FindString(p.rest)
	if !slices.Contains(words, w) || len(p.rest) > len(w) && !strings.ContainsRune(" \t(", rune(p.rest[len(w)])) {
		return ""
	}
	p.rest = p.rest[len(w):]
	return w
}

func (p *filterParser) or() (operand, *odataError) { return p.chain("or", true, p.and) }

func (p *filterParser) and() (operand, *odataError) { return p.chain("and", false, p.not) }

// chain reads terms joined by the same operator; a term that equals decide settles the whole.
func (p *filterParser) chain(op string, decide bool, next func() (operand, *odataError)) (operand, *odataError) {
	if p.depth++; p.depth > 2*maxDepth {
		return operand{}, badSyntax("Recursion depth exceeded allowed limit.")
	}
	defer func() { p.depth-- }()
	first, fail := next()
	if fail != nil {
		return operand{}, fail
	}
	terms := []operand{first}
	for p.keyword(op) != "" {
		o, fail := next()
		if fail == nil {
			fail = p.node()
		}
		if fail != nil {
			return operand{}, fail
		}
		terms = append(terms, o)
	}
	if len(terms) == 1 {
		return first, nil
	}
	for _, t := range terms {
		if t.kind != kindBool {
			return operand{}, p.mismatch(op, kindBool, t.kind)
		}
	}
	return operand{kindBool, func(row []value) value {
		for _, t := range terms {
			if t.get(row).is == decide {
				return boolValue(decide)
			}
		}
		return boolValue(!decide)
	}}, nil
}

func (p *filterParser) mismatch(op string, a, b kind) *odataError {
	return badType("A binary operator with incompatible types was detected. Found operand types '" + a.name(p.version) + "' and '" + b.name(p.version) + "' for operator kind '" + op + "'.")
}

func (p *filterParser) not() (operand, *odataError) {
	if p.keyword("not") == "" {
		return p.comparison()
	}
	if p.depth++; p.depth > 2*maxDepth {
		return operand{}, badSyntax("Recursion depth exceeded allowed limit.")
	}
	defer func() { p.depth-- }()
	o, fail := p.not()
	if fail == nil {
		fail = p.node()
	}
	if fail != nil {
		return operand{}, fail
	}
	if o.kind != kindBool {
		return operand{}, p.mismatch("not", kindBool, o.kind)
	}
	return operand{kindBool, func(row []value) value { return boolValue(!o.get(row).is) }}, nil
}

// fits tells whether two kinds may be compared: numbers with numbers, but for a double and a decimal, neither of which becomes
// the other by itself; and null with everything.
func fits(a, b kind) bool {
	number := func(k kind) bool { return k == kindInt || k == kindDecimal || k == kindDouble }
	switch {
	case a == b, a == kindNull, b == kindNull:
		return true
	case a == kindDouble && b == kindDecimal, a == kindDecimal && b == kindDouble:
		return false
	}
	return number(a) && number(b)
}

func (p *filterParser) comparison() (operand, *odataError) {
	left, fail := p.primary()
	if fail != nil {
		return operand{}, fail
	}
	op := p.keyword("eq", "ne", "gt", "ge", "lt", "le", "in", "add", "sub", "mul", "div", "mod", "has")
	switch op {
	case "":
		return left, nil
	case "in":
		if p.version < 4 || p.opts.NoIn {
			return operand{}, badSyntax("Syntax error at 'in'.")
		}
		return p.in(left)
	case "add", "sub", "mul", "div", "mod", "has":
		return operand{}, badSyntax("The operator '" + op + "' is not supported by this service.")
	}
	right, fail := p.primary()
	if fail == nil {
		fail = p.node()
	}
	if fail != nil {
		return operand{}, fail
	}
	ordered := op != "eq" && op != "ne"
	if !fits(left.kind, right.kind) || ordered && (left.kind == kindBool || right.kind == kindBool) {
		return operand{}, p.mismatch(op, left.kind, right.kind)
	}
	test := map[string]func(int) bool{
		"eq": func(o int) bool { return o == 0 }, "ne": func(o int) bool { return o != 0 },
		"gt": func(o int) bool { return o > 0 }, "ge": func(o int) bool { return o >= 0 },
		"lt": func(o int) bool { return o < 0 }, "le": func(o int) bool { return o <= 0 },
	}[op]
	return operand{kindBool, func(row []value) value {
		a, b := left.get(row), right.get(row)
		o, ok := compare(a, b)
		if !ok {
			if o = 1; a.kind == b.kind { // null equals null and nothing else
				o = 0
			}
			return boolValue(!ordered && test(o))
		}
		return boolValue(test(o))
	}}, nil
}

// in reads the list of literals behind «in».
func (p *filterParser) in(left operand) (operand, *odataError) {
	p.space()
	if !strings.HasPrefix(p.rest, "(") {
		return operand{}, badSyntax("Expected '(' at " + clip(p.rest) + ".")
	}
	var wanted []value
	for sep := "("; ; sep = "," {
		p.rest = p.rest[len(sep):]
		p.space()
		v, n, _, fail := literal(p.rest, p.version)
		if fail != nil {
			return operand{}, fail
		}
		if n == 0 {
			return operand{}, badSyntax("Expected a literal at " + clip(p.rest) + ".")
		}
		if !fits(left.kind, v.kind) {
			return operand{}, p.mismatch("in", left.kind, v.kind)
		}
		wanted = append(wanted, v)
		p.rest = p.rest[n:]
		p.space()
		if strings.HasPrefix(p.rest, ")") {
			break
		}
		if !strings.HasPrefix(p.rest, ",") {
			return operand{}, badSyntax("Expected ',' or ')' at " + clip(p.rest) + ".")
		}
	}
	p.rest = p.rest[1:]
	if fail := p.node(); fail != nil {
		return operand{}, fail
	}
	return operand{kindBool, func(row []value) value {
		v := left.get(row)
		return boolValue(slices.ContainsFunc(wanted, func(w value) bool {
			o, ok := compare(v, w)
			return ok && o == 0 || v.kind == kindNull && w.kind == kindNull
		}))
	}}, nil
}

func (p *filterParser) primary() (operand, *odataError) {
	p.space()
	if strings.HasPrefix(p.rest, "(") {
		p.rest = p.rest[1:]
		o, fail := p.or()
		if fail != nil {
			return operand{}, fail
		}
		if p.space(); !strings.HasPrefix(p.rest, ")") {
			return operand{}, badSyntax("')' expected at " + clip(p.rest) + ".")
		}
		p.rest = p.rest[1:]
		return o, nil
	}
	if fail := p.node(); fail != nil {
		return operand{}, fail
	}
	v, n, _, fail := literal(p.rest, p.version)
	if fail != nil {
		return operand{}, fail
	}
	if n > 0 {
		p.rest = p.rest[n:]
		return operand{v.kind, func([]value) value { return v }}, nil
	}
	name := word.FindString(p.rest)
	if name == "" {
		return operand{}, badSyntax("Syntax error at " + clip(p.rest) + ".")
	}
	p.rest = p.rest[len(name):]
	if strings.HasPrefix(p.rest, "(") {
		return p.call(name)
	}
	if strings.HasPrefix(p.rest, "/") {
		return operand{}, badSyntax("Filtering by a path through '" + name + "' is not supported by this service.")
	}
	i := p.set.prop(name)
	if i < 0 {
		return operand{}, noProperty(name, p.set)
	}
	return operand{p.set.props[i].typ.kind(p.version), func(row []value) value { return row[i] }}, nil
}
