package odata

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// describe says what this source has by its config. What the service really has
// is found out later: a reader whose set is missing answers NOT_ENABLED, and a
// comparison a property's type does not allow is made here or refused.
func (s *source) describe() datasources.Description {
	d := datasources.Description{Name: s.cfg.Name, Kind: "odata", Zone: s.zone}
	for _, name := range s.cfg.names() {
		if name == "Customer" {
			continue // of the directory, not of this source
		}
		cfg := s.cfg.Entities[name]
		d.Entities = append(d.Entities, s.describeEntity(name, &cfg))
	}
	return d
}

func (s *source) describeEntity(name string, cfg *Entity) datasources.Entity {
	equal := []schema.Op{schema.Eq, schema.In}
	e := datasources.Entity{
		Name: name, Upstream: cfg.Set, KeyBatch: s.batch("key"), PageLimit: s.cfg.Page, LocalBound: s.cfg.LocalBound, RateClass: "odata",
		Notes: "Filters and orders depend on the types of the properties; trama check shows them.",
		Columns: []datasources.Column{
			{Name: "id", Upstream: strings.Join(cfg.Key, ","), Ops: equal, Comparable: true},
			{Name: "source", Ops: equal},
		},
	}
	compared := comparedColumns(name)
	for _, col := range mapping.Columns(name) {
		f, ok := cfg.Fields[col.Name]
		if !ok || col.Name == "id" || col.Column == "" || col.Type == mapping.TextList {
			continue
		}
		c := datasources.Column{Name: col.Column, Upstream: strings.Join(f.At, ", ")}
		if slices.Contains(compared, c.Name) && len(f.At) > 0 {
			c.Ops, c.Sortable, c.Comparable = s.opsOf(&col, &f)
		}
		e.Columns = append(e.Columns, c)
		if isRelation(name, c.Name) && len(f.At) > 0 {
			e.Relations = append(e.Relations, datasources.RelationAbility{Relation: relationOf(c.Name), Upstream: c.Upstream, Batch: s.batch(f.At[0])})
		}
	}
	for _, relation := range []string{"order", "quote", "invoice"} {
		s.describeLink(&e, relation, cfg)
	}
	e.Default = defaultOrder(&e)
	return e
}

// opsOf are the comparisons of a column whose property has the type one expects.
func (s *source) opsOf(col *mapping.Column, f *mapping.Field) (ops []schema.Op, isSortable, isComparable bool) {
	c := column{path: "x", canFilter: true, canSort: true}
	switch col.Type {
	case mapping.Moment:
		c.want, c.typ.kind = schema.KindTime, kindMoment
	case mapping.Money, mapping.Decimal:
		c.want, c.typ.kind = schema.KindDecimal, kindDec
	case mapping.Truth:
		c.want, c.typ.kind = schema.KindBool, kindBool
	case mapping.Texts:
		if col.Name == "currency" {
			return nil, false, false // shown in one form, stored in any
		}
		c.want, c.typ.kind = schema.KindString, kindText
	}
	if len(f.Map) > 0 {
		c.raws = map[string][]string{}
	}
	return c.ops(s.trust), c.sortable(), c.want == schema.KindTime || c.want == schema.KindDecimal
}

// describeLink declares what link rules and numbers in a field make possible.
func (s *source) describeLink(e *datasources.Entity, relation string, cfg *Entity) {
	rules := s.links[e.Name+"."+relation]
	f, ok := cfg.Fields[relation+"Numbers"]
	if len(rules) == 0 && (!ok || len(f.At) == 0) {
		return
	}
	names := rules.Fields()
	if ok {
		names = append(names, f.At...)
	}
	c := datasources.Column{Name: relation + "Number", Upstream: strings.Join(names, ", ")}
	if rules.Exact() {
		if len(rules) == 0 || len(rules) == 1 && !ok {
			c.Ops = []schema.Op{schema.Eq, schema.In}
		}
		e.Relations = append(e.Relations, datasources.RelationAbility{Relation: datasources.Relation(c.Name), Upstream: c.Upstream, Batch: s.batch(strings.Join(names, ""))})
	}
	e.Columns = append(e.Columns, c)
}

// comparedColumns are the columns rows answer by name, besides those every
// document has: nothing else can be compared, here or there.
func comparedColumns(entity string) []string {
	list := []string{"id", "source", "createdAt", "updatedAt"}
	switch entity {
	case "Order", "Quote":
		list = append(list, "number", "shop", "status", "total", "date")
	case "DeliveryNote":
		list = append(list, "number", "carrier", "status", "total", "date")
	case "Invoice":
		list = append(list, "number", "status", "total", "date", "kind")
	case "Payment":
		list = append(list, "number", "status", "amount", "date")
	case "Boleto":
		list = append(list, "number", "status", "amount", "date", "dueDate")
	case "Payable":
		return append(list, "number", "supplier", "supplierTaxId", "status", "amount", "date", "dueDate")
	case "PurchaseOrder":
		return append(list, "number", "supplier", "supplierTaxId", "status", "total", "date")
	case "Product":
		return append(list, "sku", "name", "barcode", "category", "active", "price")
	case "Contact":
		list = append(list, "name", "email")
	case "Ticket":
		list = append(list, "number", "title", "state", "stateType", "priority", "queue", "type", "owner", "closedAt")
	}
	return append(list, "customer", "order", "quote", "invoice", "orderNumber", "quoteNumber", "invoiceNumber")
}

// isRelation reports whether a column of an entity holds what children are asked
// by.
func isRelation(entity, column string) bool {
	switch column {
	case "customer", "order", "quote", "invoice", "number":
		return true
	}
	return entity == "Product" && column == "sku"
}

// relationOf is the relation a column answers: a product's number is its code.
func relationOf(column string) datasources.Relation {
	if column == "sku" {
		column = "number"
	}
	return datasources.Relation(column)
}

// columnOf is the opposite of relationOf.
func columnOf(entity string, rel datasources.Relation) string {
	if entity == "Product" && rel == "number" {
		return "sku"
	}
	return string(rel)
}

// defaultOrder is the newest first, by the first of these columns there is.
func defaultOrder(e *datasources.Entity) schema.Sort {
	for _, name := range []string{"date", "createdAt", "updatedAt"} {
		if c := e.Column(name); c != nil && c.Sortable {
			return schema.Sort{Column: name, Desc: true}
		}
	}
	return schema.Sort{}
}

// batch tells about how many keys fit one call that names them by a property.
func (s *source) batch(property string) int {
	const rest, literal = 600, 50 // what an address has beside its keys; a GUID's term
	return max(1, min(s.cfg.Batch, (s.cfg.MaxURL-rest)/(length(property)+literal)))
}

// narrow is the description less what the types found do not allow.
func (l *layout) narrow(e *datasources.Entity, t trust) {
	if e == nil {
		return
	}
	l.narrowed = *e
	l.narrowed.Columns = slices.Clone(e.Columns)
	for i := range l.narrowed.Columns {
		c := &l.narrowed.Columns[i]
		var found *column
		switch {
		case c.Name == "id" || c.Name == "source":
			continue
		case len(l.links[c.Name]) == 1:
			found = l.links[c.Name][0]
		default:
			found = l.columns[c.Name]
		}
		able := found.ops(t)
		c.Ops = slices.DeleteFunc(slices.Clone(c.Ops), func(op schema.Op) bool { return !slices.Contains(able, op) })
		c.Sortable = c.Sortable && found.sortable()
	}
}
