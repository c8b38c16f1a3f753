package creatio

import (
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/guids"
	"github.com/trama-graph/trama/schema"
)

// entities in the order of the description.
var entities = [...]string{"Contact", "Quote", "Order", "Invoice", "Product", "Ticket"}

// describe writes down what a site of this shape can do.
func describe(cfg Config, zone *time.Location, shapes map[string]*shape) datasources.Description {
	d := datasources.Description{Name: cfg.Name, Kind: "creatio", Zone: zone}
	for _, name := range entities {
		sh := shapes[name]
		if sh == nil {
			continue
		}
		e := datasources.Entity{
			Name: sh.entity, Upstream: sh.set, KeyBatch: batchOf(sh, "Id eq "+guids.Zero), PageLimit: cfg.PageSize, LocalBound: localBound,
			Default: sh.order, RateClass: "odata", Notes: sh.notes,
		}
		for i := range sh.columns {
			e.Columns = append(e.Columns, describeColumn(sh, &sh.columns[i]))
		}
		e.Columns = append(e.Columns, constants(sh)...)
		e.Relations = relations(sh)
		for i := range sh.links {
			if l := &sh.links[i]; l.rules.Exact() {
				name := upstreamOf(l.rules)
				e.Columns = append(e.Columns, datasources.Column{Name: string(l.relation), Upstream: name, Ops: []schema.Op{schema.Eq, schema.In}})
				exprs := (&view{shape: sh, table: everyColumn(l.rules)}).linkTerms(l, sampleNumber)
				e.Relations = append(e.Relations, datasources.RelationAbility{Relation: l.relation, Upstream: name, Batch: batchOf(sh, anyOf(exprs))})
			}
		}
		d.Entities = append(d.Entities, e)
	}
	return d
}

func upstreamOf(rules datasources.LinkRules) string {
	name := ""
	for i, field := range rules.Fields() {
		if i > 0 {
			name += ", "
		}
		name += field
	}
	return name
}

func describeColumn(sh *shape, c *column) datasources.Column {
	out := datasources.Column{Name: c.field, Upstream: c.up, Sortable: c.sort, Comparable: c.sort}
	if isFilter(sh.entity, c.field) {
		out.Ops = operations(c)
	}
	return out
}

// isFilter reports whether a row answers for a column, so that a filter can be
// checked on it again: what cannot be checked is not offered.
func isFilter(entity, field string) bool {
	switch field {
	case "id", "createdAt", "updatedAt", "number", "status", "total", "currency", "date", "email", "name", "customer", "order", "quote",
		"sku", "barcode", "category", "active", "price", "state", "priority":
		return true
	case "title":
		return entity == "Ticket"
	}
	return false
}

func operations(c *column) []schema.Op {
	switch c.kind {
	case ident, link, truth:
		if c.kind == truth {
			return []schema.Op{schema.Eq}
		}
		return []schema.Op{schema.Eq, schema.In}
	case moment, number:
		return []schema.Op{schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge}
	}
	return []schema.Op{schema.Eq, schema.In, schema.Contains, schema.Prefix}
}

// constants are columns that are the same on every row.
func constants(sh *shape) []datasources.Column {
	ops := []schema.Op{schema.Eq, schema.In, schema.Contains, schema.Prefix, schema.IsNull}
	list := []datasources.Column{{Name: "source", Upstream: "(constant)", Ops: ops}}
	switch {
	case sh.entity == "Invoice":
		list = append(list, datasources.Column{Name: "kind", Upstream: "(BILL)", Ops: ops})
	case sh.entity == "Ticket":
		list = append(list, datasources.Column{Name: "stateType", Upstream: "(UNKNOWN)", Ops: ops})
	case sh.entity == "Order":
		list = append(list, datasources.Column{Name: "lines", Upstream: setLine})
	}
	if sh.money && sh.column("currency") == nil {
		list = append(list, datasources.Column{Name: "currency", Upstream: "(base_currency)", Ops: []schema.Op{schema.Eq, schema.In}})
	}
	return list
}

