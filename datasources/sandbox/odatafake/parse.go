package odatafake

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrorKind tells a fake which of its own errors a mistake in a query is.
type ErrorKind uint8

// The kinds of mistakes.
const (
	ErrSyntax ErrorKind = iota
	ErrFunction
	ErrProperty
	ErrType
	ErrForeignKey
	ErrLiteral
	ErrOption
)

// Error is a mistake in a query.
type Error struct {
	Kind ErrorKind
	// Name is the function, property or option concerned, or the two types that do not fit, joined by a slash.
	Name string
	// Text is the table in which a property was looked for, or what was wrong with the syntax.
	Text string
	// Pos is the byte at which it was found.
	Pos int
}

// Error returns the mistake in neutral words.
func (e *Error) Error() string { return fmt.Sprintf("odata: %s %q at %d", e.Text, e.Name, e.Pos) }

// Dialect says which expressions a system takes.
type Dialect struct {
	// V3 reads guid'…' and datetime'…'; without it GUIDs and dates stand bare.
	V3 bool
	// Functions are the names a call may have.
	Functions map[string]bool
	// Lambda allows any and all over tabular parts.
	Lambda bool
	// NoForeignKeys refuses comparisons with the scalar half of a lookup.
	NoForeignKeys bool
}

// Expr is a node of a parsed expression: *Lit, *Path, *Bin, *Logic, *Not, *Call or *Lambda.
type Expr interface{ expr() }

// Lit is a literal.
type Lit struct{ Value Value }

// Path is a property, or a property behind navigations.
type Path struct {
	Segments []string
	Pos      int
}

// Bin is a comparison (eq ne gt ge lt le) or arithmetic (add sub mul div mod).
type Bin struct {
	Op   string
	L, R Expr
	Pos  int
}

// Logic is a chain of terms joined by the same operator; chains of many keys stay flat.
type Logic struct {
	Or    bool
	Terms []Expr
}

// Not is a negation.
type Not struct{ X Expr }

// Call is a function call.
type Call struct {
	Name string
	Args []Expr
	Pos  int
}

// Lambda is any or all over a tabular part.
type Lambda struct {
	Part string
	All  bool
	Var  string
	Body Expr // nil for any()
	Pos  int
}

func (*Lit) expr()    {}
func (*Path) expr()   {}
func (*Bin) expr()    {}
func (*Logic) expr()  {}
func (*Not) expr()    {}
func (*Call) expr()   {}
func (*Lambda) expr() {}

// maxDepth bounds the nesting of an expression, so that a hostile one cannot exhaust the stack.
const maxDepth = 100

// Parse parses a $filter.
func Parse(text string, d *Dialect) (Expr, error) {
	p := &parser{s: text, d: d}
	if !utf8.ValidString(text) {
		return nil, p.fail(ErrSyntax, "", "invalid UTF-8")
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.fail(ErrSyntax, p.rest(), "syntax error")
	}
	return e, nil
}

type parser struct {
	s     string
	i     int
	d     *Dialect
	depth int
}

func (p *parser) fail(k ErrorKind, name, text string) *Error {
	return &Error{Kind: k, Name: name, Text: text, Pos: p.i}
}

func (p *parser) rest() string {
	r := p.s[p.i:]
	if len(r) > 20 {
		r = strings.ToValidUTF8(r[:20], "")
	}
	return r
}

func (p *parser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t') {
		p.i++
	}
}

// word reads the keyword at the cursor without consuming it; a keyword is followed by a space or a bracket.
func (p *parser) word() string {
	p.space()
	j := p.i
	for j < len(p.s) && p.s[j] >= 'a' && p.s[j] <= 'z' {
		j++
	}
	if j < len(p.s) && p.s[j] != ' ' && p.s[j] != '(' && p.s[j] != '\t' {
		return ""
	}
	return p.s[p.i:j]
}

func (p *parser) or() (Expr, error)  { return p.chain("or", true, p.and) }
func (p *parser) and() (Expr, error) { return p.chain("and", false, p.not) }

