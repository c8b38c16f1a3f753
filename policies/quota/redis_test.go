package quota_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

// patient is for tests that do not mean slowness: the machine may be busy.
const patient = 10 * time.Second

func connect(t testing.TB, addr string, timeout time.Duration) *redis.Client {
	t.Helper()
	o := &redis.Options{Addr: addr}
	if strings.HasPrefix(addr, "redis://") {
		var err error
		if o, err = redis.ParseURL(addr); err != nil {
			t.Fatal(err)
		}
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = timeout, timeout, timeout
	rdb := redis.NewClient(o)
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// fake is a Redis whose clock is the limiters'.
func fake(t *testing.T) (*miniredis.Miniredis, *clock) {
	t.Helper()
	m, c := miniredis.RunT(t), newClock()
	c.also = m.SetTime
	c.move(0)
	return m, c
}

// Two instances on one Redis are one limiter.
func TestInstancesShare(t *testing.T) {
	m, c := fake(t)
	cfg := func() quota.Config {
		return quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Instances: 2, Now: c.now}
	}
	one, two := limiter(t, cfg()), limiter(t, cfg())
	p := principal("shop", policies.Agreement{CallsPerMinute: 60, Burst: 10, CostPerMinute: 1000, RowsPerDay: 100})
	t.Run("case=calls", func(t *testing.T) {
		taken(t, one, p, 6)
		n, s, e := taken(t, two, p, 20)
		if n != 4 || e.Wait.Round(time.Millisecond) != time.Second || s.Degraded || e.Message != "the agreement allows 60 calls a minute" {
			t.Fatalf("%d calls, %+v", n, e)
		}
		if s := one.State(ctx, p); s.Calls.Remaining != 0 || s.Calls.Limit != 60 || s.Calls.Reset.Round(time.Millisecond) != 10*time.Second {
			t.Errorf("got %+v", s.Calls)
		}
		c.move(time.Minute)
		if n, _, _ := taken(t, one, p, 20); n != 10 {
			t.Errorf("%d calls a minute later", n)
		}
		c.move(time.Minute)
	})
	t.Run("case=cost", func(t *testing.T) {
		if _, err := one.Cost(ctx, p, 700); err != nil {
			t.Fatal(err)
		}
		if s, err := two.Cost(ctx, p, 301); schema.CodeOf(err) != schema.Limited || s.Cost.Limit != 1000 {
			t.Fatalf("%v, %+v", err, s.Cost)
		}
		if s, err := two.Cost(ctx, p, 300); err != nil || s.Cost.Remaining != 0 {
			t.Errorf("%v, %+v", err, s.Cost)
		}
		if _, err := two.Cost(ctx, p, 1001); schema.CodeOf(err) != schema.TooCostly {
			t.Error(err)
		}
		c.move(time.Minute)
	})
	t.Run("case=rows", func(t *testing.T) {
		one.Rows(ctx, p, 60)
		two.Rows(ctx, p, 30)
		if s := one.State(ctx, p); s.Rows.Remaining != 40 && s.Rows.Remaining != 10 {
			t.Errorf("got %+v", s.Rows)
		}
		c.move(time.Second) // others' rows are known after a second at the latest
		if s := one.State(ctx, p); s.Rows.Remaining != 10 || s.Rows.Limit != 100 {
			t.Errorf("got %+v", s.Rows)
		}
		two.Rows(ctx, p, 10)
		c.move(time.Second)
		if _, err := one.Call(ctx, p); schema.CodeOf(err) != schema.Limited {
			t.Errorf("got %v", err)
		}
		key := "trama:quota:rows:shop:2026-11-22"
		if got, _ := m.Get(key); got != "100" || m.TTL(key) < 13*time.Hour || m.TTL(key) > 16*time.Hour {
			t.Errorf("%q for %s", got, m.TTL(key))
		}
	})
	t.Run("case=keys", func(t *testing.T) {
		for _, k := range m.Keys() {
			if !strings.HasPrefix(k, "trama:quota:") && !strings.HasPrefix(k, "rate:trama:quota:") {
				t.Errorf("key %q", k)
			}
			if m.TTL(k) <= 0 {
				t.Errorf("key %q is kept for ever", k)
			}
			if strings.Contains(k, p.TokenID) {
				t.Errorf("key %q names the token", k)
			}
		}
	})
	if one.Losses() != 0 || one.Degraded() {
		t.Error("Redis was said to be lost")
	}
}

func TestRowsBeginWithWhatWasWritten(t *testing.T) {
	m, c := fake(t)
	var asked atomic.Int64
	cfg := func() quota.Config {
		return quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now, Rows: func(context.Context, string, time.Time) (int64, error) {
			asked.Add(1)
			return 70, nil
		}}
	}
	p := principal("shop", policies.Agreement{RowsPerDay: 100})
	one := limiter(t, cfg())
	if s := one.State(ctx, p); s.Rows.Remaining != 30 {
		t.Errorf("got %+v", s.Rows)
	}
	one.Rows(ctx, p, 10)
	two := limiter(t, cfg()) // Redis knows: nobody is asked
	if s := two.State(ctx, p); s.Rows.Remaining != 20 || asked.Load() != 1 {
		t.Errorf("%+v, asked %d times", s.Rows, asked.Load())
	}
	m.FlushAll() // what was known here stays known
	c.move(2 * time.Second)
	if s := one.State(ctx, p); s.Rows.Remaining != 20 {
		t.Errorf("got %+v after Redis was emptied", s.Rows)
	}
}

