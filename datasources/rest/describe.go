package rest

import (
	"cmp"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// describe says what the source has by its config, Customer excepted, which is no
// entity of a source. One that is not enabled is described too: its reads say so.
func (s *source) describe() {
	s.desc = datasources.Description{Name: s.cfg.Name, Kind: s.kind, Zone: s.zone}
	for _, e := range s.entities {
		if e.name != customerEntity {
			s.desc.Entities = append(s.desc.Entities, s.describeEntity(e))
		}
	}
	for _, e := range s.entities {
		e.desc = s.desc.Entity(e.name)
	}
}

func (s *source) describeEntity(e *entity) datasources.Entity {
	// What is not enabled is described by its own resource.
	first := newResource(&s.cfg, e.name, "entities."+e.name, e.cfg)
	isJoined := len(e.from) > 1 || e.stock != nil
	if len(e.from) > 0 {
		first = e.from[0]
	}
	d := datasources.Entity{
		Name: e.name, Upstream: upstream(e, first), PageLimit: first.paging.Size, LocalBound: s.cfg.LocalBound,
		RateClass: first.pack, Notes: notes(e, first, isJoined),
	}
	if first.cfg.Keys.Param != "" && !isJoined {
		d.KeyBatch = first.keyBatch(first.cfg.Keys)
	}
	isKeyed := func(column string) bool {
		k := first.cfg.Relations[column]
		if column == "id" {
			k = first.cfg.Keys
		}
		return k.Param != "" && !isJoined
	}
	has := map[string]bool{}
	for _, r := range allOf(e, first) {
		s.describeColumns(&d, r, has, isKeyed)
	}
	d.Columns = append(d.Columns, datasources.Column{Name: "source", Ops: equal()})
	for _, rel := range relations() {
		k := first.cfg.Relations[rel]
		if k.Param != "" && !isJoined {
			d.Relations = append(d.Relations, datasources.RelationAbility{
				Relation: datasources.Relation(rel), Upstream: k.Param, Batch: first.keyBatch(k),
			})
		}
	}
	for _, name := range []string{"date", "updatedAt", "createdAt"} {
		if c := d.Column(name); c != nil && c.Sortable {
			d.Default = schema.Sort{Column: name, Desc: true}
			break
		}
	}
	return d
}

// allOf are the enabled resources, or the one that is not.
func allOf(e *entity, first *resource) []*resource {
	if len(e.from) == 0 {
		return []*resource{first}
	}
	return e.from
}

func upstream(e *entity, first *resource) string {
	var names []string
	for _, r := range allOf(e, first) {
		names = append(names, r.label)
	}
	if e.stock != nil {
		names = append(names, e.stock.label)
	}
	return strings.Join(names, ", ")
}

func notes(e *entity, first *resource, isJoined bool) string {
	switch {
	case len(e.from) == 0:
		return "Package " + cmp.Or(e.cfg.Package, e.name) + " is not enabled."
	case first.cfg.Placeholder:
		return "Its path is not confirmed: reads are refused."
	case isJoined:
		return "Several resources are read whole and joined."
	case len(first.cfg.Orders) == 0:
		return "Lists are read whole, and filtered and sorted here."
	}
	return ""
}

func equal() []schema.Op { return []schema.Op{schema.Eq, schema.In} }

// describeColumns adds what a resource has and those before it have not. Rows can
// be sorted by times, numbers and ids: by the system, or here within LocalBound.
func (s *source) describeColumns(d *datasources.Entity, r *resource, has map[string]bool, isKeyed func(string) bool) {
	for _, c := range mapping.Columns(d.Name) {
		f, ok := r.cfg.Fields[c.Name]
		rules := s.links[d.Name+"."+strings.TrimSuffix(c.Column, "Number")]
		isLink := c.Type == mapping.TextList && len(rules) > 0
		if c.Column == "" || has[c.Column] || !ok && !isLink {
			continue
		}
		has[c.Column] = true
		x := datasources.Column{Name: c.Column, Upstream: strings.Join(f.At, ", ")}
		if isLink && !ok {
			x.Upstream = strings.Join(rules.Fields(), ", ")
		}
		switch c.Type {
		case mapping.Moment, mapping.Money, mapping.Decimal, mapping.Whole:
			x.Sortable = isSortable(d.Name, c.Name)
			x.Comparable = x.Sortable
		}
		if c.Name == "id" {
			x.Sortable, x.Comparable = true, true
		}
		relation := c.Column
		if d.Name == "Product" && c.Name == "sku" {
			relation = "number"
		}
		if isKeyed(relation) {
			x.Ops = equal()
		}
		d.Columns = append(d.Columns, x)
	}
	if s.cfg.Currency != "" && !has["currency"] {
		has["currency"] = true
		for _, c := range mapping.Columns(d.Name) {
			if c.Name == "currency" {
				d.Columns = append(d.Columns, datasources.Column{Name: "currency"})
			}
		}
	}
}

// isSortable reports whether rows answer a column for sorting.
func isSortable(entity, column string) bool {
	switch column {
	case "createdAt", "updatedAt", "date", "dueDate", "closedAt":
		return entity != "Order" && entity != "Invoice" || column != "dueDate"
	case "total", "amount", "price":
		return true
	}
	return false
}

// relations are the columns rows can be asked by, in the order of documentation.
func relations() []string {
	return []string{"customer", "order", "quote", "invoice", "number", "orderNumber", "quoteNumber", "invoiceNumber"}
}
