package creatio

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/guids"
	"github.com/trama-graph/trama/schema"
)

// clause is a predicate as far as the site can evaluate it: a necessary
// condition of the predicate, never more.
type clause struct {
	expr string // "" = see none
	none bool   // matches nothing; otherwise an empty expr matches everything
	// exact: the same rows, neither more nor fewer, so that counting upstream
	// counts right. Texts are never exact: the database's collation decides there
	// what is equal.
	exact bool
	// weak: a condition was left out, so that nearly every row may come.
	weak bool
	text bool // uses tolower, which a site may refuse
}

var (
	everything = clause{exact: true}
	nothing    = clause{none: true, exact: true}
	unknown    = clause{weak: true}
)

func expression(expr string, exact bool) clause { return clause{expr: expr, exact: exact} }

// constant turns a truth into a clause.
func constant(is bool) clause {
	if is {
		return everything
	}
	return nothing
}

// translator writes predicates as OData expressions.
type translator struct {
	source string
	base   string // currency of amounts without a currency column
	view   *view
	names  names // lookup tables the predicate needs
	noText bool
}

func (t *translator) clause(p schema.Predicate) clause {
	switch p.Op {
	case schema.All:
		return everything
	case schema.None:
		return nothing
	case schema.And:
		return t.and(p.Of)
	case schema.Or:
		return t.or(p.Of)
	case schema.Not:
		return t.not(p.Of[0])
	}
	if c, ok := t.constantColumn(p); ok {
		return c
	}
	if p.Column == "orderNumber" || p.Column == "quoteNumber" || p.Column == "invoiceNumber" {
		return t.linkNumber(p)
	}
	c := t.view.column(p.Column)
	if c == nil {
		if t.view.shape.column(p.Column) == nil {
			return unknown
		}
		// The site lacks the column: its value is null on every row.
		return constant(p.Op == schema.IsNull)
	}
	return t.compare(c, p)
}

func (t *translator) and(of []schema.Predicate) clause {
	out := everything
	var exprs []string
	for _, p := range of {
		c := t.clause(p)
		if c.none {
			return c
		}
		out.exact = out.exact && c.exact
		out.weak = out.weak || c.weak
		out.text = out.text || c.text
		if c.expr != "" {
			exprs = append(exprs, c.expr)
		}
	}
	out.expr = strings.Join(exprs, " and ")
	return out
}

func (t *translator) or(of []schema.Predicate) clause {
	out := clause{exact: true}
	var exprs []string
	for _, p := range of {
		c := t.clause(p)
		if c.none {
			out.exact = out.exact && c.exact
			continue
		}
		if c.expr == "" {
			return clause{exact: c.exact && !c.weak, weak: c.weak}
		}
		out.exact = out.exact && c.exact
		out.weak = out.weak || c.weak
		out.text = out.text || c.text
		expr := c.expr
		if p.Op == schema.And {
			expr = "(" + expr + ")"
		}
		exprs = append(exprs, expr)
	}
	if len(exprs) == 0 {
		return clause{none: true, exact: out.exact}
	}
	out.expr = anyOf(exprs)
	return out
}

// not is only folded: what a database makes of a negated comparison with null or
// of another collation may lose rows that match.
func (t *translator) not(p schema.Predicate) clause {
	switch c := t.clause(p); {
	case c.none && c.exact:
		return everything
	case c.expr == "" && !c.none && c.exact:
		return nothing
	}
	return unknown
}

// constantColumn evaluates what is the same on every row.
func (t *translator) constantColumn(p schema.Predicate) (clause, bool) {
	switch {
	case p.Column == "source":
		return constant(p.Match(&schema.Contact{Record: schema.Record{Source: t.source}})), true
	case p.Column == "kind" && t.view.entity == "Invoice":
		return constant(p.Match(&schema.Invoice{Kind: schema.InvoiceBill})), true
	case p.Column == "stateType" && t.view.entity == "Ticket":
		return constant(p.Match(&schema.Ticket{StateType: schema.TicketUnknown})), true
	case p.Column == "currency" && t.view.money && t.view.currency == nil:
		if p.Op == schema.IsNull {
			return unknown, true
		}
		row := schema.Quote{Total: &schema.Money{Currency: t.base}}
		if !p.Match(&row) {
			return nothing, true
		}
		// A row without an amount has no currency either.
		return clause{}, true
	}
	return clause{}, false
}

func (t *translator) compare(c *column, p schema.Predicate) clause {
	if p.Op == schema.IsNull {
		return t.isNull(c)
	}
	if p.Op == schema.Contains || p.Op == schema.Prefix {
		return t.textual(c, p)
	}
	if p.Op == schema.In || p.Op == schema.Eq {
		return t.equal(c, p.Values)
	}
	op, ok := map[schema.Op]string{schema.Lt: " lt ", schema.Le: " le ", schema.Gt: " gt ", schema.Ge: " ge "}[p.Op]
	if !ok || (c.kind != moment && c.kind != number) {
		return unknown
	}
	if p.Values[0].IsNull() {
		return nothing
	}
	literal, ok := literalOf(c.kind, p.Values[0])
	if !ok {
		return unknown
	}
	return expression(c.up+op+literal, c.kind == moment)
}

