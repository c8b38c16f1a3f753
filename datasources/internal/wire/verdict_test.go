package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

var errCause = errors.New("the cause")

func TestVerdicts(t *testing.T) {
	cases := []struct {
		name     string
		verdict  error
		read     bool
		attempts int
		failures uint64
		code     schema.Code
		wait     time.Duration
		message  string
	}{
		{name: "success", verdict: nil, read: true, attempts: 1},
		{name: "bounced", verdict: wire.Bounced(errCause), read: true, attempts: 1, code: schema.SourceUnavailable},
		{name: "refused", verdict: wire.Refused(errCause), read: true, attempts: 1, code: schema.SourceInvalid},
		{name: "too long", verdict: wire.TooLong(errCause), read: true, attempts: 1, code: schema.SourceInvalid},
		{name: "limited", verdict: wire.LimitedBy(errCause, 3*time.Second), read: true, attempts: 3, code: schema.SourceLimited, wait: 3 * time.Second},
		{name: "limited past the deadline", verdict: wire.LimitedBy(errCause, time.Hour), read: true, attempts: 1, code: schema.SourceLimited, wait: time.Hour},
		{name: "invalid", verdict: wire.Invalid(errCause), read: true, attempts: 2, failures: 2, code: schema.SourceInvalid},
		{name: "unavailable", verdict: wire.Unavailable(errCause), read: true, attempts: 3, failures: 3, code: schema.SourceUnavailable},
		{name: "unavailable write", verdict: wire.Unavailable(errCause), attempts: 1, failures: 1, code: schema.SourceUnavailable},
		{name: "invalid write", verdict: wire.Invalid(errCause), attempts: 1, failures: 1, code: schema.SourceInvalid},
		{name: "limited write", verdict: wire.LimitedBy(errCause, time.Second), attempts: 1, code: schema.SourceLimited, wait: time.Second},
		{name: "error without a verdict", verdict: errCause, read: true, attempts: 2, failures: 2, code: schema.SourceInvalid},
		{name: "wrapped verdict", verdict: fmt.Errorf("page 2: %w", wire.Refused(errCause)), read: true, attempts: 1, code: schema.SourceInvalid},
		{
			name: "schema error", verdict: schema.Errorf(schema.Forbidden, "queue is closed to us").Because(errCause),
			read: true, attempts: 1, code: schema.Forbidden, message: "queue is closed to us",
		},
		{
			name: "schema error of a failing source", verdict: schema.SourceErrorf(schema.SourceUnavailable, "", "desk is being updated").Because(errCause),
			read: true, attempts: 3, failures: 3, code: schema.SourceUnavailable, message: "desk is being updated",
		},
		{
			name: "schema error inside a verdict", verdict: wire.Refused(schema.Errorf(schema.UnsupportedFilter, "no such filter").Because(errCause)),
			read: true, attempts: 1, code: schema.UnsupportedFilter, message: "no such filter",
		},
		{
			name: "verdict inside a schema error", verdict: schema.Errorf(schema.Conflict, "locked").Because(wire.Unavailable(errCause)),
			read: true, attempts: 3, failures: 3, code: schema.Conflict, message: "locked",
		},
	}
	for _, tc := range cases {
		t.Run("case="+tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, rec := piped(t, func(w http.ResponseWriter, r *http.Request) {}, wire.Config{})
				call := read("TicketSearch", func(*wire.Reply) error { return tc.verdict })
				call.Read = tc.read
				err := c.Do(within(t, time.Minute), call)
				if got := len(rec.seen); got != tc.attempts {
					t.Errorf("%d attempts, want %d: %v", got, tc.attempts, rec.outcomes())
				}
				s := c.Status()
				if s.Calls != uint64(tc.attempts) || s.Failures != tc.failures {
					t.Errorf("%d calls and %d failures, want %d and %d", s.Calls, s.Failures, tc.attempts, tc.failures)
				}
				if got := schema.CodeOf(err); got != tc.code {
					t.Fatalf("code %q, want %q", got, tc.code)
				}
				if tc.verdict == nil {
					return
				}
				var e *schema.Error
				if !errors.As(err, &e) || e.Source != "helpdesk" || e.Wait != tc.wait {
					t.Errorf("got %#v", e)
				}
				if tc.message != "" && e.Message != tc.message {
					t.Errorf("message %q, want %q", e.Message, tc.message)
				}
				if !errors.Is(err, errCause) {
					t.Error("the cause is lost")
				}
				for name, pair := range map[string][2]bool{
					"bounced":  {wire.IsBounced(err), wire.IsBounced(tc.verdict)},
					"refused":  {wire.IsRefused(err), wire.IsRefused(tc.verdict) || tc.name == "schema error"},
					"too long": {wire.IsTooLong(err), wire.IsTooLong(tc.verdict)},
				} {
					if pair[0] != pair[1] {
						t.Errorf("%s: %v after Do, %v before", name, pair[0], pair[1])
					}
				}
			})
		})
	}
}

