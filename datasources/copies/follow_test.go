package copies_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

func away() error { return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away") }

func (b *bench) asOf() time.Time {
	b.t.Helper()
	rows, err := b.reader().List(b.t.Context(), datasources.Query{First: 1})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows.AsOf
}

// expect syncs, and holds what was done, the calls and the copy against what is
// wanted.
func (b *bench) expect(l *ledger, steps, calls string) {
	b.t.Helper()
	b.mustSync()
	if got := did(b.steps); got != steps {
		b.t.Errorf("did %q, want %q", got, steps)
	}
	if got := l.took(); got != calls {
		b.t.Errorf("called %q, want %q", got, calls)
	}
}

func TestFollowing(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("case=keyed %t", keyed), func(t *testing.T) {
			b, l := newLedgerBench(t, 10, keyed)
			l.put(orders(0, 30)...)
			b.expect(l, "done", "head 1, scan 3")
			b.equal(l.all())
			read := b.clock.now()

			b.expect(l, "followed", "since 1") // the second of the head again
			if got := b.asOf(); !got.Equal(b.clock.now()) || got.Equal(read) {
				t.Errorf("as of %s", got)
			}
			if !slices.Equal(b.changed, []string{"Order"}) {
				t.Errorf("told %q", b.changed)
			}
			l.tick()
			l.put(order(3, "shipped"), order(40, "new"))
			b.expect(l, "followed", "since 3")
			b.equal(l.all())
			if p := b.last(); p.Changed != 2 || len(b.changed) != 2 {
				t.Errorf("%+v, told %q", p, b.changed)
			}
			l.put(order(3, "paid"), order(4, "paid")) // in the same second
			b.expect(l, "followed", "since 1")
			b.equal(l.all())

			l.tells = true
			l.drop("o0007", "o0040")
			b.expect(l, "followed", "since 1")
			b.equal(l.all())
			if got := b.tombstones(); b.last().Deleted != 2 || !slices.Equal(got, []string{"o0007", "o0040"}) {
				t.Errorf("%+v, tombstones %q", b.last(), got)
			}
			b.open() // a restart
			l.tick()
			l.put(order(7, "again"))
			b.expect(l, "followed", "since 1")
			b.equal(l.all())
			n := len(b.changed)
			b.expect(l, "followed", "since 1")
			if len(b.changed) != n || b.last().Changed != 0 {
				t.Errorf("nothing happened, and %q were told", b.changed)
			}
		})
	}
}

// TestManyChanges: more changes in one second than a page, and pages of changes
// after which the source is away.
func TestManyChanges(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 5)...)
	b.mustSync()
	l.tick()
	l.put(orders(0, 45)...)
	l.tick()
	l.put(order(50, "new"))
	l.failing(func(what string, call int) error {
		if what == "since" && call == 3 {
			return away()
		}
		return nil
	})
	if err := b.sync(); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Fatal(err)
	}
	if p := b.last(); p.Step != copies.Failed || p.Pages != 2 {
		t.Errorf("%+v", p)
	}
	if st := b.c.Status(); !strings.Contains(st.Note, "the changes could not be followed: Order (SOURCE_UNAVAILABLE)") || st.State != "degraded" {
		t.Errorf("status %+v", st)
	}
	asOf := b.asOf()
	if len(b.changed) != 2 { // what was saved is told
		t.Errorf("told %q", b.changed)
	}
	l.failing(nil)
	b.open()
	b.expect(l, "followed", "since 3")
	b.equal(l.all())
	if !b.asOf().After(asOf) || b.c.Status().Note != "" {
		t.Errorf("as of %s, status %+v", b.asOf(), b.c.Status())
	}
}

// TestChangesDuringTheFirstReading are given by the cursor that was taken before
// it, also when it was interrupted, and by another process.
func TestChangesDuringTheFirstReading(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken string // the call that fails once
		steps  string
	}{
		{"undisturbed", "", "done"},
		{"away after a page", "scan", "failed"},
		{"away before the first", "head", "failed"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, l := newLedgerBench(t, 10, false)
			l.put(orders(0, 30)...)
			failed := false
			l.failing(func(what string, call int) error {
				if what == "scan" && call == 2 { // behind the reading's back
					l.tick()
					l.put(order(1, "changed"), order(2, "changed"))
				}
				if what == c.broken && !failed && (what == "head" || call == 2) {
					failed = true
					return away()
				}
				return nil
			})
			err := b.sync()
			if did(b.steps) != c.steps {
				t.Errorf("did %q: %v", did(b.steps), err)
			}
			if err != nil {
				l.tick()
				l.put(order(3, "changed")) // nobody looks
				b.open()
				b.mustSync()
			}
			b.mustSync()
			b.equal(l.all())
		})
	}
}