func (p *parser) chain(op string, or bool, next func() (Expr, error)) (Expr, error) {
	if p.depth++; p.depth > maxDepth*2 {
		return nil, p.fail(ErrSyntax, "", "too deep")
	}
	defer func() { p.depth-- }()
	first, err := next()
	if err != nil {
		return nil, err
	}
	terms := []Expr{first}
	for p.word() == op {
		p.i += len(op)
		e, err := next()
		if err != nil {
			return nil, err
		}
		terms = append(terms, e)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return &Logic{Or: or, Terms: terms}, nil
}

func (p *parser) not() (Expr, error) {
	if p.word() == "not" {
		p.i += len("not")
		if p.depth++; p.depth > maxDepth*2 {
			return nil, p.fail(ErrSyntax, "", "too deep")
		}
		defer func() { p.depth-- }()
		e, err := p.not()
		if err != nil {
			return nil, err
		}
		return &Not{X: e}, nil
	}
	return p.comparison()
}

func (p *parser) comparison() (Expr, error) {
	l, err := p.sum()
	if err != nil {
		return nil, err
	}
	switch op := p.word(); op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		pos := p.i
		p.i += len(op)
		r, err := p.sum()
		if err != nil {
			return nil, err
		}
		return &Bin{Op: op, L: l, R: r, Pos: pos}, nil
	}
	return l, nil
}

func (p *parser) sum() (Expr, error) { return p.arith(p.product, "add", "sub", "") }
func (p *parser) product() (Expr, error) {
	return p.arith(p.primary, "mul", "div", "mod")
}

func (p *parser) arith(next func() (Expr, error), a, b, c string) (Expr, error) {
	l, err := next()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		op := p.word()
		if op == "" || op != a && op != b && op != c {
			return l, nil
		}
		if n > maxDepth {
			return nil, p.fail(ErrSyntax, "", "too deep")
		}
		pos := p.i
		p.i += len(op)
		r, err := next()
		if err != nil {
			return nil, err
		}
		l = &Bin{Op: op, L: l, R: r, Pos: pos}
	}
}

func (p *parser) primary() (Expr, error) {
	p.space()
	if p.i >= len(p.s) {
		return nil, p.fail(ErrSyntax, "", "expression expected")
	}
	c := p.s[p.i]
	switch c {
	case '(':
		p.i++
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ')' {
			return nil, p.fail(ErrSyntax, p.rest(), "closing bracket expected")
		}
		p.i++
		return e, nil
	case '\'':
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return &Lit{Text(s)}, nil
	}
	if !p.d.V3 {
		if v, n := bare(p.s[p.i:]); n > 0 {
			p.i += n
			return &Lit{v}, nil
		}
	}
	if c >= '0' && c <= '9' || c == '-' {
		return p.number()
	}
	return p.name()
}

// quoted reads '…' with doubled quotes inside.
func (p *parser) quoted() (string, error) {
	p.i++
	var b strings.Builder
	for {
		j := strings.IndexByte(p.s[p.i:], '\'')
		if j < 0 {
			return "", p.fail(ErrSyntax, "", "unterminated string")
		}
		b.WriteString(p.s[p.i : p.i+j])
		p.i += j + 1
		if p.i < len(p.s) && p.s[p.i] == '\'' {
			b.WriteByte('\'')
			p.i++
			continue
		}
		return b.String(), nil
	}
}

// bare reads the GUID or the time with which s begins and returns its length, or 0.
func bare(s string) (Value, int) {
	if len(s) >= 36 && isGUID(s[:36]) && (len(s) == 36 || !identByte(s[36])) {
		return GUID(strings.ToLower(s[:36])), 36
	}
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return Value{}, 0
	}
	n := 10
	for n < len(s) && strings.IndexByte("0123456789:.TZ+-", s[n]) >= 0 {
		n++
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s[:n]); err == nil {
			return Time(t), n
		}
	}
	return Value{}, 0
}

func identByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (p *parser) number() (Expr, error) {
	j := p.i
	if p.s[j] == '-' {
		j++
	}
	start := j
	for j < len(p.s) && (p.s[j] >= '0' && p.s[j] <= '9' || p.s[j] == '.') {
		j++
	}
	if j == start {
		return nil, p.fail(ErrSyntax, p.rest(), "syntax error")
	}
	text := p.s[p.i:j]
	if j < len(p.s) && strings.IndexByte("mMdDfFlL", p.s[j]) >= 0 { // the type suffixes of version 3
		j++
	}
	if j < len(p.s) && identByte(p.s[j]) {
		return nil, p.fail(ErrSyntax, p.rest(), "syntax error")
	}
	v, ok := parseNumber(text)
	if !ok {
		return nil, p.fail(ErrLiteral, text, "number")
	}
	p.i = j
	return &Lit{v}, nil
}

