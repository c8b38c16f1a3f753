package odatafake

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Filter is a $filter bound to a table.
type Filter struct {
	text string
	n    *node
}

// Match reports whether the row passes.
func (f *Filter) Match(row int) bool { return f.eval(row) }

// eval reports whether the row passes.
func (f *Filter) eval(row int) bool { return f.n.get(row).N != 0 }

// candidates returns a superset of the rows that can pass, if the filter names keys or a range.
func (f *Filter) candidates() ([]int32, bool) {
	if f.n.cand == nil {
		return nil, false
	}
	return f.n.cand()
}

// Bind parses a $filter and binds it to the table.
func (t *Table) Bind(text string, d *Dialect) (*Filter, error) {
	e, err := Parse(text, d)
	if err != nil {
		return nil, err
	}
	b := binder{d: d, t: t}
	n, err := b.bind(e)
	if err != nil {
		return nil, err
	}
	if n.kind != KindBool {
		return nil, &Error{Kind: ErrType, Name: n.kind.String() + "/" + KindBool.String(), Text: "filter"}
	}
	return &Filter{text: text, n: n}, nil
}

// BindOrder parses a $orderby and binds it to the table.
func (t *Table) BindOrder(text string, d *Dialect) ([]OrderKey, error) {
	var keys []OrderKey
	for term := range strings.SplitSeq(text, ",") {
		words := strings.Fields(term)
		if len(words) == 0 || len(words) > 2 || len(keys) > 8 {
			return nil, &Error{Kind: ErrSyntax, Name: term, Text: "order"}
		}
		desc := false
		if len(words) == 2 {
			if words[1] != "asc" && words[1] != "desc" {
				return nil, &Error{Kind: ErrSyntax, Name: words[1], Text: "order"}
			}
			desc = words[1] == "desc"
		}
		b := binder{d: d, t: t}
		n, err := b.path(&Path{Segments: strings.Split(words[0], "/")})
		if err != nil {
			return nil, err
		}
		keys = append(keys, OrderKey{get: n.get, desc: desc, text: words[0], col: n.col})
	}
	return keys, nil
}

// node is a bound expression.
type node struct {
	kind Kind // KindNull when it can be anything
	get  func(row int) Value
	lit  bool
	// col is set where the node is a plain column of the table, so that equality can be looked up.
	col *Column
	// cand returns a superset of the rows for which a predicate holds; nil when it knows none.
	cand func() ([]int32, bool)
	// span is the stretch of the kept order of a column within which the rows must lie, for comparisons with gt, ge, lt, le.
	span    func() (rows []int32, from, to int)
	spanCol *Column
	// eqCol and eqVal are set for «column eq literal».
	eqCol *node
	eqVal Value
	text  string // identity of a path
}

type binder struct {
	d *Dialect
	t *Table
	// within a lambda: the name of its variable
	v string
}

func (b *binder) bind(e Expr) (*node, error) {
	switch e := e.(type) {
	case *Lit:
		return &node{kind: e.Value.Kind, lit: true, get: func(int) Value { return e.Value }}, nil
	case *Path:
		return b.path(e)
	case *Not:
		x, err := b.pred(e.X)
		if err != nil {
			return nil, err
		}
		return &node{kind: KindBool, get: func(r int) Value { return Bool(x.get(r).N == 0) }}, nil
	case *Logic:
		return b.logic(e)
	case *Bin:
		return b.binary(e)
	case *Call:
		return b.call(e)
	case *Lambda:
		return b.lambda(e)
	}
	return nil, &Error{Kind: ErrSyntax, Text: "expression"}
}

func (b *binder) pred(e Expr) (*node, error) {
	n, err := b.bind(e)
	if err != nil {
		return nil, err
	}
	if n.kind != KindBool {
		return nil, &Error{Kind: ErrType, Name: n.kind.String() + "/" + KindBool.String(), Text: "operand"}
	}
	return n, nil
}

