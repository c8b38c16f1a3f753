package quota_test

import (
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
)

// BenchmarkCall takes a call of an agreement with all three limits.
func BenchmarkCall(b *testing.B) {
	p := principal("bench", policies.Agreement{CallsPerMinute: 1 << 30, CostPerMinute: 1 << 30, RowsPerDay: 1 << 50})
	run := func(b *testing.B, l *quota.Limiter) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.Call(ctx, p); err != nil {
				b.Fatal(err)
			}
		}
		if l.Losses() > 0 {
			b.Error("Redis was lost")
		}
	}
	b.Run("case=in process", func(b *testing.B) { run(b, limiter(b, quota.Config{})) })
	b.Run("case=in process, all at once", func(b *testing.B) {
		l := limiter(b, quota.Config{})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.Call(ctx, p)
			}
		})
	})
	b.Run("case=redis", func(b *testing.B) { run(b, limiter(b, quota.Config{Redis: realRedis(b), Patience: patient})) })
	b.Run("case=redis lost", func(b *testing.B) {
		l := limiter(b, quota.Config{Redis: connect(b, "127.0.0.1:1", 150*time.Millisecond)})
		l.Call(ctx, p)
		b.ReportAllocs()
		for b.Loop() {
			l.Call(ctx, p)
		}
	})
}
