package onec

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// cond is a condition in 1C's language, or one that is known beforehand: no
// filter for everything, no call for nothing.
type cond struct {
	text  string
	never bool
}

func (c cond) always() bool { return c.text == "" && !c.never }

var never = cond{never: true}

// errNotPushable says that a condition cannot be said exactly in 1C's language.
var errNotPushable = errors.New("onec: not pushable")

// filterer renders predicates for one object. Names of columns are the SDL's.
type filterer struct {
	source string
	o      *object
	m      *model
	zone   *time.Location
	// id returns the GUID of a key of this object, false when it is none.
	id func(key string) (string, bool)
	// refTo returns the set and GUID a key of the named relation stands for.
	refTo func(relation, key string) (concept, guid string, ok bool)
	kind  schema.InvoiceKind
	links map[string][]string // upstream fields of exact link rules by column
	// widen lets a cursor's condition on the date hold for an hour too many
	// where the clock cannot say it exactly; its rows are checked again.
	widen bool
}

// render returns p for 1C. It is exact: it holds for the rows for which p does,
// up to the database's idea of letter case in texts.
func (f *filterer) render(p schema.Predicate) (cond, error) {
	return f.node(p, false)
}

func (f *filterer) node(p schema.Predicate, negated bool) (cond, error) {
	switch p.Op {
	case schema.All:
		return cond{}, nil
	case schema.None:
		return never, nil
	case schema.And, schema.Or:
		return f.join(p, negated)
	case schema.Not:
		c, err := f.node(p.Of[0], !negated)
		switch {
		case err != nil:
			return cond{}, err
		case c.never:
			return cond{}, nil
		case c.always():
			return never, nil
		}
		return cond{text: "not (" + c.text + ")"}, nil
	}
	return f.leaf(p, negated)
}

func (f *filterer) join(p schema.Predicate, negated bool) (cond, error) {
	var parts []string
	for _, q := range p.Of {
		c, err := f.node(q, negated)
		switch {
		case err != nil:
			return cond{}, err
		case p.Op == schema.And && c.never:
			return never, nil
		case p.Op == schema.Or && c.always():
			return cond{}, nil
		case !c.never && !c.always():
			parts = append(parts, c.text)
		}
	}
	if len(parts) == 0 {
		return cond{never: p.Op == schema.Or}, nil
	}
	word := " and "
	if p.Op == schema.Or {
		word = " or "
	}
	return group(parts, word), nil
}

// group always sets brackets: the precedence of 1C is not to be relied on.
func group(parts []string, word string) cond {
	if len(parts) == 1 {
		return cond{text: parts[0]}
	}
	return cond{text: "(" + strings.Join(parts, word) + ")"}
}

func (f *filterer) leaf(p schema.Predicate, negated bool) (cond, error) {
	switch p.Column {
	case "source":
		return f.constant(p, f.source)
	case "kind":
		return f.constant(p, string(f.kind))
	case "id":
		return f.anyOf(p, func(key string) (cond, error) {
			id, ok := f.id(key)
			if !ok {
				return never, nil
			}
			return cond{text: "Ref_Key eq guid'" + id + "'"}, nil
		})
	case "customer", "order", "invoice":
		return f.reference(p)
	}
	if isTextColumn(p.Column) {
		// The database may take two texts that differ in case for one: then a
		// negation would lose rows.
		if negated {
			return cond{}, errNotPushable
		}
		return f.text(p)
	}
	switch p.Column {
	case "date":
		return f.date(p)
	case "total", "amount":
		return f.money(p)
	case "active":
		return f.active(p)
	}
	return cond{}, errNotPushable
}

// isTextColumn reports whether the database compares a column as text.
func isTextColumn(name string) bool {
	switch name {
	case "number", "sku", "orderNumber", "quoteNumber", "invoiceNumber":
		return true
	}
	return false
}

// constant is for a column that is the same in all rows of the object.
func (f *filterer) constant(p schema.Predicate, is string) (cond, error) {
	return f.anyOf(p, func(s string) (cond, error) { return cond{never: s != is}, nil })
}

// anyOf renders Eq and In of texts, value by value.
func (f *filterer) anyOf(p schema.Predicate, one func(string) (cond, error)) (cond, error) {
	if p.Op != schema.Eq && p.Op != schema.In {
		return cond{}, errNotPushable
	}
	var parts []string
	for _, v := range p.Values {
		if v.Kind != schema.KindString { // null equals nothing
			if v.IsNull() {
				continue
			}
			return cond{}, errNotPushable
		}
		c, err := one(v.Str)
		switch {
		case err != nil:
			return cond{}, err
		case c.always():
			return cond{}, nil
		case !c.never && !slices.Contains(parts, c.text):
			parts = append(parts, c.text)
		}
	}
	if len(parts) == 0 {
		return never, nil
	}
	return group(parts, " or "), nil
}

