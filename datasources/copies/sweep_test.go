package copies_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// nextDay lets the next Sync sweep.
func (b *bench) nextDay() { b.clock.add(24 * time.Hour) }

// TestSweep finds what following does not see, and reads what differs only.
func TestSweep(t *testing.T) {
	for _, c := range []struct {
		name               string
		keyed              bool
		first, still, some string // calls of the first sweep, of one that finds nothing, and of one that finds something
	}{
		{"by keys", true, "by keys 5, head 1, keys 5, since 1, rows 45", "head 1, keys 5, since 1", "by keys 2, head 1, keys 5, since 1, rows 2"},
		{"in full", false, "head 1, scan 5, since 1", "head 1, scan 5, since 1", "head 1, scan 5, since 1"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, l := newLedgerBench(t, 10, c.keyed)
			l.put(orders(0, 45)...)
			b.mustSync()
			l.tick() // the head's second is over
			b.mustSync()
			l.took()
			b.nextDay()
			b.expect(l, "followed, done", c.first) // rows of a full reading come without versions
			if p := b.last(); p.Changed != 0 || p.Rows != 45 {
				t.Errorf("%+v", p)
			}
			b.nextDay()
			b.expect(l, "followed, done", c.still)
			told := len(b.changed)
			l.backdate(order(3, "changed"), 10)
			l.backdate(order(24, "changed"), 90)
			l.drop("o0012", "o0044")
			b.expect(l, "followed", "since 1")
			if len(b.changed) != told || len(b.all()) != 45 {
				t.Error("a following saw what it cannot")
			}
			b.nextDay()
			b.expect(l, "followed, done", c.some)
			if p := b.last(); p.Deleted != 2 || p.Changed != 2 || len(b.changed) != told+1 {
				t.Errorf("%+v, told %q", p, b.changed)
			}
			b.equal(l.all())
			if got := b.tombstones(); !slices.Equal(got, []string{"o0012", "o0044"}) {
				t.Errorf("tombstones %q", got)
			}
		})
	}
}

// TestFull reads in full what could be swept by its keys.
func TestFull(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 25)...)
	b.mustSync()
	l.took()
	l.backdate(order(3, "changed"), 10)
	if err := b.c.Sync(t.Context(), copies.Options{Full: true}); err != nil {
		t.Fatal(err)
	}
	if got := l.took(); got != "head 1, scan 3, since 1" {
		t.Errorf("called %q", got)
	}
	b.equal(l.all())
}

// TestSweepGoesOn after it was interrupted, and does not mistake the mark of a
// sweep for that of a reading.
func TestSweepGoesOn(t *testing.T) {
	interrupted := func(t *testing.T) (*bench, *ledger) {
		b, l := newLedgerBench(t, 10, true)
		l.put(orders(0, 45)...)
		b.mustSync()
		l.tick()
		b.nextDay()
		b.mustSync()
		l.backdate(order(3, "changed"), 10)
		l.backdate(order(43, "changed"), 10)
		l.drop("o0042")
		b.nextDay()
		l.failing(func(what string, call int) error {
			if what == "keys" && call == 3 {
				return away()
			}
			return nil
		})
		if b.sync() == nil {
			t.Fatal("read what is away")
		}
		l.failing(nil)
		b.open()
		return b, l
	}
	t.Run("case=by keys", func(t *testing.T) {
		b, l := interrupted(t)
		b.expect(l, "followed, done, done", "by keys 1, head 1, keys 8, since 1, rows 1") // what was missing is confirmed
		b.equal(l.all())
	})
	t.Run("case=in full", func(t *testing.T) {
		b, l := interrupted(t)
		if err := b.c.Sync(t.Context(), copies.Options{Full: true}); err != nil {
			t.Fatal(err)
		}
		if got := l.took(); got != "head 1, scan 5, since 1" {
			t.Errorf("called %q", got)
		}
		b.equal(l.all())
	})
	t.Run("case=the keys are not given any more", func(t *testing.T) {
		b, l := interrupted(t)
		b.src.readers["Order"] = l
		b.open()
		b.expect(l, "followed, done", "head 1, scan 5, since 1")
		b.equal(l.all())
	})
}

