package copies_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// spoil takes a column from some rows, as mapping does with what it cannot read.
func spoil(rows []schema.Order, column string, is func(i int) bool) []schema.Order {
	rows = slices.Clone(rows)
	for i := range rows {
		if !is(i) {
			continue
		}
		switch rows[i].Faults = rows[i].Faults.With(column); column {
		case "total":
			rows[i].Total = nil
		case "status":
			rows[i].Status = ""
		}
	}
	return rows
}

// lined gives each order a line, whose quantity may be at fault.
func lined(rows []schema.Order, isSpoilt bool) []schema.Order {
	for i := range rows {
		line := &schema.OrderLine{SKU: "A"}
		if isSpoilt {
			line.Faults = &schema.Faults{Fields: []string{"quantity"}, Source: "erp"}
		}
		rows[i].Lines = []*schema.OrderLine{line}
	}
	return rows
}

func each(int) bool { return true }

// TestGarbledReadings: what a row could show is not lost in the copy as well. A few such
// rows are kept as they were, a column that most rows lost is refused; either lasts until
// the source is right, or until somebody consents.
func TestGarbledReadings(t *testing.T) {
	all := orders(0, 100)
	most := func(i int) bool { return i%5 > 1 }
	for _, c := range []struct {
		name    string
		before  []schema.Order
		after   []schema.Order
		refused string // the column, "" = it is not
		held    int    // rows that are kept
		want    []schema.Order
	}{
		{"a few", all, spoil(all, "total", func(i int) bool { return i < 10 }), "", 10, all},
		{"half", all, spoil(all, "total", func(i int) bool { return i%2 == 0 }), "", 50, all},
		{"more than half", all, spoil(all, "total", most), "total", 0, all},
		{"all", all, spoil(all, "total", each), "total", 0, all},
		{"of few rows", orders(0, 19), spoil(orders(0, 19), "total", each), "", 19, orders(0, 19)},
		{"of enough", orders(0, 21), spoil(orders(0, 21), "total", each), "total", 0, orders(0, 21)},
		{"from a page on", orders(0, 300), spoil(orders(0, 300), "status", func(i int) bool { return i >= 200 }), "status", 0, orders(0, 300)},
		{"from the beginning", spoil(all, "total", each), spoil(all, "total", each), "", 0, spoil(all, "total", each)},
		{"one more", spoil(all, "total", each), spoil(spoil(all, "total", each), "status", each), "status", 0, spoil(all, "total", each)},
		{"in new rows", all, append(orders(0, 100), spoil(orders(100, 200), "total", each)...), "", 0, append(orders(0, 100), spoil(orders(100, 200), "total", each)...)},
		{"beside others that changed", all, append(spoil(orders(0, 3), "total", each), order(3, "paid")), "", 3, append(orders(0, 3), order(3, "paid"))},
		{"lines from the beginning", lined(orders(0, 100), true), lined(orders(0, 100), true), "", 0, lined(orders(0, 100), true)},
		{"lines", lined(orders(0, 100), false), lined(orders(0, 100), true), "lines.quantity", 0, lined(orders(0, 100), false)},
		{"few lines", lined(orders(0, 9), false), lined(orders(0, 9), true), "", 9, lined(orders(0, 9), false)},
		{"sound again", spoil(all, "total", each), all, "", 0, all},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t, 100)
			b.cfg.Every, b.cfg.MaxDelete = time.Hour, 1
			b.open()
			b.up.set(c.before...)
			b.mustSync()
			b.equal(c.before)
			whole := b.asOf()
			b.up.set(c.after...)
			for range 3 {
				b.nextDay()
				err := b.sync()
				if got := schema.CodeOf(err) == schema.SourceInvalid; got != (c.refused != "") || !got && err != nil {
					t.Fatalf("got %v", err)
				}
				b.equal(c.want)
				if isOld := c.refused != "" || c.held > 0; b.asOf().Equal(whole) != isOld {
					t.Errorf("as of %s, before it was %s", b.asOf(), whole)
				}
				b.tells(c.refused, c.held)
			}
			if c.refused == "" && c.held == 0 {
				return
			}
			b.open() // another process knows no more than the store
			b.tells(c.refused, c.held)
			t.Run("repaired", func(t *testing.T) {
				b.t = t
				b.up.set(c.before...)
				b.nextDay()
				b.mustSync()
				b.equal(c.before)
				b.tells("", 0)
				if got := b.asOf(); !got.After(whole) {
					t.Errorf("as of %s", got)
				}
			})
			t.Run("consented", func(t *testing.T) {
				b.t = t
				b.up.set(c.after...)
				b.nextDay()
				_ = b.sync()
				if err := b.acceptGarbled(); err != nil {
					t.Fatal(err)
				}
				b.equal(c.after)
				b.tells("", 0)
				if err := b.sync(); err != nil { // it is no news any more
					t.Fatal(err)
				}
				b.equal(c.after)
				b.up.set(spoil(c.after, "number", each)...) // consent was for once
				b.nextDay()
				_ = b.sync()
				for _, x := range b.all() {
					if x.Faults.Has("number") {
						t.Fatalf("%s lost its number", x.Key)
					}
				}
			})
		})
	}
}

