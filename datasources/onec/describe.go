package onec

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// describe says what this source has by its config. Which objects the base
// really publishes is found out later: a reader of one that is missing answers
// NOT_ENABLED, and Probe reports it.
func (s *source) describe() datasources.Description {
	return datasources.Description{
		Name: s.cfg.Name, Kind: "onec", Zone: s.zone,
		Entities: []datasources.Entity{
			s.describeDocument("Order", "total", []string{conceptOrder}, "dueDate", "customerReference", "tax", "paid", "notes", "lines"),
			s.describeDocument("Invoice", "total", s.cfg.Invoices, "dueDate", "tax", "paid", "posted", "notes", "lines"),
			s.describeDocument("Payment", "amount", []string{conceptPayment}, "method", "purpose", "posted"),
			s.describeDocument("DeliveryNote", "total", []string{conceptSale}, "posted", "lines"),
			s.describeProduct(),
		},
	}
}

// The comparisons 1C evaluates. They are never changed.
var (
	equal    = []schema.Op{schema.Eq, schema.In}
	equalRef = []schema.Op{schema.Eq, schema.In, schema.IsNull}
	ordered  = []schema.Op{schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.IsNull}
)

func (s *source) describeDocument(entity, amount string, from []string, more ...string) datasources.Entity {
	first := from[0]
	e := datasources.Entity{
		Name: entity, Upstream: s.upstream(from...),
		KeyBatch: s.batch(idIs(zeroGUID)), PageLimit: s.cfg.Page, LocalBound: s.cfg.LocalBound,
		Default: schema.Sort{Column: "date", Desc: true}, RateClass: "odata",
		Notes: "Equal dates are ordered by the base's own order of keys. Posted and deleted follow the marks of 1C.",
		Columns: []datasources.Column{
			{Name: "id", Upstream: "Ref_Key", Ops: equal, Comparable: true},
			{Name: "source", Ops: equal},
			{Name: "number", Upstream: s.fieldName(first, "number"), Ops: equal},
			{Name: "date", Upstream: s.fieldName(first, "date"), Ops: ordered, Sortable: true, Comparable: true},
			{Name: amount, Upstream: s.fieldName(first, "total"), Ops: ordered, Sortable: true, Comparable: true},
			{Name: "currency", Upstream: s.fieldName(first, "currency")},
			{Name: "status", Upstream: s.fieldName(first, "status")},
			{Name: "customer", Upstream: s.fieldName(first, "customer"), Ops: equalRef},
		},
	}
	if entity == "Invoice" {
		e.Columns = append(e.Columns, datasources.Column{Name: "kind", Ops: equal})
		e.Notes += " Keys are bill:GUID, sale:GUID or tax:GUID."
	}
	for _, name := range more {
		e.Columns = append(e.Columns, datasources.Column{Name: name, Upstream: s.fieldName(first, name)})
	}
	relate := func(rel, upstream, term string) {
		e.Relations = append(e.Relations, datasources.RelationAbility{Relation: datasources.Relation(rel), Upstream: upstream, Batch: s.batch(term)})
	}
	customer := s.fieldName(first, "customer")
	relate("customer", customer, customer+" eq guid'"+zeroGUID+"'")
	number := s.fieldName(first, "number")
	relate("number", number, number+" eq '00000000000'")
	for _, rel := range references(entity) {
		name, to := s.fieldName(first, rel), s.upstream(conceptOrder)
		if rel == "invoice" {
			to = s.upstream(conceptBill)
		}
		e.Columns = append(e.Columns, datasources.Column{Name: rel, Upstream: name, Ops: equal})
		relate(rel, name, name+" eq cast(guid'"+zeroGUID+"','"+to+"')")
	}
	for _, rel := range []string{"order", "quote", "invoice"} {
		s.describeLink(&e, rel, relate)
	}
	return e
}

// references are the documents an entity refers to by the base's own references.
func references(entity string) []string {
	switch entity {
	case "Invoice", "DeliveryNote":
		return []string{"order"}
	case "Payment":
		return []string{"order", "invoice"}
	}
	return nil
}

// describeLink declares what the configured link rules make possible: rows are
// found by numbers that fill a whole field.
func (s *source) describeLink(e *datasources.Entity, rel string, relate func(rel, upstream, term string)) {
	rules := s.links[e.Name+"."+rel]
	if len(rules) == 0 {
		return
	}
	column := linkColumns()[rel]
	c := datasources.Column{Name: column, Upstream: rules[0].Field}
	if rules.Exact() {
		if len(rules) == 1 {
			c.Ops = equal
		}
		relate(column, rules[0].Field, rules[0].Field+" eq '00000000000'")
	}
	e.Columns = append(e.Columns, c)
}

func (s *source) describeProduct() datasources.Entity {
	name := func(f string) string { return s.fieldName(conceptProduct, f) }
	return datasources.Entity{
		Name: "Product", Upstream: s.upstream(conceptProduct),
		KeyBatch: s.batch(idIs(zeroGUID)), PageLimit: s.cfg.Page, LocalBound: s.cfg.LocalBound, RateClass: "odata",
		Notes: "Without an order of their own: pages follow the base's order of keys. Neither prices nor stock.",
		Columns: []datasources.Column{
			{Name: "id", Upstream: "Ref_Key", Ops: equal, Comparable: true},
			{Name: "source", Ops: equal},
			{Name: "sku", Upstream: name("sku"), Ops: equal},
			{Name: "name", Upstream: name("name")},
			{Name: "barcode", Upstream: name("barcode")},
			{Name: "category", Upstream: name("parent")},
			{Name: "unit", Upstream: name("unit")},
			{Name: "taxRate", Upstream: name("taxRate")},
			{Name: "active", Upstream: name("deleted"), Ops: []schema.Op{schema.Eq}},
		},
	}
}

// upstream returns the likeliest names of objects, before the base was asked.
func (s *source) upstream(concepts ...string) string {
	name := ""
	for i, c := range concepts {
		if i > 0 {
			name += ", "
		}
		name += s.cfg.names(c)[0]
	}
	return name
}

func (s *source) fieldName(concept, name string) string {
	def := concepts()[concept]
	if f := def.field(name); f != nil {
		names, _ := s.cfg.candidates(concept, f)
		return names[0]
	}
	return ""
}

// restOfQuery is about what a query has beside its keys.
const restOfQuery = 700

// batch tells how many keys with such a term fit one call.
func (s *source) batch(term string) int {
	n := (s.cfg.MaxQuery - restOfQuery) / (len(wire.QueryEscape20(term)) + len(orWord))
	return max(1, min(n, s.cfg.Batch))
}