// However Redis is lost, calls go on by the share, at no cost, and it comes back
// by itself.
func TestRedisLost(t *testing.T) {
	a := policies.Agreement{CallsPerMinute: 60, Burst: 20, CostPerMinute: 1000, RowsPerDay: 100}
	for _, tc := range []struct {
		name string
		lose func(m *miniredis.Miniredis)
		heal func(t *testing.T, m *miniredis.Miniredis)
	}{
		{"refused", func(m *miniredis.Miniredis) { m.Close() }, func(t *testing.T, m *miniredis.Miniredis) {
			if err := m.Restart(); err != nil {
				t.Fatal(err)
			}
		}},
		{"error", func(m *miniredis.Miniredis) { m.SetError("LOADING Redis is loading the dataset in memory") }, unhook},
		{"wrong answer", answer(func(c *server.Peer, cmd string) bool {
			c.WriteInline("OK")
			return true
		}), unhook},
		{"wrong numbers", answer(func(c *server.Peer, cmd string) bool {
			if !strings.HasPrefix(cmd, "EVAL") {
				return false
			}
			c.WriteLen(4)
			c.WriteInt(1)
			c.WriteInt(-7)
			c.WriteBulk("-1")
			c.WriteBulk("0")
			return true
		}), unhook},
		{"answers that are short", answer(func(c *server.Peer, cmd string) bool {
			if !strings.HasPrefix(cmd, "EVAL") {
				return false
			}
			c.WriteLen(1)
			c.WriteInt(1)
			return true
		}), unhook},
		{"read only, but answers PING", answer(func(c *server.Peer, cmd string) bool {
			if cmd == "PING" || cmd == "HELLO" || cmd == "CLIENT" {
				return false
			}
			c.WriteError("READONLY You can't write against a read only replica.")
			return true
		}), unhook},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			m, c := fake(t)
			var logged lines
			l := limiter(t, quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Instances: 4, Now: c.now, Log: slog.New(slog.NewTextHandler(&logged, nil))})
			p, other := principal("shop", a), principal("fresh", a)
			taken(t, l, p, 3)
			l.Rows(ctx, p, 40)
			l.State(ctx, p)

			tc.lose(m)
			// This instance has let 3 of its 5 through.
			n, s, e := taken(t, l, p, 50)
			if n != 2 || !s.Degraded || s.Calls.Limit != 15 || !strings.Contains(e.Message, "60 calls a minute") || !strings.Contains(e.Message, "share") {
				t.Errorf("%d calls, %+v, %v", n, s.Calls, e)
			}
			if n, _, _ := taken(t, l, other, 50); n != 5 {
				t.Errorf("%d calls of another account", n)
			}
			// Of the 60 rows that were left, a quarter.
			l.Rows(ctx, p, 10)
			if s := l.State(ctx, p); !s.Degraded || s.Rows.Remaining != 5 || s.Rows.Limit != 55 {
				t.Errorf("got %+v", s.Rows)
			}
			if !l.Degraded() || l.Losses() != 1 || logged.count("lost redis") != 1 {
				t.Errorf("degraded %t, %d losses, %s", l.Degraded(), l.Losses(), logged.String())
			}
			start := time.Now()
			for range 1000 {
				l.Call(ctx, p)
			}
			if took := time.Since(start) / 1000; took > time.Millisecond {
				t.Errorf("%s a call", took)
			}
			// A probe that fails changes nothing, and no call waits for it.
			c.move(2 * time.Second)
			l.Call(ctx, p)

			tc.heal(t, m)
			c.move(time.Minute)
			deadline := time.Now().Add(10 * time.Second)
			for l.Degraded() && time.Now().Before(deadline) {
				c.move(2 * time.Second)
				l.State(ctx, other) // looks after it, in the background
			}
			c.move(time.Minute)
			n, s, _ = taken(t, l, p, 50)
			if n != 20 || s.Degraded || s.Calls.Limit != 60 || logged.count("found redis again") != 1 {
				t.Errorf("%d calls after it came back, %+v, %s", n, s.Calls, logged.String())
			}
			// What was counted meanwhile is not lost.
			l.Rows(ctx, p, 1)
			if got, err := m.Get("trama:quota:rows:shop:2026-11-22"); got != "51" {
				t.Errorf("got %q rows, %v", got, err)
			}
		})
	}
	t.Run("case=silent", func(t *testing.T) {
		// A host that takes connections and never answers.
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var conns sync.WaitGroup
		conns.Go(func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				conns.Go(func() {
					defer conn.Close()
					for b := make([]byte, 1024); ; {
						if _, err := conn.Read(b); err != nil {
							return
						}
					}
				})
			}
		})
		rdb := connect(t, ln.Addr().String(), 150*time.Millisecond)
		t.Cleanup(func() {
			rdb.Close()
			ln.Close()
			conns.Wait()
		})
		c := newClock()
		l := limiter(t, quota.Config{Redis: rdb, Instances: 2, Now: c.now})
		start := time.Now()
		n, _, _ := taken(t, l, principal("shop", a), 50)
		if took := time.Since(start); n != 10 || took > 2*time.Second || l.Losses() != 1 {
			t.Errorf("%d calls in %s, %d losses", n, took, l.Losses())
		}
	})
}

