package quota_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// clock is a time that stands still until it is moved.
type clock struct {
	mu   sync.Mutex
	t    time.Time
	also func(time.Time) // told of each move
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
	if c.also != nil {
		c.also(c.t)
	}
}

func limiter(t testing.TB, cfg quota.Config) *quota.Limiter {
	t.Helper()
	l := quota.New(cfg)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func principal(account string, a policies.Agreement) *policies.Principal {
	return &policies.Principal{TokenID: "of-" + account, Account: account, Agreement: a}
}

// taken makes calls until one is refused, at most most, and returns how many were
// not, and the refusal.
func taken(t testing.TB, l *quota.Limiter, p *policies.Principal, most int) (int, quota.State, *schema.Error) {
	t.Helper()
	for n := range most {
		s, err := l.Call(ctx, p)
		if err != nil {
			return n, s, asError(t, err)
		}
	}
	return most, l.State(ctx, p), nil
}

func asError(t testing.TB, err error) *schema.Error {
	t.Helper()
	var e *schema.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%v has no code", err)
	}
	return e
}
