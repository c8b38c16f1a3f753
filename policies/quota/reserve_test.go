package quota_test

import (
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

// Forty answers at once of fifty rows each have the twenty rows of the day together,
// whoever counts them.
func TestParallelAnswersDoNotOvershoot(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(t *testing.T) []*quota.Limiter
	}{
		{"in process", func(t *testing.T) []*quota.Limiter {
			return []*quota.Limiter{limiter(t, quota.Config{Now: newClock().now})}
		}},
		{"two instances on one Redis", func(t *testing.T) []*quota.Limiter {
			m, c := fake(t)
			cfg := func() quota.Config {
				return quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now, Instances: 2}
			}
			return []*quota.Limiter{limiter(t, cfg()), limiter(t, cfg())}
		}},
		{"two instances on a real Redis", func(t *testing.T) []*quota.Limiter {
			// Another day for each run: the database is kept.
			c := newClock()
			c.move(time.Duration(time.Now().UnixNano()%1_000_000) * 24 * time.Hour)
			cfg := func() quota.Config {
				return quota.Config{Redis: realRedis(t), Patience: patient, Now: c.now, Instances: 2}
			}
			return []*quota.Limiter{limiter(t, cfg()), limiter(t, cfg())}
		}},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			list := tc.make(t)
			p := principal("parallel", policies.Agreement{RowsPerDay: 20})
			var given, let atomic.Int64
			var start, asked, done sync.WaitGroup
			start.Add(1)
			for i := range 40 {
				asked.Add(1)
				done.Go(func() {
					l := list[i%len(list)]
					start.Wait()
					r, _, err := l.Reserve(ctx, p, 50)
					asked.Done()
					asked.Wait() // all are under way at once
					if err != nil {
						if e := asError(t, err); e.Code != schema.Limited || e.Wait != time.Second {
							t.Errorf("got %v, wait %s", err, e.Wait)
						}
						return
					}
					let.Add(1)
					given.Add(r.Max())
					r.Settle(ctx, r.Max())
				})
			}
			start.Done()
			done.Wait()
			if given.Load() != 20 || let.Load() != 1 {
				t.Errorf("%d answers had %d rows, want 20 of one", let.Load(), given.Load())
			}
			for i, l := range list {
				_, s, err := l.Reserve(ctx, p, 1)
				if e := asError(t, err); e == nil || e.Wait < time.Hour && e.Wait != s.Rows.Reset {
					t.Errorf("instance %d: %v", i, err)
				}
				if l.Losses() > 0 {
					t.Error("Redis was said to be lost")
				}
			}
		})
	}
}