// TestSweepOfWhatMoves: rows that go or change between the listing of their keys
// and their reading.
func TestSweepOfWhatMoves(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 25)...)
	b.mustSync()
	l.tick()
	b.nextDay()
	l.failing(func(what string, call int) error {
		if what == "by keys" && call == 1 {
			l.drop("o0003")
			l.backdate(order(4, "changed"), 10)
		}
		return nil
	})
	b.mustSync()
	l.failing(nil)
	b.equal(l.all())
	b.nextDay()
	b.expect(l, "followed, done", "by keys 1, head 1, keys 3, since 1, rows 1") // its version was older than the row
	b.equal(l.all())
	b.nextDay()
	b.expect(l, "followed, done", "head 1, keys 3, since 1")
}

// badKeys is a ledger that cannot give some rows.
type badKeys struct {
	*keyedLedger
	errs map[string]error
}

func (x *badKeys) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[schema.Order], error) {
	rows, err := x.ledger.ByKeys(ctx, keys, f)
	if err != nil {
		return rows, err
	}
	failed := map[string]error{}
	for _, key := range keys {
		if e := x.errs[key]; e != nil {
			failed[key] = e
			rows.Items = slices.DeleteFunc(rows.Items, func(o schema.Order) bool { return o.Key == key })
		}
	}
	if len(failed) > 0 {
		return rows, &datasources.BatchError{ByKey: failed}
	}
	return rows, nil
}

func TestUnreadableRows(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	bad := &badKeys{&keyedLedger{l}, map[string]error{"o0003": schema.SourceErrorf(schema.SourceInvalid, "erp", "garbage")}}
	b.src.readers["Order"] = bad
	b.open()
	l.put(orders(0, 25)...)
	b.mustSync()
	l.backdate(order(3, "changed"), 10)
	l.backdate(order(4, "changed"), 10)
	b.nextDay()
	b.mustSync()
	want := l.all()
	want[3] = order(3, "open") // kept as it was
	b.equal(want)
	if p := b.c.Problems(); len(p) != 1 || p[0].Count != 1 {
		t.Errorf("problems %+v", p)
	}
	bad.errs["o0003"] = away()
	b.nextDay()
	if err := b.sync(); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("a row that may be read later: %v", err)
	}
	b.equal(want)
	bad.errs = nil
	b.mustSync()
	b.equal(l.all())
}

// TestSweepGuard: a source that returns an empty list, other ids, or half of its
// rows, where it had many.
func TestSweepGuard(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		for _, c := range []struct {
			name    string
			change  func(l *ledger)
			refused int64
			added   int
		}{
			{"an empty list", func(l *ledger) { l.reset(l.second) }, 100, 0},
			{"other ids", func(l *ledger) { l.reset(l.second+1, orders(5000, 5100)...) }, 100, 100},
			{"other ids and ten times as many rows", func(l *ledger) { l.reset(l.second+1, orders(5000, 6000)...) }, 100, 1000},
			{"half of it", func(l *ledger) { l.reset(l.second, orders(0, 50)...) }, 50, 0},
			{"a backup of last week", func(l *ledger) { l.reset(l.second-50, orders(0, 60)...) }, 40, 0},
		} {
			t.Run(fmt.Sprintf("case=%s, keyed %t", c.name, keyed), func(t *testing.T) {
				b, l := newLedgerBench(t, 100, keyed)
				l.put(orders(0, 100)...)
				b.mustSync()
				b.nextDay()
				b.mustSync()
				c.change(l)
				b.mustSync()
				for range 2 {
					b.nextDay()
					b.mustSync()
					if p := b.last(); p.Refused != c.refused || p.Deleted != 0 || len(b.all()) != 100+c.added {
						t.Fatalf("%+v, %d rows", p, len(b.all()))
					}
				}
				if st := b.c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "refused to delete") {
					t.Errorf("status %+v", st)
				}
				if err := b.syncWith(true); err != nil {
					t.Fatal(err)
				}
				b.equal(l.all())
				// The cursor is that of the source as it is now.
				l.tick()
				l.put(order(5001, "after"))
				b.mustSync()
				b.equal(l.all())
				if did(b.steps) != "followed" {
					t.Errorf("did %q", did(b.steps))
				}
			})
		}
	}
}

