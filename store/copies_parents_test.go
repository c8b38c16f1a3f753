package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkCopyByParent: the newest orders of some customers, of 100,000 orders of
// 10,000 customers.
func BenchmarkCopyByParent(b *testing.B) {
	const n = 100_000
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			var s *Store
			if kind == "postgres" {
				s = emptyPostgres(b)
			} else {
				var err error
				if s, err = Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "trama.db"), Deps{}); err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = s.Close() })
			}
			id := fillCopy(b, s, "Order", n, 1000, planRow)
			for _, c := range []struct {
				relation, format  string
				parents, first    int
				rows, most, times int
				order             string
				total             bool
			}{
				{relation: "customer", format: "c%06d", parents: 1, first: 5, rows: 5, most: n / 10, times: 97, order: "date"},
				{relation: "customer", format: "c%06d", parents: 50, first: 5, rows: 250, most: n / 10, times: 97, order: "date"},
				{relation: "customer", format: "c%06d", parents: 200, first: 5, rows: 1000, most: n / 10, times: 37, order: "date"},
				{relation: "customer", format: "c%06d", parents: 50, first: 5, rows: 250, most: n / 10, times: 97, order: "date", total: true},
				{relation: "customer", format: "c%06d", parents: 200, first: 5, rows: 1000, most: n / 10, times: 37, order: "date", total: true},
				{relation: "customer", format: "c%06d", parents: 50, first: 5, rows: 250, most: n / 10, times: 97, order: "updatedAt"},
				{relation: "customer", format: "c%06d", parents: 50, first: 50, rows: 500, most: n / 10, times: 97, order: "date"},
				{relation: "orderNumber", format: "N%d", parents: 50, first: 5, rows: 100, most: n / 2, times: 97, order: "date"},
			} {
				b.Run(fmt.Sprintf("%s=%dx%d by %s counted=%t", c.relation, c.parents, c.first, c.order, c.total), func(b *testing.B) {
					a := copies.Ask{Source: "erp"}
					a.Order, a.First, a.Total = schema.Sort{Column: c.order, Desc: true}, c.first, c.total
					turn := 0
					for b.Loop() {
						parents := make([]string, c.parents)
						for i := range parents {
							parents[i] = fmt.Sprintf(c.format, (turn*7919+i*c.times)%c.most)
						}
						turn++
						slices.Sort(parents)
						found := 0
						if _, err := s.CopyByParent(b.Context(), id, c.relation, parents, a, func(int, []byte, int64) error { found++; return nil }); err != nil || found != c.rows {
							b.Fatal(found, err)
						}
					}
				})
			}
		})
	}
}
