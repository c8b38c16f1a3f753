package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func usageRow(by schema.UsageBy, hour time.Time, token, subject string, cost int64) usage.Row {
	return usage.Row{Hour: hour, By: by, Token: token, Account: "of " + token, Subject: subject, Counts: usage.Counts{
		Calls: 2, Errors: 1, Rows: 3, Cost: cost, Took: 5 * time.Millisecond, Most: 4321 * time.Microsecond,
		Spread: [usage.Buckets]int64{0, 1, 2, 3, 4, 5, 6, 7},
	}}
}

func usageHabit(hour time.Time, token, kind, operation, subject string) usage.Habit {
	return usage.Habit{
		Hour: hour, Kind: kind, Token: token, Account: "of " + token, Operation: operation, Name: "Open", Subject: subject,
		Calls: 10, Hits: 9, Amount: 8, Least: 7, Most: 6,
	}
}

func usageRows(t *testing.T, s Store, f usage.Filter) []usage.Row {
	t.Helper()
	if f.First == 0 {
		f.First = 1000
	}
	if f.From.IsZero() {
		f.From, f.To = noon.Add(-1000*24*time.Hour), noon.Add(1000*24*time.Hour)
	}
	rows, err := s.Usage(t.Context(), f)
	must(t, err)
	return rows
}

