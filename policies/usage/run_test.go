package usage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// TestRun: counts are written every now and then and at the end; old ones are
// deleted once a day.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &memory{}
		r := usage.New(usage.Config{Store: s})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		stored := func() (n int64) {
			n, err := s.UsageRows(t.Context(), "shop", time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		record := func() { r.Record(usage.Operation{Token: "t1", Account: "shop", Hash: "a", Rows: 1}) }
		record()
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		if n := stored(); n != 1 {
			t.Errorf("%d rows after the first tick", n)
		}
		first, habits := s.before()
		for _, c := range []struct {
			got  time.Time
			days int
		}{{first, 400}, {habits, 7}} {
			if want := time.Now().AddDate(0, 0, -c.days); c.got.Sub(want).Abs() > time.Second {
				t.Errorf("deleted what was before %s, want %s", c.got, want)
			}
		}
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if again, _ := s.before(); !again.Equal(first) {
			t.Error("deleted twice a day")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if again, _ := s.before(); again.Equal(first) {
			t.Error("not deleted the next day")
		}
		record()
		record()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := stored(); n != 2 {
			t.Errorf("%d rows at the end", n)
		}
	})
}

// TestRunGoesOn: a store that fails ends nothing.
func TestRunGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &memory{fail: errDown}
		r := usage.New(usage.Config{Store: s, Every: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		r.Record(usage.Operation{Token: "t1", Account: "shop", Hash: "a", Rows: 1})
		time.Sleep(time.Minute)
		if synctest.Wait(); s.adds < 50 {
			t.Errorf("tried %d times", s.adds)
		}
		cancel()
		if err := <-done; !errors.Is(err, errDown) {
			t.Errorf("error %v at the end", err)
		}
	})
}

// TestGone: who asks and goes away does not keep counts from the store, and does
// not wait for a slow one.
func TestGone(t *testing.T) {
	c := newClock()
	s := &slow{memory: &memory{}, in: make(chan bool), out: make(chan bool)}
	r := usage.New(usage.Config{Store: s, Now: c.now})
	r.Record(orders(c))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- r.Flush(ctx) }()
	<-s.in
	cancel()
	if _, err := r.Query(ctx, usage.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of who went away", err)
	}
	r.Record(orders(c)) // waits for no store
	s.out <- true
	if err := <-first; err != nil {
		t.Errorf("error %v of a writing that had begun", err)
	}
}

// slow is a store whose writings a test lets begin and end.
type slow struct {
	*memory
	in, out chan bool
}

func (s *slow) AddUsage(ctx context.Context, rows []usage.Row, habits []usage.Habit) error {
	s.in <- true
	<-s.out
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.memory.AddUsage(ctx, rows, habits)
}

// TestParallel: no call is lost or counted twice while counts are gathered, tokens
// forgotten and hours begun.
func TestParallel(t *testing.T) {
	c := newClock()
	s := &memory{}
	r := usage.New(usage.Config{Store: s, Now: c.now, Max: 20, Audit: func(context.Context, usage.Entry) error { return nil }})
	const each, workers = 500, 4
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range each {
				o := orders(c)
				o.Token, o.Hash, o.Rows = fmt.Sprint("t", rnd.IntN(5)), fmt.Sprintf("%016d", rnd.IntN(30)), 1
				o.Sensitive = []string{"Order.id"}
				o.Inputs, o.Answer, o.Roots = uint64(rnd.IntN(100)+1), 1, []usage.Root{{Field: "Query.order", Key: "id"}}
				o.Pages = []usage.PageUse{{Path: "Query.orders", Declared: 100, Parents: 1}}
				r.Record(o)
				switch {
				case i%50 == 0:
					if err := r.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				case i%71 == 0:
					c.move(20 * time.Minute)
				case i%90 == 0:
					if _, err := r.Advice(t.Context(), usage.Filter{}, nil); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	sums := map[schema.UsageBy]int64{}
	for row, n := range s.rows {
		sums[row.By] += n.Calls
	}
	want := map[schema.UsageBy]int64{schema.UsageByToken: each * workers, schema.UsageByOperation: each * workers, schema.UsageByField: 2 * each * workers}
	if !maps.Equal(sums, want) {
		t.Errorf("calls %v, want %v", sums, want)
	}
}

// TestModel: whatever comes in whatever order, with writings and failures between,
// the counts are those of a list that is counted at the end.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		s := &memory{}
		r := usage.New(usage.Config{Store: s, Now: c.now})
		type key struct {
			hour           time.Time
			by             schema.UsageBy
			token, subject string
		}
		want := map[key]usage.Counts{}
		count := func(k key, o *usage.Operation) {
			n := want[k]
			n.Calls++
			n.Errors += int64(min(o.Errors, 1))
			n.Rows += o.Rows
			n.Cost += o.Cost
			n.Took += o.Took
			n.Most = max(n.Most, o.Took)
			want[k] = n
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				c.move(time.Duration(rapid.IntRange(1, 80).Draw(t, "minutes")) * time.Minute)
			case 1:
				s.failWith(rapid.SampledFrom([]error{nil, errDown}).Draw(t, "store"), rapid.IntRange(0, 1).Draw(t, "after"))
			case 2:
				_ = r.Flush(t.Context())
			default:
				o := usage.Operation{
					Token: rapid.SampledFrom([]string{"t1", "t2"}).Draw(t, "token"), Account: "shop",
					Hash:   rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "hash"),
					Fields: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A.a", "A.b", "A.c", "A.d", "A.e"}), 0, 5, rapid.ID).Draw(t, "fields"),
					Errors: rapid.IntRange(0, 2).Draw(t, "errors"), Rows: rapid.Int64Range(0, 9).Draw(t, "rows"), Cost: rapid.Int64Range(0, 9).Draw(t, "cost"),
					Took: time.Duration(rapid.IntRange(0, 9).Draw(t, "took")) * time.Millisecond, At: c.now(),
				}
				r.Record(o)
				k := key{o.At.Truncate(time.Hour), schema.UsageByToken, o.Token, ""}
				count(k, &o)
				if k.by, k.subject = schema.UsageByOperation, o.Hash; o.Hash != "" {
					count(k, &o)
				}
				for _, f := range o.Fields {
					k.by, k.subject = schema.UsageByField, f
					count(k, &o)
				}
			}
		}
		s.failWith(nil, 0)
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[key]usage.Counts{}
		for row, n := range s.rows {
			n.Spread = [usage.Buckets]int64{}
			got[key{row.Hour, row.By, row.Token, row.Subject}] = n
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got\n%v\nwant\n%v", got, want)
		}
	})
}
