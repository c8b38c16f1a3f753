package copies_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func order(i int, status string) schema.Order {
	return schema.Order{
		Record: schema.Record{Source: "erp", Key: fmt.Sprintf("o%04d", i)}, Links: schema.Links{CustomerKey: fmt.Sprintf("c%d", i%7)},
		Number: fmt.Sprintf("SO-%d", i), Status: status, Date: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC),
		Total: schema.NewMoney(decimal.MustNew(int64(i), 2), "EUR"),
	}
}

func orders(from, to int) []schema.Order {
	var out []schema.Order
	for i := from; i < to; i++ {
		out = append(out, order(i, "open"))
	}
	return out
}

type (
	orderTable = table[schema.Order, *schema.Order]
	orderScan  = scanned[schema.Order, *schema.Order]
)

// bench is a copy of orders with everything around it.
type bench struct {
	t       *testing.T
	st      *store.Store
	up      *orderTable
	scan    *orderScan
	src     *system
	c       *copies.Copy
	clock   *clock
	changed []string
	steps   []copies.Progress
	cfg     copies.Config
}

// newBench copies a listed table, or with a size a scanned one.
func newBench(t *testing.T, size int) *bench {
	b := &bench{t: t, st: newStore(t), clock: newClock()}
	var reader any
	if size > 0 {
		b.scan = &orderScan{size: size}
		b.up, reader = &b.scan.table, b.scan
	} else {
		b.up = &orderTable{}
		reader = b.up
	}
	b.src = &system{readers: map[string]any{"Order": reader}, entries: []datasources.Entity{entry("Order", newest, 10)}, status: datasources.Status{State: "up", Calls: 1}}
	b.open()
	return b
}

// open is what a restart does.
func (b *bench) open() {
	b.c = openCopy(b.t, b.cfg, b.src, b.st, copies.Deps{Now: b.clock.now, Changed: func(e string) { b.changed = append(b.changed, e) }})
}

func (b *bench) sync() error { return b.syncWith(false) }

func (b *bench) syncWith(accept bool) error {
	b.steps = nil
	b.clock.add(time.Hour)
	return b.c.Sync(b.t.Context(), copies.Options{AcceptDeletions: accept, Progress: func(p copies.Progress) { b.steps = append(b.steps, p) }})
}

func (b *bench) mustSync() {
	b.t.Helper()
	if err := b.sync(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) reader() datasources.Reader[schema.Order] {
	return datasources.ReaderOf[schema.Order](b.c.Source(), "Order")
}

func (b *bench) all() []schema.Order {
	b.t.Helper()
	rows, err := b.reader().List(b.t.Context(), datasources.Query{First: 10000, Order: schema.Sort{Column: "id"}, Total: true})
	if err != nil {
		b.t.Fatal(err)
	}
	if rows.Totals[0] != len(rows.Items) {
		b.t.Errorf("a total of %d with %d rows", rows.Totals[0], len(rows.Items))
	}
	return rows.Items
}

// equal holds the copy against rows sorted by key.
func (b *bench) equal(want []schema.Order) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.all(), asRead()); diff != "" {
		b.t.Errorf("the copy is not the source: %s", diff)
	}
}

func (b *bench) readings() int { // complete ones in the last Sync
	n := 0
	for _, s := range b.steps {
		if s.Step == copies.Done {
			n++
		}
	}
	return n
}

func (b *bench) last() copies.Progress { return b.steps[len(b.steps)-1] }

func (b *bench) tombstones() []string {
	b.t.Helper()
	sets, err := b.st.Copies(b.t.Context(), "erp")
	if err != nil {
		b.t.Fatal(err)
	}
	var keys []string
	for _, s := range sets {
		if err := b.st.Tombstones(b.t.Context(), s.ID, time.Time{}, func(key string, _ time.Time) error { keys = append(keys, key); return nil }); err != nil {
			b.t.Fatal(err)
		}
	}
	return keys
}

func TestFollowsChanges(t *testing.T) {
	for _, size := range []int{0, 7} {
		t.Run(fmt.Sprintf("case=page of %d", size), func(t *testing.T) {
			b := newBench(t, size)
			b.up.set(orders(0, 30)...)
			b.mustSync()
			b.equal(orders(0, 30))
			if !slices.Equal(b.changed, []string{"Order"}) {
				t.Errorf("told %q", b.changed)
			}
			if p := b.last(); p.Rows != 30 || p.Changed != 30 || p.Resumed {
				t.Errorf("the first reading: %+v", p)
			}
			b.mustSync()
			if p := b.last(); p.Rows != 30 || p.Changed != 0 || p.Deleted != 0 || len(b.changed) != 1 {
				t.Errorf("a reading without a change: %+v, told %q", p, b.changed)
			}
			want := orders(2, 33)
			want[5] = order(7, "shipped")
			want[6].CustomerKey, want[6].Total, want[6].OrderNumbers = "", nil, []string{"A", "B"}
			b.up.set(want...)
			b.mustSync()
			b.equal(want)
			if p := b.last(); p.Deleted != 2 {
				t.Errorf("a reading with changes: %+v", p)
			}
			if got := b.tombstones(); !slices.Equal(got, []string{"o0000", "o0001"}) {
				t.Errorf("tombstones %q", got)
			}
			b.up.set(append(orders(0, 1), want...)...)
			b.mustSync()
			if got := b.tombstones(); !slices.Equal(got, []string{"o0001"}) {
				t.Errorf("a row that is back left tombstones %q", got)
			}
			b.equal(append(orders(0, 1), want...))
			if rows, err := b.reader().ByParent(t.Context(), "orderNumber", []string{"B"}, datasources.Query{First: 5}); err != nil || len(rows.Items) != 1 {
				t.Errorf("by the second number: %d rows, %v", len(rows.Items), err)
			}
			b.open()
			b.equal(append(orders(0, 1), want...))
		})
	}
}

func TestUnusableRows(t *testing.T) {
	b := newBench(t, 0)
	rows := orders(0, 3)
	rows[1].Source = "crm"
	rows = append(rows, schema.Order{Record: schema.Record{Source: "erp"}, Date: rows[0].Date})
	b.up.set(rows...)
	b.mustSync()
	b.equal([]schema.Order{order(0, "open"), order(2, "open")})
	if p := b.c.Problems(); len(p) != 1 || p[0].Count != 2 {
		t.Errorf("problems %+v", p)
	}
}

// TestTwice: a row that a scan gives twice is there once, as it came last.
func TestTwice(t *testing.T) {
	b := newBench(t, 4)
	b.up.set(append(orders(0, 6), order(1, "paid"), order(5, "paid"))...)
	b.mustSync()
	want := orders(0, 6)
	want[1], want[5] = order(1, "paid"), order(5, "paid")
	b.equal(want)
	if p := b.last(); p.Rows != 6 {
		t.Errorf("%+v", p)
	}
}
