package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestNewReportsAllMistakes(t *testing.T) {
	_, err := wire.New(wire.Config{Base: &url.URL{Scheme: "ftp", Host: "x"}, Timeout: -1, Breaker: wire.BreakerConfig{Ratio: 2}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"source: missing", "base: must be", "timeout: must not", "ratio must"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}

func TestRefusedConnection(t *testing.T) {
	srv := httptest.NewServer(nil)
	base, _ := url.Parse(srv.URL)
	srv.Close()
	c, rec := client(t, wire.Config{Base: base, Retries: 1})
	err := c.Do(t.Context(), read("T", nil))
	if schema.CodeOf(err) != schema.SourceUnavailable || len(rec.seen) != 2 {
		t.Errorf("%v %v", err, rec.outcomes())
	}
	if strings.Contains(err.Error(), base.Host) {
		t.Errorf("%q names the host", err)
	}
}

func TestConcurrency(t *testing.T) {
	const places, callers = 3, 20
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		c, _ := piped(t, func(http.ResponseWriter, *http.Request) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
		}, wire.Config{Concurrency: places, Timeout: time.Hour})
		start := time.Now()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if err := c.Do(t.Context(), read("T", nil)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := most.Load(); got != places {
			t.Errorf("%d at once, want %d", got, places)
		}
		if took, want := time.Since(start), 7*time.Second; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
		// A waiting caller leaves with his own deadline, and nobody is blamed.
		for range places {
			wg.Go(func() { c.Do(t.Context(), read("T", nil)) })
		}
		synctest.Wait()
		err := c.Do(within(t, 100*time.Millisecond), read("T", nil))
		if schema.CodeOf(err) != schema.SourceTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := c.Do(ctx, read("T", nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		wg.Wait()
		if s := c.Status(); s.Failures != 0 || s.Calls != callers+places {
			t.Errorf("got %+v", s)
		}
	})
}

func TestPanicOfDecodeGivesItsPlaceBack(t *testing.T) {
	c, _ := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{Concurrency: 1})
	for range 3 {
		func() {
			defer func() { recover() }()
			c.Do(t.Context(), read("T", func(*wire.Reply) error { panic("decoder") }))
		}()
	}
	if err := c.Do(t.Context(), read("T", nil)); err != nil {
		t.Error(err)
	}
}

func TestStatus(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var verdict error
	c, _ := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{
		Now: func() time.Time { return now }, Breaker: wire.BreakerConfig{Calls: 4, Open: time.Hour},
	})
	do := func(v error) {
		verdict = v
		now = now.Add(time.Second)
		c.Do(t.Context(), wire.Call{URL: "x", Decode: func(*wire.Reply) error { return verdict }})
	}
	check := func(state, breaker string) {
		t.Helper()
		if s := c.Status(); s.State != state || s.Breaker != breaker {
			t.Errorf("got %s and %s, want %s and %s", s.State, s.Breaker, state, breaker)
		}
	}
	check("unknown", "closed")
	do(nil)
	check("up", "closed")
	if s := c.Status(); s.Latency <= 0 || !s.LastOKAt.Equal(now) {
		t.Errorf("got %+v", s)
	}
	do(wire.Unavailable(errCause))
	check("degraded", "closed")
	do(wire.Refused(errCause))
	check("up", "closed")
	do(wire.Invalid(errCause))
	check("down", "open")
	s := c.Status()
	if s.Calls != 4 || s.Failures != 2 || s.LastCode != schema.SourceInvalid || !s.LastErrorAt.Equal(now) {
		t.Errorf("got %+v", s)
	}
}

func TestClose(t *testing.T) {
	c, rec := upstream(t, func(http.ResponseWriter, *http.Request) {}, wire.Config{})
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if err := c.Do(t.Context(), read("T", nil)); schema.CodeOf(err) != schema.SourceUnavailable || len(rec.seen) != 1 {
		t.Errorf("got %v", err)
	}
}

// Whatever goes wrong, what was planted reaches neither the client nor the log.
func TestSecretsStayInside(t *testing.T) {
	const secret = "hunter2-Пароль&x"
	encoded := url.QueryEscape(secret)
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	leaks := func(t *testing.T, text string) {
		t.Helper()
		for _, s := range []string{"hunter2", url.QueryEscape(secret), "Пароль"} {
			if strings.Contains(text, s) {
				t.Errorf("%q is in %q", s, text)
			}
		}
	}
	body, _ := json.Marshal(map[string]string{"UserLogin": "api", "Password": secret})
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"echo of the request": func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "cannot %s %s with %v and %s", r.Method, r.RequestURI, r.Header, b)
		},
		"bare echo": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "wrong login "+secret) },
		"redirect": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://x:"+encoded+"@h/login?p="+encoded)
			w.WriteHeader(302)
		},
		"content type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", `text/hunter2`)
			w.Write([]byte("x"))
		},
		"broken": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run("case="+name, func(t *testing.T) {
			logged.Reset()
			c, _ := upstream(t, answer, wire.Config{
				Base:   &url.URL{User: url.UserPassword("api", secret)},
				Header: http.Header{"X-Api-Key": {secret}, "X-Custom": {"hunter2"}},
				Log:    log, Retries: -1, Breaker: wire.BreakerConfig{Calls: 1},
			})
			err := c.Do(t.Context(), wire.Call{
				Name: "Login", Method: "POST", URL: "x?UserLogin=api&Password=" + encoded, Body: body, Accept: []string{"text/plain"},
				Decode: func(r *wire.Reply) error {
					if err := wire.StatusVerdict(r); err != nil {
						return err
					}
					return wire.Invalid(fmt.Errorf("upstream said %s", r.Body))
				},
			})
			if err == nil {
				t.Fatal("no error")
			}
			var e *schema.Error
			if !errors.As(err, &e) || e.Err == nil {
				t.Fatalf("got %#v", err)
			}
			leaks(t, err.Error())
			leaks(t, e.Err.Error())
			leaks(t, fmt.Sprintf("%v %+v %s", err, err, e.Err))
			log.Error("call failed", "err", err, "cause", e.Err)
			leaks(t, logged.String())
			if !strings.Contains(logged.String(), "called source") {
				t.Errorf("nothing was logged: %s", logged.String())
			}
			if strings.Contains(err.Error(), "upstream said") {
				t.Errorf("upstream text in %q", err)
			}
		})
	}
	t.Run("case=transport that repeats the address", func(t *testing.T) {
		logged.Reset()
		base := &url.URL{Scheme: "http", Host: "h.test", User: url.UserPassword("api", secret)}
		c, _ := client(t, wire.Config{Base: base, Log: log, Retries: -1, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: base.String() + "/x?p=" + encoded, Err: errors.New("refused for http://api:" + encoded + "@h.test/?p=" + encoded)}
		})})
		err := c.Do(t.Context(), wire.Call{URL: "x"})
		leaks(t, err.Error())
		leaks(t, errors.Unwrap(err).Error())
		leaks(t, logged.String())
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func BenchmarkDo(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 4<<10)
	b.Run("server", func(b *testing.B) {
		c, _ := upstream(b, func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }, wire.Config{Observe: func(wire.Observation) {}})
		bench(b, c)
	})
	// What Do itself costs.
	b.Run("memory", func(b *testing.B) {
		c, _ := client(b, wire.Config{
			Base: &url.URL{Scheme: "http", Host: "h.test"}, Observe: func(wire.Observation) {},
			Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, nil
			}),
		})
		bench(b, c)
	})
}

func bench(b *testing.B, c *wire.Client) {
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Do(b.Context(), read("T", nil)); err != nil {
			b.Fatal(err)
		}
	}
}
