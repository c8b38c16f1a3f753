package wire_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// BenchmarkFlood measures how long a polite token's call takes at a source of
// 5 ms with 8 places: alone, and beside a token that keeps 500 calls waiting. The
// unit alone-p95-ms and flood-p95-ms are of one run; the rest of a running call
// is what the polite one must wait for at most.
func BenchmarkFlood(b *testing.B) {
	const latency = 5 * time.Millisecond
	c, _ := upstream(b, func(http.ResponseWriter, *http.Request) { time.Sleep(latency) },
		wire.Config{Concurrency: 8, Timeout: time.Minute, Observe: func(wire.Observation) {}})
	call := wire.Call{Name: "T", URL: "x"}
	p95 := func() float64 {
		ctx := datasources.WithFlow(b.Context(), "polite")
		took := make([]time.Duration, 0, max(200, b.N))
		for range cap(took) {
			start := time.Now()
			if err := c.Do(ctx, call); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return float64(took[len(took)*95/100].Microseconds()) / 1000
	}
	alone := p95()
	ctx, cancel := context.WithCancel(datasources.WithFlow(b.Context(), "flood"))
	var wg sync.WaitGroup
	for range 508 {
		wg.Go(func() {
			for ctx.Err() == nil {
				c.Do(ctx, call)
			}
		})
	}
	flooded := p95()
	cancel()
	wg.Wait()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(alone, "alone-p95-ms")
	b.ReportMetric(flooded, "flood-p95-ms")
}