func TestLostCursor(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 30)...)
	b.mustSync()
	l.tick()
	l.put(order(1, "changed"))
	l.since = 200
	l.second = 300
	l.took()
	b.expect(l, "followed, done", "head 1, scan 3, since 1")
	b.equal(l.all())
	l.put(order(2, "changed"))
	b.expect(l, "followed", "since 1")
	b.equal(l.all())
	t.Run("case=and killed before the reading", func(t *testing.T) {
		l.put(order(3, "changed"))
		l.tick()
		l.tick()
		l.since = 302
		l.failing(func(what string, _ int) error {
			if what == "head" {
				return away()
			}
			return nil
		})
		if b.sync() == nil {
			t.Error("read what is away")
		}
		l.failing(nil)
		b.open()
		b.expect(l, "done", "head 1, scan 3")
		b.equal(l.all())
	})
}

// TestOtherSettings: a cursor of another set-up of the source is of no use.
func TestOtherSettings(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	l.put(orders(0, 30)...)
	b.mustSync()
	b.mustSync()
	l.reset(50, orders(0, 20)...) // another company
	l.took()
	b.cfg.Settings, b.cfg.MaxDelete = "another company", 1
	b.open()
	b.expect(l, "done", "head 1, scan 2")
	b.equal(l.all())
	l.put(order(2, "changed"))
	b.expect(l, "followed", "since 1")
	b.equal(l.all())
	// The third one tells no changes: what it has is not followed from the cursor of
	// the second, whose times are other ones.
	b.cfg.Settings = "a third company"
	l.reset(10, orders(0, 21)...)
	l.failing(func(what string, _ int) error {
		if what == "head" {
			return schema.SourceErrorf(schema.NotEnabled, "erp", "not here")
		}
		return nil
	})
	b.open()
	b.expect(l, "done", "head 1, scan 3")
	l.put(order(30, "new"))
	b.expect(l, "done", "scan 3")
	b.equal(l.all())
}

// brokenStore cannot save changes.
type brokenStore struct{ copies.Store }

func (brokenStore) SaveChanges(context.Context, int64, *copies.ChangeSet) (copies.Set, error) {
	return copies.Set{}, errors.New("the disk is full")
}

// TestEndsBeforeTheCursorIsSaved: a process that ends between the beginning of a
// reading and its cursor leaves none that is taken for one of these settings.
func TestEndsBeforeTheCursorIsSaved(t *testing.T) {
	for _, settings := range []string{"", "another company"} {
		t.Run("case="+settings, func(t *testing.T) {
			b, l := newLedgerBench(t, 10, true)
			l.put(orders(0, 30)...)
			b.mustSync()
			l.reset(50, orders(10, 30)...)
			b.cfg.Settings, b.cfg.MaxDelete = settings, 1
			b.nextDay()
			c := openCopy(t, b.cfg, b.src, brokenStore{b.st}, copies.Deps{Now: b.clock.now})
			if c.Sync(t.Context(), copies.Options{Full: true}) == nil {
				t.Error("saved nothing, and said nothing")
			}
			b.open()
			b.mustSync()
			b.mustSync()
			b.equal(l.all())
			l.put(order(10, "changed"))
			l.took()
			b.expect(l, "followed", "since 1")
			b.equal(l.all())
		})
	}
}

func TestNotFollowed(t *testing.T) {
	for _, c := range []struct {
		name string
		code schema.Code
		when string // the call
	}{
		{"no head", schema.NotEnabled, "head"},
		{"a head it cannot make", schema.SourceInvalid, "head"},
		{"no changes", schema.NotEnabled, "since"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, l := newLedgerBench(t, 10, true)
			l.put(orders(0, 30)...)
			cannot := func(what string, _ int) error {
				if what == c.when {
					return schema.SourceErrorf(c.code, "erp", "not this version")
				}
				return nil
			}
			l.failing(cannot)
			first := "head 1, scan 3"
			b.expect(l, "done", first)
			if c.when == "since" {
				b.expect(l, "followed, done", "scan 3, since 1")
			}
			l.put(order(1, "changed"))
			l.drop("o0005")
			b.expect(l, "done", "scan 3") // in full, at each turn
			b.equal(l.all())
			l.failing(nil)
			b.expect(l, "done", "scan 3")
			b.clock.add(24 * time.Hour)
			b.expect(l, "done", "head 1, scan 3") // it is asked again
			l.put(order(2, "changed"))
			b.expect(l, "followed", "since 1")
			b.equal(l.all())
		})
	}
}

// TestNoWayOn: a source that says there is more and stays where it is does not keep
// the loop.
func TestNoWayOn(t *testing.T) {
	stuck := &stuckLedger{ledger: newLedger(10)}
	stuck.put(orders(0, 3)...)
	b := &bench{t: t, st: newStore(t), clock: newClock()}
	b.src = ledgerSystem(stuck.ledger, false)
	b.src.readers["Order"] = stuck
	b.open()
	b.mustSync()
	if err := b.sync(); schema.CodeOf(err) != schema.SourceInvalid || stuck.calls["since"] != 1 {
		t.Errorf("%v after %d calls", err, stuck.calls["since"])
	}
}

type stuckLedger struct{ *ledger }

func (s *stuckLedger) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[schema.Order], error) {
	out, err := s.ledger.Since(ctx, c)
	out.Next, out.More = c, true
	return out, err
}
