package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// elected waits for a right, at most so long.
func elected(t testing.TB, s *store.Store, name string, most time.Duration) (run context.Context, release func(), took time.Duration) {
	t.Helper()
	began := time.Now()
	type won struct {
		run     context.Context
		release func()
		err     error
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	got := make(chan won, 1)
	go func() {
		run, release, err := s.Elect(ctx, name)
		got <- won{run, release, err}
	}()
	select {
	case w := <-got:
		if w.err != nil {
			t.Fatalf("%s: %v", name, w.err)
		}
		return w.run, w.release, time.Since(began)
	case <-time.After(most):
		cancel()
		<-got
		t.Fatalf("%s was not granted within %v", name, most)
	}
	return nil, nil, 0
}

// refused makes sure that a right is not to be had.
func refused(t testing.TB, s *store.Store, name string, wait time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, release, err := s.Elect(ctx, name)
	if err == nil {
		release()
		t.Fatalf("%s was granted twice", name)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestElect(t *testing.T) {
	for _, kind := range []struct {
		name string
		open func(t *testing.T) func() *store.Store
		twin bool // two stores share rights
	}{
		{"sqlite", func(t *testing.T) func() *store.Store {
			path := filepath.Join(t.TempDir(), "trama.db")
			return func() *store.Store { return open(t, path) }
		}, false},
		{"postgres", func(t *testing.T) func() *store.Store {
			address := servicetest.Postgres(t)
			return func() *store.Store { return openAt(t, address) }
		}, true},
	} {
		t.Run("case="+kind.name, func(t *testing.T) {
			again := kind.open(t)
			first := again()
			defer first.Close()
			run, release, _ := elected(t, first, "source:books", time.Second)
			t.Run("case=one at a time in a process", func(t *testing.T) { refused(t, first, "source:books", 1500*time.Millisecond) })
			t.Run("case=another right", func(t *testing.T) {
				_, other, _ := elected(t, first, "directory", time.Second)
				other()
			})
			if kind.twin {
				second := again()
				defer second.Close()
				t.Run("case=one of two processes", func(t *testing.T) { refused(t, second, "source:books", 1500*time.Millisecond) })
				if run.Err() != nil {
					t.Fatalf("the right ended: %v", context.Cause(run))
				}
				t.Run("case=given back", func(t *testing.T) {
					release()
					release() // harmless
					if run.Err() == nil {
						t.Error("a right that was given back goes on")
					}
					// The one who gave it back wants it again, and waits for the other.
					var wait sync.WaitGroup
					wait.Go(func() {
						_, release, _ := elected(t, first, "source:books", 20*time.Second)
						release()
					})
					_, release2, took := elected(t, second, "source:books", 5*time.Second)
					if took > 1500*time.Millisecond {
						t.Errorf("granted after %v", took)
					}
					release2()
					wait.Wait()
				})
			} else {
				release()
			}
			t.Run("case=caller's end", func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				run, release, err := first.Elect(ctx, "x")
				if err != nil {
					t.Fatal(err)
				}
				cancel()
				<-run.Done()
				if errors.Is(context.Cause(run), store.ErrLost) {
					t.Error("it was not lost")
				}
				refused(t, first, "x", 500*time.Millisecond) // until it is given back
				release()
			})
			if err := first.Close(); err != nil {
				t.Error(err)
			}
			if _, _, err := first.Elect(t.Context(), "y"); err == nil {
				t.Error("granted by a closed store")
			}
		})
	}
}

// TestElectClosed: closing a store ends its rights, and another has them at once.
func TestElectClosed(t *testing.T) {
	address := servicetest.Postgres(t)
	first, second := openAt(t, address), openAt(t, address)
	defer second.Close()
	run, release, _ := elected(t, first, "directory", time.Second)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	<-run.Done()
	if !errors.Is(context.Cause(run), store.ErrLost) {
		t.Errorf("it ended with %v", context.Cause(run))
	}
	release()
	_, release, took := elected(t, second, "directory", 5*time.Second)
	release()
	t.Logf("granted after %v", took)
}

// TestElectTerminated: the server ends the session; whoever has the right knows at
// once, and gets it anew.
func TestElectTerminated(t *testing.T) {
	address := servicetest.Postgres(t)
	s := openAt(t, address)
	defer s.Close()
	var ends []func()
	var runs []context.Context
	for _, name := range []string{"a", "b"} {
		run, release, _ := elected(t, s, name, 2*time.Second)
		runs, ends = append(runs, run), append(ends, release)
	}
	began := time.Now()
	rawPostgres(t, address, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trama rights'
		AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`)
	for i, run := range runs {
		<-run.Done()
		if !errors.Is(context.Cause(run), store.ErrLost) {
			t.Errorf("it ended with %v", context.Cause(run))
		}
		ends[i]()
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("noticed after %v", took)
	}
	_, release, took := elected(t, s, "a", 5*time.Second)
	release()
	t.Logf("granted again after %v", took)
}

// TestElectSchemas: two Tramas in two schemas of one database have rights of their
// own.
func TestElectSchemas(t *testing.T) {
	one, two := openAt(t, servicetest.Postgres(t)), openAt(t, servicetest.Postgres(t))
	defer one.Close()
	defer two.Close()
	_, release, _ := elected(t, one, "directory", time.Second)
	defer release()
	_, release2, _ := elected(t, two, "directory", time.Second)
	release2()
}

// TestElectSpread: two instances that start together do not leave all sources to
// one of them.
func TestElectSpread(t *testing.T) {
	address := servicetest.Postgres(t)
	stores := []*store.Store{openAt(t, address), openAt(t, address)}
	defer stores[0].Close()
	defer stores[1].Close()
	names := []string{"source:a", "source:b", "source:c", "source:d", "source:e", "directory"}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	got, left := make([]int, 2), len(names)
	var wait sync.WaitGroup
	for i, s := range stores {
		for _, name := range names {
			wait.Go(func() {
				_, release, err := s.Elect(done, name)
				if err != nil {
					return
				}
				mu.Lock()
				got[i]++
				if left--; left == 0 {
					stop()
				}
				mu.Unlock()
				<-done.Done()
				release()
			})
		}
	}
	wait.Wait()
	stop()
	if got[0] == 0 || got[1] == 0 || got[0]+got[1] != len(names) {
		t.Errorf("rights %v", got)
	}
	t.Logf("rights %v", got)
}
