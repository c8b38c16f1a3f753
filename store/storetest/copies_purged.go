package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copyDeletedPurge: deleted rows go when their time has come, and the oldest where they are
// too many; some at a time.
func copyDeletedPurge(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	var rows []copies.Row
	for i := range 2100 {
		rows = append(rows, keptRow(fmt.Sprintf("k%04d", i), "1"))
	}
	c.read(rows...)
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows[:2050]), KeepDeleted: true})
	purge := func(before time.Time, least, want int64) {
		t.Helper()
		n, err := s.PurgeDeleted(t.Context(), c.at.ID, before, least)
		if err != nil || n != want {
			t.Errorf("purged %d, want %d; %v", n, want, err)
		}
	}
	long := time.Now().Add(-time.Hour)
	purge(long, 3000, 0)
	purge(long, 2050, 0)
	purge(long, 2049, 1)
	if got := c.withDeleted(schema.Predicate{Op: schema.None}, copies.DeletedRows{Layout: layout, Where: schema.Compare("id", schema.Eq, schema.String("k2049"))}, schema.Sort{}); len(got) != 0 {
		t.Errorf("the first of many that went at one moment stayed: %q", got)
	}
	purge(long, 10, 1999) // as many as the 50 living rows stay
	c.read(rows...)
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows), KeepDeleted: true})
	soon := time.Now().Add(time.Hour)
	purge(soon, 3000, 2100) // in two steps
	c.dead("all were purged")

	// Of several moments: the oldest go, and from the one in which the limit lies the last keys.
	c.read(rows...)
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows[:2])})
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows[10:]), KeepDeleted: true})
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows[2:6]), KeepDeleted: true})
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows[6:10]), KeepDeleted: true})
	purge(long, 6, 2092)
	c.dead("the last keys of a moment", "k0002 1", "k0003 1", "k0006 1", "k0007 1", "k0008 1", "k0009 1")
	purge(long, 4, 2)
	purge(long, 4, 0)
	c.dead("a whole moment", "k0006 1", "k0007 1", "k0008 1", "k0009 1")
	if n, err := s.PurgeDeleted(t.Context(), c.at.ID+100, soon, 0); n != 0 || err != nil {
		t.Errorf("of no set: %d, %v", n, err)
	}
	purge(soon, 4, 4) // that their time has come is more than that they may stay
	c.dead("nothing is left")
}

// copyDeletedPurges: of several that purge a set at once none takes what the others leave.
func copyDeletedPurges(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	c := openCopied(t, stores[0], "erp", "Order")
	var rows []copies.Row
	for i := range 4500 {
		rows = append(rows, keptRow(fmt.Sprintf("k%04d", i), "1"))
	}
	c.read(rows...)
	c.change(copies.ChangeSet{Deleted: keysOfRows(rows), KeepDeleted: true})
	var wait sync.WaitGroup
	var sum atomic.Int64
	for i := range 4 {
		wait.Go(func() {
			n, err := stores[i%2].PurgeDeleted(t.Context(), c.at.ID, time.Now().Add(-time.Hour), 3)
			if sum.Add(n); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := sum.Load(); n != 4497 {
		t.Errorf("%d rows went", n)
	}
	c.dead("of all that purged", "k0000 1", "k0001 1", "k0002 1")
}
