package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// copyBeside: two processes write to one copy at once, each in an order of its own.
// Nobody waits for ever, nothing is lost, and the counters are right.
func copyBeside(t *testing.T, open func() Store) {
	const turns, size = 30, 40
	stores := []Store{opened(t, open), opened(t, open)}
	c := openCopied(t, stores[0], "shop", "Order")
	other := openCopied(t, stores[1], "shop", "Invoice")
	other.read(copyRow("x", "1"))
	var newest [size]atomic.Int64
	var wait sync.WaitGroup
	for writer := range 4 {
		s := stores[writer%2]
		wait.Go(func() {
			for turn := range turns {
				var rows []copies.PushedRow
				for i := range size {
					if writer%2 == 1 {
						i = size - 1 - i
					}
					version := int64(turn*4 + writer)
					newest[i].Store(max(version, newest[i].Load()))
					rows = append(rows, copies.PushedRow{
						Row:     versioned(fmt.Sprintf("k%02d", i), fmt.Sprintf("%04d", version), fmt.Sprintf("n%04d", version), "orderNumber:A"),
						Deleted: turn < turns-1 && (turn+i)%7 == 0,
					})
				}
				// Each second one names the sets in another order, which must not make a circle.
				sets := []copies.PushedSet{{ID: c.at.ID, Rows: rows, KeepDeleted: true}, {ID: other.at.ID}}
				if writer%2 == 1 {
					slices.Reverse(sets)
				}
				if _, err := s.SavePushedBatch(t.Context(), sets, false, when); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Go(func() {
		for range turns {
			if err := stores[1].AcceptDeletions(t.Context(), "shop", when); err != nil {
				t.Error(err)
			}
			if _, err := stores[0].PurgeCopies(t.Context(), "nobody", when); err != nil {
				t.Error(err)
			}
			if _, err := stores[1].PurgeDeleted(t.Context(), c.at.ID, time.Now().Add(time.Minute), 0); err != nil {
				t.Error(err)
			}
		}
	})
	// Two that follow one source: of the same cursor one goes on.
	var steps atomic.Int64
	for _, s := range stores {
		wait.Go(func() {
			for range turns {
				set, err := s.OpenCopy(t.Context(), "shop", "Order", "LAYOUT_1")
				if err != nil {
					t.Error(err)
					return
				}
				change := &copies.ChangeSet{From: set.Cursor, Next: set.Cursor + "x", Rows: []copies.Row{versioned("followed", "1", "1")}, At: when}
				switch _, err := s.SaveChanges(t.Context(), c.at.ID, change); {
				case err == nil:
					steps.Add(1)
				case !errors.Is(err, copies.ErrOvertaken):
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	c = openCopied(t, stores[0], "shop", "Order")
	var want []string
	want = append(want, "followed 1")
	for i := range size {
		want = append(want, fmt.Sprintf("k%02d %04d", i, newest[i].Load()))
	}
	c.expect("at the end", want...)
	if int64(len(c.at.Cursor)) != steps.Load() || c.at.Seen != c.at.Rows {
		t.Errorf("%d steps, %+v", steps.Load(), c.at)
	}
	if got := c.byLink("A"); len(got) != size {
		t.Errorf("%d links, want %d", len(got), size)
	}
}

// copyPagesBeside: two processes that read one copy: of the same page one is saved.
func copyPagesBeside(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	c := openCopied(t, stores[0], "erp", "Order")
	c.begin()
	var saved atomic.Int64
	for page := range 10 {
		var wait sync.WaitGroup
		for i, s := range stores {
			wait.Go(func() {
				rows := []copies.Row{copyRow(fmt.Sprintf("p%d", page), fmt.Sprint(i)), copyRow(fmt.Sprintf("q%d", page), "1")}
				if i == 1 {
					slices.Reverse(rows)
				}
				switch _, err := s.SavePage(t.Context(), c.at.ID, c.at.Run, int64(page), &copies.Page{Rows: rows, At: when, Last: page == 9}); {
				case err == nil:
					saved.Add(1)
				case !errors.Is(err, copies.ErrOvertaken):
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	c.at = openCopied(t, stores[0], "erp", "Order").at
	if saved.Load() != 10 || c.at.Pages != 10 || c.at.Rows != 20 || c.at.Seen != 20 {
		t.Errorf("%d pages saved, %+v", saved.Load(), c.at)
	}
}

// copyCut: callers that give up at any moment leave all of a page or nothing.
func copyCut(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.begin()
	cut := 0
	for turn := range 30 {
		var rows []copies.Row
		for i := range 300 {
			rows = append(rows, copyRow(fmt.Sprintf("k%d-%d", turn, i), "1", "orderNumber:A"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(turn*turn)*200*time.Microsecond)
		next, err := s.SavePage(ctx, c.at.ID, c.at.Run, c.at.Pages, &copies.Page{Rows: rows, At: when})
		cancel()
		if err != nil {
			cut++
			// The commit may have been under way.
			if next = openCopied(t, s, "erp", "Order").at; next.Pages == c.at.Pages && next != c.at {
				t.Fatalf("half a page: %+v, was %+v", next, c.at)
			}
		}
		if next.Rows != 300*next.Pages || next.Seen != next.Rows {
			t.Fatalf("half a page: %+v, was %+v", next, c.at)
		}
		c.at = next
	}
	found := 0
	a := first(100_000)
	_, err := s.CopyList(t.Context(), c.at.ID, a, func([]byte, int64) error { found++; return nil })
	if must(t, err); int64(found) != c.at.Rows {
		t.Errorf("%d rows, counted %d", found, c.at.Rows)
	}
	t.Logf("%d of 30 pages were cut", cut)
}