func relations(sh *shape) []datasources.RelationAbility {
	var list []datasources.RelationAbility
	for _, field := range []string{"customer", "order", "quote"} {
		if c := sh.column(field); c != nil && c.kind == link {
			list = append(list, datasources.RelationAbility{Relation: datasources.Relation(field), Upstream: c.path(), Batch: batchOf(sh, c.path()+" eq "+guids.Zero)})
		}
	}
	if sh.number != "" {
		up := sh.column(sh.number).up
		list = append(list, datasources.RelationAbility{Relation: "number", Upstream: up, Batch: batchOf(sh, up+" eq "+quoted(sampleNumber))})
	}
	return list
}

// sampleNumber is as long as document numbers are.
const sampleNumber = "ORD-00001234"

// batchOf is how many keys or parents one address takes when every column is asked for.
// A $batch carries parentChains times as many parents, maxParts times as many
// keys.
func batchOf(sh *shape, expr string) int {
	sel := selection{columns: sh.columns}
	terms := make([]term, maxChain)
	for i := range terms {
		terms[i].expr = expr
	}
	a := ask{set: sh.set, cols: sel.names(), order: "ModifiedOn,Id", top: parentRows}
	if list := chains(a, terms); len(list) > 0 {
		return len(list[0].keys)
	}
	return 1
}

// everyColumn is a table that has the columns of a link.
func everyColumn(rules datasources.LinkRules) *table {
	t := &table{columns: map[string]property{}}
	for _, field := range rules.Fields() {
		t.columns[field] = property{}
	}
	return t
}

// openReaders makes the readers of the described entities.
func (s *source) openReaders() map[string]any {
	all := map[string]any{}
	for i := range s.desc.Entities {
		switch e := &s.desc.Entities[i]; e.Name {
		case "Contact":
			all[e.Name] = newReader(s, e, buildContact)
		case "Quote":
			all[e.Name] = newReader(s, e, buildQuote)
		case "Order":
			r := newReader(s, e, buildOrder)
			r.lines = s.orderLines
			all[e.Name] = r
		case "Invoice":
			all[e.Name] = newReader(s, e, buildInvoice)
		case "Product":
			all[e.Name] = newReader(s, e, buildProduct)
		case "Ticket":
			all[e.Name] = newReader(s, e, buildTicket)
		}
	}
	return all
}

func newReader[T any, P gather.Entity[T]](s *source, e *datasources.Entity, build func(*builder, *record) T) *reader[T, P] {
	return &reader[T, P]{s: s, e: e, build: build}
}

var (
	_ datasources.Reader[schema.Contact] = (*reader[schema.Contact, *schema.Contact])(nil)
	_ datasources.Reader[schema.Quote]   = (*reader[schema.Quote, *schema.Quote])(nil)
	_ datasources.Reader[schema.Order]   = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.Reader[schema.Invoice] = (*reader[schema.Invoice, *schema.Invoice])(nil)
	_ datasources.Reader[schema.Product] = (*reader[schema.Product, *schema.Product])(nil)
	_ datasources.Reader[schema.Ticket]  = (*reader[schema.Ticket, *schema.Ticket])(nil)

	_ datasources.Follower[schema.Contact] = (*reader[schema.Contact, *schema.Contact])(nil)
	_ datasources.Follower[schema.Quote]   = (*reader[schema.Quote, *schema.Quote])(nil)
	_ datasources.Follower[schema.Order]   = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.Follower[schema.Invoice] = (*reader[schema.Invoice, *schema.Invoice])(nil)
	_ datasources.Follower[schema.Product] = (*reader[schema.Product, *schema.Product])(nil)
	_ datasources.Follower[schema.Ticket]  = (*reader[schema.Ticket, *schema.Ticket])(nil)

	_ datasources.KeyScanner = (*reader[schema.Order, *schema.Order])(nil)
)
