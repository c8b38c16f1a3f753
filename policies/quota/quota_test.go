package quota_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

func TestCalls(t *testing.T) {
	for _, tc := range []struct {
		name      string
		agreement policies.Agreement
		instances int
		want      int           // calls at once
		wait      time.Duration // then
		message   string
	}{
		{"one", policies.Agreement{CallsPerMinute: 1}, 1, 1, time.Minute, "the agreement allows 1 calls a minute"},
		{"seven, which floats divide badly", policies.Agreement{CallsPerMinute: 7}, 1, 7, time.Minute / 7, "the agreement allows 7 calls a minute"},
		{"sixty", policies.Agreement{CallsPerMinute: 60}, 0, 60, time.Second, "the agreement allows 60 calls a minute"},
		{"many", policies.Agreement{CallsPerMinute: 1999}, 1, 1999, time.Minute / 1999, "the agreement allows 1999 calls a minute"},
		{"small burst", policies.Agreement{CallsPerMinute: 60, Burst: 5}, 1, 5, time.Second, "the agreement allows 60 calls a minute"},
		{"large burst", policies.Agreement{CallsPerMinute: 6, Burst: 20}, 1, 20, 10 * time.Second, "the agreement allows 6 calls a minute"},
		{"divided", policies.Agreement{CallsPerMinute: 60, Burst: 12}, 4, 3, 4 * time.Second, "the agreement allows 60 calls a minute"},
		{"divided too far", policies.Agreement{CallsPerMinute: 2}, 10, 1, time.Minute, "the agreement allows 2 calls a minute"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c := newClock()
			l := limiter(t, quota.Config{Now: c.now, Instances: tc.instances})
			p := principal("shop", tc.agreement)
			n, s, e := taken(t, l, p, 5000)
			if n != tc.want || e == nil || e.Code != schema.Limited || !e.Retryable || e.Message != tc.message {
				t.Fatalf("%d calls, then %+v, want %d", n, e, tc.want)
			}
			if e.Wait.Round(time.Millisecond) != tc.wait.Round(time.Millisecond) || s.Calls.Remaining != 0 || s.Degraded {
				t.Errorf("wait %s, want %s; %+v", e.Wait, tc.wait, s.Calls)
			}
			// After just that wait there is one more, and no two.
			c.move(e.Wait + time.Microsecond)
			if n, _, _ := taken(t, l, p, 5000); n != 1 {
				t.Errorf("%d calls after the wait", n)
			}
			// An hour brings the burst back and no more.
			c.move(time.Hour)
			if n, _, _ := taken(t, l, p, 5000); n != tc.want {
				t.Errorf("%d calls after an hour", n)
			}
		})
	}
	t.Run("case=the account counts, not the token", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		a := policies.Agreement{CallsPerMinute: 3}
		taken(t, l, &policies.Principal{TokenID: "old", Account: "shop", Agreement: a}, 5)
		if n, _, _ := taken(t, l, &policies.Principal{TokenID: "new", Account: "shop", Agreement: a}, 5); n != 0 {
			t.Errorf("a replaced token brought %d calls", n)
		}
		if n, _, _ := taken(t, l, principal("carrier", a), 5); n != 3 {
			t.Errorf("another account has %d calls", n)
		}
		if n, _, _ := taken(t, l, &policies.Principal{TokenID: "a", Agreement: a}, 5); n != 3 {
			t.Errorf("a token without account has %d calls", n)
		}
		if n, _, _ := taken(t, l, &policies.Principal{TokenID: "b", Agreement: a}, 5); n != 3 {
			t.Errorf("another one has %d calls", n)
		}
	})
	t.Run("case=long names stay apart", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		a := policies.Agreement{CallsPerMinute: 3}
		long := strings.Repeat("x", 5000)
		taken(t, l, principal(long+"a", a), 5)
		if n, _, _ := taken(t, l, principal(long+"b", a), 5); n != 3 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("case=nothing agreed", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		p := principal("shop", policies.Agreement{})
		if n, s, _ := taken(t, l, p, 5000); n != 5000 || s.Calls != nil || s.Cost != nil || s.Rows != nil {
			t.Errorf("%d calls, %+v", n, s)
		}
		if _, err := l.Cost(ctx, p, math.MaxInt64); err != nil {
			t.Error(err)
		}
	})
	t.Run("case=nobody", func(t *testing.T) {
		l := limiter(t, quota.Config{})
		_, err := l.Call(ctx, nil)
		_, err2 := l.Cost(ctx, nil, 1)
		if schema.CodeOf(err) != schema.Unauthenticated || schema.CodeOf(err2) != schema.Unauthenticated {
			t.Errorf("got %v, %v", err, err2)
		}
		l.Rows(ctx, nil, 1)
		l.State(ctx, nil)
	})
	t.Run("case=many at once", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		p := principal("shop", policies.Agreement{CallsPerMinute: 100, CostPerMinute: 1000, RowsPerDay: 1 << 40})
		var calls, cost atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 10 {
					if _, err := l.Call(ctx, p); err == nil {
						calls.Add(1)
					}
					if _, err := l.Cost(ctx, p, 7); err == nil {
						cost.Add(7)
					}
					l.Rows(ctx, p, 3)
				}
			})
		}
		wg.Wait()
		if s := l.State(ctx, p); calls.Load() != 100 || cost.Load() != 994 || s.Rows.Limit-s.Rows.Remaining != 1500 {
			t.Errorf("%d calls, cost %d, %d rows", calls.Load(), cost.Load(), s.Rows.Limit-s.Rows.Remaining)
		}
	})
}

