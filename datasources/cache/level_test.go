package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// What is asked of the same parents again is found whole, for as long as each part of
// it would be.
func TestLevel(t *testing.T) {
	parents := []string{"a", "b", "c", "d", "e"}
	for _, tc := range []struct {
		name    string
		do      func(t *testing.T, s *stage)
		parents []string // nil: the same
		isWhole bool     // found whole again
		version int      // of b afterwards
		calls   int
		isStale bool
	}{
		{name: "nothing happened", do: func(*testing.T, *stage) {}, isWhole: true},
		{name: "others changed", do: func(t *testing.T, s *stage) { s.c.Invalidate(t.Context(), cache.Tag{Source: "erp"}) }, isWhole: true},
		{name: "within its time", do: func(_ *testing.T, s *stage) { s.clk.add(59 * time.Second) }, isWhole: true},
		{name: "past its time", do: func(t *testing.T, s *stage) {
			s.src.set(func() { s.src.fail = down() }) // so that it is not read again while this is looked at
			s.clk.add(time.Minute)
		}, isStale: true},
		{name: "a clock that went back", do: func(_ *testing.T, s *stage) { s.clk.add(-time.Second) }},
		{name: "one of them changed", do: func(t *testing.T, s *stage) {
			s.src.change("b")
			s.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Entity: "Order", Customer: "b"})
		}, version: 1, calls: 1},
		{name: "one of them was deleted", do: func(t *testing.T, s *stage) {
			s.src.set(func() { s.src.isAway["b"] = true })
			s.c.Erase(t.Context(), cache.Tag{Source: "crm", Customer: "b"})
		}, version: -1, calls: 1},
		{name: "another order", do: func(*testing.T, *stage) {}, parents: []string{"b", "a", "c", "d", "e"}},
		{name: "others", do: func(*testing.T, *stage) {}, parents: []string{"a", "b", "c", "d", "f"}, calls: 1},
		{name: "names that run into each other", do: func(*testing.T, *stage) {}, parents: []string{"ab", "c", "d", "e", ""}[:4], calls: 1, version: -1},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			s := play(t, cache.Config{TTL: time.Minute, Hard: 10 * time.Minute})
			ask := func(parents []string) datasources.Rows[schema.Order] {
				t.Helper()
				rows, err := s.r.ByParent(t.Context(), "customer", parents, datasources.Query{First: 5})
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range parents {
					if page := rows.Parent(i); len(page) == 1 && page[0].CustomerKey != p {
						t.Fatalf("%s has the row of %s", p, page[0].CustomerKey)
					}
				}
				return rows
			}
			var whole datasources.Rows[schema.Order]
			for range 4 {
				whole = ask(parents)
			}
			before := s.c.Stats()
			tc.do(t, s)
			calls := s.src.called()
			asked := parents
			if tc.parents != nil {
				asked = tc.parents
			}
			rows := ask(asked)
			if got := &rows.Pages; (len(*got) > 0 && &(*got)[0] == &whole.Pages[0]) != tc.isWhole {
				t.Errorf("found whole: %t", !tc.isWhole)
			}
			if tc.calls > 0 || !tc.isStale {
				if n := s.src.called() - calls; n != tc.calls {
					t.Errorf("%d calls, want %d", n, tc.calls)
				}
			}
			got := -1
			for i, p := range asked {
				if page := rows.Parent(i); p == "b" && len(page) == 1 {
					fmt.Sscan(page[0].Number, &got)
				}
			}
			if got != tc.version || rows.Stale != tc.isStale {
				t.Errorf("got version %d, stale %t", got, rows.Stale)
			}
			if tc.isWhole && s.c.Stats().L1Hits != before.L1Hits+uint64(len(parents)) {
				t.Errorf("%d hits", s.c.Stats().L1Hits-before.L1Hits)
			}
		})
	}
}

// A hit costs some allocations for each level, and none for each of its parents or rows.
func TestHitsAllocateForALevelOnly(t *testing.T) {
	for _, tc := range []struct {
		name string
		most float64
		ask  func(i int, keys []string) []string
	}{
		{"the same parents", 4, func(_ int, keys []string) []string { return keys }},
		{"other parents each time", 14, func(i int, keys []string) []string { return keys[i%100 : i%100+50] }},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c, err := cache.New(cache.Config{TTL: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			src := &bulk{lines: 2}
			r := datasources.ReaderOf[schema.Order](c.Wrap("crm", src), "Order")
			q := datasources.Query{Fields: datasources.NewFields("number", "status", "total"), First: 10}
			keys := make([]string, 150)
			for i := range keys {
				keys[i] = fmt.Sprintf("C%06d", i)
			}
			read := func(keys []string) {
				rows, err := r.ByParent(t.Context(), "customer", keys, q)
				if err != nil || rows.Len() != 10*len(keys) {
					t.Fatalf("%d rows, %v", rows.Len(), err)
				}
			}
			read(keys)
			eventually(t, "all written", func() bool { return c.Stats().Writes == 150 })
			i := 0
			next := func() { i++; read(tc.ask(i, keys)) }
			if tc.most < 10 {
				keys = keys[:50]
				next()
				next()
			}
			got := testing.AllocsPerRun(90, next)
			t.Logf("%.1f allocations for %d parents", got, len(tc.ask(0, keys)))
			if got > tc.most {
				t.Errorf("%.1f allocations, at most %.0f were agreed", got, tc.most)
			}
		})
	}
}

func BenchmarkHits(b *testing.B) {
	c, err := cache.New(cache.Config{TTL: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := datasources.ReaderOf[schema.Order](c.Wrap("crm", &bulk{}), "Order")
	keys := make([]string, 5000)
	for i := range keys {
		keys[i] = fmt.Sprintf("C%06d", i)
	}
	q := datasources.Query{Fields: datasources.NewFields("number", "status", "total"), First: 10}
	if _, err := r.ByParent(b.Context(), "customer", keys, q); err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		next int // how far the next question's parents are from this one's
	}{{"same", 0}, {"other", 50}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				if _, err := r.ByParent(b.Context(), "customer", keys[at:at+50], q); err != nil {
					b.Fatal(err)
				}
				at = (at + bb.next) % (len(keys) - 50)
			}
		})
	}
}