// Nothing but failures of the source may open its breaker.
func TestVerdictsAndBreaker(t *testing.T) {
	for _, tc := range []struct {
		name    string
		verdict error
		want    string
	}{
		{"bounced", wire.Bounced(errCause), "closed"},
		{"refused", wire.Refused(errCause), "closed"},
		{"too long", wire.TooLong(errCause), "closed"},
		{"limited", wire.LimitedBy(errCause, 0), "closed"},
		{"forbidden", schema.Errorf(schema.Forbidden, "no"), "closed"},
		{"invalid", wire.Invalid(errCause), "open"},
		{"unavailable", wire.Unavailable(errCause), "open"},
		{"timeout", schema.Errorf(schema.SourceTimeout, "late"), "open"},
		{"success", nil, "closed"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c, _ := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{Breaker: wire.BreakerConfig{Calls: 3}})
			for range 10 {
				c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { return tc.verdict }})
			}
			if got := c.Status().Breaker; got != tc.want {
				t.Errorf("breaker %s, want %s", got, tc.want)
			}
		})
	}
}

func TestStatusVerdict(t *testing.T) {
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		status  int
		header  map[string]string
		outcome wire.Outcome
		wait    time.Duration
	}{
		{200, nil, wire.OutcomeOK, 0},
		{204, nil, wire.OutcomeOK, 0},
		{302, map[string]string{"Location": "/Login/NuiLogin.aspx?ReturnUrl=%2f"}, wire.OutcomeBounced, 0},
		{302, map[string]string{"Location": "https://other.test/elsewhere"}, wire.OutcomeInvalid, 0},
		{302, map[string]string{"Location": "/x?next=login"}, wire.OutcomeInvalid, 0},
		{304, nil, wire.OutcomeInvalid, 0},
		{400, nil, wire.OutcomeRefused, 0},
		{401, nil, wire.OutcomeBounced, 0},
		{403, nil, wire.OutcomeRefused, 0},
		{404, nil, wire.OutcomeRefused, 0},
		{408, nil, wire.OutcomeUnavailable, 0},
		{413, nil, wire.OutcomeTooLong, 0},
		{414, nil, wire.OutcomeTooLong, 0},
		{429, nil, wire.OutcomeLimited, 0},
		{429, map[string]string{"Retry-After": "7"}, wire.OutcomeLimited, 7 * time.Second},
		{429, map[string]string{"Retry-After": "-7"}, wire.OutcomeLimited, 0},
		{429, map[string]string{"Retry-After": "99999999999999999"}, wire.OutcomeLimited, 24 * time.Hour},
		{429, map[string]string{"Retry-After": "99999999999999999999999"}, wire.OutcomeLimited, 0},
		{429, map[string]string{"Retry-After": "soon"}, wire.OutcomeLimited, 0},
		{429, map[string]string{"Retry-After": date.Add(9 * time.Second).Format(http.TimeFormat), "Date": date.Format(http.TimeFormat)}, wire.OutcomeLimited, 9 * time.Second},
		{429, map[string]string{"Retry-After": date.Format(http.TimeFormat)}, wire.OutcomeLimited, 0},
		{500, nil, wire.OutcomeUnavailable, 0},
		{503, map[string]string{"Retry-After": "4"}, wire.OutcomeUnavailable, 4 * time.Second},
	} {
		t.Run(fmt.Sprintf("case=%d %v", tc.status, tc.header), func(t *testing.T) {
			c, rec := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tc.header {
					w.Header().Set(k, v)
				}
				if tc.header["Date"] == "" {
					w.Header()["Date"] = nil
				}
				w.WriteHeader(tc.status)
			}, wire.Config{Retries: -1})
			err := c.Do(t.Context(), wire.Call{URL: "x"})
			if got := rec.outcomes(); !slices.Equal(got, []wire.Outcome{tc.outcome}) {
				t.Fatalf("got %v, want %v (%v)", got, tc.outcome, err)
			}
			var e *schema.Error
			if errors.As(err, &e) && e.Wait != tc.wait {
				t.Errorf("wait %s, want %s", e.Wait, tc.wait)
			}
		})
	}
}

