package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// line is a source whose calls take as long as they say, and who began when.
type line struct {
	t  *testing.T
	c  *wire.Client
	wg sync.WaitGroup

	mu     sync.Mutex
	starts []string // flows, in the order of their starts
	errs   []error
}

func newLine(t *testing.T, cfg wire.Config) *line {
	l := &line{t: t}
	cfg.Timeout, cfg.Retries = time.Hour, -1
	l.c, _ = piped(t, func(_ http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.starts = append(l.starts, r.URL.Query().Get("flow"))
		l.mu.Unlock()
		d, err := time.ParseDuration(r.URL.Query().Get("d"))
		if err != nil {
			t.Error(err)
		}
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}, cfg)
	return l
}

// ask makes n calls of a flow, each of which takes d, and waits until they
// either run or queue.
func (l *line) ask(ctx context.Context, flow string, n int, d time.Duration) {
	for range n {
		l.wg.Go(func() {
			if err := l.do(ctx, flow, d); err != nil {
				l.mu.Lock()
				l.errs = append(l.errs, err)
				l.mu.Unlock()
			}
		})
	}
	synctest.Wait()
}

func (l *line) do(ctx context.Context, flow string, d time.Duration) error {
	return l.c.Do(datasources.WithFlow(ctx, flow), wire.Call{Name: "T", URL: fmt.Sprintf("x?flow=%s&d=%s", flow, d)})
}

// order returns the flows of the starts from the i-th on.
func (l *line) order(i int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.starts[i:])
}

func (l *line) count(i int) map[string]int {
	n := map[string]int{}
	for _, f := range l.order(i) {
		n[f]++
	}
	return n
}

// in runs f in a bubble, and ends what is left in the queue.
func in(t *testing.T, f func(t *testing.T, ctx context.Context)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f(t, ctx)
	})
}

func TestFlood(t *testing.T) {
	const places, queued = 8, 1000
	t.Run("case=polite among one flood", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: places})
			flooding, stop := context.WithCancel(ctx)
			l.ask(flooding, "flood", places+queued, time.Second)
			for range 20 {
				time.Sleep(400 * time.Millisecond) // between the starts of others
				before := len(l.order(0))
				start := time.Now()
				if err := l.do(ctx, "polite", time.Second); err != nil {
					t.Fatal(err)
				}
				if n := slices.Index(l.order(before), "polite"); n > places+2 {
					t.Fatalf("%d others began before the polite one", n)
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Fatalf("took %s, want its own second and the rest of a running call's", took)
				}
			}
			stop()
			l.wg.Wait()
		})
	})
	t.Run("case=polite among many floods", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			const flows = 20
			l := newLine(t, wire.Config{Concurrency: places})
			flooding, stop := context.WithCancel(ctx)
			for i := range flows {
				l.ask(flooding, fmt.Sprint("flood", i), 50, time.Second)
			}
			for range 5 {
				time.Sleep(400 * time.Millisecond)
				before := len(l.order(0))
				if err := l.do(ctx, "polite", time.Second); err != nil {
					t.Fatal(err)
				}
				if n := slices.Index(l.order(before), "polite"); n > places+flows {
					t.Fatalf("%d others began before the polite one", n)
				}
			}
			stop()
			l.wg.Wait()
		})
	})
	t.Run("case=alone it has all places", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: places})
			start := time.Now()
			l.ask(ctx, "flood", 10*places, time.Second)
			l.wg.Wait()
			if took := time.Since(start); took != 10*time.Second || len(l.errs) > 0 {
				t.Errorf("took %s, %v", took, l.errs)
			}
		})
	})
}

