package heaptest_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/heaptest"
)

// TestLeast holds that a run's own allocations are counted, and no others that come
// with some runs only.
func TestLeast(t *testing.T) {
	var kept [][]byte
	for name, c := range map[string]struct {
		f            func(run int)
		count, bytes int
	}{
		"nothing":            {func(int) {}, 0, 0},
		"three objects":      {func(int) { kept = [][]byte{make([]byte, 1024), make([]byte, 2048)} }, 3, 1024 + 2048 + 2*24},
		"more at some times": {func(run int) { kept = [][]byte{make([]byte, 1024*(1+run%2))} }, 2, 1024 + 24},
	} {
		t.Run("case="+name, func(t *testing.T) {
			run := 0
			count, bytes := heaptest.Least(t, func() { c.f(run); run++ })
			if count != c.count || bytes < c.bytes || bytes > c.bytes+64 {
				t.Errorf("got %d objects of %d bytes, want %d of %d", count, bytes, c.count, c.bytes)
			}
		})
	}
	_ = kept
}
