package operand_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func TestRoute(t *testing.T) {
	custom := operand.New(world.New(1, 12), operand.Options{Dialect: operand.Dialect{LoginPath: "/auth/entrar"}, Paths: map[operand.Resource]string{operand.Invoices: "/x/faturas"}})
	for _, v := range []struct{ method, target, want, custom string }{
		{"GET", "/login?tokenAccess=SECRET", "GET /login", "GET other"},
		{"GET", "/auth/entrar?tokenAccess=SECRET", "GET other", "GET /login"},
		{"GET", "/login/SECRET", "GET other", "GET other"},
		{"GET", "/beta/jobs/486/tasks?SECRET", "GET /beta/jobs/:id/tasks", "GET /beta/jobs/:id/tasks"},
		{"GET", "/beta/entity/clients?limit=100", "GET /beta/entity/clients", "GET /beta/entity/clients"},
		{"GET", "/v1/financeiro/notas-fiscais", "GET /v1/financeiro/notas-fiscais", "GET other"},
		{"GET", "/x/faturas", "GET other", "GET /x/faturas"},
		{"SECRET", "/beta/jobs", "OTHER /beta/jobs", "OTHER /beta/jobs"},
	} {
		r := httptest.NewRequest(v.method, v.target, nil)
		if got := operand.Route(r); got != v.want {
			t.Errorf("%s: %q, want %q", v.target, got, v.want)
		}
		if got := custom.Route(r); got != v.custom {
			t.Errorf("%s: %q, want %q", v.target, got, v.custom)
		}
	}
}

func TestCounters(t *testing.T) {
	c := start(t, world.New(1, 12), operand.Options{})
	c.call("/beta/jobs/7/tasks")
	c.call("/beta/jobs/8/tasks")
	c.call("/nowhere/1")
	c.call("/nowhere/2")
	want := map[string]int{"GET /login": 1, "GET /beta/jobs/:id/tasks": 2, "GET other": 2}
	if got := c.server.Calls(); !maps.Equal(got, want) || c.server.MaxConcurrent() != 1 {
		t.Errorf("got %v, %d at once", got, c.server.MaxConcurrent())
	}
	c.server.ResetCalls()
	if len(c.server.Calls()) != 0 || c.server.MaxConcurrent() != 0 {
		t.Error("not reset")
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c := start(t, world.New(1, 12), operand.Options{RatePerMinute: 3, Now: func() time.Time { return now }})
	for k, v := range []struct {
		after  time.Duration
		status int
		wait   string
	}{
		{0, 200, ""}, // the login was the first
		{10 * time.Second, 200, ""},
		{5*time.Second + time.Millisecond, 429, "45"},
		{44 * time.Second, 429, "1"},
		{time.Second, 200, ""},
		{0, 200, ""},
		{0, 200, ""},
		{0, 429, "60"},
		{-time.Hour, 200, ""}, // a clock that was put back does not shut the door for an hour
	} {
		now = now.Add(v.after)
		a := c.call("/beta/jobs")
		if a.status != v.status || a.header.Get("Retry-After") != v.wait {
			t.Errorf("call %d: %d, Retry-After %q", k, a.status, a.header.Get("Retry-After"))
		}
	}
}

// slow is a client that does not read on.
type slow struct {
	header        http.Header
	began, finish chan struct{}
}

func (s *slow) Header() http.Header { return s.header }
func (s *slow) WriteHeader(int)     {}
func (s *slow) Write(p []byte) (int, error) {
	s.began <- struct{}{}
	<-s.finish
	return len(p), nil
}

func TestParallel(t *testing.T) {
	c := start(t, world.New(1, 12), operand.Options{MaxParallel: 2})
	ask := func(w http.ResponseWriter) {
		r := httptest.NewRequest(http.MethodGet, "/beta/jobs", nil)
		r.Header.Set("Op-Auth-Token", c.session)
		c.server.ServeHTTP(w, r)
	}
	w := &slow{header: http.Header{}, began: make(chan struct{}), finish: make(chan struct{})}
	other := &slow{header: http.Header{}, began: w.began, finish: w.finish}
	done := make(chan struct{})
	for _, w := range []*slow{w, other} {
		go func() {
			defer func() { done <- struct{}{} }()
			ask(w)
		}()
	}
	<-w.began
	<-w.began
	third := httptest.NewRecorder()
	ask(third)
	if third.Code != 429 || third.Header().Get("Retry-After") != "1" || c.server.MaxConcurrent() != 3 {
		t.Errorf("the third of two: %d, %d at once", third.Code, c.server.MaxConcurrent())
	}
	close(w.finish)
	<-done
	<-done
	if a := c.call("/beta/jobs"); a.status != 200 {
		t.Errorf("when they have gone: %d", a.status)
	}
}