func answer(f func(c *server.Peer, cmd string) bool) func(m *miniredis.Miniredis) {
	return func(m *miniredis.Miniredis) {
		m.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool { return f(c, strings.ToUpper(cmd)) })
	}
}

func unhook(_ *testing.T, m *miniredis.Miniredis) {
	m.Server().SetPreHook(nil)
	m.SetError("")
}

// A caller who leaves is no failure of Redis, and what he began is counted.
func TestCallerLeaves(t *testing.T) {
	m, c := fake(t)
	l := limiter(t, quota.Config{Redis: connect(t, m.Addr(), patient), Patience: patient, Now: c.now})
	p := principal("shop", policies.Agreement{CallsPerMinute: 5, RowsPerDay: 100})
	left, leave := context.WithCancel(ctx)
	leave()
	if _, err := l.Call(left, p); err != nil {
		t.Error(err)
	}
	l.Rows(left, p, 10)
	if s := l.State(ctx, p); l.Losses() != 0 || s.Calls.Remaining != 4 || s.Rows.Remaining != 90 {
		t.Errorf("%d losses, %+v, %+v", l.Losses(), s.Calls, s.Rows)
	}
}

// realRedis is the Redis that `make test` starts.
func realRedis(t testing.TB) *redis.Client {
	t.Helper()
	rdb := connect(t, servicetest.Redis(t), patient)
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	return rdb
}

// On a real Redis a hundred callers on two instances get what was agreed, and what
// is counted is gone when its time is over.
func TestRealRedis(t *testing.T) {
	rdb := realRedis(t)
	account := fmt.Sprintf("real-%d-%d", os.Getpid(), time.Now().UnixNano())
	p := principal(account, policies.Agreement{CallsPerMinute: 50, CostPerMinute: 900, RowsPerDay: 1000})
	one, two := limiter(t, quota.Config{Redis: rdb, Patience: patient}), limiter(t, quota.Config{Redis: rdb, Patience: patient})
	start := time.Now()
	var calls, cost atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		l := []*quota.Limiter{one, two}[i%2]
		wg.Go(func() {
			if _, err := l.Call(ctx, p); err == nil {
				calls.Add(1)
			}
			if _, err := l.Cost(ctx, p, 30); err == nil {
				cost.Add(30)
			}
			l.Rows(ctx, p, 3)
		})
	}
	wg.Wait()
	came := time.Since(start).Seconds() / 60
	if n := float64(calls.Load()); n < 50 || n > 51+50*came {
		t.Errorf("%g calls", n)
	}
	if n := float64(cost.Load()); n < 900 || n > 931+900*came {
		t.Errorf("a cost of %g", n)
	}
	fresh := limiter(t, quota.Config{Redis: rdb, Patience: patient})
	if s := fresh.State(ctx, p); s.Rows.Remaining != 700 || s.Calls.Remaining > 5 || s.Degraded {
		t.Errorf("got %+v, %+v", s.Rows, s.Calls)
	}
	keys, err := rdb.Keys(ctx, "*"+account+"*").Result()
	if err != nil || len(keys) != 3 {
		t.Errorf("%q, %v", keys, err)
	}
	for _, k := range keys {
		if ttl := rdb.TTL(ctx, k).Val(); ttl <= 0 || ttl > 26*time.Hour {
			t.Errorf("%s is kept for %s", k, ttl)
		}
	}
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) count(s string) int { return strings.Count(l.String(), s) }
