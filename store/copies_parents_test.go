package store

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkParents: the pages of 50 customers from PostgreSQL, in one statement and
// in one for each.
func BenchmarkParents(b *testing.B) {
	s := emptyPostgres(b)
	const n = 10_000
	id := fillCopy(b, s, "Order", n, 1000, planRow)
	var parents []string
	for i := range 50 {
		parents = append(parents, fmt.Sprintf("c%06d", i*7))
	}
	var a copies.Ask
	a.Order, a.First = schema.Sort{Column: "date", Desc: true}, 5
	q, err := newParentQuery(s.copyDialect(), a, id, "customer", 10)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{50, 1} {
		b.Run(fmt.Sprintf("at once=%d", size), func(b *testing.B) {
			for b.Loop() {
				found := 0
				err := s.read(b.Context(), "read", func(tx *sql.Tx) error {
					for i := 0; i < len(parents); i += size {
						p := &copyParents{q: q, parents: parents[i : i+size], more: make([]bool, size), totals: make([]int, size)}
						if err := p.read(b.Context(), tx, &a, func(int, []byte) error { found++; return nil }); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil || found != 250 {
					b.Fatal(found, err)
				}
			}
		})
	}
}
