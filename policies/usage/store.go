package usage

import (
	"context"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Store keeps usage.
type Store interface {
	// AddUsage adds to what is kept of the same hour, token and subject, or begins
	// it; all of it or nothing. Rows and habits are sorted, so that instances that
	// add at the same time do not wait for each other in a circle.
	AddUsage(ctx context.Context, rows []Row, habits []Habit) error
	// Usage returns the rows of a filter, the most costly first; of equal ones the
	// newest first.
	Usage(ctx context.Context, f Filter) ([]Row, error)
	// UsageHabits returns habits from f.From on, each added up over the hours, with
	// the last of them; of the filter it reads From, To, Account and Token.
	UsageHabits(ctx context.Context, f Filter) ([]Habit, error)
	// UsageRows returns the rows answered to an account from one hour until before
	// another.
	UsageRows(ctx context.Context, account string, from, to time.Time) (int64, error)
	// PruneUsage deletes what is older, and habits that are older, and returns how
	// many rows that were.
	PruneUsage(ctx context.Context, before, habits time.Time) (int64, error)
}

// Filter chooses rows.
type Filter struct {
	From    time.Time // from this hour on; zero = 24 hours ago
	To      time.Time // until before this hour; zero = now
	Account string    // of this account only
	Token   string    // of this token only
	By      schema.UsageBy
	First   int // default 50, at most 1,000
}

// The sizes of answers.
const (
	defaultFirst = 50
	maxFirst     = 1000
)

// filled returns the filter with its defaults at a moment.
func (f Filter) filled(now time.Time) Filter {
	if f.From.IsZero() {
		f.From = now.Add(-24 * time.Hour)
	}
	f.From = f.From.UTC().Truncate(time.Hour)
	if f.To.IsZero() {
		f.To = now
	}
	f.To = f.To.UTC()
	if f.By == "" {
		f.By = schema.UsageByOperation
	}
	if f.First <= 0 {
		f.First = defaultFirst
	}
	f.First = min(f.First, maxFirst)
	return f
}
