package wire_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestAgreedRate(t *testing.T) {
	t.Run("case=virtual clock", func(t *testing.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c, rec := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{PerMinute: 6, Burst: 2, Now: func() time.Time { return now }})
		ctx := within(t, 5*time.Second)
		for range 2 {
			if err := c.Do(ctx, read("T", nil)); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		for range 3 { // what is turned away uses nothing up
			err := c.Do(ctx, read("T", nil))
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.SourceLimited || e.Wait.Round(time.Millisecond) != 10*time.Second || !e.Retryable {
				t.Fatalf("got %#v", e)
			}
		}
		if time.Since(start) > 4*time.Second {
			t.Error("it slept")
		}
		now = now.Add(10*time.Second + time.Millisecond)
		if err := c.Do(ctx, read("T", nil)); err != nil {
			t.Error(err)
		}
		if n := c.Status().Calls; n != 3 || rec.outcomes()[2] != wire.OutcomeBudget {
			t.Errorf("%d calls, %v", n, rec.outcomes())
		}
	})
	t.Run("case=waits within the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{PerMinute: 60, Burst: 1})
			start := time.Now()
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					if err := c.Do(within(t, time.Minute), read("T", nil)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if took := time.Since(start).Round(time.Millisecond); took != 4*time.Second {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("case=cancelled while waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{PerMinute: 60, Burst: 1})
			c.Do(t.Context(), read("T", nil))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if err := c.Do(ctx, read("T", nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			// The place was given back.
			start := time.Now()
			if err := c.Do(t.Context(), read("T", nil)); err != nil || time.Since(start) > time.Second {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		})
	})
}

// One reply's Retry-After holds for all callers.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := true
		c, _ := piped(t, func(w http.ResponseWriter, _ *http.Request) {
			if limited {
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(429)
			}
		}, wire.Config{})
		start := time.Now()
		c.Do(within(t, time.Second), read("T", nil))
		limited = false
		err := c.Do(within(t, 5*time.Second), read("T", nil))
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.SourceLimited || e.Wait != 10*time.Second || time.Since(start) != 0 {
			t.Errorf("got %#v after %s", e, time.Since(start))
		}
		if err := c.Do(within(t, time.Minute), read("T", nil)); err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := true
		c, rec := piped(t, func(w http.ResponseWriter, _ *http.Request) {
			if bad {
				w.WriteHeader(500)
			}
		}, wire.Config{RetryBudget: 0.1, Breaker: wire.BreakerConfig{Calls: 1000}})
		do := func(n int) (extra int) {
			before := len(rec.seen)
			for range n {
				c.Do(t.Context(), read("T", nil))
			}
			return len(rec.seen) - before - n
		}
		// The floor of three, a tenth of a hundred, and a little for the seconds
		// the pauses took.
		if got := do(100); got < 12 || got > 15 {
			t.Errorf("%d repetitions of 100 calls", got)
		}
		time.Sleep(time.Minute)
		if got := do(1); got != 2 {
			t.Errorf("%d repetitions after a quiet minute, want 2", got)
		}
		// Good hours are saved up only so far.
		bad = false
		do(1000)
		bad = true
		if got := do(50); got < 24 || got > 30 {
			t.Errorf("%d repetitions of 50 calls, want the 20 saved, 5 of their own and a few", got)
		}
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		c, _ := piped(t, func(w http.ResponseWriter, _ *http.Request) {
			at = append(at, time.Now())
			w.WriteHeader(500)
		}, wire.Config{Retries: 3})
		c.Do(t.Context(), read("T", nil))
		if len(at) != 4 {
			t.Fatalf("%d attempts", len(at))
		}
		for i, most := 1, 100*time.Millisecond; i < len(at); i, most = i+1, 2*most {
			if d := at[i].Sub(at[i-1]); d < most/2 || d > most {
				t.Errorf("pause %d was %s, want %s to %s", i, d, most/2, most)
			}
		}
	})
}
