package wire_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestBreakerOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		var verdict error
		c, rec := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{
			Breaker: wire.BreakerConfig{Calls: 4, Ratio: 0.5, Window: 10 * time.Second, Open: 5 * time.Second, Trials: 2},
			Log:     slog.New(slog.NewTextHandler(&logged, nil)),
		})
		do := func(v error) error {
			verdict = v
			return c.Do(t.Context(), wire.Call{Name: "T", URL: "x", Decode: func(*wire.Reply) error { return verdict }})
		}
		state := func(want string) {
			t.Helper()
			if got := c.Status().Breaker; got != want {
				t.Fatalf("breaker %s, want %s", got, want)
			}
		}
		do(nil)
		do(nil)
		do(wire.Unavailable(errCause))
		state("closed")
		do(wire.Invalid(errCause))
		state("open")

		sent := c.Status().Calls
		time.Sleep(2 * time.Second)
		err := do(nil)
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.SourceUnavailable || e.Wait != 3*time.Second || !e.Retryable || c.Status().Calls != sent {
			t.Errorf("got %#v", e)
		}
		if got := rec.outcomes(); got[len(got)-1] != wire.OutcomeOpen {
			t.Errorf("got %v", got)
		}

		time.Sleep(3 * time.Second)
		state("half-open")
		do(wire.Unavailable(errCause))
		state("open")
		time.Sleep(5 * time.Second)
		if err := do(nil); err != nil {
			t.Error(err)
		}
		state("half-open")
		do(wire.Refused(errCause)) // it answers
		state("closed")
		if n := strings.Count(logged.String(), "left source alone"); n != 2 {
			t.Errorf("%d warnings: %s", n, logged.String())
		}
	})
}

// Failures long ago do not count.
func TestBreakerWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{Breaker: wire.BreakerConfig{Calls: 3, Window: 10 * time.Second}})
		for range 20 {
			c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { return wire.Unavailable(errCause) }})
			time.Sleep(6 * time.Second)
		}
		if got := c.Status().Breaker; got != "closed" {
			t.Errorf("breaker %s", got)
		}
	})
}

// A trial that is cancelled gives its place back: else the breaker would stay
// half-open for ever.
func TestBreakerCancelledTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		c, _ := piped(t, func(_ http.ResponseWriter, r *http.Request) {
			if hang.Load() {
				<-r.Context().Done()
			}
		}, wire.Config{Breaker: wire.BreakerConfig{Calls: 1, Open: time.Second}})
		c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { return wire.Unavailable(errCause) }})
		time.Sleep(time.Second)
		hang.Store(true)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if err := c.Do(ctx, wire.Call{URL: "x"}); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
		}
		func() {
			defer func() { recover() }()
			hang.Store(false)
			c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { panic("decoder") }})
		}()
		if err := c.Do(t.Context(), wire.Call{URL: "x"}); err != nil || c.Status().Breaker != "closed" {
			t.Errorf("got %v, %s", err, c.Status().Breaker)
		}
	})
}

// One trial at a time, what was sent before the breaker opened does not close it,
// and whoever comes meanwhile waits for the trial's end: the first question after
// an outage is answered whole.
func TestBreakerTrials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, rec := piped(t, func(_ http.ResponseWriter, r *http.Request) {
			if d, err := time.ParseDuration(r.URL.Query().Get("d")); err == nil {
				time.Sleep(d)
			}
		}, wire.Config{Concurrency: 50, Breaker: wire.BreakerConfig{Calls: 1, Open: time.Second}})
		var wg sync.WaitGroup
		wg.Go(func() { c.Do(t.Context(), wire.Call{URL: "x?d=1500ms"}) }) // ends in the half-open state
		synctest.Wait()
		c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { return wire.Unavailable(errCause) }})
		time.Sleep(time.Second)
		before := c.Status().Calls
		for range 20 {
			wg.Go(func() { c.Do(t.Context(), wire.Call{URL: "x?d=2s"}) })
		}
		time.Sleep(time.Second)
		if got := c.Status(); got.Breaker != "half-open" || got.Calls-before != 1 {
			t.Errorf("breaker %s, %d calls ended, want the old one while one trial is under way", got.Breaker, got.Calls-before)
		}
		time.Sleep(1500 * time.Millisecond)
		if got := c.Status(); got.Breaker != "closed" || got.Calls-before != 2 {
			t.Errorf("breaker %s, %d calls ended, want the old one and the trial", got.Breaker, got.Calls-before)
		}
		wg.Wait()
		if got := c.Status().Calls - before; got != 21 || c.Status().Failures != 1 {
			t.Errorf("%d calls ended, want the old one and all that waited: %v", got, rec.outcomes())
		}
	})
}

// A trial that fails turns away those who waited for it, at once and without a
// call of their own.
func TestBreakerTrialThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := piped(t, func(_ http.ResponseWriter, r *http.Request) {
			if d, err := time.ParseDuration(r.URL.Query().Get("d")); err == nil {
				time.Sleep(d)
			}
		}, wire.Config{Concurrency: 50, Retries: -1, Breaker: wire.BreakerConfig{Calls: 1, Open: time.Second}})
		down := func(*wire.Reply) error { return wire.Unavailable(errCause) }
		c.Do(t.Context(), wire.Call{URL: "x", Decode: down})
		time.Sleep(time.Second)
		before := c.Status().Calls
		var wg sync.WaitGroup
		var refused atomic.Int32
		for range 20 {
			wg.Go(func() {
				if err := c.Do(t.Context(), wire.Call{URL: "x?d=2s", Decode: down}); schema.CodeOf(err) == schema.SourceUnavailable {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if calls := c.Status().Calls - before; calls != 1 || refused.Load() != 20 {
			t.Errorf("%d calls, %d turned away", calls, refused.Load())
		}
	})
}

// A read does not insist on a source that is being left alone.
func TestBreakerEndsRetries(t *testing.T) {
	c, rec := upstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, wire.Config{Breaker: wire.BreakerConfig{Calls: 1}})
	if err := c.Do(t.Context(), read("T", nil)); schema.CodeOf(err) != schema.SourceUnavailable || len(rec.seen) != 1 {
		t.Errorf("%v %v", err, rec.outcomes())
	}
}