func TestCost(t *testing.T) {
	c := newClock()
	l := limiter(t, quota.Config{Now: c.now})
	p := principal("shop", policies.Agreement{CostPerMinute: 600})
	for _, tc := range []struct {
		name      string
		move      time.Duration
		cost      int64
		code      schema.Code
		wait      time.Duration
		remaining int64
	}{
		{name: "whole", cost: 600, remaining: 0},
		{name: "used up", cost: 50, code: schema.Limited, wait: 5 * time.Second, remaining: 0},
		{name: "again", cost: 1, code: schema.Limited, wait: 100 * time.Millisecond, remaining: 0},
		{name: "waited", move: 5 * time.Second, cost: 50, remaining: 0},
		{name: "half", move: 30 * time.Second, cost: 100, remaining: 200},
		{name: "nothing", cost: 0, remaining: 200},
		{name: "less than nothing", cost: -5, remaining: 200},
		{name: "too costly", cost: 601, code: schema.TooCostly, remaining: 200},
		{name: "absurd", cost: math.MaxInt64, code: schema.TooCostly, remaining: 200},
		{name: "rest", cost: 200, remaining: 0},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c.move(tc.move)
			s, err := l.Cost(ctx, p, tc.cost)
			e := asError(t, err)
			if schema.CodeOf(err) != tc.code || s.Cost.Remaining != tc.remaining {
				t.Fatalf("got %v, %+v", err, s.Cost)
			}
			if e == nil {
				return
			}
			if e.Retryable != (tc.code == schema.Limited) || e.Wait.Round(time.Millisecond) != tc.wait || !strings.Contains(e.Message, "600") {
				t.Errorf("got %+v", e)
			}
		})
	}
	t.Run("case=more than a share", func(t *testing.T) {
		c := newClock()
		l := limiter(t, quota.Config{Now: c.now, Instances: 4})
		if _, err := l.Cost(ctx, p, 600); err != nil {
			t.Fatal(err) // it fits into the agreement: a full share may go into debt for it
		}
		e := asError(t, second(l.Cost(ctx, p, 1)))
		// 600 at 150 a minute are four minutes; one of them is saved in a full share.
		if e == nil || e.Wait.Round(time.Second) != 3*time.Minute {
			t.Fatalf("got %+v", e)
		}
		c.move(e.Wait + time.Millisecond)
		if _, err := l.Cost(ctx, p, 1); err != nil {
			t.Error(err)
		}
	})
}

func second(_ quota.State, err error) error { return err }

func TestRows(t *testing.T) {
	a := policies.Agreement{RowsPerDay: 1000}
	t.Run("case=the next call is refused", func(t *testing.T) {
		c := newClock()
		l := limiter(t, quota.Config{Now: c.now})
		p := principal("shop", a)
		l.Rows(ctx, p, 999)
		if s, err := l.Call(ctx, p); err != nil || s.Rows.Remaining != 1 || s.Rows.Limit != 1000 || s.Rows.Reset != 14*time.Hour {
			t.Fatalf("%v, %+v", err, s.Rows)
		}
		l.Rows(ctx, p, -5)
		l.Rows(ctx, p, 500) // the answer was already written
		_, err := l.Call(ctx, p)
		if e := asError(t, err); e == nil || e.Code != schema.Limited || e.Wait != 14*time.Hour || e.Message != "the agreement allows 1000 rows a day" {
			t.Fatalf("got %+v", e)
		}
		c.move(14*time.Hour - time.Second)
		if _, err := l.Call(ctx, p); err == nil {
			t.Error("served before midnight")
		}
		c.move(time.Second)
		if s, err := l.Call(ctx, p); err != nil || s.Rows.Remaining != 1000 {
			t.Errorf("%v, %+v at midnight", err, s.Rows)
		}
	})
	t.Run("case=a refused call takes none", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now})
		p := principal("shop", policies.Agreement{RowsPerDay: 10, CallsPerMinute: 5})
		l.Rows(ctx, p, 10)
		for range 10 {
			if s, err := l.Call(ctx, p); err == nil || s.Calls.Remaining != 5 {
				t.Fatalf("%v, %+v", err, s.Calls)
			}
		}
	})
	t.Run("case=counted before the start", func(t *testing.T) {
		c := newClock()
		var asked []string
		l := limiter(t, quota.Config{Now: c.now, Rows: func(_ context.Context, account string, day time.Time) (int64, error) {
			asked = append(asked, account+" "+day.Format(time.RFC3339))
			return 990, nil
		}})
		p := principal("shop", a)
		for range 3 {
			if s, err := l.Call(ctx, p); err != nil || s.Rows.Remaining != 10 {
				t.Fatalf("%v, %+v", err, s.Rows)
			}
		}
		l.Rows(ctx, p, 10)
		if _, err := l.Call(ctx, p); err == nil {
			t.Error("not refused")
		}
		c.move(24 * time.Hour)
		if s, err := l.Call(ctx, p); err != nil || s.Rows.Remaining != 1000 {
			t.Errorf("%v, %+v the next day", err, s.Rows)
		}
		if diff := cmp.Diff([]string{"shop 2026-11-22T00:00:00Z"}, asked); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("case=not to be learnt", func(t *testing.T) {
		c := newClock()
		n := 0
		l := limiter(t, quota.Config{Now: c.now, Rows: func(context.Context, string, time.Time) (int64, error) {
			if n++; n < 3 {
				return 0, errors.New("store is away")
			}
			return 1000, nil
		}})
		p := principal("shop", a)
		for range 19 { // asked again after ten seconds
			if _, err := l.Call(ctx, p); err != nil {
				t.Fatal(err)
			}
			c.move(time.Second)
		}
		c.move(time.Second)
		if _, err := l.Call(ctx, p); err == nil || n != 3 {
			t.Errorf("%v, asked %d times", err, n)
		}
	})
	t.Run("case=asked by one for all", func(t *testing.T) {
		var n atomic.Int64
		l := limiter(t, quota.Config{Now: newClock().now, Rows: func(context.Context, string, time.Time) (int64, error) {
			n.Add(1)
			return 1000, nil
		}})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := l.Call(ctx, principal("shop", a)); err == nil {
					t.Error("one passed before it was known")
				}
			})
		}
		wg.Wait()
		if n.Load() != 1 {
			t.Errorf("asked %d times", n.Load())
		}
	})
}