func usageAdds(t *testing.T, open func() Store) {
	ctx, s := t.Context(), open()
	row := usageRow(schema.UsageByOperation, noon, "t1", "ab12", 1e12)
	row.Name = "Open"
	must(t, s.AddUsage(ctx, []usage.Row{row}, nil))
	must(t, s.Close())
	s = opened(t, open)
	if got := usageRows(t, s, usage.Filter{By: schema.UsageByOperation}); !reflect.DeepEqual(got, []usage.Row{row}) {
		t.Errorf("saved\n got %+v\nwant %+v", got, row)
	}
	// The same again, within one call and with another; others beside it.
	slower := row
	slower.Most, slower.Errors = time.Second, 0
	must(t, s.AddUsage(ctx, []usage.Row{row, row, usageRow(schema.UsageByField, noon, "t1", "ab12", 1)}, nil))
	must(t, s.AddUsage(ctx, []usage.Row{slower, usageRow(schema.UsageByOperation, noon.Add(time.Hour), "t1", "ab12", 1)}, nil))
	must(t, s.AddUsage(ctx, []usage.Row{usageRow(schema.UsageByOperation, noon, "t2", "ab12", 1), usageRow(schema.UsageByOperation, noon, "t1", "", 1)}, nil))
	must(t, s.AddUsage(ctx, nil, nil))
	want := row
	want.Calls, want.Errors, want.Rows, want.Cost, want.Took, want.Most = 8, 3, 12, 4e12, 20*time.Millisecond, time.Second
	want.Spread = [usage.Buckets]int64{0, 4, 8, 12, 16, 20, 24, 28}
	got := usageRows(t, s, usage.Filter{By: schema.UsageByOperation})
	if len(got) != 4 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("added\n got %+v\nwant %+v", got, want)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.AddUsage(cancelled, []usage.Row{row}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	if again := usageRows(t, s, usage.Filter{By: schema.UsageByOperation}); !reflect.DeepEqual(again, got) {
		t.Error("a writing that failed left something behind")
	}
}

func usageListed(t *testing.T, open func() Store) {
	s := opened(t, open)
	must(t, s.AddUsage(t.Context(), []usage.Row{
		usageRow(schema.UsageByOperation, noon, "t1", "a", 5), usageRow(schema.UsageByOperation, noon, "t1", "b", 9),
		usageRow(schema.UsageByOperation, noon, "t2", "a", 5), usageRow(schema.UsageByOperation, noon.Add(time.Hour), "t1", "a", 5),
		usageRow(schema.UsageByOperation, noon.Add(-time.Hour), "t1", "a", 100), usageRow(schema.UsageByToken, noon, "t1", "", 5),
	}, nil))
	for _, c := range []struct {
		name   string
		filter usage.Filter
		want   string
	}{
		{"the most costly first, then the newest", usage.Filter{}, "11 t1 a,12 t1 b,13 t1 a,12 t1 a,12 t2 a,"},
		{"first", usage.Filter{First: 2}, "11 t1 a,12 t1 b,"},
		{"from and to", usage.Filter{From: noon, To: noon.Add(time.Hour)}, "12 t1 b,12 t1 a,12 t2 a,"},
		{"to within an hour", usage.Filter{From: noon, To: noon.Add(time.Hour + time.Second)}, "12 t1 b,13 t1 a,12 t1 a,12 t2 a,"},
		{"token", usage.Filter{Token: "t2"}, "12 t2 a,"},
		{"account", usage.Filter{Account: "of t2"}, "12 t2 a,"},
		{"account of another token", usage.Filter{Account: "of t2", Token: "t1"}, ""},
		{"tokens", usage.Filter{By: schema.UsageByToken}, "12 t1 ,"},
		{"fields", usage.Filter{By: schema.UsageByField}, ""},
		{"no text", usage.Filter{Account: "\x00", Token: "\xff"}, ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if c.filter.By == "" {
				c.filter.By = schema.UsageByOperation
			}
			got := ""
			for _, r := range usageRows(t, s, c.filter) {
				got += fmt.Sprintf("%s %s %s,", r.Hour.Format("15"), r.Token, r.Subject)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func usageHabits(t *testing.T, open func() Store) {
	ctx, s := t.Context(), opened(t, open)
	other := usageHabit(noon, "t1", usage.UnusedPage, "ab", "Query.orders")
	other.Least, other.Most = 3, 60
	must(t, s.AddUsage(ctx, nil, []usage.Habit{
		usageHabit(noon, "t1", usage.UnusedPage, "ab", "Query.orders"), other,
		usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders"),
		usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders/lines"),
		usageHabit(noon, "t1", usage.Polling, "ab", "Query.orders"), usageHabit(noon, "t1", usage.Polling, "cd", "Query.orders"),
		usageHabit(noon.Add(-time.Hour), "t2", usage.Polling, "ab", "Query.orders"),
	}))
	sum := usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders")
	sum.Calls, sum.Hits, sum.Amount, sum.Least, sum.Most = 30, 27, 24, 3, 60
	for _, c := range []struct {
		name   string
		filter usage.Filter
		want   []usage.Habit
	}{
		{"all", usage.Filter{From: noon.Add(-time.Hour), To: noon.Add(2 * time.Hour)}, []usage.Habit{
			usageHabit(noon, "t1", usage.Polling, "ab", "Query.orders"), usageHabit(noon, "t1", usage.Polling, "cd", "Query.orders"),
			sum, usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders/lines"),
			usageHabit(noon.Add(-time.Hour), "t2", usage.Polling, "ab", "Query.orders"),
		}},
		{"of a token and time", usage.Filter{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour), Token: "t1", Account: "of t1"}, []usage.Habit{
			usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders"),
			usageHabit(noon.Add(time.Hour), "t1", usage.UnusedPage, "ab", "Query.orders/lines"),
		}},
		{"of nobody", usage.Filter{From: noon.Add(-time.Hour), To: noon.Add(2 * time.Hour), Account: "\x00"}, nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, err := s.UsageHabits(ctx, c.filter)
			must(t, err)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
			}
		})
	}
}

func usageOfDay(t *testing.T, open func() Store) {
	s := opened(t, open)
	day := noon.Truncate(24 * time.Hour)
	token := func(hour time.Time, token, account string) usage.Row {
		r := usageRow(schema.UsageByToken, hour, token, "", 1)
		r.Account = account
		return r
	}
	must(t, s.AddUsage(t.Context(), []usage.Row{
		token(day.Add(-time.Hour), "t1", "shop"), token(day, "t1", "shop"), token(day.Add(23*time.Hour), "t2", "shop"),
		token(day.Add(24*time.Hour), "t2", "shop"), token(noon, "t3", "bi"), usageRow(schema.UsageByOperation, noon, "t1", "ab", 1),
	}, nil))
	for account, want := range map[string]int64{"shop": 6, "bi": 3, "nobody": 0, "\x00": 0} {
		if got, err := s.UsageRows(t.Context(), account, day, day.Add(24*time.Hour)); err != nil || got != want {
			t.Errorf("%q had %d rows, %v; want %d", account, got, err, want)
		}
	}
}

func usagePruned(t *testing.T, open func() Store) {
	ctx, s := t.Context(), opened(t, open)
	for _, by := range []schema.UsageBy{schema.UsageByToken, schema.UsageByField, schema.UsageByOperation} {
		for day := range 5 {
			must(t, s.AddUsage(ctx, []usage.Row{usageRow(by, noon.Add(-time.Duration(day)*24*time.Hour), "t1", "a", 1)}, nil))
		}
	}
	must(t, s.AddUsage(ctx, []usage.Row{usageRow(schema.UsageByField, noon.Add(-1000*time.Hour), "t1", "a", 1)}, []usage.Habit{
		usageHabit(noon, "t1", usage.Polling, "ab", "Query.orders"), usageHabit(noon.Add(-2*time.Hour), "t1", usage.Polling, "ab", "Query.orders"),
	}))
	if n, err := s.PruneUsage(ctx, noon.Add(-24*time.Hour), noon.Add(-time.Hour)); err != nil || n != 3*3+1+1 {
		t.Errorf("deleted %d, %v; want 11", n, err)
	}
	for _, by := range []schema.UsageBy{schema.UsageByToken, schema.UsageByField, schema.UsageByOperation} {
		rows := usageRows(t, s, usage.Filter{By: by})
		if len(rows) != 2 || !rows[1].Hour.Equal(noon.Add(-24*time.Hour)) {
			t.Errorf("left of %s %+v", by, rows)
		}
	}
	habits, err := s.UsageHabits(ctx, usage.Filter{From: noon.Add(-48 * time.Hour), To: noon.Add(time.Hour)})
	if err != nil || len(habits) != 1 || !habits[0].Hour.Equal(noon) {
		t.Errorf("left %+v, %v", habits, err)
	}
	if n, err := s.PruneUsage(ctx, noon.Add(-24*time.Hour), noon.Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("deleted %d again, %v", n, err)
	}
}

// usageAtOnce: several processes add to the same rows, and read and delete beside it.
func usageAtOnce(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	var rows []usage.Row
	var habits []usage.Habit
	for i := range 20 {
		rows = append(rows, usageRow(schema.UsageByOperation, noon, "t1", fmt.Sprintf("%02d", i), 1))
		habits = append(habits, usageHabit(noon, "t1", usage.Polling, fmt.Sprintf("%02d", i), "Query.orders"))
	}
	const workers, times = 4, 5
	var wait sync.WaitGroup
	for i := range workers {
		s := stores[i%2]
		wait.Go(func() {
			for range times {
				if err := s.AddUsage(t.Context(), rows[i:], habits[:len(habits)-i]); err != nil {
					t.Error(err)
				}
				if _, err := s.Usage(t.Context(), usage.Filter{By: schema.UsageByOperation, To: noon.Add(time.Hour), First: 10}); err != nil {
					t.Error(err)
				}
				if _, err := s.PruneUsage(t.Context(), noon.Add(-time.Hour), noon.Add(-time.Hour)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	calls := int64(0)
	for _, r := range usageRows(t, stores[0], usage.Filter{By: schema.UsageByOperation}) {
		calls += r.Calls
	}
	if want := int64(2 * times * (20 + 19 + 18 + 17)); calls != want {
		t.Errorf("%d calls, want %d", calls, want)
	}
}