// TestRedirectIsNamed holds that the client learns of a redirect, and not where it
// leads to.
func TestRedirectIsNamed(t *testing.T) {
	const elsewhere = "desk gave an answer to Search that sends it elsewhere: redirects are not followed"
	for name, tc := range map[string]struct {
		status   int
		location string
		code     schema.Code
		message  string
	}{
		"another host":    {301, "https://other.test/new?key=hunter2", schema.SourceInvalid, elsewhere},
		"the same host":   {308, "/new/hunter2", schema.SourceInvalid, elsewhere},
		"no address":      {302, "", schema.SourceInvalid, "desk gave an answer to Search that makes no sense"},
		"not modified":    {304, "/new", schema.SourceInvalid, "desk gave an answer to Search that makes no sense"},
		"to a login page": {302, "/login?next=hunter2", schema.SourceUnavailable, "desk ended the session"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			c, rec := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", tc.location)
				w.WriteHeader(tc.status)
			}, wire.Config{Source: "desk", Retries: -1})
			err := c.Do(t.Context(), wire.Call{Name: "Search", URL: "x"})
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != tc.code || e.Message != tc.message {
				t.Errorf("got %v", err)
			}
			if got := rec.outcomes(); len(got) != 1 {
				t.Errorf("attempts %v", got)
			}
			if strings.Contains(e.Message, "hunter2") || strings.Contains(e.Message, "other.test") {
				t.Errorf("the address is in %q", e.Message)
			}
		})
	}
}

func TestCancelAndDeadline(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	one := wire.BreakerConfig{Calls: 1}
	t.Run("case=cancelled by the caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, rec := piped(t, hang, wire.Config{Breaker: one})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err := c.Do(ctx, read("T", nil))
			if !errors.Is(err, context.Canceled) || schema.CodeOf(err) == schema.SourceTimeout {
				t.Errorf("got %v %v", schema.CodeOf(err), err)
			}
			if len(rec.seen) != 1 || c.Status().Breaker != "closed" || c.Status().Failures != 0 {
				t.Errorf("%v %+v", rec.outcomes(), c.Status())
			}
			if err := c.Do(ctx, read("T", nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("already cancelled: %v", err)
			}
		})
	})
	t.Run("case=short deadline of the caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, rec := piped(t, hang, wire.Config{Breaker: one})
			err := c.Do(within(t, time.Second), read("T", nil))
			if !errors.Is(err, context.DeadlineExceeded) || schema.CodeOf(err) != schema.SourceTimeout {
				t.Errorf("got %v %v", schema.CodeOf(err), err)
			}
			if len(rec.seen) != 1 || c.Status().Breaker != "closed" {
				t.Errorf("%v %+v", rec.outcomes(), c.Status())
			}
		})
	})
	t.Run("case=long deadline of the caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t, hang, wire.Config{Breaker: one})
			err := c.Do(within(t, 9*time.Second), read("T", nil))
			if schema.CodeOf(err) != schema.SourceTimeout || c.Status().Breaker != "open" {
				t.Errorf("got %v, %+v", err, c.Status())
			}
		})
	})
	t.Run("case=timeout of the attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, rec := piped(t, hang, wire.Config{Timeout: time.Second})
			start := time.Now()
			err := c.Do(within(t, time.Minute), read("T", nil))
			if schema.CodeOf(err) != schema.SourceTimeout || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, cause %v", err, errors.Unwrap(err))
			}
			if got := rec.outcomes(); len(got) != 2 || c.Status().Failures != 2 {
				t.Errorf("%v %+v", got, c.Status())
			}
			if took := time.Since(start); took < 2*time.Second || took > 3*time.Second {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("case=timeout of the call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(15 * time.Second):
				case <-r.Context().Done():
				}
			}, wire.Config{})
			call := read("Metadata", nil)
			call.Timeout = 20 * time.Second
			if err := c.Do(t.Context(), call); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("case=cancelled in the pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, rec := piped(t, hang, wire.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			call := read("T", func(*wire.Reply) error { return wire.LimitedBy(errCause, 5*time.Second) })
			call.Method, call.URL = http.MethodGet, "quick"
			c2, rec2 := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{})
			time.AfterFunc(time.Second, cancel)
			if err := c2.Do(ctx, call); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if len(rec2.seen) != 1 || len(rec.seen) != 0 || c.Status().State != "unknown" {
				t.Errorf("%v", rec2.outcomes())
			}
		})
	})
	t.Run("case=no pause past the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, rec := piped(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{})
			start := time.Now()
			err := c.Do(within(t, 3*time.Second), read("T", func(*wire.Reply) error { return wire.LimitedBy(errCause, 3*time.Second) }))
			if schema.CodeOf(err) != schema.SourceLimited || len(rec.seen) != 1 || time.Since(start) != 0 {
				t.Errorf("%v after %s, %v", err, time.Since(start), rec.outcomes())
			}
		})
	})
}
