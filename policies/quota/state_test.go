package quota_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
)

func TestHeaders(t *testing.T) {
	all := policies.Agreement{CallsPerMinute: 60, Burst: 10, CostPerMinute: 1000, RowsPerDay: 5000}
	const policy = `60;w=60;burst=10;comment="calls", 1000;w=60;comment="cost", 5000;w=86400;comment="rows"`
	for _, tc := range []struct {
		name      string
		agreement policies.Agreement
		do        func(l *quota.Limiter, p *policies.Principal) quota.State
		want      http.Header
	}{
		{"nothing agreed", policies.Agreement{}, func(l *quota.Limiter, p *policies.Principal) quota.State { return first(l.Call(ctx, p)) }, http.Header{}},
		{
			"calls are nearest", all, func(l *quota.Limiter, p *policies.Principal) quota.State { return first(l.Call(ctx, p)) },
			http.Header{"Ratelimit-Limit": {"60"}, "Ratelimit-Remaining": {"9"}, "Ratelimit-Reset": {"1"}, "Ratelimit-Policy": {policy}},
		},
		{
			"cost is nearest", all, func(l *quota.Limiter, p *policies.Principal) quota.State {
				l.Call(ctx, p)
				return first(l.Cost(ctx, p, 850))
			},
			http.Header{"Ratelimit-Limit": {"1000"}, "Ratelimit-Remaining": {"150"}, "Ratelimit-Reset": {"51"}, "Ratelimit-Policy": {policy}},
		},
		{
			"rows are nearest", all, func(l *quota.Limiter, p *policies.Principal) quota.State {
				l.Rows(ctx, p, 4900)
				return first(l.Call(ctx, p))
			},
			http.Header{"Ratelimit-Limit": {"5000"}, "Ratelimit-Remaining": {"100"}, "Ratelimit-Reset": {"50400"}, "Ratelimit-Policy": {policy}},
		},
		{
			"calls refused", all, func(l *quota.Limiter, p *policies.Principal) quota.State {
				_, s, _ := taken(t, l, p, 11)
				return s
			},
			http.Header{
				"Ratelimit-Limit": {"60"}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"10"}, "Ratelimit-Policy": {policy},
				"Retry-After": {"1"},
			},
		},
		{
			"cost refused, rounded up", all, func(l *quota.Limiter, p *policies.Principal) quota.State {
				l.Cost(ctx, p, 1000)
				return first(l.Cost(ctx, p, 105)) // 6.3 s
			},
			http.Header{
				"Ratelimit-Limit": {"1000"}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"60"}, "Ratelimit-Policy": {policy},
				"Retry-After": {"7"},
			},
		},
		{
			"rows refused", all, func(l *quota.Limiter, p *policies.Principal) quota.State {
				l.Rows(ctx, p, 6000)
				return first(l.Call(ctx, p))
			},
			http.Header{
				"Ratelimit-Limit": {"5000"}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"50400"}, "Ratelimit-Policy": {policy},
				"Retry-After": {"50400"},
			},
		},
		{
			"too costly is of no use to repeat", all, func(l *quota.Limiter, p *policies.Principal) quota.State { return first(l.Cost(ctx, p, 1001)) },
			http.Header{"Ratelimit-Limit": {"1000"}, "Ratelimit-Remaining": {"1000"}, "Ratelimit-Reset": {"0"}, "Ratelimit-Policy": {policy}},
		},
		{
			"one limit",
			policies.Agreement{CallsPerMinute: 5},
			func(l *quota.Limiter, p *policies.Principal) quota.State { return l.State(ctx, p) },
			http.Header{"Ratelimit-Limit": {"5"}, "Ratelimit-Remaining": {"5"}, "Ratelimit-Reset": {"0"}, "Ratelimit-Policy": {`5;w=60;comment="calls"`}},
		},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c := newClock()
			l := limiter(t, quota.Config{Now: c.now})
			h := http.Header{}
			tc.do(l, principal("shop", tc.agreement)).Headers(h)
			if diff := cmp.Diff(tc.want, h); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("case=a moment is a second", func(t *testing.T) {
		c := newClock()
		l := limiter(t, quota.Config{Now: c.now})
		p := principal("shop", policies.Agreement{CallsPerMinute: 60_000, Burst: 1})
		l.Call(ctx, p)
		h := http.Header{}
		first(l.Call(ctx, p)).Headers(h)
		if h.Get("Retry-After") != "1" || time.Minute/60_000 != time.Millisecond {
			t.Errorf("got %v", h)
		}
	})
}

func first(s quota.State, _ error) quota.State { return s }
