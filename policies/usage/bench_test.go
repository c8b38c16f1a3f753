package usage_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/store"
)

// joined is what the demo's question looks like to the Recorder.
func joined(c *clock) usage.Operation {
	o := orders(c)
	o.Fields = nil
	for i := range 30 {
		o.Fields = append(o.Fields, fmt.Sprintf("Customer.field%d", i))
	}
	o.Roots = []usage.Root{{Field: "Query.customers"}}
	o.Pages = []usage.PageUse{
		{Path: "Query.customers", Declared: 50, Parents: 1, Rows: 50, Most: 50},
		{Path: "Query.customers/orders", Declared: 20, Parents: 50, Rows: 300, Most: 12},
		{Path: "Query.customers/orders/invoices", Declared: 20, Parents: 300, Rows: 400, Most: 3},
	}
	o.Inputs, o.Answer = 1, 1
	return o
}

func TestRecordAllocates(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
	o := joined(c)
	if n := testing.AllocsPerRun(1000, func() { r.Record(o) }); n > 0 {
		t.Errorf("%.0f allocations for a known operation", n)
	}
	i := uint64(0)
	o.Roots[0].Key = "id"
	if n := testing.AllocsPerRun(1000, func() { i++; o.Inputs = i; r.Record(o) }); n > 0 {
		t.Errorf("%.0f allocations for a known operation with other variables", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	c := newClock()
	b.Run("known", func(b *testing.B) {
		r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
		o := joined(c)
		b.ReportAllocs()
		for b.Loop() {
			r.Record(o)
		}
	})
	b.Run("other variables", func(b *testing.B) {
		r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
		o := joined(c)
		b.ReportAllocs()
		for i := uint64(1); b.Loop(); i++ {
			o.Inputs = i
			r.Record(o)
		}
	})
	b.Run("one token on all processors", func(b *testing.B) {
		r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
		o := joined(c)
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				r.Record(o)
			}
		})
	})
}

func BenchmarkHash(b *testing.B) {
	const text = `query Open($n: Int) { customers(first: $n) { nodes { id name taxId email orders(first: 20) { nodes { id number status total { amount currency }
		invoices(first: 20) { nodes { id number total { amount currency } payments(first: 5) { nodes { id amount { amount currency } } } } } } } } } }`
	r := usage.New(usage.Config{Store: &memory{}})
	answer := make([]byte, 100_000)
	b.Run("document", func(b *testing.B) {
		for b.Loop() {
			usage.Hash(text, "Open")
		}
	})
	b.Run("inputs", func(b *testing.B) {
		for b.Loop() {
			r.Inputs(text, "Open", map[string]any{"n": 10})
		}
	})
	b.Run("answer of 100 kB", func(b *testing.B) {
		for b.Loop() {
			r.Digest(answer)
		}
	})
}

// BenchmarkStore writes and reads a real database.
func BenchmarkStore(b *testing.B) {
	c := newClock()
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := usage.New(usage.Config{Store: s, Now: c.now, Max: 10_000})
	fill := func() {
		for i := range 10_000 - 31 {
			o := joined(c)
			o.Hash, o.Pages = fmt.Sprintf("%016d", i), nil
			r.Record(o)
		}
	}
	b.Run("flush of 10,000 rows", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			fill()
			b.StartTimer()
			if err := r.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("query", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Query(b.Context(), usage.Filter{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("advice", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Advice(b.Context(), usage.Filter{Token: "t1"}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
