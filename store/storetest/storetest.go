// Package storetest is the suite every kind of database behind package store
// passes. It is for tests only.
package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
)

// Store is what the rooms above ask of a store.
type Store interface {
	directory.Store
	tokens.Store
	copies.PushStore
	usage.Store
	ServerKey(ctx context.Context) ([]byte, error)
	Tokens(ctx context.Context, account string) ([]tokens.Token, error)
	DirectoryEvents(ctx context.Context, customer string, limit int) ([]directory.Event, error)
	Close() error
}

// Run runs what every database must do. prepare makes an empty database and returns
// how to open it, which the suite may do several times; the suite closes what it
// opens.
func Run(t *testing.T, prepare func(t *testing.T) (open func() Store)) {
	run(t, prepare, []test{
		{"server key", serverKey},
		{"directory", directoryRoundTrip},
		{"directory all or nothing", directoryAtomic},
		{"directory failing intake", directoryIntake},
		{"directory odd texts", directoryTexts},
		{"accounts", accountRoundTrip},
		{"accounts all or nothing", accountsAtomic},
		{"accounts held", accountsHeld},
		{"agreements", agreementRoundTrip},
		{"tokens", tokenRoundTrip},
		{"tokens listed", tokensListed},
		{"tokens one active", oneActive},
		{"tokens generated at once", generatedAtOnce},
		{"tokens stopped in another process", stoppedElsewhere},
		{"tokens used", tokensUsed},
		{"audit", auditList},
		{"usage added", usageAdds},
		{"usage listed", usageListed},
		{"usage habits", usageHabits},
		{"usage of a day", usageOfDay},
		{"usage deleted", usagePruned},
		{"usage at once", usageAtOnce},
		{"concurrent", concurrent},
	})
}

// RunCopies runs what a database must do that keeps copies.
func RunCopies(t *testing.T, prepare func(t *testing.T) (open func() Store)) {
	run(t, prepare, []test{
		{"reading", copyReading},
		{"overtaken", copyOvertaken},
		{"all or nothing", copyAtomic},
		{"ends", copyEnds},
		{"deletions accepted", copyAccepted},
		{"rows held", copyHeld},
		{"rows held and then pushed", copyHeldPushed},
		{"the age of what was refused", copyGarbledAge},
		{"layouts", copyLayouts},
		{"order of values", copyOrder},
		{"apart", copyApart},
		{"changes", copyChanges},
		{"changes beside a reading", copyChangesBeside},
		{"stale keys", copyStaleKeys},
		{"met", copyMet},
		{"pushes", copyPushes},
		{"pushes, all or nothing", copyPushesAtomic},
		{"many pushes", copyPushesMany},
		{"writers at once", copyBeside},
		{"readings at once", copyPagesBeside},
		{"cut", copyCut},
		{"long texts", copyLongTexts},
		{"answers", copyProperty},
		{"deleted rows", copyDeleted},
		{"deleted rows, pushed", copyDeletedPushes},
		{"deleted rows purged", copyDeletedPurge},
		{"deleted rows purged by several", copyDeletedPurges},
		{"answers with deleted rows", copyDeletedProperty},
	})
}

type test struct {
	name string
	run  func(t *testing.T, open func() Store)
}

func run(t *testing.T, prepare func(t *testing.T) (open func() Store), tests []test) {
	for _, c := range tests {
		t.Run("case="+c.name, func(t *testing.T) { c.run(t, prepare(t)) })
	}
}

// opened opens the database until the test ends.
func opened(t *testing.T, open func() Store) Store {
	t.Helper()
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serverKey(t *testing.T, open func() Store) {
	first := open()
	key, err := first.ServerKey(t.Context())
	must(t, err)
	if len(key) != 64 || slices.Equal(key, make([]byte, 64)) {
		t.Errorf("a key of %d bytes", len(key))
	}
	must(t, first.Close())
	again, err := opened(t, open).ServerKey(t.Context())
	must(t, err)
	if !slices.Equal(again, key) {
		t.Error("another key after a restart")
	}
}

// concurrent: readers and writers at once, in two openings of one database.
func concurrent(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	var wait sync.WaitGroup
	var mu sync.Mutex
	keys := map[string]bool{}
	for i := range 8 {
		s := stores[i%2]
		wait.Go(func() {
			key, err := s.ServerKey(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			keys[string(key)] = true
			mu.Unlock()
			for range 5 {
				if err := s.SaveDirectory(t.Context(), &directory.Changes{Seen: []directory.RecordRef{{Source: "desk", RecordID: string(rune('a' + i))}}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Tokens(t.Context(), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if len(keys) != 1 {
		t.Errorf("%d server keys", len(keys))
	}
	if got := load(t, stores[0]); len(got.Seen) != 8 {
		t.Errorf("%d keys seen, want 8", len(got.Seen))
	}
}
