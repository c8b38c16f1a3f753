package store_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

func TestVersions(t *testing.T) {
	for _, kind := range []struct {
		name    string
		address func(t *testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "trama.db") }},
		{"postgres", func(t *testing.T) string { return servicetest.Postgres(t) }},
	} {
		t.Run("case="+kind.name, func(t *testing.T) {
			address := kind.address(t)
			one, other := openAt(t, address), openAt(t, address)
			defer one.Close()
			defer other.Close()
			var wait sync.WaitGroup
			for i := range 20 {
				s := []*store.Store{one, other}[i%2]
				wait.Go(func() {
					if err := s.Bump(t.Context(), "policies"); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			versions, err := other.Versions(t.Context())
			if err != nil || versions["policies"] != 20 || versions["directory"] != 1 || versions["directory_notes"] != 1 || len(versions) != 3 {
				t.Errorf("versions %v, %v", versions, err)
			}
			for _, name := range []string{"", "directory", "directory_notes", "a\x00", strings.Repeat("x", 65)} {
				if err := one.Bump(t.Context(), name); err == nil {
					t.Errorf("%q was bumped", name)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			type told struct {
				name string
				n    int64
			}
			news := make(chan told, 10)
			wait.Go(func() {
				other.WatchVersions(ctx, 10*time.Millisecond, func(name string, n int64) { news <- told{name, n} })
			})
			first := map[told]bool{<-news: true, <-news: true, <-news: true}
			if !first[told{"policies", 20}] || !first[told{"directory", 1}] || !first[told{"directory_notes", 1}] {
				t.Errorf("first %v", first)
			}
			for _, want := range []told{{"policies", 21}, {"cache", 1}, {"cache", 2}} {
				if err := one.Bump(t.Context(), want.name); err != nil {
					t.Error(err)
				}
				if got := <-news; got != want {
					t.Errorf("told %v, want %v", got, want)
				}
			}
			cancel()
			wait.Wait()
			if len(news) > 0 {
				t.Errorf("told %v", <-news)
			}
		})
	}
}
