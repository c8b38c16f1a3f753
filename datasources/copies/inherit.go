package copies

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Some systems write a document's customer on its order only: a delivery note of
// Ecolix names its order and nobody else (wire/ecolix.md §3). The copy has the
// order too, so it completes such rows before it keeps them, and they are found by
// their customer like all others.

// elders are the entities a customer may be taken over from, by the relation that
// leads there. They are read before all others.
var elders = []struct{ relation, entity string }{{"order", "Order"}, {"invoice", "Invoice"}, {"quote", "Quote"}}

// eldersFirst puts the entities others take a customer from at the front.
func eldersFirst(list []datasources.Entity) []datasources.Entity {
	rank := func(e datasources.Entity) int {
		if slices.ContainsFunc(elders, func(x struct{ relation, entity string }) bool { return x.entity == e.Name }) {
			return 0
		}
		return 1
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b datasources.Entity) int { return rank(a) - rank(b) })
	return list
}

// inherits returns the relation over which the rows of an entity have their
// customer, "" when they name him themselves or have none.
func inherits(d *datasources.Description, e *datasources.Entity) string {
	if _, names := related(e, "customer"); names {
		return ""
	}
	for _, x := range elders {
		elder := d.Entity(x.entity)
		if elder == nil || x.entity == e.Name {
			continue
		}
		_, leads := related(e, x.relation)
		if _, names := related(elder, "customer"); leads && names {
			return x.relation
		}
	}
	return ""
}

// heir completes the rows of one entity.
type heir[T any, P datasources.EntityOf[T]] struct {
	c        *Copy
	relation string
}

// complete fills in the customers of rows that name none. An elder that is not in
// the copy leaves its row as it is: the next reading tries again.
func (h *heir[T, P]) complete(ctx context.Context, items []T) error {
	if h == nil || h.relation == "" {
		return nil
	}
	waiting := map[string][]*schema.Links{}
	var keys []string
	for i := range items {
		row, ok := any(P(&items[i])).(interface{ LinkKeys() *schema.Links })
		if !ok {
			return nil
		}
		l := row.LinkKeys()
		key := elderKey(l, h.relation)
		if l.CustomerKey != "" || key == "" {
			continue
		}
		if waiting[key] == nil {
			keys = append(keys, key)
		}
		waiting[key] = append(waiting[key], l)
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := h.customers(ctx, keys)
	if err != nil && ctx.Err() != nil {
		return err
	}
	for key, customer := range found {
		for _, l := range waiting[key] {
			l.CustomerKey = customer
		}
	}
	return nil
}

func elderKey(l *schema.Links, relation string) string {
	switch relation {
	case "order":
		return l.OrderKey
	case "invoice":
		return l.InvoiceKey
	}
	return l.QuoteKey
}

// customers returns the customers of elders that the copy has.
func (h *heir[T, P]) customers(ctx context.Context, keys []string) (map[string]string, error) {
	switch h.relation {
	case "order":
		return customersOf[schema.Order](ctx, h.c, "Order", keys)
	case "invoice":
		return customersOf[schema.Invoice](ctx, h.c, "Invoice", keys)
	}
	return customersOf[schema.Quote](ctx, h.c, "Quote", keys)
}

func customersOf[T any, P interface {
	datasources.EntityOf[T]
	LinkKeys() *schema.Links
}](ctx context.Context, c *Copy, entity string, keys []string) (map[string]string, error) {
	r, ok := c.Reader(entity).(*reader[T, P])
	if !ok {
		return nil, nil
	}
	rows, err := r.ByKeys(ctx, keys, datasources.Fields{})
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(rows.Items))
	for i := range rows.Items {
		x := P(&rows.Items[i])
		_, key := x.Identity()
		out[key] = x.LinkKeys().CustomerKey
	}
	return out, nil
}