func TestState(t *testing.T) {
	c := newClock()
	l := limiter(t, quota.Config{Now: c.now})
	p := principal("shop", policies.Agreement{CallsPerMinute: 60, Burst: 10, CostPerMinute: 1000, RowsPerDay: 500})
	taken(t, l, p, 4)
	l.Cost(ctx, p, 250)
	l.Rows(ctx, p, 20)
	for range 3 { // looking takes nothing
		want := quota.State{
			Calls: &quota.Window{Limit: 60, Remaining: 6, Reset: 4 * time.Second},
			Cost:  &quota.Window{Limit: 1000, Remaining: 750, Reset: 15 * time.Second},
			Rows:  &quota.Window{Limit: 500, Remaining: 480, Reset: 14 * time.Hour},
		}
		if diff := cmp.Diff(want, l.State(ctx, p), cmpopts.IgnoreUnexported(quota.State{}, quota.Window{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

// However many accounts come, so many counters are kept; those that hold nothing
// any more go first.
func TestCountersAreBounded(t *testing.T) {
	t.Run("case=property", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			keys := rapid.IntRange(1, 50).Draw(rt, "keys")
			c := newClock()
			l := quota.New(quota.Config{Now: c.now, Keys: keys})
			defer l.Close()
			for range 300 {
				p := principal(fmt.Sprint(rapid.IntRange(0, 200).Draw(rt, "account")), policies.Agreement{CallsPerMinute: 5, CostPerMinute: 50, RowsPerDay: 100})
				switch rapid.IntRange(0, 3).Draw(rt, "act") {
				case 0:
					l.Call(ctx, p)
				case 1:
					l.Cost(ctx, p, 10)
				case 2:
					l.Rows(ctx, p, 1)
				case 3:
					c.move(time.Duration(rapid.IntRange(0, 100_000).Draw(rt, "seconds")) * time.Second)
				}
				if n := l.Accounts(); n > keys {
					rt.Fatalf("%d counters, want at most %d", n, keys)
				}
			}
		})
	})
	t.Run("case=idle ones go by themselves", func(t *testing.T) {
		c := newClock()
		l := limiter(t, quota.Config{Now: c.now})
		for i := range 10_000 {
			l.Call(ctx, principal(fmt.Sprint(i), policies.Agreement{CallsPerMinute: 60}))
			c.move(time.Second)
		}
		if n := l.Accounts(); n > 120 {
			t.Errorf("%d counters, want those of about a minute", n)
		}
	})
	t.Run("case=who uses his is not forgotten", func(t *testing.T) {
		l := limiter(t, quota.Config{Now: newClock().now, Keys: 10})
		a := policies.Agreement{CallsPerMinute: 60}
		for i := range 60 {
			if _, err := l.Call(ctx, principal("busy", a)); err != nil {
				t.Fatal(err)
			}
			for j := range 5 {
				l.Call(ctx, principal(fmt.Sprint(i, j), a))
			}
		}
		if _, err := l.Call(ctx, principal("busy", a)); err == nil {
			t.Error("others refilled his calls")
		}
	})
}
