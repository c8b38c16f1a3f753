package directory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// flaky is an index that fails a few times.
type flaky struct {
	mu    sync.Mutex
	fails int
	calls []time.Duration // since begin
	begin time.Time
	records
}

func (f *flaky) IndexCustomers(ctx context.Context, add func([]datasources.CustomerRecord) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, time.Since(f.begin))
	if f.fails > 0 {
		f.fails--
		return errors.New("down")
	}
	return f.records.IndexCustomers(ctx, add)
}

// TestRun: sources are read at once and again and again; one that fails is asked
// sooner, less and less often, and stands in nobody's way.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		d, err := directory.Open(t.Context(), config(), st, directory.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		crm := &flaky{begin: time.Now(), records: records{{ID: "c1", Code: "K1"}}}
		books := &flaky{begin: time.Now(), fails: 4, records: records{{ID: "b1"}}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- d.Run(ctx, map[string]datasources.CustomerIndexer{"crm": crm, "books": books})
		}()
		synctest.Wait()
		if _, ok := d.Golden("crm", "c1"); !ok {
			t.Error("the CRM was not read at the start")
		}
		if _, _, err := d.Status("books"); err == nil {
			t.Error("a source that failed says nothing")
		}
		d.Seen("helpdesk", []string{"K1"})
		time.Sleep(6 * time.Minute) // virtual
		synctest.Wait()
		if len(st.seen) != 1 {
			t.Error("what was seen is not in the store")
		}
		if got := crm.calls; len(got) != 2 || got[0] != 0 || got[1] != 5*time.Minute {
			t.Errorf("the CRM was read at %v", got)
		}
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 5*time.Minute + 15*time.Second}
		if got := books.calls; len(got) != len(want) || got[3] != want[3] || got[4] != want[4] || got[5] != want[5] {
			t.Errorf("the books were read at %v, want %v", got, want)
		}
		d.Poke("crm")
		d.Poke("nowhere")
		synctest.Wait()
		if got := crm.calls; len(got) != 3 || got[2] != 6*time.Minute {
			t.Errorf("poked, the CRM was read at %v", got)
		}
		replaceInRun(t, d)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run ended with %v", err)
		}
		if len(st.seen) != 2 {
			t.Error("what was seen last is not in the store")
		}
	})
}

// replaceInRun changes what a key is known by shortly before the end.
func replaceInRun(t *testing.T, d *directory.Directory) {
	t.Helper()
	replace(t, d, "crm", rec{ID: "c1", Code: "K1"}, rec{ID: "c2", Code: "K2"})
	d.Seen("helpdesk", []string{"K2"})
}

func TestRunUnknownSource(t *testing.T) {
	d := open(t, config(), newMemory())
	err := d.Run(t.Context(), map[string]datasources.CustomerIndexer{"nowhere": records{}})
	if schema.CodeOf(err) != schema.NotFound {
		t.Errorf("error %v", err)
	}
}

// TestReadsDuringChanges: readers never see half a change, and the race detector
// sees nothing.
func TestReadsDuringChanges(t *testing.T) {
	d := open(t, config(), newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1), Code: "K1"}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	key := golden(t, d, "crm", "c1")
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for ctx.Err() == nil {
				rows, err := d.ByKeys(context.Background(), []string{key}, nil)
				if err != nil || len(rows.Items) != 1 || len(rows.Items[0].Members) == 0 {
					t.Errorf("%+v %v", rows.Items, err)
					return
				}
				d.Keys(key, "books")
				d.Seen("helpdesk", []string{"K1"})
				_, _ = d.Find(context.Background(), directory.By{Email: "x@y.z"})
				d.Coverage()
			}
		})
	}
	for i := range 50 {
		replace(t, d, "books", rec{ID: "b1", TaxID: idno(1 + i%2)}, rec{ID: "b2", Code: "K1"})
	}
	cancel()
	wait.Wait()
}
