package faults_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/faults"
)

const whole = `{"value":[1,2,3,4,5,6,7,8,9]}`

func start(t *testing.T, opts faults.Options) (*faults.Switch, func(path string) (*http.Response, string, error)) {
	t.Helper()
	s := faults.New(opts)
	server := httptest.NewUnstartedServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, whole)
	})))
	server.Start()
	t.Cleanup(func() { s.Close(); server.Close() })
	return s, func(path string) (*http.Response, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			return nil, "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res, string(b), err
	}
}

func TestModes(t *testing.T) {
	s, get := start(t, faults.Options{ErrorBody: func(*http.Request) (string, []byte) { return "application/json", []byte(`{"Error":1}`) }})
	for _, c := range []struct {
		mode     faults.Mode
		status   int // 0: no answer at all
		kind     string
		contains string
		cut      bool
	}{
		{faults.None, 200, "application/json", whole, false},
		{faults.Drop, 0, "", "", false},
		{faults.LoginPage, 200, "text/html; charset=utf-8", "<form", false},
		{faults.Garbage, 200, "application/json", "<<<", false},
		{faults.EmptyBody, 200, "application/json", "", false},
		{faults.ServerError, 500, "text/plain; charset=utf-8", "Internal", false},
		{faults.ErrorBody, 200, "application/json", `{"Error":1}`, false},
		{faults.HalfBody, 200, "application/json", whole[:len(whole)/2], true},
		{faults.Limited, 429, "text/plain; charset=utf-8", "Too Many", false},
		{faults.Unavailable, 503, "text/plain; charset=utf-8", "Unavailable", false},
	} {
		t.Run("case="+c.mode.String(), func(t *testing.T) {
			if m, ok := faults.ParseMode(c.mode.String()); !ok || m != c.mode {
				t.Errorf("ParseMode gave %v", m)
			}
			s.SetMode(c.mode)
			res, body, err := get("/a")
			if c.status == 0 {
				if err == nil {
					t.Fatalf("got %d %q", res.StatusCode, body)
				}
				return
			}
			if (err != nil) != c.cut || res == nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || !strings.Contains(body, c.contains) || c.cut && body == whole {
				t.Errorf("got %d %q %q", res.StatusCode, res.Header.Get("Content-Type"), body)
			}
			if wait := res.Header.Get("Retry-After"); (c.status == 429 || c.status == 503) != (wait == "1") {
				t.Errorf("Retry-After %q", wait)
			}
		})
	}
	if _, ok := faults.ParseMode("nonsense"); ok {
		t.Error("nonsense is a mode")
	}
}

func TestTimesEveryRoute(t *testing.T) {
	s, get := start(t, faults.Options{Route: func(r *http.Request) string { return r.URL.Path }})
	statuses := func(path string, n int) (list []int) {
		for range n {
			res, _, err := get(path)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, res.StatusCode)
		}
		return list
	}
	same := func(what string, got []int, want ...int) {
		t.Helper()
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got %v, want %v", what, got, want)
				return
			}
		}
	}
	s.Set(faults.Fault{Mode: faults.ServerError, Times: 2})
	same("twice", statuses("/a", 4), 500, 500, 200, 200)
	s.Set(faults.Fault{Mode: faults.ServerError, Every: 3})
	same("every third", statuses("/a", 6), 200, 200, 500, 200, 200, 500)
	s.Set(faults.Fault{Mode: faults.ServerError, Route: "/b"})
	same("another route", statuses("/a", 1), 200)
	same("the route", statuses("/b", 1), 500)
	s.Clear()
	same("cleared", statuses("/b", 1), 200)
	if calls := s.Calls(); calls["/a"] != 11 || calls["/b"] != 2 || s.Total() != 13 {
		t.Errorf("got %v", calls)
	}
	s.Reset()
	if s.Total() != 0 || s.MaxConcurrent() != 0 {
		t.Error("not reset")
	}
}

func TestHang(t *testing.T) {
	s, get := start(t, faults.Options{})
	s.SetMode(faults.Hang)
	t.Run("case=let go", func(t *testing.T) {
		var hanging sync.WaitGroup
		results := make([]int, 3)
		for i := range results {
			hanging.Go(func() {
				if res, _, err := get("/a"); err == nil {
					results[i] = res.StatusCode
				}
			})
		}
		for s.MaxConcurrent() < len(results) { // they have all arrived
			runtime.Gosched()
		}
		s.Clear()
		hanging.Wait()
		for _, status := range results {
			if status != http.StatusServiceUnavailable {
				t.Errorf("got %v", results)
			}
		}
	})
	t.Run("case=the client gives up", func(t *testing.T) {
		s.SetMode(faults.Hang)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		server := httptest.NewServer(s.Wrap(http.NotFoundHandler()))
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("body"))
		res, err := server.Client().Do(r)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		server.Close() // hangs if the handler did not notice
	})
}

func TestLatency(t *testing.T) {
	s, get := start(t, faults.Options{Latency: 15 * time.Millisecond})
	begin := time.Now()
	if _, _, err := get("/a"); err != nil || time.Since(begin) < 15*time.Millisecond {
		t.Errorf("took %s, %v", time.Since(begin), err)
	}
	s.SetLatency(time.Hour)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = get("/a")
	}()
	for s.Total() < 2 {
		runtime.Gosched()
	}
	s.Close() // lets waiting requests go
	<-done
}