func parseNumber(text string) (Value, bool) {
	if !strings.Contains(text, ".") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > math.MaxInt64/decimalUnit || n < math.MinInt64/decimalUnit {
			return Value{}, false
		}
		return Int(n), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > math.MaxInt64/decimalUnit/2 {
		return Value{}, false
	}
	return Decimal(int64(math.Round(f * decimalUnit))), true
}

// name reads what begins with a letter: a keyword literal, a typed literal of version 3, a call, a lambda or a path.
func (p *parser) name() (Expr, error) {
	pos := p.i
	id := p.ident()
	if id == "" {
		return nil, p.fail(ErrSyntax, p.rest(), "syntax error")
	}
	switch id {
	case "true", "false":
		return &Lit{Bool(id == "true")}, nil
	case "null":
		return &Lit{}, nil
	}
	if p.i < len(p.s) && p.s[p.i] == '\'' {
		if !p.d.V3 {
			return nil, &Error{Kind: ErrSyntax, Name: id, Text: "unrecognised literal", Pos: pos}
		}
		return p.typed(id)
	}
	if p.i < len(p.s) && p.s[p.i] == '(' {
		return p.call(id, pos)
	}
	segs := []string{id}
	for p.i < len(p.s) && p.s[p.i] == '/' {
		p.i++
		at := p.i
		s := p.ident()
		if s == "" || len(segs) > 16 {
			return nil, p.fail(ErrSyntax, p.rest(), "property expected")
		}
		if (s == "any" || s == "all") && p.i < len(p.s) && p.s[p.i] == '(' {
			if !p.d.Lambda || len(segs) != 1 {
				return nil, &Error{Kind: ErrFunction, Name: s, Text: "function", Pos: at}
			}
			return p.lambda(segs[0], s == "all", at)
		}
		segs = append(segs, s)
	}
	return &Path{Segments: segs, Pos: pos}, nil
}

func (p *parser) ident() string {
	j := p.i
	for j < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[j:])
		if r != '_' && !unicode.IsLetter(r) && (j == p.i || !unicode.IsDigit(r)) {
			break
		}
		j += n
	}
	id := p.s[p.i:j]
	p.i = j
	return id
}

func (p *parser) typed(kind string) (Expr, error) {
	pos := p.i
	s, err := p.quoted()
	if err != nil {
		return nil, err
	}
	bad := &Error{Kind: ErrLiteral, Name: kind + "'" + s + "'", Text: "literal", Pos: pos}
	switch kind {
	case "guid":
		if !isGUID(s) {
			return nil, bad
		}
		return &Lit{GUID(strings.ToLower(s))}, nil
	case "datetime":
		for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
			if t, err := time.Parse(layout, s); err == nil {
				return &Lit{Time(t)}, nil
			}
		}
		return nil, bad
	}
	return nil, bad
}

func (p *parser) call(name string, pos int) (Expr, error) {
	if !p.d.Functions[name] {
		return nil, &Error{Kind: ErrFunction, Name: name, Text: "function", Pos: pos}
	}
	if p.depth++; p.depth > maxDepth*2 {
		return nil, p.fail(ErrSyntax, "", "too deep")
	}
	defer func() { p.depth-- }()
	p.i++
	c := &Call{Name: name, Pos: pos}
	for {
		p.space()
		if p.i < len(p.s) && p.s[p.i] == ')' && len(c.Args) == 0 {
			p.i++
			return c, nil
		}
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, e)
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ',' && p.s[p.i] != ')' || len(c.Args) > 8 {
			return nil, p.fail(ErrSyntax, p.rest(), "closing bracket expected")
		}
		p.i++
		if p.s[p.i-1] == ')' {
			return c, nil
		}
	}
}

func (p *parser) lambda(part string, all bool, pos int) (Expr, error) {
	if p.depth++; p.depth > maxDepth*2 {
		return nil, p.fail(ErrSyntax, "", "too deep")
	}
	defer func() { p.depth-- }()
	p.i++
	p.space()
	l := &Lambda{Part: part, All: all, Pos: pos}
	if p.i < len(p.s) && p.s[p.i] == ')' && !all {
		p.i++
		return l, nil
	}
	l.Var = p.ident()
	p.space()
	if l.Var == "" || p.i >= len(p.s) || p.s[p.i] != ':' {
		return nil, p.fail(ErrSyntax, p.rest(), "lambda expected")
	}
	p.i++
	body, err := p.or()
	if err != nil {
		return nil, err
	}
	l.Body = body
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != ')' {
		return nil, p.fail(ErrSyntax, p.rest(), "closing bracket expected")
	}
	p.i++
	return l, nil
}
