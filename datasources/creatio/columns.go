package creatio

import (
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The tables that are not the home of an entity.
const (
	setAccount           = "Account"
	setBilling           = "AccountBillingInfo"
	setCommunication     = "AccountCommunication"
	setCommunicationType = "CommunicationType"
	setLine              = "OrderProduct"
	setProduct           = "Product"
	tableCurrency        = "Currency"
	tableCountry         = "Country"
	tableCity            = "City"
	tableUnit            = "Unit"
	tableTax             = "Tax"
)

// lookupTables are those no column of a shape names.
var lookupTables = [...]string{tableCurrency, tableCountry, tableCity, tableUnit, tableTax}

// kind is how a column is decoded and compared.
type kind uint8

const (
	text   kind = iota
	ident       // the row's own id
	moment      // DateTimeOffset
	number      // a decimal
	truth       // Boolean
	lookup      // the id of a row of a lookup table, whose text is shown
	link        // the id of another record; filtered through its navigation
)

// column is one column of an entity.
type column struct {
	field string // SDL name
	up    string // upstream column, "" = none unless configured
	kind  kind
	table string // of a lookup
	key   bool   // read whatever is asked
	sort  bool   // the site can sort by it, and all sources sort alike
}

// path is how a filter names the column: scalar foreign keys give 500 or type
// errors, their navigations work ("Creatio facts", §3).
func (c *column) path() string {
	if c.kind == lookup || c.kind == link {
		return strings.TrimSuffix(c.up, "Id") + "/Id"
	}
	return c.up
}

// rule is a link to another document by its number.
type rule struct {
	relation datasources.Relation // "orderNumber"
	rules    datasources.LinkRules
}

// shape is an entity as this connector and its configuration have it.
type shape struct {
	entity  string
	set     string
	columns []column
	number  string // the field of the relation "number", "" = none
	money   bool   // has amounts
	order   schema.Sort
	links   []rule
	notes   string
}

func (sh *shape) column(field string) *column {
	for i := range sh.columns {
		if sh.columns[i].field == field {
			return &sh.columns[i]
		}
	}
	return nil
}

func (sh *shape) link(relation datasources.Relation) *rule {
	for i := range sh.links {
		if sh.links[i].relation == relation {
			return &sh.links[i]
		}
	}
	return nil
}

// recordColumns are what each table has.
func recordColumns() []column {
	return []column{
		{field: "id", up: "Id", kind: ident, key: true},
		{field: "createdAt", up: "CreatedOn", kind: moment, sort: true},
		{field: "updatedAt", up: "ModifiedOn", kind: moment, sort: true},
	}
}

func newShape(entity, set string, columns ...column) *shape {
	return &shape{entity: entity, set: set, columns: append(recordColumns(), columns...), order: schema.Sort{Column: "updatedAt", Desc: true}}
}

// standard is every entity with Creatio's own columns ("Creatio facts", §6).
func standard() []*shape {
	return []*shape{contactShape(), quoteShape(), orderShape(), invoiceShape(), productShape(), ticketShape()}
}

// overridable are the keys of Config.Columns.
func overridable() map[string]bool {
	keys := map[string]bool{}
	for _, sh := range standard() {
		for i := range sh.columns {
			if sh.columns[i].kind != ident {
				keys[sh.entity+"."+sh.columns[i].field] = true
			}
		}
	}
	return keys
}

// shapesOf applies the configuration and the link rules.
func shapesOf(cfg Config, links map[string]datasources.LinkRules) map[string]*shape {
	shapes := map[string]*shape{}
	for _, sh := range standard() {
		if sh.entity == "Ticket" && !cfg.Cases {
			continue
		}
		if sh.entity == "Quote" {
			sh.column("number").up = cfg.QuoteNumber
		}
		for i := range sh.columns {
			c := &sh.columns[i]
			c.up = cfg.override(sh.entity+"."+c.field, c.up)
		}
		sh.columns = slices.DeleteFunc(sh.columns, func(c column) bool { return c.up == "" })
		sh.links = rulesOf(sh.entity, links)
		shapes[sh.entity] = sh
	}
	return shapes
}

// rulesOf picks an entity's rules: "Quote.orders" and "Invoice.order" both say
// which column holds an order's number.
func rulesOf(entity string, links map[string]datasources.LinkRules) []rule {
	byRelation := map[datasources.Relation]datasources.LinkRules{}
	for _, name := range slices.Sorted(maps.Keys(links)) {
		owner, field, ok := strings.Cut(name, ".")
		if !ok || owner != entity {
			continue
		}
		if relation := numberRelation(field); relation != "" {
			byRelation[relation] = append(byRelation[relation], links[name]...)
		}
	}
	var found []rule
	for _, relation := range slices.Sorted(maps.Keys(byRelation)) {
		found = append(found, rule{relation: relation, rules: byRelation[relation]})
	}
	return found
}

func numberRelation(field string) datasources.Relation {
	switch field {
	case "order", "orders":
		return "orderNumber"
	case "quote", "quotes":
		return "quoteNumber"
	case "invoice", "invoices":
		return "invoiceNumber"
	}
	return ""
}

// asksFor reports whether fields ask for the columns of a link.
func (r *rule) asksFor(f datasources.Fields) bool {
	target := strings.TrimSuffix(string(r.relation), "Number")
	return f.Has(target) || f.Has(target+"s") || f.Has(string(r.relation))
}

// view is a shape on one site: the columns that are there.
type view struct {
	*shape
	columns  []column // shadows the shape's
	table    *table   // nil = the site has no such table
	absent   []string // upstream columns that are not there, sorted
	currency *column  // of the amounts, nil = the base currency
	archived bool     // a product's IsArchive
}

// on fits the shape to a site.
func (sh *shape) on(m *model) *view {
	v := &view{shape: sh, table: m.sets[sh.set]}
	if v.table == nil {
		return v
	}
	for _, c := range sh.columns {
		p, ok := v.table.columns[c.up]
		if !ok {
			v.absent = append(v.absent, c.up)
			continue
		}
		c.fit(p, v.table)
		v.columns = append(v.columns, c)
	}
	for _, l := range sh.links {
		for _, field := range l.rules.Fields() {
			if !v.table.has(field) {
				v.absent = append(v.absent, field)
			}
		}
	}
	slices.Sort(v.absent)
	v.absent = slices.Compact(v.absent)
	v.currency = v.column("currency")
	v.archived = sh.entity == "Product" && v.table.has(archiveColumn)
	return v
}

// fit turns a text into a lookup and back by what the site says of the column: a
// configured column may be either.
func (c *column) fit(p property, t *table) {
	if c.kind != text && c.kind != lookup {
		return
	}
	target, isLink := t.lookups[strings.TrimSuffix(c.up, "Id")]
	isGUID := p.kind == "Edm.Guid" && strings.HasSuffix(c.up, "Id")
	switch {
	case !isGUID && c.kind == lookup:
		c.kind = text
	case isGUID && isLink:
		c.kind, c.table = lookup, target
	}
}

func (v *view) column(field string) *column {
	for i := range v.columns {
		if v.columns[i].field == field {
			return &v.columns[i]
		}
	}
	return nil
}

// selection are the columns one question reads.
type selection struct {
	columns []column
	extra   []string // of link rules, and Product.IsArchive
	links   []*rule
	archive bool
}

// choose picks the columns for what is asked, for what the rows are checked by
// and for the keys. A column the site lacks is left out: its value is null.
func (v *view) choose(f datasources.Fields, q *datasources.Query, relation datasources.Relation) selection {
	need := map[string]bool{string(relation): true, v.number: true, "customer": true}
	if q != nil {
		q.Where.Columns(func(c string) { need[c] = true })
		need[q.Order.Column] = true
	}
	has := func(field string) bool { return need[field] || f.Has(field) }
	amounts := has("total") || has("tax") || has("paid") || has("price")
	if v.money && (has("currency") || has("lines")) {
		// The currency shown is that of the total, and the lines have it too:
		// without a total there is none.
		need["total"], need["price"], amounts = true, true, true
	}
	var sel selection
	for _, c := range v.columns {
		if c.key || has(c.field) || (amounts && c.field == "currency") {
			sel.columns = append(sel.columns, c)
		}
	}
	for i := range v.links {
		l := &v.links[i]
		if !l.asksFor(f) && !need[string(l.relation)] {
			continue
		}
		sel.links = append(sel.links, l)
		for _, field := range l.rules.Fields() {
			if v.table.has(field) {
				sel.extra = append(sel.extra, field)
			}
		}
	}
	if v.archived && has("active") {
		sel.archive = true
		sel.extra = append(sel.extra, archiveColumn)
	}
	slices.Sort(sel.extra)
	sel.extra = slices.Compact(sel.extra)
	return sel
}

// names are the upstream columns, distinct, in a fixed order.
func (sel *selection) names() []string {
	var list []string
	for i := range sel.columns {
		list = append(list, sel.columns[i].up)
	}
	list = append(list, sel.extra...)
	slices.Sort(list)
	return slices.Compact(list)
}
