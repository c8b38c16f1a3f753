package loaders_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// flat is a directory that knows everybody, by one key in all sources, and looks many
// up at once.
type flat struct{ many }

func (flat) LookUp(keys []string) datasources.Customers {
	m := &datasources.Members{Keys: keys, Ends: make([]int32, len(keys))}
	for i := range keys {
		m.Ends[i] = int32(i + 1)
	}
	return known{m}
}

type known struct{ *datasources.Members }

func (k known) Golden(i int) string            { return k.Keys[i] }
func (k known) In(string) *datasources.Members { return k.Members }

// invoicedByNumber is the customers, and sources with two orders of each and an invoice of each
// order, which names it by its number.
func invoicedByNumber(n int) (*ready, *ready, []*schema.Customer) {
	erp, acc := &ready{memory: &memory{name: "erp"}}, &ready{memory: &memory{name: "acc"}}
	erp.orders.Offsets, acc.invoices.Offsets = []int{0}, []int{0}
	customers := make([]*schema.Customer, n)
	for c := range customers {
		key := fmt.Sprintf("C%06d", c)
		customers[c] = &schema.Customer{Record: schema.Record{Key: key}}
		for i := range 2 {
			o := order("erp", fmt.Sprintf("O%06d-%d", c, i), key, fmt.Sprintf("SO-%06d-%d", c, i), 1+i)
			erp.orders.Items = append(erp.orders.Items, o)
			acc.invoices.Items = append(acc.invoices.Items, schema.Invoice{
				Record: schema.Record{Source: "acc", Key: "I" + o.Key}, Links: schema.Links{CustomerKey: key, OrderNumbers: []string{o.Number}},
			})
		}
		erp.orders.Offsets = append(erp.orders.Offsets, len(erp.orders.Items))
		acc.invoices.Offsets = append(acc.invoices.Offsets, len(acc.invoices.Items))
	}
	erp.orders.More, acc.invoices.More = make([]bool, n), make([]bool, n)
	return erp, acc, customers
}

// TestAllocations holds the objects of a level: so many for each question, and none for
// a customer, a key, a document or a page.
func TestAllocations(t *testing.T) {
	const few, many = 50, 800
	type level func(t *testing.T, n int) func()
	request := func(t *testing.T, n int) (func() *loaders.Loaders, []*schema.Customer, []loaders.Parent) {
		erp, acc, customers := invoicedByNumber(n)
		catalog, err := datasources.NewCatalog(
			[]*datasources.Connected{{Source: erp, Name: "erp"}, {Source: acc, Name: "acc"}},
			datasources.Documents{"Order": {"erp"}, "Invoice": {"acc"}}, map[string]map[string]datasources.LinkRules{"acc": {"Invoice.order": {{Field: "orderNumber"}}}})
		if err != nil {
			t.Fatal(err)
		}
		cfg := &loaders.Config{
			Catalog: catalog, Directory: flat{}, Seal: sealer(t), DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Links: &loaders.LinkStats{},
			Implied: map[string]bool{"Invoice.order": true},
			Columns: func(context.Context) []string { return []string{"number", "status", "total"} }, Total: func(context.Context) bool { return false },
			Access: func(context.Context) loaders.Access { return loaders.Everything{} },
		}
		return func() *loaders.Loaders { return loaders.New(cfg) }, customers, parentsOf(erp.orders.Items...)
	}
	for _, c := range []struct {
		name    string
		ceiling float64
		level   level
	}{
		{"orders of customers", 85, func(t *testing.T, n int) func() {
			l, customers, _ := request(t, n)
			return func() {
				pages, err := l().Orders.OfCustomers(t.Context(), customers, loaders.Args{})
				if err != nil || len(pages) != n || len(pages[n-1].Nodes) != 2 {
					t.Fatal(err, len(pages))
				}
			}
		}},
		{"invoices of orders, read ahead", 142, func(t *testing.T, n int) func() {
			l, customers, orders := request(t, n)
			return func() {
				l := l()
				l.Invoices.Ahead(t.Context(), "Invoice.order", loaders.ToOrder, customers, loaders.Args{})
				pages, err := l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, orders, loaders.Args{})
				if err != nil || len(pages) != 2*n || len(pages[2*n-1].Nodes) != 1 || pages[2*n-1].Nodes[0].Key != "I"+orders[2*n-1].Key {
					t.Fatal(err, len(pages))
				}
			}
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, more := testing.AllocsPerRun(20, c.level(t, few)), testing.AllocsPerRun(5, c.level(t, many))
			t.Logf("%.0f objects for %d customers, %.0f for %d", got, few, more, many)
			if got > c.ceiling {
				t.Errorf("%.0f objects for %d customers, want %.0f at most", got, few, c.ceiling)
			}
			if more > got+10 {
				t.Errorf("%.0f objects for %d customers, %.0f for %d: some are made for each of them", got, few, more, many)
			}
		})
	}
}