// path binds a property of the table, or of a table behind navigations. «Nav/Key» is the foreign key itself, with the
// empty reference read as null; that is how a filter on a navigation gets to the kept order of the key.
func (b *binder) path(p *Path) (*node, error) {
	segs := p.Segments
	t := b.t
	if b.v != "" && len(segs) > 1 && segs[0] == b.v {
		segs = segs[1:]
	}
	row := func(r int) int { return r }
	direct := true
	for i := 0; i < len(segs); i++ {
		last := i == len(segs)-1
		if last {
			c := t.Column(segs[i])
			if c == nil {
				return nil, &Error{Kind: ErrProperty, Name: segs[i], Text: t.Name, Pos: p.Pos}
			}
			n := &node{kind: c.Type.Kind(), text: strings.Join(segs, "/")}
			if direct {
				n.get, n.col = c.Get, c
				return n, nil
			}
			n.get = func(r int) Value {
				if at := row(r); at >= 0 {
					return c.Get(at)
				}
				return Value{}
			}
			return n, nil
		}
		nav := t.Nav(segs[i], "")
		if nav == nil && t.IsComposite(segs[i]) {
			if nav = t.Nav(segs[i], segs[i+1]); nav != nil {
				i++
				if i == len(segs)-1 {
					return nil, &Error{Kind: ErrProperty, Name: segs[i], Text: t.Name, Pos: p.Pos}
				}
			}
		}
		if nav == nil {
			return nil, &Error{Kind: ErrProperty, Name: segs[i], Text: t.Name, Pos: p.Pos}
		}
		fk := t.Column(nav.FK)
		if i == len(segs)-2 && nav.Cast == "" && fk != nil && len(nav.Target.Keys) == 1 && segs[i+1] == nav.Target.Keys[0] {
			inner, isDirect := row, direct
			n := &node{kind: fk.Type.Kind(), text: strings.Join(segs, "/")}
			n.get = func(r int) Value {
				at := inner(r)
				if at < 0 {
					return Value{}
				}
				v := fk.Get(at)
				if v.S == ZeroGUID {
					return Value{}
				}
				return v
			}
			if isDirect {
				n.col = fk
			}
			return n, nil
		}
		step, before := nav.Row, row
		row = func(r int) int {
			if at := before(r); at >= 0 {
				return step(at)
			}
			return -1
		}
		t, direct = nav.Target, false
	}
	return nil, &Error{Kind: ErrSyntax, Text: "path", Pos: p.Pos}
}

// minSet is from how many keys on a chain of equalities is turned into a set.
const minSet = 4

