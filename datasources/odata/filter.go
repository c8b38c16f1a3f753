package odata

import (
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// column is a column of the graph as the system has it: which property, of which
// type, and what its values mean there.
type column struct {
	name string // SDL field
	path string // the property as filters name it: "Partner/ID"
	typ  edm
	want schema.Kind // of the graph's values
	// isRequired: never null. canFilter, canSort: the service does not forbid it.
	isRequired, canFilter, canSort bool
	// raws are the texts of the system that stand for a text of the graph, nil =
	// they are the same. A text in words has a meaning other than its own.
	raws  map[string][]string
	words map[string]bool
	// flipped: true there is false here.
	flipped bool
}

// ops are the comparisons that can be left to the system.
func (c *column) ops(t trust) []schema.Op {
	if c == nil || !c.canFilter || c.path == "" || c.raws != nil && c.want != schema.KindString {
		return nil
	}
	equal := []schema.Op{schema.Eq, schema.In}
	switch {
	case c.want == schema.KindString && c.typ.kind == kindText:
		if t.search != searchNo && c.raws == nil {
			return append(equal, schema.Contains, schema.Prefix)
		}
		return equal
	case c.want == schema.KindString && c.raws == nil && (c.typ.kind == kindGUID || c.typ.kind == kindInt || c.typ.kind == kindInt64 || c.typ.kind == kindEnum):
		return equal
	case c.want == schema.KindString && c.typ.kind == kindEnum:
		return equal
	case c.want == schema.KindBool && c.typ.kind == kindBool:
		return []schema.Op{schema.Eq}
	case c.want == schema.KindDecimal && c.typ.isNumber(), c.want == schema.KindTime && c.typ.isTime():
		return append(equal, schema.Lt, schema.Le, schema.Gt, schema.Ge)
	}
	return nil
}

// sortable reports whether the system sorts by the column as the graph does.
func (c *column) sortable() bool {
	return c != nil && c.canSort && c.canFilter && c.path != "" && c.raws == nil &&
		(c.want == schema.KindDecimal && c.typ.isNumber() || c.want == schema.KindTime && c.typ.isTime())
}

// trust is what the operator says about the server's comparisons.
type trust struct {
	exact  bool   // texts are equal only when they are the same
	search string // searchNo, searchPlain, searchLower
	noNull bool   // the server does not know "eq null", and nothing sorted is empty
}

// The ways a part of a text may be looked for.
const (
	searchNo    = "no"
	searchPlain = "plain"
	searchLower = "tolower"
)

// filters translates predicates into the words of an address.
type filters struct {
	lit    literals
	trust  trust
	source string // what the column source is
	column func(name string) *column
	// is returns the condition that a row has a key, for the column id.
	is func(key string) cond
}

// of translates a predicate whose comparisons are all among ops. A comparison
// with an absent value is false in the graph, on either side of a Not; a
// database has a third answer, so that Not is moved inward and says what it means
// for absent values.
func (f *filters) of(p schema.Predicate) cond { return f.signed(p, true) }

func (f *filters) signed(p schema.Predicate, yes bool) cond {
	switch p.Op {
	case schema.All, schema.None:
		if (p.Op == schema.All) == yes {
			return everything()
		}
		return nothing()
	case schema.Not:
		return f.signed(p.Of[0], !yes)
	case schema.And, schema.Or:
		list := make([]cond, len(p.Of))
		for i, q := range p.Of {
			list[i] = f.signed(q, yes)
		}
		if (p.Op == schema.And) == yes {
			return and(list...)
		}
		return or(list...)
	}
	c := f.leaf(p)
	if yes {
		return c
	}
	return f.not(p, c)
}

// not is the opposite of one comparison. A server that lets more through would
// let less through here, which the check of the rows cannot mend: not of a loose
// comparison is left to that check altogether.
func (f *filters) not(p schema.Predicate, c cond) cond {
	switch {
	case c.all:
		return nothing()
	case c.none:
		return everything()
	case c.loose:
		return cond{all: true, loose: true}
	}
	no := term("not (" + c.text + ")")
	col := f.column(p.Column)
	if col == nil || col.isRequired || f.trust.noNull {
		return no
	}
	return or(no, term(col.path+" eq null"))
}

func (f *filters) leaf(p schema.Predicate) cond {
	if p.Column == "source" {
		for _, v := range p.Values {
			if v.Str == f.source {
				return everything()
			}
		}
		return nothing()
	}
	if p.Op == schema.In || p.Op == schema.Eq {
		list := make([]cond, len(p.Values))
		for i, v := range p.Values {
			list[i] = f.equal(p.Column, v)
		}
		return or(list...)
	}
	c := f.column(p.Column)
	if c == nil || len(p.Values) == 0 {
		return nothing()
	}
	v := p.Values[0]
	if v.IsNull() {
		if p.Op == schema.Contains || p.Op == schema.Prefix { // every text has nothing in it
			return f.present(c)
		}
		return nothing()
	}
	switch p.Op {
	case schema.Contains, schema.Prefix:
		return f.search(c, p.Op, v.Str)
	}
	if c.typ.isTime() {
		return f.timed(c, p.Op, v.Time)
	}
	text, ok := f.lit.value(c.typ, v)
	if !ok {
		return f.beyond(c, p.Op, v)
	}
	return term(c.path + " " + words(p.Op) + " " + text)
}

func words(op schema.Op) string {
	switch op {
	case schema.Lt:
		return "lt"
	case schema.Le:
		return "le"
	case schema.Gt:
		return "gt"
	case schema.Ge:
		return "ge"
	}
	return "eq"
}

// equal is one comparison for equality.
func (f *filters) equal(name string, v schema.Value) cond {
	if v.IsNull() {
		return nothing()
	}
	if name == "id" && f.is != nil {
		return f.is(v.Text())
	}
	c := f.column(name)
	if c == nil {
		return nothing()
	}
	switch {
	case c.typ.isTime():
		return f.timed(c, schema.Eq, v.Time)
	case c.typ.kind == kindBool:
		return f.same(c, schema.Bool(v.Bool != c.flipped))
	case c.want != schema.KindString:
		return f.same(c, v)
	}
	raws := c.raws[v.Str]
	list := make([]cond, 0, len(raws)+1)
	for _, r := range raws {
		list = append(list, f.same(c, schema.String(r)))
	}
	if !c.words[v.Str] {
		list = append(list, f.same(c, v))
	}
	return or(list...)
}

func (f *filters) same(c *column, v schema.Value) cond {
	text, ok := f.lit.value(c.typ, v)
	if !ok || canonical(c.typ, v.Text()) != v.Text() && c.want == schema.KindString {
		return nothing()
	}
	out := term(c.path + " eq " + text)
	out.loose = c.typ.kind == kindText && !f.trust.exact
	return out
}

// canonical is the one way the graph writes a value of a key's type.
func canonical(t edm, text string) string {
	switch t.kind {
	case kindGUID:
		if id, ok := guid(text); ok {
			return id
		}
	case kindInt, kindInt64, kindDec:
		if d, ok := plainDecimal(text); ok {
			return d.Trim(0).String()
		}
	}
	return text
}

// search looks for a part of a text. Letter case does not count in the graph, so
// it is the server's collation or its tolower that must ignore it.
func (f *filters) search(c *column, op schema.Op, part string) cond {
	field, literal := c.path, quote(part)
	if f.trust.search == searchLower {
		field, literal = "tolower("+c.path+")", quote(strings.ToLower(part))
	}
	out := cond{loose: true} // letters without a case differ between servers and Go
	switch {
	case op == schema.Prefix && f.lit.version < v4:
		out.text = "startswith(" + field + "," + literal + ") eq true"
	case op == schema.Prefix:
		out.text = "startswith(" + field + "," + literal + ")"
	case f.lit.version < v4:
		out.text = "substringof(" + literal + "," + field + ") eq true"
	default:
		out.text = "contains(" + field + "," + literal + ")"
	}
	return out
}

// beyond compares with a number the property's type cannot hold: a fraction with
// a whole number, or more than its range.
func (f *filters) beyond(c *column, op schema.Op, v schema.Value) cond {
	if v.Kind != schema.KindDecimal {
		return nothing()
	}
	whole := v.Dec.Floor(0)
	if text, ok := f.lit.value(c.typ, schema.Dec(whole)); ok && whole.Cmp(v.Dec) != 0 {
		if op == schema.Lt || op == schema.Le {
			return term(c.path + " le " + text)
		}
		return term(c.path + " gt " + text)
	}
	// Beyond the range every value lies on one side.
	if v.Dec.IsNeg() == (op == schema.Gt || op == schema.Ge) {
		return f.present(c)
	}
	return nothing()
}

// present holds for rows that have a value.
func (f *filters) present(c *column) cond {
	if c.isRequired || f.trust.noNull {
		return everything()
	}
	out := term(c.path + " ne null")
	out.loose = c.typ.kind == kindText // an empty text is none in the graph
	return out
}

// timed compares times. What the graph asks for may lie between two points of
// the type's grid; and where replies are cut off to milliseconds, one point
// stands for the span up to the next.
func (f *filters) timed(c *column, op schema.Op, at time.Time) cond {
	low := f.lit.floor(c.typ, at)
	if !low.Equal(at) {
		switch op {
		case schema.Lt, schema.Le:
			op = schema.Le
		case schema.Gt, schema.Ge:
			op = schema.Gt
		default:
			return nothing()
		}
	}
	at0 := f.lit.time(c.typ, low)
	if !f.lit.cuts(c.typ) {
		return term(c.path + " " + words(op) + " " + at0)
	}
	next := f.lit.time(c.typ, low.Add(f.lit.grain(c.typ)))
	switch op {
	case schema.Le:
		return term(c.path + " lt " + next)
	case schema.Gt:
		return term(c.path + " ge " + next)
	case schema.Eq:
		return and(term(c.path+" ge "+at0), term(c.path+" lt "+next))
	}
	return term(c.path + " " + words(op) + " " + at0)
}