func (f *filterer) reference(p schema.Predicate) (cond, error) {
	prop := f.o.prop(p.Column)
	if p.Op == schema.IsNull {
		switch {
		case prop == "":
			return cond{}, nil
		case f.o.composite(prop) || p.Column != "customer":
			return cond{}, errNotPushable
		}
		return cond{text: prop + " eq guid'" + zeroGUID + "'"}, nil
	}
	return f.anyOf(p, func(key string) (cond, error) { return f.refersTo(p.Column, key), nil })
}

// refersTo is the condition that a row refers to another record. A composite
// reference is compared with a cast: without one 1C answers with an empty list
// (1C OData facts, §3).
func (f *filterer) refersTo(relation, key string) cond {
	prop := f.o.prop(relation)
	if prop == "" {
		return never
	}
	concept, id, ok := f.refTo(relation, key)
	if !ok {
		return never
	}
	to := f.m.object(concept)
	if f.o.composite(prop) {
		if to == nil {
			return never
		}
		return cond{text: prop + " eq cast(guid'" + id + "','" + to.set + "')"}
	}
	return cond{text: prop + " eq guid'" + id + "'"}
}

func (f *filterer) text(p schema.Predicate) (cond, error) {
	return f.anyOf(p, func(s string) (cond, error) { return f.textIs(p.Column, s), nil })
}

// textIs is the condition that a column has a text. Nothing in 1C's codes and
// numbers is as long as maxText.
func (f *filterer) textIs(column, s string) cond {
	if len(s) > maxText || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
		return never
	}
	switch column {
	case "sku":
		code, article := f.o.prop("code"), f.o.prop("sku")
		switch {
		case article == "":
			return f.codeIs(code, s)
		case code == "":
			return f.codeIs(article, s)
		}
		return cond{text: "(" + article + " eq " + quote(s) + " or (" + article + " eq '' and " + f.codeIs(code, s).text + "))"}
	case "number":
		return f.codeIs(f.o.prop("number"), s)
	}
	var parts []string
	for _, name := range f.links[column] {
		if c := f.codeIs(name, s); !c.never {
			parts = append(parts, c.text)
		}
	}
	if len(parts) == 0 {
		return never
	}
	return group(parts, " or ")
}

const maxText = 256

// codeIs compares a property with a text. A property that is a number is
// compared as one.
func (f *filterer) codeIs(prop, s string) cond {
	edm := f.o.props[prop]
	switch {
	case prop == "":
		return never
	case edm == "Edm.String":
		return cond{text: prop + " eq " + quote(s)}
	case aMoney.fits(edm, false) && s != "" && strings.Trim(s, "0123456789") == "":
		return cond{text: prop + " eq " + s}
	}
	return never
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (f *filterer) money(p schema.Predicate) (cond, error) {
	prop := f.o.prop("total")
	if p.Op == schema.IsNull {
		// Where there is the field there is an amount.
		return cond{never: prop != ""}, nil
	}
	if prop == "" {
		return never, nil
	}
	words := map[schema.Op]string{schema.Eq: "eq", schema.In: "eq", schema.Lt: "lt", schema.Le: "le", schema.Gt: "gt", schema.Ge: "ge"}
	word := words[p.Op]
	if word == "" {
		return cond{}, errNotPushable
	}
	var parts []string
	for _, v := range p.Values {
		var n string
		switch v.Kind {
		case schema.KindDecimal:
			n = v.Dec.String()
		case schema.KindInt:
			n = strconv.FormatInt(v.Int, 10)
		default:
			return cond{}, errNotPushable
		}
		parts = append(parts, prop+" "+word+" "+n)
	}
	if len(parts) == 0 {
		return never, nil
	}
	return group(parts, " or "), nil
}

// active is the opposite of being marked for deletion.
func (f *filterer) active(p schema.Predicate) (cond, error) {
	prop := f.o.prop("deleted")
	if prop == "" {
		return cond{}, errNotPushable
	}
	if p.Op != schema.Eq || p.Values[0].Kind != schema.KindBool {
		return cond{}, errNotPushable
	}
	if p.Values[0].Bool {
		return cond{text: prop + " eq false"}, nil
	}
	return cond{text: prop + " eq true"}, nil
}
