package odata

import (
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/heaptest"
	"github.com/trama-graph/trama/schema"
)

// TestAllocationsOfABody holds what reading a page of orders of twelve columns takes
// from the heap: the rows, what they share, and little else. A limit is some tenth
// above what was measured.
func TestAllocationsOfABody(t *testing.T) {
	for _, c := range []struct {
		v                version
		rows             int
		count, bytes     int // of the reading
		inCall, callSize int // of a whole call, beside net/http
	}{
		{v2, 50, 22, 40 << 10, 120, 120 << 10},
		{v3, 50, 19, 40 << 10, 118, 120 << 10},
		{v4, 50, 16, 40 << 10, 114, 120 << 10},
		{v4, 1000, 40, 700 << 10, 146, 2460 << 10},
	} {
		t.Run(fmt.Sprintf("case=v%d %d rows", c.v, c.rows), func(t *testing.T) {
			body := rigBody(c.v, c.rows)
			w := rigView[schema.Order, *schema.Order](t, c.v, "Order")
			f := rigColumns()
			x, plan := w.wish(f), w.plan.Select(f)
			hold(t, "reading", c.count, c.bytes, func() {
				p, err := decodePage(body, x.shape)
				if err != nil {
					t.Fatal(err)
				}
				var out fetched[schema.Order]
				if err := w.amend(p, &request{wish: x}, nil, &out); err != nil {
					t.Fatal(err)
				}
				if rows, _ := plan.Rows(p.rows, plan.Tally(), nil); len(rows) != c.rows {
					t.Fatal(len(rows))
				}
				p.rows.Free()
			})
			r := rigReader[schema.Order, *schema.Order](t, c.v, "Order", body)
			hold(t, "a call", c.inCall, c.callSize, func() {
				rows, err := r.List(t.Context(), datasources.Query{Fields: f, First: c.rows})
				if err != nil || len(rows.Items) != c.rows {
					t.Fatal(len(rows.Items), err)
				}
			})
		})
	}
}

func hold(t *testing.T, what string, most, size int, f func()) {
	t.Helper()
	count, bytes := heaptest.Least(t, f)
	if count > most {
		t.Errorf("%d allocations for %s, want at most %d", count, what, most)
	}
	if bytes > size && !heaptest.IsRace {
		t.Errorf("%d bytes for %s, want at most %d", bytes, what, size)
	}
	t.Logf("%s: %d allocations, %d bytes", what, count, bytes)
}