// isNull is used for the end of a descending list, where rows without a value
// are; clients' conditions of this kind are evaluated here.
func (t *translator) isNull(c *column) clause {
	if c.kind != moment && c.kind != number {
		return unknown
	}
	if !t.view.table.columns[c.up].nullable {
		return nothing
	}
	return expression(c.up+" eq null", false)
}

// equal is an or-chain; `in` is in no vendor document ("Creatio facts", §3).
func (t *translator) equal(c *column, values []schema.Value) clause {
	if c.kind == lookup {
		return t.lookupIDs(c, func(v schema.Value) bool {
			return slices.ContainsFunc(values, func(w schema.Value) bool { return !w.IsNull() && v.Compare(w) == 0 })
		})
	}
	var exprs []string
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		literal, ok := literalOf(c.kind, v)
		if !ok {
			if c.kind == ident || c.kind == link {
				continue // no record has such an id
			}
			return unknown
		}
		expr := c.path() + " eq " + literal
		if c.field == "active" && t.view.archived {
			expr = activeExpression(c.up, literal == "true")
		}
		exprs = append(exprs, expr)
	}
	if len(exprs) == 0 {
		return nothing
	}
	return expression(anyOf(exprs), c.kind != text && c.kind != number)
}

func activeExpression(up string, active bool) string {
	if active {
		return "(" + up + " eq true and " + archiveColumn + " eq false)"
	}
	return "(" + up + " eq false or " + archiveColumn + " eq true)"
}

// textual is Contains and Prefix. They ignore letter case whatever the
// database's collation does, so both sides are lowered.
func (t *translator) textual(c *column, p schema.Predicate) clause {
	if p.Values[0].IsNull() {
		return unknown
	}
	if c.kind == lookup {
		return t.lookupIDs(c, func(v schema.Value) bool { return p.Match(cellRow{v}) })
	}
	if c.kind != text || t.noText {
		return unknown
	}
	name := "contains"
	if p.Op == schema.Prefix {
		name = "startswith"
	}
	out := expression(name+"(tolower("+c.up+"),"+quoted(strings.ToLower(p.Values[0].Str))+")", false)
	out.text = true
	return out
}

// cellRow is a row of one column.
type cellRow struct{ v schema.Value }

// Column returns the value, whatever the name.
func (r cellRow) Column(string) schema.Value { return r.v }

// lookupIDs asks for the ids of the texts that match. More of them than a chain
// takes are not pushed.
func (t *translator) lookupIDs(c *column, match func(schema.Value) bool) clause {
	table := t.names[c.table]
	if table == nil {
		return unknown
	}
	var exprs []string
	for _, id := range table.ids {
		row := table.rows[id]
		value := row.text
		if c.field == "currency" {
			value = row.currency
		}
		if match(schema.String(value)) {
			exprs = append(exprs, c.path()+" eq "+id)
		}
	}
	switch {
	case len(exprs) == 0:
		return nothing
	case len(exprs) > maxChain:
		return unknown
	}
	// A currency belongs to an amount that may be absent.
	return expression(anyOf(exprs), c.field != "currency")
}

// linkNumber compares the columns that hold another document's number.
func (t *translator) linkNumber(p schema.Predicate) clause {
	l := t.view.link(datasources.Relation(p.Column))
	if l == nil || !l.rules.Exact() || (p.Op != schema.Eq && p.Op != schema.In) {
		return unknown
	}
	var exprs []string
	for _, v := range p.Values {
		if v.Kind == schema.KindString {
			exprs = append(exprs, t.view.linkTerms(l, v.Str)...)
		}
	}
	if len(exprs) == 0 {
		return nothing
	}
	return expression(anyOf(exprs), false)
}

// literalOf writes a value for a column of a kind, false when it cannot be one.
func literalOf(k kind, v schema.Value) (string, bool) {
	switch {
	case (k == ident || k == link) && v.Kind == schema.KindString:
		return guids.Parse(v.Str)
	case k == text && v.Kind == schema.KindString:
		return quoted(v.Str), true
	case k == moment && v.Kind == schema.KindTime:
		return instant(v.Time), true
	case k == number && v.Kind == schema.KindDecimal:
		return v.Dec.String(), true
	case k == number && v.Kind == schema.KindInt:
		return strconv.FormatInt(v.Int, 10), true
	case k == truth && v.Kind == schema.KindBool:
		if v.Bool {
			return "true", true
		}
		return "false", true
	}
	return "", false
}
