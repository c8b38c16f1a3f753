package directory_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/store"
)

// TestOtherSetupYields: an instance whose configuration is not that of the one that
// saved last gives the right to read back.
func TestOtherSetupYields(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		granted, released := make(chan bool, 10), make(chan bool, 10)
		old, err := directory.Open(t.Context(), config(), open(), directory.Deps{
			Runner: func(ctx context.Context, _ string) (context.Context, func(), error) {
				granted <- true
				return ctx, func() { released <- true }, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		two := records{{ID: "c1", TaxID: idno(1)}, {ID: "c2", ForeignIDs: map[string]string{"onec": "b1"}}}
		go func() {
			done <- old.Run(ctx, map[string]datasources.CustomerIndexer{"crm": two, "books": records{{ID: "b1", TaxID: idno(1)}}})
		}()
		<-granted
		eventually(t, func() bool {
			_, ok := old.Golden("books", "b1")
			return ok
		})
		eventually(t, func() bool { return len(together(t, old)) == 1 })
		cfg := config()
		cfg.Rules = []string{directory.RuleManual}
		if _, err := directory.Open(t.Context(), cfg, open(), directory.Deps{}); err != nil {
			t.Fatal(err)
		}
		old.Notice()
		<-released
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(released) > 0 || len(granted) > 0 {
			t.Error("it went on asking at once")
		}
	})
}

// TestRunElected: of two running instances one reads, both show it, and when its
// right ends the other reads.
func TestRunElected(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		var right sync.Mutex
		var mu sync.Mutex
		var lose context.CancelFunc
		var who int
		started := make(chan int, 10)
		runner := func(i int) func(context.Context, string) (context.Context, func(), error) {
			return func(ctx context.Context, name string) (context.Context, func(), error) {
				if name != "directory" {
					t.Errorf("asked for %q", name)
				}
				right.Lock()
				if ctx.Err() != nil {
					right.Unlock()
					return nil, nil, ctx.Err()
				}
				run, cancel := context.WithCancel(ctx)
				mu.Lock()
				lose, who = cancel, i
				mu.Unlock()
				started <- i
				return run, func() { cancel(); right.Unlock() }, nil
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wait sync.WaitGroup
		var list []*directory.Directory
		reads := make(chan int, 10)
		for i := range 2 {
			st := open()
			d, err := directory.Open(t.Context(), config(), st, directory.Deps{Runner: runner(i)})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, d)
			wait.Go(func() { st.WatchVersions(ctx, 20*time.Millisecond, func(string, int64) { d.Notice() }) })
			wait.Go(func() {
				if err := d.Run(ctx, map[string]datasources.CustomerIndexer{"crm": told{reads, i}}); err != nil {
					t.Error(err)
				}
			})
		}
		for turn := range 3 {
			if first := <-started; <-reads != first {
				t.Fatal("the wrong one reads")
			}
			for _, d := range list {
				eventually(t, func() bool {
					_, ok := d.Golden("crm", "c1")
					return ok
				})
			}
			if turn < 2 {
				mu.Lock()
				if who < 0 {
					t.Error("nobody has the right")
				}
				lose()
				mu.Unlock()
			}
		}
		cancel()
		wait.Wait()
		if len(reads) > 0 {
			t.Error("somebody else read")
		}
	})
}

// told is an index that tells who reads it.
type told struct {
	reads chan int
	who   int
}

func (i told) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	i.reads <- i.who
	return records{{ID: "c1"}}.IndexCustomers(ctx, f)
}

// BenchmarkFollow measures what the first reading costs through a real database,
// and what another instance pays to take it over, and to take over one record.
func BenchmarkFollow(b *testing.B) {
	address := os.Getenv("TRAMA_TEST_POSTGRES_BENCH")
	if address == "" {
		address = "sqlite:" + filepath.Join(b.TempDir(), "trama.db")
	}
	n := 100_000
	crm, _ := synthetic(n)
	open := func() *directory.Directory {
		st := must(store.Open(b.Context(), address, store.Deps{}))
		b.Cleanup(func() { _ = st.Close() })
		return instance(b, st)
	}
	one, other := open(), open()
	began := time.Now()
	replace(b, one, "crm", crm...)
	b.ReportMetric(time.Since(began).Seconds(), "s/fill")
	began = time.Now()
	follow(b, other)
	b.ReportMetric(time.Since(began).Seconds(), "s/follow-all")
	var took time.Duration
	for i := 0; b.Loop(); i++ {
		crm[i%n].Name = fmt.Sprintf("Changed %d", i)
		replace(b, one, "crm", crm...)
		began = time.Now()
		follow(b, other)
		took += time.Since(began)
	}
	b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms/follow-one")
	began = time.Now()
	for range 100 {
		follow(b, other)
	}
	b.ReportMetric(float64(time.Since(began).Microseconds())/100, "us/no-news")
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
		time.Sleep(time.Millisecond)
	}
}
