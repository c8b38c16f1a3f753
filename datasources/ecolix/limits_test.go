package ecolix_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/ecolix"
	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/schema"
)

// TestRateLimit reads more pages than the vendor allows in a minute: the reading
// waits as long as it is told, asks no more meanwhile, and is whole.
func TestRateLimit(t *testing.T) {
	const allowed, size = 3, 10
	// The vendor's minute ends two seconds after the test has begun.
	begin := time.Now()
	clock := func() time.Time {
		return time.Unix(1_800_000_000, 0).Truncate(time.Minute).Add(58*time.Second + time.Since(begin))
	}
	f := fake.New(w300(), fake.Options{PerMinute: allowed, Now: clock, Dialect: fake.Dialect{MaxSize: size}})
	pages := (f.ERP().Purchases + size - 1) / size
	if pages <= allowed || pages > 2*allowed {
		t.Fatalf("%d pages prove nothing", pages)
	}
	c := copied(t, config(serve(t, f).URL, ecolix.Supplier))
	sync1(t, c)
	if n := len(all[schema.PurchaseOrder](t, c.Source(), "PurchaseOrder")); n != f.ERP().Purchases {
		t.Errorf("%d orders, want %d", n, f.ERP().Purchases)
	}
	if waited := time.Since(begin); waited < 2*time.Second {
		t.Errorf("the limit was over after two seconds, and the reading after %s", waited)
	}
	if n := f.Calls()[fake.Fournisseurs]; n != pages+1 {
		t.Errorf("%d calls, want %d and the one that was turned away", n, pages)
	}
	if st := c.Status(); st.State != "up" || st.Note != "" {
		t.Errorf("status %+v", st)
	}
}

// TestIgnoredPaging reads whole lists first and then from a server that gives the
// first page whatever is asked: that is reported, and nothing is deleted for it.
func TestIgnoredPaging(t *testing.T) {
	e := serve(t, fake.New(w300(), fake.Options{}))
	c := copied(t, config(e.URL, everything()...))
	sync1(t, c)
	count := func() map[string]int {
		rows := map[string]int{}
		for _, entity := range []string{"Customer", "Quote", "Order", "Product", "DeliveryNote", "PurchaseOrder"} {
			rows[entity] = *c.EntityCopy(entity).Rows
		}
		return rows
	}
	before := count()
	for name, d := range map[string]fake.Dialect{
		"with a total": {IgnorePaging: true, MaxSize: 5},
		"bare":         {IgnorePaging: true, MaxSize: 5, Envelope: fake.EnvelopeBare},
	} {
		t.Run("case="+name, func(t *testing.T) {
			// A page of 5 is a short one, and the last, where 100 were asked for and no
			// total is told: only the size can tell then.
			cfg := config(e.URL, everything()...)
			if d.Envelope == fake.EnvelopeBare {
				cfg.Paging.Size = 5
			}
			e.become(fake.New(w300(), fake.Options{Dialect: d}))
			again := copied(t, cfg) // of a small page, for its own mark
			if err := again.Sync(t.Context(), copies.Options{}); err != nil {
				t.Fatal(err)
			}
			if got := *again.EntityCopy("Order").Rows; got != 5 {
				t.Errorf("%d orders of one page of 5", got)
			}
			wantDoubtful(t, again)
			if d.Envelope == fake.EnvelopeBare {
				return
			}
			sync1(t, c)
			if after := count(); !equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
			wantDoubtful(t, c)
			e.become(fake.New(w300(), fake.Options{}))
			sync1(t, c)
			if st := c.Status(); st.State != "up" || st.Note != "" || !equal(before, count()) {
				t.Errorf("mended: status %+v", st)
			}
		})
	}
}

func equal(a, b map[string]int) bool {
	for k, n := range a {
		if b[k] != n {
			return false
		}
	}
	return len(a) == len(b)
}

func wantDoubtful(t *testing.T, c *copies.Copy) {
	t.Helper()
	if st := c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "the last reading may not have seen all rows: ") {
		t.Errorf("status %+v", st)
	}
	if !slices.ContainsFunc(c.Problems(), func(p datasources.Problem) bool {
		return p.Entity == "PurchaseOrder" && strings.Contains(p.Kind, "page that came twice")
	}) {
		t.Errorf("problems %+v", c.Problems())
	}
}

// TestLinks holds what a quote and a delivery note say of their order against the
// world.
func TestLinks(t *testing.T) {
	f := fake.New(w300(), fake.Options{})
	c := copied(t, config(serve(t, f).URL, everything()...))
	sync1(t, c)
	quotes, notes := 0, 0
	for _, q := range all[schema.Quote](t, c.Source(), "Quote") {
		pos, ok := f.ERP().QuotePos(q.Number)
		if !ok {
			t.Fatalf("there is no quote %s", q.Number)
		}
		var want []string
		if n := f.ERP().Quote(pos).ERPOrder; n != "" {
			want = []string{n}
			quotes++
		}
		if !slices.Equal(q.OrderNumbers, want) {
			t.Errorf("quote %s became %v, want %v", q.Number, q.OrderNumbers, want)
		}
	}
	for _, n := range all[schema.DeliveryNote](t, c.Source(), "DeliveryNote") {
		pos, ok := f.ERP().NotePos(n.Number)
		if !ok || n.OrderKey != f.ERP().Note(pos).Order.ERP {
			t.Errorf("delivery note %s is of %s", n.Number, n.OrderKey)
		}
		notes++
	}
	if quotes == 0 || notes == 0 {
		t.Errorf("%d quotes and %d notes prove nothing", quotes, notes)
	}
}
