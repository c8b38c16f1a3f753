package loaders

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// What a row says of its own fields bears the verdict of those fields: a document
// names the amounts it has computed, and says nothing of one that is not shown.
// Rows are shared, with other requests too, and are copied before they change.

// computedFields are the amounts that `computed` may name.
func computedFields() []string { return []string{"total", "net", "tax"} }

// isComputed reports whether rows of a type say which amounts were computed.
func isComputed(typeName string) bool {
	switch typeName {
	case "Order", "Invoice", "Quote", "PurchaseOrder":
		return true
	}
	return false
}

// computedOf returns where a row names its computed amounts, nil where it does not.
func computedOf(row any) *[]string {
	switch x := row.(type) {
	case *schema.Order:
		return &x.Computed
	case *schema.Invoice:
		return &x.Computed
	case *schema.Quote:
		return &x.Computed
	case *schema.PurchaseOrder:
		return &x.Computed
	}
	return nil
}

// shower returns how a row of this entity is shown, nil where it is as it is.
func (d *Documents[T, P]) shower(ctx context.Context, via string) func(*T) *T {
	if !isComputed(d.name) {
		return nil
	}
	a := d.l.access(ctx)
	hidden := map[string]func(schema.Entity) bool{}
	for _, f := range computedFields() {
		if a.Field(d.name, f).Verdict != policies.Allow {
			hidden[f] = d.l.Matcher(d.name, via, whole(a, d.name, f, via))
		}
	}
	if len(hidden) == 0 {
		return nil
	}
	return func(x *T) *T {
		if x == nil {
			return nil
		}
		isHidden := func(f string) bool { shows := hidden[f]; return shows != nil && !shows(P(x)) }
		if !slices.ContainsFunc(*computedOf(x), isHidden) {
			return x
		}
		y := *x
		names := computedOf(&y)
		if *names = slices.DeleteFunc(slices.Clone(*names), isHidden); len(*names) == 0 {
			*names = nil
		}
		return &y
	}
}

// show shows the rows of pages.
func (d *Documents[T, P]) show(ctx context.Context, via string, pages []*schema.Page[T]) []*schema.Page[T] {
	if f := d.shower(ctx, via); f != nil {
		for _, p := range pages {
			if p == nil {
				continue
			}
			for i, x := range p.Nodes { // the page is this list's own, its rows are not
				p.Nodes[i] = f(x)
			}
		}
	}
	return pages
}

// showRows shows rows that were reached one by one.
func (d *Documents[T, P]) showRows(ctx context.Context, via string, rows []*T) []*T {
	if f := d.shower(ctx, via); f != nil {
		for i, x := range rows {
			rows[i] = f(x)
		}
	}
	return rows
}

func (d *Documents[T, P]) showOne(ctx context.Context, via string, row *T) *T {
	return d.showRows(ctx, via, []*T{row})[0]
}
