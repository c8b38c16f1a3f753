package engine_test

import (
	"testing"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

// BenchmarkSheet reads a table of 100,000 rows and 15 cells that lie in memory, in parts.
func BenchmarkSheet(b *testing.B) {
	const n = 100_000
	const query = `{ customers(first: 200000) { nodes { id name label status mustStatus color rank big active maybeActive born joined balance mustMoney { amount currency } } } }`
	r := newRig(b, world.New(7, n, 0))
	o := options()
	o.Scalars["Decimal"] = quick()
	var err error
	if r.engine, err = engine.New(r.es, r.root, o); err != nil {
		b.Fatal(err)
	}
	s, oc, p := r.sheet(b, query, engine.SheetOptions{Rows: []string{"customers", "nodes"}, Lead: 5, Cells: columns(
		"id", "name", "label", "status", "mustStatus", "color", "rank", "big", "active", "maybeActive", "born", "joined", "balance", "mustMoney.amount", "mustMoney.currency",
	)})
	b.ReportAllocs()
	for b.Loop() {
		out, err := s.Read(b.Context(), oc, p, engine.ReadOptions{}, func(*engine.Window) error { return nil })
		if err != nil || out.Rows != n {
			b.Fatal(out.Rows, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
