package wire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever comes, waits, leaves and ends: no more run than there are places, no
// more start than was agreed, nobody waits beside a free place, and when all have
// gone nothing of them is left.
func TestQueueProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		places := rapid.IntRange(1, 6).Draw(rt, "places")
		perMinute := rapid.SampledFrom([]int{0, 0, 60, 600}).Draw(rt, "perMinute")
		burst := rapid.IntRange(1, 4).Draw(rt, "burst")
		calls := rapid.IntRange(1, 60).Draw(rt, "calls")
		seed := rapid.Uint64().Draw(rt, "seed")
		var failed string
		fail := func(format string, args ...any) {
			if failed == "" {
				failed = fmt.Sprintf(format, args...)
			}
		}
		synctest.Test(t, func(*testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			q := newQueue(places, newGate(perMinute, burst, time.Now))
			q.most, q.mostFlow = 20, 8
			var mu sync.Mutex
			running, sent := 0, []time.Time{}
			var wg sync.WaitGroup
			for range calls {
				name := []string{"", "a", "b", "c"}[rnd.IntN(4)]
				arrive, takes := time.Duration(rnd.IntN(3000))*time.Millisecond, time.Duration(rnd.IntN(1000))*time.Millisecond
				patience, gives := time.Duration(1+rnd.IntN(5000))*time.Millisecond, rnd.IntN(5) == 0
				wg.Go(func() {
					time.Sleep(arrive)
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					if gives {
						time.AfterFunc(patience/2, cancel)
					}
					s, v := q.enter(ctx, name, patience)
					if v != nil {
						return
					}
					mu.Lock()
					if running++; running > places {
						fail("%d run on %d places", running, places)
					}
					sent = append(sent, time.Now())
					mu.Unlock()
					time.Sleep(takes)
					mu.Lock()
					running--
					mu.Unlock()
					q.leave(s)
				})
			}
			for range 80 {
				time.Sleep(99 * time.Millisecond)
				synctest.Wait()
				q.mu.Lock()
				if q.waiting > 0 && q.running < q.places && q.reserved == nil {
					fail("%d wait beside a free place", q.waiting)
				}
				if q.waiting > q.most || len(q.flows) > q.most+places {
					fail("%d wait in %d flows", q.waiting, len(q.flows))
				}
				q.mu.Unlock()
			}
			wg.Wait()
			synctest.Wait()
			if q.running != 0 || q.waiting != 0 || len(q.flows) != 0 || q.reserved != nil || q.turns.next != &q.turns {
				fail("left behind: %d running, %d waiting, %d flows", q.running, q.waiting, len(q.flows))
			}
			for i := range sent {
				for j := i; perMinute > 0 && j < len(sent); j++ {
					if most := float64(burst) + sent[j].Sub(sent[i]).Seconds()*float64(perMinute)/60 + 1e-6; float64(j-i+1) > most {
						fail("%d starts in %s at %d a minute and %d at once", j-i+1, sent[j].Sub(sent[i]), perMinute, burst)
					}
				}
			}
		})
		if failed != "" {
			rt.Fatal(failed)
		}
	})
}

// BenchmarkQueue is what the queue costs a call: with a free place, and when a
// place changes hands between flows that wait.
func BenchmarkQueue(b *testing.B) {
	b.Run("case=free", func(b *testing.B) {
		q := newQueue(8, newGate(0, 1, time.Now))
		b.ReportAllocs()
		for b.Loop() {
			s, v := q.enter(b.Context(), "trm_a", time.Minute)
			if v != nil {
				b.Fatal(v)
			}
			q.leave(s)
		}
	})
	for _, flows := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("case=handed on among %d flows", flows), func(b *testing.B) {
			q := newQueue(8, newGate(0, 1, time.Now))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			b.ReportAllocs()
			var wg sync.WaitGroup
			each := b.N/1000 + 1
			b.ResetTimer()
			for i := range 1000 {
				wg.Go(func() {
					name := fmt.Sprint("trm_", i%flows)
					for range each {
						if s, v := q.enter(ctx, name, time.Minute); v == nil {
							q.leave(s)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