func TestReserve(t *testing.T) {
	both := func(t *testing.T, f func(t *testing.T, l *quota.Limiter, c *clock)) {
		t.Run("case=in process", func(t *testing.T) {
			c := newClock()
			f(t, limiter(t, quota.Config{Now: c.now}), c)
		})
		t.Run("case=redis", func(t *testing.T) {
			m, c := fake(t)
			f(t, limiter(t, quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now}), c)
		})
	}
	p := principal("shop", policies.Agreement{RowsPerDay: 100})
	take := func(t *testing.T, l *quota.Limiter, most, want int64) *quota.Reservation {
		t.Helper()
		r, _, err := l.Reserve(ctx, p, most)
		if err != nil || r.Max() != want {
			t.Fatalf("%d rows, %v; want %d", r.Max(), err, want)
		}
		return r
	}
	left := func(t *testing.T, l *quota.Limiter, want int64) {
		t.Helper()
		if got := l.State(ctx, p).Rows.Remaining; got != want {
			t.Errorf("%d rows are left, want %d", got, want)
		}
	}
	t.Run("case=what is left bounds the answer", func(t *testing.T) {
		both(t, func(t *testing.T, l *quota.Limiter, _ *clock) {
			take(t, l, 50, 50).Settle(ctx, 50)
			take(t, l, 49, 49).Settle(ctx, 49)
			left(t, l, 1)
			take(t, l, 50, 1).Settle(ctx, 1)
			_, s, err := l.Reserve(ctx, p, 1)
			e := asError(t, err)
			if e == nil || e.Code != schema.Limited || !e.Retryable || e.Wait != 14*time.Hour || e.Message != "the agreement allows 100 rows a day" {
				t.Fatalf("got %+v", e)
			}
			h := http.Header{}
			s.Headers(h)
			if h.Get("RateLimit-Remaining") != "0" || h.Get("Retry-After") != "50400" {
				t.Errorf("got %v", h)
			}
		})
	})
	t.Run("case=the rest is given back", func(t *testing.T) {
		both(t, func(t *testing.T, l *quota.Limiter, c *clock) {
			r := take(t, l, -1, 100) // nobody knows how many
			left(t, l, 100)          // none was given yet
			_, _, err := l.Reserve(ctx, p, 1)
			if e := asError(t, err); e == nil || e.Wait != time.Second || !strings.Contains(e.Message, "under way") {
				t.Errorf("got %+v", e)
			}
			if _, err := l.Call(ctx, p); err != nil {
				t.Errorf("a call is refused for answers under way: %v", err)
			}
			r.Settle(ctx, 7)
			r.Settle(ctx, 90) // again changes nothing
			left(t, l, 93)
			take(t, l, 10, 10).Settle(ctx, 0)
			left(t, l, 93)
			c.move(2 * time.Second)
			take(t, l, -1, 93).Settle(ctx, 93)
			take(t, l, 0, 0).Settle(ctx, 0) // who asks for no rows is not refused
			left(t, l, 0)
		})
	})
	t.Run("case=an answer over midnight is of the day before", func(t *testing.T) {
		both(t, func(t *testing.T, l *quota.Limiter, c *clock) {
			r := take(t, l, 60, 60)
			c.move(15 * time.Hour)
			take(t, l, 100, 100).Settle(ctx, 10)
			r.Settle(ctx, 60)
			left(t, l, 90)
		})
	})
	t.Run("case=without agreement", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		r, s, err := l.Reserve(ctx, principal("x", policies.Agreement{CallsPerMinute: 5}), 50)
		if r != nil || r.Max() != 0 || s.Rows != nil || s.Calls == nil || err != nil {
			t.Errorf("%+v, %+v, %v", r, s, err)
		}
		r.Settle(ctx, 5)
		if _, _, err := l.Reserve(ctx, nil, 1); schema.CodeOf(err) != schema.Unauthenticated {
			t.Error(err)
		}
	})
	t.Run("case=a crash loses the reservation for an hour", func(t *testing.T) {
		m, c := fake(t)
		cfg := func() quota.Config {
			return quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now}
		}
		dead, l := limiter(t, cfg()), limiter(t, cfg())
		take(t, dead, 60, 60)
		take(t, l, 100, 40).Settle(ctx, 0)
		c.move(time.Hour + time.Second)
		take(t, l, 100, 100).Settle(ctx, 0)
	})
	t.Run("case=redis lost in between", func(t *testing.T) {
		m, c := fake(t)
		l := limiter(t, quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now})
		r := take(t, l, 60, 60)
		m.SetError("LOADING")
		second := take(t, l, 100, 40)
		r.Settle(ctx, 60)
		second.Settle(ctx, 40)
		if _, _, err := l.Reserve(ctx, p, 1); schema.CodeOf(err) != schema.Limited {
			t.Errorf("got %v", err)
		}
	})
}

// However much is agreed, nothing turns round to less than nothing.
func TestGreatNumbers(t *testing.T) {
	a := policies.Agreement{CallsPerMinute: math.MaxInt64, Burst: math.MaxInt64, CostPerMinute: math.MaxInt64, RowsPerDay: math.MaxInt64}
	m, c := fake(t)
	for name, l := range map[string]*quota.Limiter{
		"in process":  limiter(t, quota.Config{Now: newClock().now, Instances: 3}),
		"redis":       limiter(t, quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now}),
		"a share now": limiter(t, quota.Config{Redis: connect(t, "127.0.0.1:1", patient), Patience: patient, Now: c.now, Instances: 2}),
	} {
		t.Run("case="+name, func(t *testing.T) {
			p := principal("great", a)
			for range 3 {
				if _, err := l.Call(ctx, p); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Cost(ctx, p, 1<<40); err != nil {
					t.Fatal(err)
				}
				r, _, err := l.Reserve(ctx, p, math.MaxInt64)
				if err != nil || r.Max() <= 0 {
					t.Fatal(r.Max(), err)
				}
				r.Settle(ctx, 1)
				l.Rows(ctx, p, 1<<40)
			}
			s := l.State(ctx, p)
			h := http.Header{}
			s.Headers(h)
			if s.Calls.Remaining <= 0 || s.Cost.Remaining <= 0 || s.Rows.Remaining <= 0 || s.Calls.Reset < 0 || strings.Contains(h.Get("RateLimit-Remaining"), "-") {
				t.Errorf("%+v %+v %+v", s.Calls, s.Cost, s.Rows)
			}
			l.Rows(ctx, p, math.MaxInt64)
			l.Rows(ctx, p, math.MaxInt64)
			if s := l.State(ctx, p); s.Rows.Remaining < 0 {
				t.Errorf("%+v", s.Rows)
			}
			if name == "redis" && l.Losses() > 0 {
				t.Error("Redis was said to be lost")
			}
		})
	}
}
