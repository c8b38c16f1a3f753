package copies_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
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

// TestGarbledReadings: a column that most rows lost is no reason to lose it in the copy
// as well; a few are kept as what they are, with the word that they cannot be shown.
func TestGarbledReadings(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  []schema.Order
		after   []schema.Order
		refused string // the column, "" = it is taken
	}{
		{"a few", orders(0, 100), spoil(orders(0, 100), "total", func(i int) bool { return i < 10 }), ""},
		{"half", orders(0, 100), spoil(orders(0, 100), "total", func(i int) bool { return i%2 == 0 }), ""},
		{"more than half", orders(0, 100), spoil(orders(0, 100), "total", func(i int) bool { return i%5 > 1 }), "total"},
		{"all", orders(0, 100), spoil(orders(0, 100), "total", each), "total"},
		{"of few rows", orders(0, 19), spoil(orders(0, 19), "total", each), ""},
		{"of enough", orders(0, 21), spoil(orders(0, 21), "total", each), "total"},
		{"from a page on", orders(0, 300), spoil(orders(0, 300), "status", func(i int) bool { return i >= 200 }), "status"},
		{"from the beginning", spoil(orders(0, 100), "total", each), spoil(orders(0, 100), "total", each), ""},
		{"one more", spoil(orders(0, 100), "total", each), spoil(spoil(orders(0, 100), "total", each), "status", each), "status"},
		{"in new rows", orders(0, 100), append(orders(0, 100), spoil(orders(100, 200), "total", each)...), ""},
		{"lines from the beginning", lined(orders(0, 100), true), lined(orders(0, 100), true), ""},
		{"lines", lined(orders(0, 100), false), lined(orders(0, 100), true), "lines.quantity"},
		{"sound again", spoil(orders(0, 100), "total", each), orders(0, 100), ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t, 100)
			b.cfg.Every = time.Hour
			b.open()
			b.up.set(c.before...)
			b.mustSync()
			b.equal(c.before)
			whole := b.asOf()
			b.up.set(c.after...)
			for range 3 {
				b.nextDay()
				err := b.sync()
				if c.refused == "" {
					if err != nil {
						t.Fatal(err)
					}
					b.equal(c.after)
					continue
				}
				if schema.CodeOf(err) != schema.SourceInvalid {
					t.Fatalf("got %v", err)
				}
				b.equal(c.before)
				if got := b.asOf(); !got.Equal(whole) {
					t.Errorf("as of %s, want %s", got, whole)
				}
				st := b.c.Status()
				if want := "the last reading failed: Order (SOURCE_INVALID)"; !strings.Contains(st.Note, want) || st.State != "degraded" {
					t.Errorf("status %+v", st)
				}
				if !slices.ContainsFunc(b.c.Problems(), func(p datasources.Problem) bool {
					return p.Entity == "Order" && p.Field == c.refused && p.Kind == copies.ProblemGarbled
				}) {
					t.Errorf("problems %+v", b.c.Problems())
				}
				if e := b.c.EntityCopy("Order"); e.LastErrorCode != string(schema.SourceInvalid) {
					t.Errorf("entity %+v", e)
				}
			}
			if c.refused == "" {
				return
			}
			b.up.set(c.before...)
			b.nextDay()
			b.mustSync()
			b.equal(c.before)
			if b.c.Status().Note != "" || len(b.c.Problems()) > 0 {
				t.Errorf("it is sound again: %+v %+v", b.c.Status(), b.c.Problems())
			}
		})
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
	lost := 0
	for _, o := range b.all() {
		if o.Total == nil {
			lost++
		}
	}
	if lost >= 20 {
		t.Errorf("%d rows lost their total", lost)
	}
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
