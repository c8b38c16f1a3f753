package copies_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// slow is a table whose every reading takes its time.
type slow[T any, P datasources.EntityOf[T]] struct {
	table[T, P]
	takes time.Duration
	ended int
}

func (x *slow[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	select {
	case <-time.After(x.takes):
	case <-ctx.Done():
		return datasources.Rows[T]{}, ctx.Err()
	}
	x.mu.Lock()
	x.ended++
	x.mu.Unlock()
	return x.table.List(ctx, q)
}

// runFor runs the loop for a time of the test's bubble.
func runFor(t *testing.T, c *copies.Copy, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestNobodyStarves: entities whose readings take longer than the time between
// two readings are read in turn.
func TestNobodyStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := 33 * time.Minute // 1,000 pages at 30 calls a minute
		contacts := &slow[schema.Contact, *schema.Contact]{takes: takes}
		orders := &slow[schema.Order, *schema.Order]{takes: takes}
		quotes := &slow[schema.Quote, *schema.Quote]{takes: takes}
		payments := &slow[schema.Payment, *schema.Payment]{takes: takes}
		src := &system{
			readers: map[string]any{"Contact": contacts, "Order": orders, "Quote": quotes, "Payment": payments},
			entries: []datasources.Entity{entry("Contact", schema.Sort{}, 10), entry("Order", schema.Sort{}, 10), entry("Quote", schema.Sort{}, 10), entry("Payment", schema.Sort{}, 10)},
		}
		c := openCopy(t, copies.Config{Every: 10 * time.Minute}, src, newStore(t), copies.Deps{})
		runFor(t, c, 12*takes+time.Hour)
		for name, n := range map[string]int{"Contact": contacts.ended, "Order": orders.ended, "Quote": quotes.ended, "Payment": payments.ended} {
			if n < 3 {
				t.Errorf("%s was read %d times", name, n)
			}
		}
	})
}

// TestLimitedForEver: a source that wants fewer calls for ever is asked less and
// less often, and one that names a year is asked again all the same.
func TestLimitedForEver(t *testing.T) {
	for _, c := range []struct {
		name        string
		wait        time.Duration
		least, most int // calls in two hours
	}{
		{"without a wait", 0, 15, 30},
		{"of a year", 365 * 24 * time.Hour, 10, 20},
		{"of ten seconds", 10 * time.Second, 700, 730},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := &orderTable{}
				up.failing(func(int) error {
					e := schema.SourceErrorf(schema.SourceLimited, "erp", "fewer")
					e.Wait = c.wait
					return e
				})
				src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", schema.Sort{}, 10)}}
				cp := openCopy(t, copies.Config{Every: 10 * time.Minute}, src, newStore(t), copies.Deps{})
				runFor(t, cp, 2*time.Hour)
				if n := up.count(); n < c.least || n > c.most {
					t.Errorf("%d calls in two hours, want %d to %d", n, c.least, c.most)
				}
			})
		})
	}
}

// TestLimitedNowAndThen: a long reading that is held up now and then, and gets on
// in between, does not wait longer each time.
func TestLimitedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &orderTable{}
		up.set(orders(0, 300)...)
		up.failing(func(call int) error {
			if call%2 == 0 {
				return schema.SourceErrorf(schema.SourceLimited, "erp", "fewer")
			}
			return nil
		})
		src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", schema.Sort{}, 10)}}
		c := openCopy(t, copies.Config{Every: time.Hour}, src, newStore(t), copies.Deps{})
		runFor(t, c, 2*time.Minute)
		if s := c.EntityCopy("Order"); s.State != schema.CopyReady || *s.Rows != 300 {
			t.Errorf("after two minutes: %s with %d rows", s.State, *s.Rows)
		}
	})
}

// TestClockSetBack: a reading during which the clock was set back by a year does
// not put the next one off by a year.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var skew time.Duration
		up := &orderTable{}
		up.set(orders(0, 3)...)
		up.failing(func(int) error {
			mu.Lock()
			defer mu.Unlock()
			skew = -365 * 24 * time.Hour
			return nil
		})
		now := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(skew)
		}
		src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", schema.Sort{}, 10)}}
		c := openCopy(t, copies.Config{Every: time.Minute}, src, newStore(t), copies.Deps{Now: now})
		runFor(t, c, time.Hour)
		if n := up.count(); n < 30 {
			t.Errorf("read %d times in an hour", n)
		}
	})
}

// TestGuardCountsWhatWasThere: rows that a source makes up while others vanish do
// not make the vanished ones a small share, not in the confirming reading, not in
// a later one and not after a restart.
func TestGuardCountsWhatWasThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		shifting bool
	}{{"fixed pages", false}, {"shifting pages", true}} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t, 100)
			b.scan.shifting = c.shifting
			b.up.set(orders(0, 100)...)
			b.mustSync()
			b.mustSync()
			b.up.set(orders(1000, 2000)...)
			for i := range 4 {
				if i == 2 {
					b.open()
				}
				b.mustSync()
				if b.last().Refused != 100 {
					t.Fatalf("reading %d: %+v", i, b.last())
				}
			}
			b.up.set(append(orders(0, 90), orders(1000, 2000)...)...)
			b.mustSync()
			if b.last().Refused != 0 || len(b.all()) != 1090 {
				t.Errorf("most of them came back: %+v, %d rows", b.last(), len(b.all()))
			}
			b.up.set(orders(1000, 2000)...)
			if err := b.syncWith(true); err != nil {
				t.Fatal(err)
			}
			if len(b.all()) != 1000 {
				t.Errorf("with consent %d rows are left", len(b.all()))
			}
		})
	}
}

