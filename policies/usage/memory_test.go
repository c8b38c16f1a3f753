package usage_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store without a database; store/storetest shows that the real ones
// answer alike.
type memory struct {
	mu     sync.Mutex
	fail   error // of every call
	after  int   // calls of AddUsage that still succeed when fail is set
	adds   int
	rows   map[usage.Row]usage.Counts // by a row without counts
	habits []usage.Habit
	pruned time.Time
	older  time.Time // up to when habits were deleted
}

var errDown = errors.New("down at 10.0.0.1")

func (m *memory) AddUsage(_ context.Context, rows []usage.Row, habits []usage.Habit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.adds++
	if m.fail != nil {
		if m.after--; m.after < 0 {
			return m.fail
		}
	}
	if m.rows == nil {
		m.rows = map[usage.Row]usage.Counts{}
	}
	for _, r := range rows {
		k := r
		k.Counts = usage.Counts{}
		sum := m.rows[k]
		sum.Calls += r.Calls
		sum.Errors += r.Errors
		sum.Rows += r.Rows
		sum.Cost += r.Cost
		sum.Took += r.Took
		sum.Most = max(sum.Most, r.Most)
		for i := range sum.Spread {
			sum.Spread[i] += r.Spread[i]
		}
		m.rows[k] = sum
	}
	m.habits = append(m.habits, habits...)
	return nil
}

func (m *memory) Usage(_ context.Context, f usage.Filter) ([]usage.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []usage.Row
	for r, c := range m.rows {
		if r.By == f.By && !r.Hour.Before(f.From) && r.Hour.Before(f.To) && (f.Token == "" || r.Token == f.Token) && (f.Account == "" || r.Account == f.Account) {
			r.Counts = c
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b usage.Row) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), b.Hour.Compare(a.Hour), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Subject, b.Subject))
	})
	return list[:min(len(list), f.First)], m.fail
}

func (m *memory) UsageHabits(_ context.Context, f usage.Filter) ([]usage.Habit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []usage.Habit
	for _, h := range m.habits {
		if !h.Hour.Before(f.From) && h.Hour.Before(f.To) && (f.Token == "" || h.Token == f.Token) && (f.Account == "" || h.Account == f.Account) {
			list = append(list, h)
		}
	}
	return list, m.fail
}

func (m *memory) UsageRows(_ context.Context, account string, from, to time.Time) (n int64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for r, c := range m.rows {
		if r.By == schema.UsageByToken && r.Account == account && !r.Hour.Before(from) && r.Hour.Before(to) {
			n += c.Rows
		}
	}
	return n, m.fail
}

func (m *memory) PruneUsage(_ context.Context, before, habits time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pruned, m.older = before, habits
	return 0, m.fail
}

// before returns up to when was deleted.
func (m *memory) before() (rows, habits time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pruned, m.older
}

func (m *memory) failWith(err error, after int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail, m.after = err, after
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
