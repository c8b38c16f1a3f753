package copies_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// Eight pushers of 3 MB each share a bound of 16 MiB: some are sent away and come
// again, all is stored in the end, and the heap stays within a few times the bound.
func TestPushMemory(t *testing.T) {
	const bound = 16 << 20
	st := newStore(t)
	memory := copies.NewPushMemory(bound)
	var sources []*copies.Pushed
	for i := range 8 {
		sources = append(sources, openPushed(t, copies.PushedConfig{Name: fmt.Sprint("s", i), Entities: []string{"Order"}, Memory: memory}, st, copies.Deps{}))
	}
	notes := strings.Repeat("x", 20_000)
	batch := func(yield func([]byte, error) bool) {
		for i := range 150 {
			if !yield(fmt.Appendf(nil, `{"entity":"Order","id":"%d","version":1,"data":{"notes":"%s"}}`, i, notes), nil) {
				return
			}
		}
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done, peak := make(chan struct{}), uint64(0)
	var watching, wg sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
	})
	var mu sync.Mutex
	away := 0
	for _, x := range sources {
		wg.Go(func() {
			for {
				_, err := x.Push(t.Context(), batch, copies.PushOptions{})
				if err == nil {
					return
				}
				var e *schema.Error
				if !errors.As(err, &e) || e.Code != schema.Limited || e.Wait == 0 {
					t.Error(err)
					return
				}
				mu.Lock()
				away++
				mu.Unlock()
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	close(done)
	watching.Wait()
	grown := (int64(peak) - int64(before.HeapAlloc)) >> 20
	t.Logf("sent away %d times; the heap grew by %d MiB at most", away, grown)
	if away == 0 || grown > 5*bound>>20 {
		t.Errorf("sent away %d times; the heap grew by %d MiB", away, grown)
	}
	for _, x := range sources {
		if n := *x.EntityCopy("Order").Rows; n != 150 {
			t.Errorf("%s has %d rows", x.Name(), n)
		}
	}
	if memory.Held() != 0 {
		t.Errorf("%d bytes are held", memory.Held())
	}
}