func TestShares(t *testing.T) {
	t.Run("case=an nth of the starts each", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: 8})
			flows := []string{"a", "b", "c", "d"}
			for i, f := range flows { // whoever asks more has no more
				l.ask(ctx, f, 200*(i+1), time.Second)
			}
			before := len(l.order(0))
			time.Sleep(50*time.Second + time.Millisecond)
			n := l.count(before)
			for _, f := range flows {
				if n[f] < 100-8 || n[f] > 100+8 {
					t.Errorf("%d starts of %s, want 100 of 400: %v", n[f], f, n)
				}
			}
			l.wg.Wait()
		})
	})
	t.Run("case=half the places, however long a call takes", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: 8})
			l.ask(ctx, "slow", 100, 10*time.Second)
			l.ask(ctx, "quick", 400, time.Second)
			time.Sleep(20*time.Second + time.Millisecond)
			before := len(l.order(0))
			time.Sleep(40 * time.Second)
			if n := l.count(before); n["slow"] < 12 || n["slow"] > 20 || n["quick"] < 152 || n["quick"] > 168 {
				t.Errorf("got %v, want 16 slow and 160 quick ones", n)
			}
			l.wg.Wait()
		})
	})
	t.Run("case=half the agreed rate, however long a call takes", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: 50, PerMinute: 60, Burst: 1})
			l.ask(ctx, "slow", 60, 10*time.Second)
			l.ask(ctx, "quick", 60, time.Millisecond)
			time.Sleep(60*time.Second + time.Millisecond)
			if n := l.count(0); n["slow"] < 29 || n["slow"] > 32 || n["quick"] < 29 || n["quick"] > 32 {
				t.Errorf("got %v, want 30 of each", n)
			}
			l.wg.Wait()
		})
	})
	t.Run("case=polite at the agreed rate", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: 8, PerMinute: 60, Burst: 1})
			l.ask(ctx, "flood", 100, time.Millisecond)
			time.Sleep(3500 * time.Millisecond)
			// Behind a hundred others this deadline could not be met; in turn it can.
			start := time.Now()
			if err := l.do(within(t, 3*time.Second), "polite", time.Millisecond); err != nil || time.Since(start) > 2*time.Second {
				t.Errorf("%v after %s", err, time.Since(start))
			}
			// The flood's own next call is refused at once, with its wait.
			start = time.Now()
			err := l.do(within(t, 3*time.Second), "flood", time.Millisecond)
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.SourceLimited || e.Wait < 90*time.Second || time.Since(start) != 0 {
				t.Errorf("got %#v after %s", e, time.Since(start))
			}
			l.wg.Wait()
		})
	})
}

