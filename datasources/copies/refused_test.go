package copies_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// age is how old an answer says it is.
func (b *bench) age() (asOf time.Time, isStale bool) {
	b.t.Helper()
	rows, err := b.reader().List(b.t.Context(), datasources.Query{First: 1})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows.AsOf, rows.Stale
}

// TestRefusedIsStale: rows of which the source says that they are gone are as old as
// what was last taken whole, however often the source is read or followed since. It does
// not go back either: what was told before is not taken back.
func TestRefusedIsStale(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T) (b *bench, put func(n int))
	}{
		{"read in full", func(t *testing.T) (*bench, func(int)) {
			b := newBench(t, 10)
			b.cfg.Every = time.Hour
			b.open()
			return b, func(n int) { b.up.set(orders(0, n)...) }
		}},
		{"followed", func(t *testing.T) (*bench, func(int)) {
			b, l := newLedgerBench(t, 10, true)
			return b, func(n int) {
				l.tick()
				for _, x := range l.all()[min(n, len(l.all())):] {
					l.drop(x.Key)
				}
				l.put(orders(0, n)...)
			}
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, put := c.make(t)
			put(100)
			b.mustSync()
			b.mustSync() // followed, or read once more
			whole, stale := b.age()
			if stale || !whole.Equal(b.clock.now()) {
				t.Fatalf("as of %s, stale %t", whole, stale)
			}
			put(40)
			for _, step := range []string{"refused", "once more", "after a restart"} {
				if step == "after a restart" {
					b.open()
				}
				b.nextDay()
				b.mustSync()
				asOf, stale := b.age()
				if c.name == "followed" && step == "refused" {
					whole = b.clock.now() // the following just before the sweep, which was taken whole
				}
				if !asOf.Equal(whole) || !stale {
					t.Errorf("%s: as of %s, want %s; stale %t", step, asOf, whole, stale)
				}
				if e := b.c.EntityCopy("Order"); e.LastErrorCode != string(schema.Conflict) || !e.AsOf.Equal(whole) {
					t.Errorf("%s: %+v", step, e)
				}
			}
			if err := b.syncWith(true); err != nil {
				t.Fatal(err)
			}
			if asOf, stale := b.age(); stale || !asOf.Equal(b.clock.now()) {
				t.Errorf("consented: as of %s, stale %t", asOf, stale)
			}
			if e := b.c.EntityCopy("Order"); e.LastErrorCode != "" || *e.Rows != 40 {
				t.Errorf("consented: %+v", e)
			}
		})
	}
}

// TestAgeNeverGoesBack: a source that does not know its cursor any more, or that gives
// half an answer, takes nothing back of what it has told.
func TestAgeNeverGoesBack(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 30)...)
	b.mustSync()
	b.mustSync()
	before := b.asOf()
	l.failing(func(what string, _ int) error {
		if what == "since" {
			return schema.SourceErrorf(schema.BadRequest, "erp", "no such cursor")
		}
		return away()
	})
	if b.sync() == nil {
		t.Fatal("it was read")
	}
	if got := b.asOf(); got.Before(before) {
		t.Errorf("as of %s after %s", got, before)
	}
	b.open()
	if got := b.asOf(); got.Before(before) {
		t.Errorf("after a restart: as of %s after %s", got, before)
	}
	l.failing(nil)
	b.mustSync()
	if got := b.asOf(); !got.After(before) {
		t.Errorf("it is back: as of %s after %s", got, before)
	}
}

// TestConsentBesideServer: what somebody consents to while a server keeps the copy is
// done at its next round, also where the next sweep is a day away, and once.
func TestConsentBesideServer(t *testing.T) {
	for _, followed := range []bool{true, false} {
		name := map[bool]string{true: "followed", false: "read in full"}[followed]
		t.Run("case="+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b *bench
				var drop func(from, to int)
				if followed {
					var l *ledger
					b, l = newLedgerBench(t, 10, true)
					l.put(orders(0, 100)...)
					drop = func(from, to int) {
						for _, x := range orders(from, to) {
							l.drop(x.Key)
						}
					}
				} else {
					b = newBench(t, 10)
					b.up.set(orders(0, 100)...)
					drop = func(from, _ int) { b.up.set(orders(0, from)...) }
				}
				cfg := copies.Config{Every: time.Hour, Sweep: 24 * time.Hour, Poll: time.Minute}
				d := &diary{began: time.Now()}
				c := openCopy(t, cfg, b.src, b.st, copies.Deps{Progress: d.note})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- c.Run(ctx) }()
				rows := func() int { return *c.EntityCopy("Order").Rows }
				time.Sleep(time.Minute)
				synctest.Wait()
				drop(40, 100)
				time.Sleep(26 * time.Hour)
				synctest.Wait()
				if n := rows(); n != 100 || c.EntityCopy("Order").LastErrorCode != "CONFLICT" {
					t.Fatalf("%d rows: %+v", n, c.EntityCopy("Order"))
				}
				d.take()
				cfg.Name = "erp"
				if err := b.st.AcceptDeletions(t.Context(), "erp", time.Now().Add(cfg.Grant())); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if n := rows(); n != 40 || c.EntityCopy("Order").LastErrorCode != "" {
					t.Errorf("two minutes after the consent: %d rows, %q", n, d.take())
				}
				d.take()
				drop(10, 40)
				time.Sleep(50 * time.Hour)
				synctest.Wait()
				if n := rows(); n != 40 {
					t.Errorf("the consent was used twice: %d rows", n)
				}
				if lines := d.take(); followed && strings.Count(strings.Join(lines, "\n"), "Order done") > 3 {
					t.Errorf("swept again and again: %q", lines)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestGrant(t *testing.T) {
	for _, c := range []struct {
		name         string
		every, sweep time.Duration
		want         time.Duration
	}{
		{"the defaults", 0, 0, 48*time.Hour + 20*time.Minute},
		{"short ones", time.Second, time.Minute, 24 * time.Hour},
		{"a sweep once a week", time.Hour, 7 * 24 * time.Hour, 14*24*time.Hour + 2*time.Hour},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := (copies.Config{Every: c.every, Sweep: c.sweep}).Grant(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
