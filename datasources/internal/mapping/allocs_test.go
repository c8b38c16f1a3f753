package mapping_test

import (
	"math"
	"runtime"
	"testing"

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
			count, bytes := leastOf(func() { c.read(c.body) })
			if n := count; n > c.count {
				t.Errorf("%v allocations for %d rows, want at most %v", n, rows, c.count)
			}
			if n := bytes; n > c.bytes && !isRace {
				t.Errorf("%d bytes for %d rows, want at most %d", n, rows, c.bytes)
			}
		})
	}
}

// leastOf is the least a run takes from the heap. Pools are emptied by the collector,
// and at random by the race detector: that is no cost of a run.
func leastOf(f func()) (count, bytes int) {
	count, bytes = math.MaxInt, math.MaxInt
	var before, after runtime.MemStats
	for range 50 {
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		count, bytes = min(count, int(after.Mallocs-before.Mallocs)), min(bytes, int(after.TotalAlloc-before.TotalAlloc))
	}
	return count, bytes
}