func (b *binder) logic(l *Logic) (*node, error) {
	terms := make([]*node, len(l.Terms))
	for i, e := range l.Terms {
		n, err := b.pred(e)
		if err != nil {
			return nil, err
		}
		terms[i] = n
	}
	out := &node{kind: KindBool}
	if !l.Or {
		out.get = func(r int) Value {
			for _, n := range terms {
				if n.get(r).N == 0 {
					return Bool(false)
				}
			}
			return Bool(true)
		}
		out.cand = func() ([]int32, bool) {
			var best []int32
			found := false
			for i, n := range terms {
				if n.cand == nil {
					continue
				}
				rows, ok := n.cand()
				if n.span != nil {
					rows = window(terms[i:])
				}
				if ok && (!found || len(rows) < len(best)) {
					best, found = rows, true
				}
			}
			return best, found
		}
		return out, nil
	}

	if same := sameColumn(terms); len(terms) >= minSet && same != nil {
		set := make(map[string]struct{}, len(terms))
		for _, n := range terms {
			set[n.eqVal.S] = struct{}{}
		}
		out.get = func(r int) Value {
			_, ok := set[same.get(r).S]
			return Bool(ok)
		}
	} else {
		out.get = func(r int) Value {
			for _, n := range terms {
				if n.get(r).N != 0 {
					return Bool(true)
				}
			}
			return Bool(false)
		}
	}
	for _, n := range terms {
		if n.cand == nil {
			return out, nil
		}
	}
	out.cand = func() ([]int32, bool) {
		var all []int32
		for _, n := range terms {
			rows, ok := n.cand()
			if !ok {
				return nil, false
			}
			all = append(all, rows...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	}
	return out, nil
}

// window returns the rows within all spans over the column of the first term: «Date ge … and Date lt …» is one stretch.
func window(terms []*node) []int32 {
	rows, from, to := terms[0].span()
	for _, n := range terms[1:] {
		if n.span == nil || n.spanCol != terms[0].spanCol {
			continue
		}
		_, f, t := n.span()
		from, to = max(from, f), min(to, t)
	}
	return rows[from:max(from, to)]
}

// sameColumn returns the path that all terms compare with a text or GUID literal, or nil.
func sameColumn(terms []*node) *node {
	first := terms[0].eqCol
	if first == nil {
		return nil
	}
	for _, n := range terms {
		if n.eqCol == nil || n.eqCol.text != first.text || n.eqVal.Kind != first.kind || n.eqVal.S == "" {
			return nil
		}
	}
	return first
}

func (b *binder) binary(e *Bin) (*node, error) {
	l, err := b.bind(e.L)
	if err != nil {
		return nil, err
	}
	r, err := b.bind(e.R)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case "add", "sub", "mul", "div", "mod":
		return arithmetic(e, l, r)
	}
	for _, n := range [...]*node{l, r} {
		if b.d.NoForeignKeys && n.col != nil && n.col.ForeignKey && n.text == n.col.Name {
			return nil, &Error{Kind: ErrForeignKey, Name: n.col.Name, Text: n.col.table.Name, Pos: e.Pos}
		}
	}
	if !fits(l.kind, r.kind) {
		return nil, &Error{Kind: ErrType, Name: l.kind.String() + "/" + r.kind.String(), Text: e.Op, Pos: e.Pos}
	}
	coll := &b.t.Collation
	out := &node{kind: KindBool}
	lg, rg := l.get, r.get
	switch e.Op {
	case "eq":
		out.get = func(row int) Value { return Bool(equal(coll, lg(row), rg(row))) }
	case "ne":
		out.get = func(row int) Value { return Bool(!equal(coll, lg(row), rg(row))) }
	default:
		op := e.Op
		out.get = func(row int) Value {
			o, ok := coll.Compare(lg(row), rg(row))
			if !ok {
				return Bool(false)
			}
			switch op {
			case "gt":
				return Bool(o > 0)
			case "ge":
				return Bool(o >= 0)
			case "lt":
				return Bool(o < 0)
			}
			return Bool(o <= 0)
		}
	}
	b.candidates(e.Op, l, r, out)
	return out, nil
}

// candidates gives a comparison of a column with a literal its look-up.
func (b *binder) candidates(op string, l, r, out *node) {
	if l.lit && r.col != nil {
		l, r = r, l
		op = map[string]string{"eq": "eq", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}[op]
	}
	if l.col == nil || !r.lit || b.v != "" {
		return
	}
	v := r.get(0)
	if v.Kind != l.kind {
		if op == "eq" && l.kind == KindRef && v.Kind == KindGUID {
			out.cand = func() ([]int32, bool) { return nil, true }
		}
		return
	}
	t, c := b.t, l.col
	switch op {
	case "eq":
		out.eqCol, out.eqVal = l, v
		if c.Lookup == nil && c.Type == TypeBool {
			return // half of the table is no candidate list
		}
		out.cand = func() ([]int32, bool) { return t.equal(c, v), true }
	case "gt", "ge", "lt", "le":
		if c.Type == TypeTime || c.Type == TypeGUID {
			out.spanCol = c
			out.span = func() ([]int32, int, int) { return t.between(c, op, v) }
			out.cand = func() ([]int32, bool) {
				rows, from, to := out.span()
				return rows[from:to], true
			}
		}
	}
}

func equal(c *Collation, a, b Value) bool {
	if a.Kind == b.Kind {
		return a == b
	}
	o, ok := c.Compare(a, b)
	return ok && o == 0
}

func isNumber(k Kind) bool { return k == KindInt || k == KindDecimal }

func fits(a, b Kind) bool {
	if a == b || a == KindNull || b == KindNull || isNumber(a) && isNumber(b) {
		return true
	}
	// A plain GUID against a composite reference is no error in 1C: it matches nothing, which is the trap.
	return a == KindRef && b == KindGUID || a == KindGUID && b == KindRef
}

func float(v Value) float64 {
	if v.Kind == KindInt {
		return float64(v.N)
	}
	return float64(v.N) / decimalUnit
}

func arithmetic(e *Bin, l, r *node) (*node, error) {
	if !isNumber(l.kind) || !isNumber(r.kind) {
		return nil, &Error{Kind: ErrType, Name: l.kind.String() + "/" + r.kind.String(), Text: e.Op, Pos: e.Pos}
	}
	op := e.Op
	return &node{kind: KindDecimal, get: func(row int) Value {
		a, b := l.get(row), r.get(row)
		if a.Kind == KindNull || b.Kind == KindNull {
			return Value{}
		}
		x, y := float(a), float(b)
		switch op {
		case "add":
			x += y
		case "sub":
			x -= y
		case "mul":
			x *= y
		case "div", "mod":
			if y == 0 {
				return Value{}
			}
			if op == "mod" {
				x = math.Mod(x, y)
			} else {
				x /= y
			}
		}
		return Decimal(int64(math.Round(x * decimalUnit)))
	}}, nil
}

func (b *binder) lambda(l *Lambda) (*node, error) {
	part := b.t.Part(l.Part)
	if part == nil || b.v != "" {
		return nil, &Error{Kind: ErrProperty, Name: l.Part, Text: b.t.Name, Pos: l.Pos}
	}
	body := &node{kind: KindBool, get: func(int) Value { return Bool(true) }}
	if l.Body != nil {
		in := binder{d: b.d, t: part.Target, v: l.Var}
		n, err := in.pred(l.Body)
		if err != nil {
			return nil, err
		}
		body = n
	}
	return &node{kind: KindBool, get: func(row int) Value {
		from, to := part.Rows(row)
		for r := from; r < to; r++ {
			if body.get(r).N != 0 != l.All {
				return Bool(!l.All)
			}
		}
		return Bool(l.All)
	}}, nil
}

// call binds the functions of both versions; which of them may be called at all is the dialect's business.
func (b *binder) call(c *Call) (*node, error) {
	args := make([]*node, len(c.Args))
	for i, e := range c.Args {
		n, err := b.bind(e)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	wrong := &Error{Kind: ErrType, Name: c.Name, Text: "arguments of", Pos: c.Pos}
	text := func(n int) bool {
		if len(args) != n {
			return false
		}
		for _, a := range args {
			if a.kind != KindString {
				return false
			}
		}
		return true
	}
	pred := func(f func(row int) bool) *node {
		return &node{kind: KindBool, get: func(row int) Value { return Bool(f(row)) }}
	}
	str := func(i, row int) string { return args[i].get(row).S }
	switch c.Name {
	case "substringof", "contains", "startswith", "endswith", "like":
		if !text(2) {
			return nil, wrong
		}
		switch c.Name {
		case "substringof":
			return pred(func(r int) bool { return strings.Contains(str(1, r), str(0, r)) }), nil
		case "contains":
			return pred(func(r int) bool { return strings.Contains(str(0, r), str(1, r)) }), nil
		case "startswith":
			return pred(func(r int) bool { return strings.HasPrefix(str(0, r), str(1, r)) }), nil
		case "endswith":
			return pred(func(r int) bool { return strings.HasSuffix(str(0, r), str(1, r)) }), nil
		}
		return pred(func(r int) bool { return like(str(0, r), str(1, r)) }), nil
	case "concat":
		if !text(2) {
			return nil, wrong
		}
		return &node{kind: KindString, get: func(r int) Value { return Text(str(0, r) + str(1, r)) }}, nil
	case "tolower", "toupper", "trim":
		if !text(1) {
			return nil, wrong
		}
		f := map[string]func(string) string{"tolower": strings.ToLower, "toupper": strings.ToUpper, "trim": strings.TrimSpace}[c.Name]
		return &node{kind: KindString, get: func(r int) Value { return Text(f(str(0, r))) }}, nil
	case "length":
		if !text(1) {
			return nil, wrong
		}
		return &node{kind: KindInt, get: func(r int) Value { return Int(int64(utf8.RuneCountInString(str(0, r)))) }}, nil
	case "indexof":
		if !text(2) {
			return nil, wrong
		}
		return &node{kind: KindInt, get: func(r int) Value {
			i := strings.Index(str(0, r), str(1, r))
			if i > 0 {
				i = utf8.RuneCountInString(str(0, r)[:i])
			}
			return Int(int64(i))
		}}, nil
	case "substring":
		if len(args) < 2 || len(args) > 3 || args[0].kind != KindString || !isNumber(args[1].kind) || len(args) == 3 && !isNumber(args[2].kind) {
			return nil, wrong
		}
		return &node{kind: KindString, get: func(r int) Value {
			s := []rune(str(0, r))
			from := min(max(int(float(args[1].get(r))), 0), len(s))
			to := len(s)
			if len(args) == 3 {
				to = min(from+max(int(float(args[2].get(r))), 0), len(s))
			}
			return Text(string(s[from:to]))
		}}, nil
	case "year", "month", "day", "hour", "minute", "second", "quarter", "dayofweek", "dayofyear":
		if len(args) != 1 || args[0].kind != KindTime {
			return nil, wrong
		}
		return &node{kind: KindInt, get: func(r int) Value {
			v := args[0].get(r)
			if v.Kind != KindTime {
				return Value{}
			}
			return Int(int64(datePart(c.Name, time.UnixMicro(v.N).UTC())))
		}}, nil
	case "round", "floor", "ceiling":
		if len(args) != 1 || !isNumber(args[0].kind) {
			return nil, wrong
		}
		f := map[string]func(float64) float64{"round": math.Round, "floor": math.Floor, "ceiling": math.Ceil}[c.Name]
		return &node{kind: KindDecimal, get: func(r int) Value { return Decimal(int64(f(float(args[0].get(r)))) * decimalUnit) }}, nil
	case "cast":
		if len(args) != 2 || !args[0].lit || args[0].kind != KindGUID || !args[1].lit || args[1].kind != KindString {
			return nil, wrong
		}
		v := Ref(args[1].get(0).S, args[0].get(0).S)
		return &node{kind: KindRef, lit: true, get: func(int) Value { return v }}, nil
	case "isof":
		if len(args) != 2 || args[0].kind != KindRef || !args[1].lit || args[1].kind != KindString {
			return nil, wrong
		}
		want := args[1].get(0).S
		return pred(func(r int) bool { t, _ := args[0].get(r).RefParts(); return t == want }), nil
	case "dateadd":
		// dateadd(what, count, time), as the vendor's manual orders them.
		if len(args) != 3 || !args[0].lit || args[0].kind != KindString || !isNumber(args[1].kind) || args[2].kind != KindTime {
			return nil, wrong
		}
		what := args[0].get(0).S
		return &node{kind: KindTime, get: func(r int) Value {
			v := args[2].get(r)
			return Value{Kind: KindTime, N: dateAdd(what, int(float(args[1].get(r))), time.UnixMicro(v.N).UTC()).UnixMicro()}
		}}, nil
	case "datedifference":
		if len(args) != 3 || !args[0].lit || args[0].kind != KindString || args[1].kind != KindTime || args[2].kind != KindTime {
			return nil, wrong
		}
		unit := map[string]int64{"second": 1, "minute": 60, "hour": 3600, "day": 86400}[args[0].get(0).S]
		if unit == 0 {
			return nil, wrong
		}
		return &node{kind: KindInt, get: func(r int) Value { return Int((args[2].get(r).N - args[1].get(r).N) / 1e6 / unit) }}, nil
	case "now":
		// The fakes have no clock of their own: without a fixed one the same address would not always give the same rows.
		return nil, wrong
	}
	return nil, &Error{Kind: ErrFunction, Name: c.Name, Text: "function", Pos: c.Pos}
}

func datePart(part string, t time.Time) int {
	switch part {
	case "year":
		return t.Year()
	case "month":
		return int(t.Month())
	case "day":
		return t.Day()
	case "hour":
		return t.Hour()
	case "minute":
		return t.Minute()
	case "second":
		return t.Second()
	case "quarter":
		return (int(t.Month()) + 2) / 3
	case "dayofweek":
		return (int(t.Weekday())+6)%7 + 1
	}
	return t.YearDay()
}

func dateAdd(what string, n int, t time.Time) time.Time {
	switch what {
	case "year":
		return t.AddDate(n, 0, 0)
	case "quarter":
		return t.AddDate(0, 3*n, 0)
	case "month":
		return t.AddDate(0, n, 0)
	case "day":
		return t.AddDate(0, 0, n)
	case "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case "minute":
		return t.Add(time.Duration(n) * time.Minute)
	}
	return t.Add(time.Duration(n) * time.Second)
}

// like matches % and _ as SQL does, without backtracking over more than the last %.
func like(s, pattern string) bool {
	r, p := []rune(s), []rune(pattern)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(r) {
		switch {
		case j < len(p) && p[j] == '%':
			star, mark = j, i
			j++
		case j < len(p) && (p[j] == '_' || p[j] == r[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '%' {
		j++
	}
	return j == len(p)
}
