package engine_test

import (
	"testing"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkEngineUnder is the join of BenchmarkEngine under views: one that shows
// everything, one like a package's (a few masked fields, one that depends on the
// row), and one that polices every field of the rows.
func BenchmarkEngineUnder(b *testing.B) {
	none := schema.Predicate{Op: schema.None}
	mask := policies.FieldAccess{Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: last2}
	open := policies.FieldAccess{Verdict: policies.Row, Full: schema.Negate(schema.Compare("id", schema.Eq, schema.String("nobody"))), Masked: none}
	for _, bb := range []struct {
		name string
		view verdicts
	}{
		{"allow-all", verdicts{}},
		{"package", verdicts{"Customer.name": mask, "Customer.created_at": {Verdict: policies.Mask, Kind: policies.MaskNull}, "Customer.status": open}},
		{"everything", verdicts{
			"Customer.name": mask, "Customer.status": open, "Customer.rank": open, "Customer.active": open, "Customer.tickets": open,
			"Ticket.title": mask, "Ticket.open": open, "Ticket.watchers": open,
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r, oc := leanRig(b)
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				p, err := r.plan(oc)
				if err != nil {
					b.Fatal(err)
				}
				if err := guard.Police(p, bb.view, nil); err != nil {
					b.Fatal(err)
				}
				buf = r.engine.Run(b.Context(), oc, p).AppendJSON(buf[:0])
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