// TestSearchAsMatch: what SQL finds is what Predicate.Match finds, whatever the
// signs.
func TestSearchAsMatch(t *testing.T) {
	texts := []string{
		"Straße", "STRASSE", "İstanbul", "istanbul", "i\u0307stanbul", "ISTANBUL", "ΣΑΣ", "σας", "σασ", "ſhip", "SHIP", "K", "K", "e\u0301te\u0301", "été", "ÉTÉ",
		"a%b", "a_b", `a\b`, "a'b", `a"b`, "a\x00b", "a\x00B", "\x00", "\x00a", " ", "'; DROP TABLE copy_rows; --", "ﬃ", "Ǆ", "ǆ", "ǅ", "🏴\U000e0067", "\u200bx", "a\nb", "1' OR '1'='1", strings.Repeat("Ä", 5000),
		"\xff\xfe", "a\xffB", "\xc3", "\u00e9",
	}
	var rows []schema.Order
	for i, s := range texts {
		x := order(i, s)
		x.Number = s
		rows = append(rows, x)
	}
	b := newBench(t, 100)
	b.up.set(rows...)
	b.mustSync()
	needles := append(slices.Clone(texts), "", "ß", "ss", "i", "İ", "I", "ς", "σ", "s", "ſ", "k", "\u0301", "e", "%", "_", `\`, "'", "\x00", "b", "\xff", "\xbf", "\xa9", "ä")
	for _, needle := range needles {
		for _, op := range []schema.Op{schema.Contains, schema.Prefix, schema.Eq, schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.In} {
			for _, negated := range []bool{false, true} {
				p := schema.Compare("number", op, schema.String(needle))
				if negated {
					p = schema.Negate(p)
				}
				var want []string
				for i := range rows {
					if p.Match(&rows[i]) {
						want = append(want, rows[i].Key)
					}
				}
				got, err := b.reader().List(t.Context(), datasources.Query{Where: p, First: 1000, Total: true, Order: schema.Sort{Column: "id"}})
				if err != nil {
					t.Fatalf("op %d %q: %v", op, needle, err)
				}
				var keys []string
				for i := range got.Items {
					keys = append(keys, got.Items[i].Key)
				}
				if !slices.Equal(keys, want) || got.Totals[0] != len(want) {
					t.Errorf("op %d %.20q negated %t: got %q of %d, want %q", op, needle, negated, keys, got.Totals[0], want)
				}
			}
		}
		found, err := b.reader().ByParent(t.Context(), "number", []string{needle}, datasources.Query{First: 10})
		if err != nil {
			t.Fatal(err)
		}
		for i := range found.Items {
			if found.Items[i].Number != needle {
				t.Errorf("asked for the number %q, got %q", needle, found.Items[i].Number)
			}
		}
		if slices.Contains(texts, needle) && needle != "" && len(found.Items) == 0 {
			t.Errorf("nothing by the number %.20q", needle)
		}
	}
	b.equal(rows)
}

// TestManyValues: filters of many values, and of very many, are answered or
// refused with a code.
func TestManyValues(t *testing.T) {
	b := newBench(t, 100)
	b.up.set(orders(0, 50)...)
	b.mustSync()
	values := func(n int) []schema.Value {
		var list []schema.Value
		for i := range n {
			list = append(list, schema.String(fmt.Sprintf("SO-%d", i)))
		}
		return list
	}
	chain := func(n int) schema.Predicate {
		p := schema.Predicate{Op: schema.Or}
		for _, v := range values(n) {
			p.Of = append(p.Of, schema.Compare("number", schema.Eq, v))
		}
		return p
	}
	deep := schema.Compare("number", schema.Eq, schema.String("SO-1"))
	for range 300 {
		deep = schema.Predicate{Op: schema.And, Of: []schema.Predicate{deep, schema.Compare("status", schema.Eq, schema.String("open"))}}
	}
	for _, c := range []struct {
		name string
		p    schema.Predicate
		want int // -1 = refused
	}{
		{"1,000 values", schema.Compare("number", schema.In, values(1000)...), 50},
		{"30,000 values", schema.Compare("number", schema.In, values(29_000)...), 50},
		{"40,000 values", schema.Compare("number", schema.In, values(40_000)...), -1},
		{"a chain of 1,000", chain(1000), 50},
		{"a chain of 40,000", chain(40_000), -1},
		{"nested 300 deep", deep, 1},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, err := b.reader().List(t.Context(), datasources.Query{Where: c.p, First: 1000, Total: true})
			switch {
			case c.want < 0:
				if schema.CodeOf(err) != schema.UnsupportedFilter {
					t.Errorf("got %v", err)
				}
			case err != nil:
				t.Error(err)
			case len(got.Items) != c.want || got.Totals[0] != c.want:
				t.Errorf("%d rows of %d, want %d", len(got.Items), got.Totals[0], c.want)
			}
		})
	}
}
