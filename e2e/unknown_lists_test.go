package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// lists asks for filtered, sorted and paged lists, and for single documents by
// their numbers. Every total is exact; that of a filter in uncounted may be null.
func (x *stranger) lists(t *testing.T, s *server, w *world.World, uncounted ...string) {
	t.Helper()
	type truth struct {
		unknown.Record
		*world.Order
	}
	var all []truth
	for _, r := range x.orders {
		all = append(all, truth{r, w.Order(r.Customer, r.Index)})
	}
	numbers := func(keep func(truth) bool) []string {
		list := []string{}
		for _, o := range all {
			if keep(o) {
				list = append(list, o.Record.Number)
			}
		}
		return list
	}
	limit := all[len(all)/2].Order.Total
	for name, tc := range map[string]struct {
		filter string
		keep   func(truth) bool
	}{
		"all":      {``, func(truth) bool { return true }},
		"status":   {`, status: {eq: "delivered"}`, func(o truth) bool { return o.Order.Status == world.OrderDelivered }},
		"total":    {fmt.Sprintf(`, total: {ge: "%s"}`, amount(limit)), func(o truth) bool { return o.Order.Total >= limit }},
		"currency": {`, currency: {eq: "MDL"}, total: {gt: "1"}`, func(o truth) bool { return o.Order.Currency == "MDL" && o.Order.Total > 100 }},
		"number":   {fmt.Sprintf(`, number: {in: [%q, %q]}`, all[1].Record.Number, all[5].Record.Number), func(o truth) bool { return o.Record.ID == all[1].Record.ID || o.Record.ID == all[5].Record.ID }},
		"none":     {`, number: {eq: "nobody's"}`, func(truth) bool { return false }},
	} {
		t.Run("filter="+name, func(t *testing.T) {
			want := numbers(tc.keep)
			for _, field := range []string{"DATE", "TOTAL", "UPDATED_AT"} {
				for _, direction := range []string{"ASC", "DESC"} {
					var have []string
					last, after := "", "null"
					for pages := 0; ; pages++ {
						a := s.ask(t, fmt.Sprintf(`{ orders(first: 23, after: %s, filter: {source: {eq: %q}%s}, orderBy: {field: %s, direction: %s}) {
							totalCount pageInfo { hasNextPage endCursor } nodes { number date updatedAt total { amount } } } }`, after, x.name, tc.filter, field, direction), nil)
						if len(a.Errors) > 0 || pages > 50 {
							t.Fatalf("page %d by %s: %v", pages, field, a.Errors)
						}
						var page struct {
							TotalCount *int
							PageInfo   struct {
								HasNextPage bool
								EndCursor   string
							}
							Nodes []struct {
								Number, Date, UpdatedAt string
								Total                   struct{ Amount string }
							}
						}
						into(t, a.Data["orders"], &page)
						if n := page.TotalCount; n == nil && !slices.Contains(uncounted, name) || n != nil && *n != len(want) {
							t.Errorf("by %s: a total of %v, want %d", field, n, len(want))
						}
						for _, n := range page.Nodes {
							have = append(have, n.Number)
							at := map[string]string{"DATE": n.Date, "UPDATED_AT": n.UpdatedAt, "TOTAL": fmt.Sprintf("%20s", n.Total.Amount)}[field]
							if last != "" && (direction == "ASC" && at < last || direction == "DESC" && at > last) {
								t.Fatalf("%s behind %s, %s", at, last, direction)
							}
							last = at
						}
						if !page.PageInfo.HasNextPage {
							break
						}
						after = fmt.Sprintf("%q", page.PageInfo.EndCursor)
					}
					same(t, "orders by "+field+" "+direction, have, slices.Clone(want))
				}
			}
		})
	}
	o, v := x.orders[3], x.invoices[2]
	a := s.ask(t, fmt.Sprintf(`{ order(number: %q, source: %q) { number total { amount } customer { members { source recordId } } } invoice(number: %q) { number source } none: invoice(number: "nobody") { number } }`, o.Number, x.name, v.Number), nil)
	if len(a.Errors) > 0 || at(t, a.Data, "order.total.amount") != amount(w.Order(o.Customer, o.Index).Total) || at(t, a.Data, "invoice.source") != x.name || a.Data["none"] != nil {
		t.Errorf("by number: %v %v", a.Data, a.Errors)
	}
}

// calls counts what fifty customers with their orders, invoices and back again cost
// upstream: keys by batches and further pages, never a call for each row.
func (x *stranger) calls(t *testing.T, s *server) {
	t.Helper()
	const batch = 50
	ask := func() (keys, orders, numbers, invoices int) {
		a := s.ask(t, `{ customers(first: 50) { nodes { members { source } orders(first: 60) { nodes { source invoices(first: 20) { nodes { number order { number } } } } } } } }`, nil)
		if len(a.Errors) > 0 {
			t.Fatal(a.Errors[0])
		}
		var got struct{ Nodes []strangersAnswer }
		into(t, a.Data["customers"], &got)
		for _, c := range got.Nodes {
			for _, m := range c.Members {
				if m.Source == x.name {
					keys++
				}
			}
			for _, o := range c.Orders.Nodes {
				numbers++ // of both systems: an invoice may name either
				if o.Source == x.name {
					orders++
					invoices += len(o.Invoices.Nodes)
				}
			}
		}
		return keys, orders, numbers, invoices
	}
	ask() // what is learned once
	before := s.calls(t)
	keys, orders, numbers, invoices := ask()
	got := difference(before, s.calls(t))[x.name]
	page := map[string]int{"shop": 100, "ledger": 50}[x.name] // the ledger's own pages
	calls := func(keys, rows int) int { return (keys+batch-1)/batch + rows/page }
	back := calls(orders, invoices)
	if x.name == "shop" { // by customer, then looked through
		back = calls(keys, len(x.invoices))
	}
	most := calls(keys, orders) + back + calls(numbers, 0) + calls(min(orders, invoices), orders)
	if got == 0 || got > most || orders < 60 {
		t.Errorf("%d calls for %d customers, %d orders of %d and %d invoices, want at most %d", got, keys, orders, numbers, invoices, most)
	}
}