func TestBackgroundYields(t *testing.T) {
	t.Run("case=a query is next", func(t *testing.T) {
		in(t, func(t *testing.T, ctx context.Context) {
			l := newLine(t, wire.Config{Concurrency: 2})
			l.ask(ctx, "", 100, time.Second)
			before := len(l.order(0))
			l.ask(ctx, "query", 10, time.Second)
			time.Sleep(5*time.Second + time.Millisecond)
			if got := l.order(before); !slices.Equal(got, slices.Repeat([]string{"query"}, 10)) {
				t.Errorf("got %q", got)
			}
			l.wg.Wait()
		})
	})
	t.Run("case=one start of sixteen", func(t *testing.T) {
		for name, cfg := range map[string]wire.Config{
			"places": {Concurrency: 4}, "rate": {Concurrency: 50, PerMinute: 240, Burst: 1},
		} {
			t.Run("case="+name, func(t *testing.T) {
				in(t, func(t *testing.T, ctx context.Context) {
					l := newLine(t, cfg)
					l.ask(ctx, "a", 200, time.Second)
					l.ask(ctx, "", 50, time.Second)
					l.ask(ctx, "b", 200, time.Second)
					before := len(l.order(0))
					time.Sleep(80*time.Second + time.Millisecond)
					n := l.count(before)
					if n[""] < 19 || n[""] > 21 || n["a"]+n["b"] < 298 {
						t.Errorf("got %v, want 20 of 320 for background work", n)
					}
					l.wg.Wait()
				})
			})
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	refused := func(l *line) int {
		l.mu.Lock()
		defer l.mu.Unlock()
		n := 0
		for _, err := range l.errs {
			var e *schema.Error
			if errors.As(err, &e) && e.Code == schema.SourceLimited && e.Retryable && strings.Contains(e.Message, "waiting") {
				n++
			}
		}
		return n
	}
	in(t, func(t *testing.T, ctx context.Context) {
		l := newLine(t, wire.Config{Concurrency: 1, Waiting: 4096})
		flooding, stop := context.WithCancel(ctx)
		l.ask(flooding, "a", 1+1024, time.Minute)
		if n := refused(l); n != 0 {
			t.Fatalf("%d refused before the bound", n)
		}
		l.ask(flooding, "a", 10, time.Minute)
		if n := refused(l); n != 10 {
			t.Fatalf("%d refused, want what is beyond one flow's bound", n)
		}
		for _, f := range []string{"b", "c", "d"} {
			l.ask(flooding, f, 1024, time.Minute)
		}
		// The queue is full. Others push the floods out, one for one.
		l.ask(ctx, "polite", 5, time.Minute)
		if n := refused(l); n != 15 {
			t.Errorf("%d refused, want five of the floods more", n)
		}
		if n := len(l.order(0)); n != 1 {
			t.Errorf("%d began at one place", n)
		}
		time.Sleep(5*time.Minute + time.Second)
		if n := l.count(1); n["polite"] != 1 || len(n) != 5 {
			t.Errorf("got %v, want each flow once", n)
		}
		// Those who leave make room.
		stop()
		synctest.Wait()
		before := refused(l)
		l.ask(ctx, "a", 1000, time.Millisecond)
		if n := refused(l) - before; n != 0 {
			t.Errorf("%d refused though there was room", n)
		}
		l.wg.Wait()
	})
}

// One who leaves the queue takes nothing with him: neither a place nor a call of
// the agreed rate.
func TestLeavingTheQueue(t *testing.T) {
	for name, cfg := range map[string]wire.Config{
		"places": {Concurrency: 2}, "rate": {Concurrency: 2, PerMinute: 120, Burst: 2},
	} {
		t.Run("case="+name, func(t *testing.T) {
			in(t, func(t *testing.T, ctx context.Context) {
				l := newLine(t, cfg)
				l.ask(ctx, "a", 2, time.Second)
				leaving, leave := context.WithCancel(ctx)
				l.ask(leaving, "b", 20, time.Second)
				l.ask(within(t, 100*time.Millisecond), "c", 20, time.Second)
				time.Sleep(200 * time.Millisecond)
				leave()
				l.wg.Wait()
				if len(l.errs) != 40 || len(l.order(0)) != 2 {
					t.Fatalf("%d errors, %d starts", len(l.errs), len(l.order(0)))
				}
				time.Sleep(time.Second)
				start := time.Now()
				l.ask(ctx, "d", 4, time.Second)
				l.wg.Wait()
				if took := time.Since(start); took != 2*time.Second || len(l.errs) != 40 {
					t.Errorf("took %s, %v", took, l.errs)
				}
			})
		})
	}
}

// A call that is not sent after all takes nothing of the agreed rate.
func TestNotSentIsNotCounted(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, _ := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{PerMinute: 6, Burst: 1, Now: func() time.Time { return now }})
	ctx := within(t, 5*time.Second)
	for range 3 {
		if err := c.Do(ctx, wire.Call{URL: "http://elsewhere.test/"}); !wire.IsRefused(err) {
			t.Fatalf("got %v", err)
		}
	}
	if err := c.Do(ctx, wire.Call{URL: "x"}); err != nil {
		t.Error(err)
	}
	if err := c.Do(ctx, wire.Call{URL: "x"}); schema.CodeOf(err) != schema.SourceLimited {
		t.Errorf("got %v for a call that was one too many", err)
	}
}

// A login belongs to everybody: it does not queue as background work.
func TestLoginIsServedAsAFlow(t *testing.T) {
	var got string
	s := wire.NewSession(func(ctx context.Context) (int, error) {
		got = datasources.FlowOf(ctx)
		return 1, nil
	})
	if _, _, err := s.Get(datasources.WithFlow(t.Context(), "trm_a")); err != nil || got != datasources.SharedFlow {
		t.Errorf("%v, flow %q", err, got)
	}
}