// TestToldDeletions: a source that says that very many rows are gone is not
// believed at once; a sweep sees whether they are.
func TestToldDeletions(t *testing.T) {
	keys := func(from, to int) (out []string) {
		for _, x := range orders(from, to) {
			out = append(out, x.Key)
		}
		return out
	}
	b, l := newLedgerBench(t, 100, true)
	l.tells = true
	l.put(orders(0, 100)...)
	b.mustSync()
	l.drop(keys(0, 20)...)
	b.mustSync()
	b.equal(orders(20, 100))
	t.Run("case=too many", func(t *testing.T) {
		l.tick()
		l.drop(keys(20, 60)...)
		b.mustSync() // follows, is refused, and sweeps, which is refused as well
		if got := did(b.steps); got != "followed, done" || b.last().Refused != 40 {
			t.Errorf("did %q, %+v", got, b.last())
		}
		b.equal(orders(20, 100))
		if p := b.c.Problems(); len(p) != 1 || p[0].Count != 40 || p[0].Kind != "deletions refused, too many at once" {
			t.Errorf("problems %+v", p)
		}
	})
	t.Run("case=accepted", func(t *testing.T) {
		if err := b.syncWith(true); err != nil {
			t.Fatal(err)
		}
		b.equal(orders(60, 100))
	})
	t.Run("case=they are there", func(t *testing.T) {
		l.mu.Lock()
		l.second++
		for _, key := range keys(60, 90) {
			l.dead[key] = l.second
		}
		l.mu.Unlock()
		b.mustSync()
		if got := did(b.steps); got != "followed, done" || b.last().Refused != 0 {
			t.Errorf("did %q, %+v", got, b.last())
		}
		b.equal(orders(60, 100))
		if len(b.c.Problems()) != 0 {
			t.Errorf("problems %+v", b.c.Problems())
		}
	})
}

// TestBackInTime: what is changed after a restored backup has times that were
// followed already. The next sweep reads it and takes the cursor anew.
func TestBackInTime(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 25)...)
	b.mustSync()
	b.nextDay()
	b.mustSync()
	l.reset(50, orders(0, 24)...)
	l.put(order(2, "changed"))
	b.expect(l, "followed", "by keys 3, head 2, keys 3, scan 3, since 2, rows 25")
	b.nextDay()
	b.mustSync()
	b.equal(l.all())
	l.tick()
	l.put(order(3, "changed"))
	b.mustSync()
	b.equal(l.all())
	if did(b.steps) != "followed" {
		t.Errorf("did %q", did(b.steps))
	}
}

// TestFollowsDuringASweep: what is due to be followed does not wait for a long
// reading, of its own set or of another, and the reading puts no older row in the
// place of a newer one.
func TestFollowsDuringASweep(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("case=keyed %t", keyed), func(t *testing.T) {
			b, l := newLedgerBench(t, 10, keyed)
			l.put(orders(0, 60)...)
			b.mustSync()
			l.tick()
			b.nextDay()
			b.mustSync()
			b.nextDay()
			call := "scan"
			if keyed {
				call = "keys"
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			l.failing(func(what string, n int) error {
				if what == call {
					// A page takes an hour, and is read at its end; users work meanwhile.
					b.clock.add(time.Hour)
					l.tick()
					l.put(order(n, fmt.Sprintf("page %d", n)), order(30+n, fmt.Sprintf("page %d", n)), order(100+n, "new"))
				}
				return nil
			})
			done := make(chan error, 1)
			c := openCopy(t, copies.Config{}, b.src, b.st, copies.Deps{Now: b.clock.now, Progress: func(p copies.Progress) {
				if p.Step == copies.Done {
					stop()
				}
			}})
			go func() { done <- c.Run(ctx) }()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			l.mu.Lock()
			followings := l.calls["since"]
			l.mu.Unlock()
			if followings < 6 {
				t.Errorf("%d followings in a sweep of six hours", followings)
			}
			l.failing(nil)
			b.open()
			b.mustSync()
			b.equal(l.all())
		})
	}
}

// TestSweepOfManyKeys: a page of very many keys is read in parts, and one that was
// interrupted between them is gone on with at its beginning.
func TestSweepOfManyKeys(t *testing.T) {
	b, l := newLedgerBench(t, 1100, true)
	l.put(orders(0, 2300)...)
	b.mustSync()
	l.tick()
	b.mustSync()
	b.nextDay()
	l.failing(func(what string, call int) error {
		if what == "by keys" && call == 5 { // the second part of the second page
			return away()
		}
		return nil
	})
	if b.sync() == nil {
		t.Fatal("read what is away")
	}
	if p := b.last(); p.Rows != 1600 {
		t.Errorf("%+v", p)
	}
	l.failing(nil)
	b.open()
	b.expect(l, "followed, done", "by keys 3, keys 2, since 1, rows 700")
	b.equal(l.all())
}