// acceptGarbled syncs with consent to garbled values.
func (b *bench) acceptGarbled() error {
	b.clock.add(time.Hour)
	return b.c.Sync(b.t.Context(), copies.Options{AcceptGarbled: true})
}

// tells holds what operators are told against what is wanted: the column for which the
// reading was refused, and the number of rows that are kept.
func (b *bench) tells(refused string, held int) {
	b.t.Helper()
	st, e := b.c.Status(), b.c.EntityCopy("Order")
	wantCode, wantState := "", "up"
	switch {
	case refused != "":
		wantCode, wantState = string(schema.SourceInvalid), "degraded"
	case held > 0:
		wantCode, wantState = string(schema.Conflict), "degraded"
	}
	if e.LastErrorCode != wantCode || st.State != wantState || (st.Note == "") != (wantCode == "") {
		b.t.Errorf("status %+v, code %s", st, e.LastErrorCode)
	}
	for text, isSaid := range map[string]bool{
		"the last reading failed: Order (SOURCE_INVALID)": refused != "",
		"garbled, and refused: Order;":                    refused != "",
		fmt.Sprintf("gives them garbled: %d of ", held):   held > 0,
		"`trama sync --accept-garbled erp`":               wantCode != "",
	} {
		if strings.Contains(st.Note, text) != isSaid {
			b.t.Errorf("note %q, want %q: %t", st.Note, text, isSaid)
		}
	}
	gotHeld, gotRefused := 0, ""
	for _, p := range b.c.Problems() {
		switch p.Kind {
		case copies.ProblemGarbled:
			gotRefused = p.Field
		case copies.ProblemHeld:
			gotHeld = p.Count
		default:
			b.t.Errorf("problem %+v", p)
		}
	}
	if gotRefused != refused || gotHeld != held {
		b.t.Errorf("problems %+v", b.c.Problems())
	}
}

// TestGarbledSmallPages: a reading that is refused and gone on with does not take page by
// page what it may not take at once.
func TestGarbledSmallPages(t *testing.T) {
	b := newBench(t, 7)
	b.cfg.Every = time.Hour
	b.open()
	b.up.set(orders(0, 100)...)
	b.mustSync()
	b.up.set(spoil(orders(0, 100), "total", each)...)
	for range 10 {
		b.nextDay()
		if err := b.sync(); schema.CodeOf(err) != schema.SourceInvalid {
			t.Fatalf("got %v", err)
		}
	}
	b.equal(orders(0, 100))
}

// TestGarbledChanges: what is followed is refused alike, and the cursor stays.
func TestGarbledChanges(t *testing.T) {
	b, l := newLedgerBench(t, 50, true)
	l.put(orders(0, 100)...)
	b.mustSync()
	b.mustSync()
	l.tick()
	l.put(spoil(orders(0, 60), "total", each)...)
	for range 2 {
		if err := b.sync(); schema.CodeOf(err) != schema.SourceInvalid {
			t.Fatalf("got %v", err)
		}
		b.equal(orders(0, 100))
		if st := b.c.Status(); !strings.Contains(st.Note, "Order (SOURCE_INVALID)") {
			t.Errorf("status %+v", st)
		}
	}
	l.tick()
	l.put(orders(0, 60)...)
	b.mustSync()
	b.equal(orders(0, 100))
}

