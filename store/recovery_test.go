//go:build unix

package store_test

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// TestServerRestart: a PostgreSQL that stops, crashes, or does not answer fails
// every call soon, takes the rights, and when it is back everything goes on
// without a restart of ours.
func TestServerRestart(t *testing.T) {
	server := newServer(t)
	s := openAt(t, server.address)
	defer s.Close()
	calls := map[string]func(ctx context.Context) error{
		"token":    func(ctx context.Context) error { _, err := s.Known(ctx, "x"); return ignoreNotFound(err) },
		"versions": func(ctx context.Context) error { _, err := s.Versions(ctx); return err },
		"bump":     func(ctx context.Context) error { return s.Bump(ctx, "cache") },
		"save": func(ctx context.Context) error {
			return s.SaveDirectory(ctx, &directory.Changes{Seen: []directory.RecordRef{{Source: "desk", RecordID: "K1"}}})
		},
		"load": func(ctx context.Context) error {
			_, err := s.Accounts(ctx)
			return err
		},
	}
	ok := func(step string) {
		t.Helper()
		for name, call := range calls {
			if err := call(t.Context()); err != nil {
				t.Errorf("%s: %s: %v", step, name, err)
			}
		}
	}
	// fails makes sure that every call fails within the time, all of them at once.
	fails := func(step string, most time.Duration) {
		t.Helper()
		began := time.Now()
		var wait sync.WaitGroup
		for name, call := range calls {
			wait.Go(func() {
				err := call(t.Context())
				if err == nil {
					t.Errorf("%s: %s went well", step, name)
				}
				if name == "token" && schema.CodeOf(err) != schema.SourceUnavailable {
					t.Errorf("%s: a token could not be looked up: %s, %v", step, schema.CodeOf(err), err)
				}
			})
		}
		wait.Wait()
		took := time.Since(began)
		t.Logf("%s: all calls have failed after %v", step, took)
		if took > most {
			t.Errorf("%s: that is too late", step)
		}
	}
	ok("at first")
	var mu sync.Mutex
	news := map[string]int64{}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	wait.Go(func() {
		s.WatchVersions(ctx, 50*time.Millisecond, func(name string, n int64) {
			mu.Lock()
			defer mu.Unlock()
			news[name] = n
		})
	})
	for _, c := range []struct {
		name string
		how  syscall.Signal
	}{{"stopped", syscall.SIGINT}, {"crashed", syscall.SIGQUIT}} {
		run, release, _ := elected(t, s, "directory", 5*time.Second)
		began := time.Now()
		server.stop(c.how)
		<-run.Done()
		t.Logf("%s: the right ended %v after the signal", c.name, time.Since(began))
		if !errors.Is(context.Cause(run), store.ErrLost) {
			t.Errorf("%s: it ended with %v", c.name, context.Cause(run))
		}
		release()
		fails(c.name, 2*time.Second)
		server.start(t)
		began = time.Now()
		ok(c.name + " and started")
		_, release, took := elected(t, s, "directory", 10*time.Second)
		release()
		t.Logf("%s and started: calls went well after %v, the right was there after %v", c.name, time.Since(began)-took, took)
		versions, err := s.Versions(t.Context())
		if err != nil {
			t.Error(err)
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			mu.Lock()
			n := news["cache"]
			mu.Unlock()
			if n == versions["cache"] {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s and started: told of %d, want %d", c.name, n, versions["cache"])
			}
		}
	}
}

func ignoreNotFound(err error) error {
	if err != nil && err.Error() == "no such token" {
		return nil
	}
	return err
}

// TestServerHangs: calls to a database from which nothing comes back end by
// themselves.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	w := newWire(t, servicetest.Postgres(t))
	s := openAt(t, w.address)
	if _, err := s.Versions(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.cut.Store(true)
	var wait sync.WaitGroup
	began := time.Now()
	for range 15 { // more than there are connections
		wait.Go(func() {
			if _, err := s.Versions(t.Context()); err == nil {
				t.Error("it went well")
			}
		})
		wait.Go(func() {
			if _, err := s.Known(t.Context(), "x"); err == nil {
				t.Error("it went well")
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	t.Logf("30 calls to a server that does not answer have failed after %v", took)
	if took > 8*time.Second {
		t.Error("that is too late")
	}
	w.cut.Store(false)
	w.hangUp()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := s.Versions(t.Context()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
