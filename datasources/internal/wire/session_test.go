package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// logins counts logins, each of which takes a second and gives its number.
type logins struct {
	n   atomic.Int64
	err error
}

func (l *logins) login(ctx context.Context) (int64, error) {
	n := l.n.Add(1)
	select {
	case <-time.After(time.Second):
		return n, l.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func TestSessionSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logins
		s := wire.NewSession(l.login)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if val, gen, err := s.Get(t.Context()); val != 1 || gen != 1 || err != nil {
					t.Errorf("got %d, %d, %v", val, gen, err)
				}
			})
		}
		wg.Wait()
		if n := l.n.Load(); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}

func TestSessionFirstCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logins
		s := wire.NewSession(l.login)
		s.Source = "crm"
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, _, err := s.Get(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		for range 99 {
			wg.Go(func() {
				if val, _, err := s.Get(t.Context()); val != 1 || err != nil {
					t.Errorf("got %d, %v", val, err)
				}
			})
		}
		wg.Go(func() {
			_, _, err := s.Get(within(t, 100*time.Millisecond))
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.SourceTimeout || e.Source != "crm" {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		if n := l.n.Load(); n != 1 {
			t.Errorf("%d logins", n)
		}
		if _, _, err := s.Get(ctx); err != nil {
			t.Errorf("a live session needs no login: %v", err)
		}
	})
}

func TestSessionDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logins
		s := wire.NewSession(l.login)
		_, gen, _ := s.Get(t.Context())
		s.Drop(gen)
		_, next, err := s.Get(t.Context())
		if next != gen+1 || err != nil {
			t.Errorf("generation %d after %d, %v", next, gen, err)
		}
		s.Drop(gen) // late
		if _, got, _ := s.Get(t.Context()); got != next || l.n.Load() != 2 {
			t.Errorf("generation %d, %d logins", got, l.n.Load())
		}
	})
}

func TestSessionFailedLogin(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		within time.Duration
		most   int64
	}{
		{"unavailable", wire.Unavailable(errCause), 9 * time.Second, 5}, // every two seconds
		{"wrong password", wire.Refused(errCause), 60 * time.Second, 6}, // rarer and rarer
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := logins{err: tc.err}
				s := wire.NewSession(l.login)
				for start := time.Now(); time.Since(start) < tc.within; time.Sleep(10 * time.Millisecond) {
					if _, _, err := s.Get(t.Context()); !errors.Is(err, errCause) {
						t.Fatalf("got %v", err)
					}
				}
				if n := l.n.Load(); n < 2 || n > tc.most {
					t.Errorf("%d logins", n)
				}
			})
		})
	}
	t.Run("case=recovers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := logins{err: errCause}
			s := wire.NewSession(l.login)
			s.Get(t.Context())
			l.err = nil
			if _, _, err := s.Get(t.Context()); err == nil {
				t.Error("the failure was forgotten at once")
			}
			time.Sleep(time.Second)
			if _, _, err := s.Get(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("case=hangs and panics", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			s := wire.NewSession(func(ctx context.Context) (int, error) {
				if n++; n == 1 {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				panic("login")
			})
			if _, _, err := s.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Second)
			if _, _, err := s.Get(t.Context()); schema.CodeOf(err) != schema.Internal {
				t.Errorf("got %v", err)
			}
		})
	})
}

// A hundred callers are bounced by one session, and one new login serves all.
func TestWithSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := piped(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Millisecond)
			if r.Header.Get("X-Session") == "1" {
				w.WriteHeader(401)
			}
		}, wire.Config{Concurrency: 100})
		var l logins
		s := wire.NewSession(l.login)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				err := wire.WithSession(t.Context(), s, func(ctx context.Context, val int64) error {
					call := read("T", nil)
					call.Header = http.Header{"X-Session": {fmt.Sprint(val)}}
					return c.Do(ctx, call)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := l.n.Load(); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
	})
}

func TestWithSessionRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := piped(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/bad" {
				w.WriteHeader(401)
			}
		}, wire.Config{})
		var l logins
		s := wire.NewSession(l.login)
		do := func(path string) error {
			return wire.WithSession(t.Context(), s, func(ctx context.Context, _ int64) error {
				return c.Do(ctx, wire.Call{Name: "T", URL: path, Read: true})
			})
		}
		err := do("bad")
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.SourceUnavailable || e.Source != "helpdesk" || e.Message != "helpdesk: session refused" || wire.IsBounced(err) {
			t.Errorf("got %#v", e)
		}
		if n := l.n.Load(); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
		// It does no harm to others, and does not log in at each try.
		for range 5 {
			if err := do("bad"); schema.CodeOf(err) != schema.SourceUnavailable {
				t.Errorf("got %v", err)
			}
			if err := do("good"); err != nil {
				t.Error(err)
			}
		}
		if n := l.n.Load(); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
		time.Sleep(time.Second)
		do("bad")
		if n := l.n.Load(); n != 3 {
			t.Errorf("%d logins, want 3", n)
		}
		if err := wire.WithSession(t.Context(), s, func(context.Context, int64) error { return errCause }); !errors.Is(err, errCause) {
			t.Errorf("got %v", err)
		}
	})
}