// TestGarbledFewChanges: a window of few rows that are all garbled puts nothing in the
// place of what they were, and is told until they come again, or a sweep has read them.
func TestGarbledFewChanges(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("case=keyed %t", keyed), func(t *testing.T) {
			b, l := newLedgerBench(t, 50, keyed)
			l.put(orders(0, 30)...)
			b.mustSync()
			b.mustSync()
			whole := b.asOf()
			l.tick()
			l.put(append(spoil(orders(0, 3), "total", each), order(7, "paid"), order(40, "new"))...)
			want := orders(0, 30)
			want[7] = order(7, "paid")
			want = append(want, order(40, "new"))
			for range 2 {
				b.mustSync()
				b.equal(want)
				b.tells("", 3)
				if got := b.asOf(); !got.Equal(whole) {
					t.Errorf("as of %s, want %s", got, whole)
				}
			}
			if p := b.last(); p.Held != 3 {
				t.Errorf("progress %+v", p)
			}
			l.tick()
			l.put(order(0, "open")) // one is right again, and as it was
			b.mustSync()
			b.tells("", 2)
			l.mend("total")
			b.nextDay()
			b.mustSync() // the sweep, which sees no other version
			b.tells("", 0)
			b.equal(want)
			if got := b.asOf(); !got.After(whole) {
				t.Errorf("as of %s", got)
			}

			l.tick()
			l.put(spoil(orders(0, 3), "total", each)...)
			b.mustSync()
			b.tells("", 3)
			l.drop("o0001")
			b.nextDay()
			b.mustSync()
			b.tells("", 2)
			if err := b.acceptGarbled(); err != nil {
				t.Fatal(err)
			}
			b.equal(l.all())
			b.tells("", 0)
		})
	}
}

// TestGarbledKeptVersions: a source that changed a column's form and no version is read
// in full by consent, or rows would be left as they were.
func TestGarbledKeptVersions(t *testing.T) {
	b, l := newLedgerBench(t, 50, true)
	l.put(orders(0, 30)...)
	l.tick() // or all of them would be followed once more
	b.mustSync()
	b.nextDay()
	b.mustSync() // a reading by keys has the versions
	l.garble("total")
	l.tick()
	l.put(spoil(orders(0, 2), "total", each)...)
	b.mustSync()
	b.tells("", 2)
	b.nextDay()
	b.mustSync()
	b.equal(orders(0, 30))
	if err := b.acceptGarbled(); err != nil {
		t.Fatal(err)
	}
	b.equal(l.all())
	b.tells("", 0)
}

// TestGarbledSweep: a reading that is refused leaves the cursor where it was: what changed
// between the last following and the reading is followed. The copy is as old as before
// the refusal until a reading has ended, whatever else fails, and whoever looks.
func TestGarbledSweep(t *testing.T) {
	b, l := newLedgerBench(t, 10, false)
	l.put(orders(0, 30)...)
	b.mustSync()
	b.nextDay()
	l.tick()
	l.failing(func(what string, _ int) error {
		if what == "head" { // behind the back of the following
			l.tick()
			l.put(order(40, "new"))
			for range 3 {
				l.tick()
			}
			l.garble("total")
		}
		return nil
	})
	if err := b.sync(); schema.CodeOf(err) != schema.SourceInvalid {
		t.Fatal(err)
	}
	b.equal(orders(0, 30))
	whole, isStale := b.age()
	if !isStale {
		t.Error("a copy whose reading was refused passes as fresh")
	}
	l.mend("total")
	l.failing(func(what string, _ int) error {
		if what == "scan" {
			return away()
		}
		return nil
	})
	want := append(orders(0, 30), order(40, "new"))
	for range 2 {
		if err := b.sync(); schema.CodeOf(err) != schema.SourceUnavailable {
			t.Fatal(err)
		}
		b.equal(want)
		if asOf, isStale := b.age(); !asOf.Equal(whole) || !isStale {
			t.Errorf("as of %s, stale %t; want %s", asOf, isStale, whole)
		}
		b.open() // another process
	}
	l.failing(nil)
	b.mustSync() // to its end, behind the page that was held
	b.nextDay()
	b.mustSync()
	b.equal(want)
	b.tells("", 0)
	if asOf, isStale := b.age(); !asOf.After(whole) || isStale {
		t.Errorf("as of %s, stale %t", asOf, isStale)
	}
}
