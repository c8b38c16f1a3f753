package copies_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/store"
)

// BenchmarkPush is one batch of records that are new, or that are there.
func BenchmarkPush(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{
		"sqlite":   func(t testing.TB) *store.Store { return openStore(t, filepath.Join(t.TempDir(), "trama.db")) },
		"postgres": newPostgres,
	} {
		for _, size := range []int{100, 10_000} {
			for _, kind := range []string{"new", "changed", "same"} {
				b.Run(fmt.Sprintf("%s/%d/%s", name, size, kind), func(b *testing.B) {
					x := openPushed(b, copies.PushedConfig{}, open(b), copies.Deps{})
					version, id := 1, 0
					batch := func() [][]byte {
						var out [][]byte
						for i := range size {
							out = append(out, fmt.Appendf(nil, `{"entity":"Order","id":"A-%d","version":%d,"data":{"number":"A-%d","customer":"K%d","status":"open","date":"2026-11-22T12:00:00Z","total":{"amount":"%d.50","currency":"EUR"},"lines":[{"position":1,"sku":"S1","quantity":"2","unitPrice":{"amount":"1.25","currency":"EUR"}},{"position":2,"sku":"S2","quantity":"1"}]}}`, id+i, version, id+i, i%100, version))
						}
						return out
					}
					records := batch()
					if kind != "new" {
						if _, err := x.Push(b.Context(), copies.PushRecords(records), copies.PushOptions{}); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportAllocs()
					for b.Loop() {
						if kind != "same" {
							b.StopTimer()
							if kind == "new" {
								id += size
							}
							version++
							records = batch()
							b.StartTimer()
						}
						if _, err := x.Push(b.Context(), copies.PushRecords(records), copies.PushOptions{}); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
				})
			}
		}
	}
}
