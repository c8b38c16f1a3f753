// Package heaptest measures what a piece of code takes from the heap, for the tests
// that hold it to a limit. Only tests import it.
package heaptest

import (
	"math"
	"runtime"
	"testing"
)

// runs is how often the code is run to find the least.
const runs = 50

// Least returns the least that one run of f takes from the heap: how many objects and
// how many bytes, those of other goroutines included. Pools are emptied by the
// collector, and at random by the race detector (see IsRace): that is no cost of a run,
// so f runs 50 times.
func Least(t testing.TB, f func()) (count, bytes int) {
	t.Helper()
	count, bytes = math.MaxInt, math.MaxInt
	var before, after runtime.MemStats
	for range runs {
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		count, bytes = min(count, int(after.Mallocs-before.Mallocs)), min(bytes, int(after.TotalAlloc-before.TotalAlloc))
	}
	return count, bytes
}
