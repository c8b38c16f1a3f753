package loaders

import (
	"context"
	"strings"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Shown filters what is told of the systems themselves, which names entities and
// fields: what a request may not see has no name for it either.
type Shown struct {
	Access Access
	// Known tells whether a type of the graph has a field: policies.Graph.Field. Names
	// that are none of the graph's (upstream words) say nothing of it and are kept. Nil
	// = every name is one.
	Known func(typeName, field string) bool
}

// Shown returns the filter of this request.
func (l *Loaders) Shown(ctx context.Context, known func(typeName, field string) bool) Shown {
	return Shown{Access: l.access(ctx), Known: known}
}

// Sources returns the sources with what may be told of each. The given ones are not
// changed.
func (s Shown) Sources(list []*schema.Source) []*schema.Source {
	out := make([]*schema.Source, len(list))
	for i, x := range list {
		y := *x
		y.Entities, y.Problems = nil, nil
		for _, e := range x.Entities {
			if s.entity(e.Name) {
				y.Entities = append(y.Entities, s.sourceEntity(e))
			} else if strings.Contains(x.Note, e.Name) {
				y.Note = "" // it speaks of what is not shown
			}
		}
		for _, p := range x.Problems {
			if p.Entity == "" || s.entity(p.Entity) && (p.Field == "" || s.field(p.Entity, p.Field) != policies.Deny) {
				y.Problems = append(y.Problems, p)
			}
		}
		out[i] = &y
	}
	return out
}

func (s Shown) sourceEntity(e *schema.SourceEntity) *schema.SourceEntity {
	out := *e
	// To filter or sort by a field is to read it, and a masked one cannot be.
	whole := func(name string) bool {
		v := s.field(e.Name, name)
		return v == policies.Allow || v == policies.Row
	}
	out.Filters, out.Orders = only(e.Filters, whole), only(e.Orders, whole)
	out.Relations = only(e.Relations, func(name string) bool { return s.field(e.Name, name) != policies.Deny })
	return &out
}

func only(list []string, keep func(string) bool) []string {
	var out []string
	for _, x := range list {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// Coverage returns the lines that may be told: of entities that are seen, and of
// links ("Invoice.order") whose field is.
func (s Shown) Coverage(list []*schema.Coverage) []*schema.Coverage {
	var out []*schema.Coverage
	for _, c := range list {
		entity, field, isLink := strings.Cut(c.Entity, ".")
		if s.entity(entity) && (!isLink || s.field(entity, field) != policies.Deny) {
			out = append(out, c)
		}
	}
	return out
}

// entity reports whether rows of a type may be seen.
func (s Shown) entity(name string) bool {
	switch name {
	case "Article":
		return s.entity("Ticket") && s.Access.Field("Ticket", "articles").Verdict != policies.Deny
	case "stock": // lists of stocks beside the products
		return s.entity("Product") && s.Access.Field("Product", "stock").Verdict != policies.Deny
	}
	return s.Access.Rows(name).Op != schema.None && s.Access.Field(name, "id").Verdict != policies.Deny
}

// field returns the verdict of the field a column stands for.
func (s Shown) field(entity, column string) policies.Verdict {
	column, _, _ = strings.Cut(column, ".")
	known := s.Known
	if known == nil {
		known = func(string, string) bool { return true }
	}
	for _, name := range []string{column, fieldOf(entity, column)} {
		if known(entity, name) {
			return s.Access.Field(entity, name).Verdict
		}
	}
	return policies.Allow
}

// fieldOf is the field a column is part of, where it has another name.
func fieldOf(entity, column string) string {
	switch strings.TrimSuffix(column, "s") {
	case "orderNumber":
		return "order"
	case "quoteNumber":
		return "quote"
	case "invoiceNumber":
		return "invoice"
	case "number":
		return "sku" // of Product
	case "street", "city", "postalCode":
		return "address"
	case "code", "foreignId":
		return "members"
	}
	return column
}
