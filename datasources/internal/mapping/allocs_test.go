package mapping_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/heaptest"
	"github.com/trama-graph/trama/schema"
)

// TestAllocationsOfABody holds what reading one body of the joined question of 50
// customers takes from the heap: the rows, what they share, and little else. A limit
// is some tenth above what was measured.
func TestAllocationsOfABody(t *testing.T) {
	tickets, quotes, orders, invoices := rig(50)
	for name, c := range map[string]struct {
		body  []byte
		read  func([]byte) int
		count int
		bytes int
	}{
		"tickets":  {tickets, reading[schema.Ticket](t, rigTickets(), "number", "title", "state", "priority", "customer"), 12, 96 << 10},
		"quotes":   {quotes, reading[schema.Quote](t, rigQuotes(), "number", "status", "total", "customer"), 12, 54 << 10},
		"orders":   {orders, reading[schema.Order](t, rigOrders(), "number", "status", "total", "customer", "lines"), 32, 132 << 10},
		"invoices": {invoices, reading[schema.Invoice](t, rigInvoices(), "number", "status", "total", "paid", "customer", "order"), 14, 68 << 10},
	} {
		t.Run("case="+name, func(t *testing.T) {
			rows := c.read(c.body)
			count, bytes := heaptest.Least(t, func() { c.read(c.body) })
			if n := count; n > c.count {
				t.Errorf("%v allocations for %d rows, want at most %v", n, rows, c.count)
			}
			if n := bytes; n > c.bytes && !heaptest.IsRace {
				t.Errorf("%d bytes for %d rows, want at most %d", n, rows, c.bytes)
			}
		})
	}
}
