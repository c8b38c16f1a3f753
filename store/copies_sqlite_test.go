package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

func openLiteStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fiftyParents are customers that exist.
func fiftyParents() []string {
	parents := make([]string, 50)
	for i := range parents {
		parents[i] = fmt.Sprintf("c%06d", i*3)
	}
	return parents
}

// TestCopyAllocations: reading costs no allocation for a row.
func TestCopyAllocations(t *testing.T) {
	s := openLiteStore(t)
	id := fillCopy(t, s, "Order", 2000, 1000, planRow)
	var keys []string
	for i := range 200 {
		keys = append(keys, planRow(i*7, 2000).Key)
	}
	for _, c := range []struct {
		name  string
		order schema.Sort
		most  float64
	}{
		{"as the index has them", schema.Sort{Column: "date", Desc: true}, 60},
		{"sorted", schema.Sort{Column: "updatedAt", Desc: true}, 60},
		{"by keys", schema.Sort{}, 20},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Source, a.Order, a.First = "erp", c.order, 50
			parents, found := fiftyParents(), 0
			got := testing.AllocsPerRun(20, func() {
				found = 0
				var err error
				if c.name == "by keys" {
					_, err = s.CopyByKeys(t.Context(), id, keys, false, func([]byte, int64) error { found++; return nil })
				} else {
					_, err = s.CopyByParent(t.Context(), id, "customer", parents, a, func(int, []byte, int64) error { found++; return nil })
				}
				if err != nil {
					t.Fatal(err)
				}
			})
			if found < 200 {
				t.Fatalf("%d rows", found)
			}
			t.Logf("%.0f allocations for %d rows", got, found)
			if got > c.most {
				t.Errorf("%.0f allocations, want at most %.0f", got, c.most)
			}
		})
	}
}

// TestLiteStops: a reading ends with its context, wherever it is, and with what its
// caller does; its connection serves the next one. Close waits, and ends all.
func TestLiteStops(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := openLiteStore(t)
	id := fillCopy(t, s, "Order", 200, 200, planRow)
	list := func(ctx context.Context, row func() error) error {
		_, err := s.CopyList(ctx, id, copies.Ask{Source: "erp"}, func([]byte, int64) error { return row() })
		return err
	}
	endless := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	t.Run("case=in a long statement", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.copied(ctx, "count for ever", func(c *liteConn) error {
			cancel()
			return c.each(endless, nil, func(*liteStmt) error { return nil })
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("case=before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := list(ctx, func() error { t.Error("a row"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("case=many at once", func(t *testing.T) {
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%3 == 0 {
					cancel()
				}
				var a copies.Ask
				a.First = i
				n := 0
				_, err := s.CopyByParent(ctx, id, "customer", []string{"c000001", "c000002"}, a, func(int, []byte, int64) error { n++; return nil })
				if i%3 == 0 && !errors.Is(err, context.Canceled) || i%3 != 0 && (err != nil || n != min(2*i, 20)) {
					t.Errorf("%d rows, %v", n, err)
				}
			})
		}
		all.Wait()
	})
	t.Run("case=in a panic", func(t *testing.T) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = s.copied(t.Context(), "fail", func(*liteConn) error { panic("a caller's mistake") })
		}()
		if len(s.lite.free) != readers {
			t.Errorf("%d places are free", len(s.lite.free))
		}
	})
	t.Run("case=many statements", func(t *testing.T) {
		for i := range 3 * keptStatements {
			var a copies.Ask
			a.Where, a.First, a.Total = schema.Compare("status", schema.Contains, schema.String("o")), i+1, true
			a.Order = schema.Sort{Column: "updatedAt"}
			if _, err := s.CopyByParent(t.Context(), id, "customer", []string{"c000001"}, a, func(int, []byte, int64) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range s.lite.idle {
			if len(c.kept) > keptStatements+5 {
				t.Errorf("%d statements are kept", len(c.kept))
			}
		}
	})
	t.Run("case=an error of the database", func(t *testing.T) {
		err := s.copied(t.Context(), "ask", func(c *liteConn) error { return c.once("SELECT missing") })
		if err == nil || !strings.Contains(err.Error(), "no such column: missing") {
			t.Error(err)
		}
		err = s.copied(t.Context(), "write", func(c *liteConn) error { return c.once("DELETE FROM copy_rows") })
		if err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Error(err)
		}
	})
	t.Run("case=closed", func(t *testing.T) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := list(t.Context(), func() error { return nil }); !errors.Is(err, errClosed) {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestFewAndMany: a parent's page is the same whether its rows are sorted here or by
// the database, and however many it has.
func TestFewAndMany(t *testing.T) {
	s := openLiteStore(t)
	id := fillCopy(t, s, "Order", 3*fewRows, 50, func(i, n int) copies.Row {
		row := planRow(i, n)
		for j, c := range copies.Columns() {
			if c.Name == "customer" {
				row.Values[j] = schema.String([]string{"few", "many", "many"}[i%3])
			}
		}
		row.Data = []byte(row.Key)
		return row
	})
	page := func(order schema.Sort, first int, parents ...string) (keys []string, more bool, total int) {
		var a copies.Ask
		a.Order, a.First, a.Total = order, first, true
		last := len(parents) - 1
		answer, err := s.CopyByParent(t.Context(), id, "customer", parents, a, func(parent int, data []byte, _ int64) error {
			if parent == last {
				keys = append(keys, string(data))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return keys, answer.More[last], answer.Totals[last]
	}
	for _, order := range []schema.Sort{{}, {Column: "updatedAt", Desc: true}, {Column: "total"}, {Column: "status", Desc: true}, {Column: "date", Desc: true}} {
		for parent, n := range map[string]int{"few": fewRows, "many": 2 * fewRows} {
			whole, more, _ := page(order, manyRows+1, parent) // sorted by the database
			if len(whole) != n || more {
				t.Fatalf("%s has %d rows, %t", parent, len(whole), more)
			}
			for _, first := range []int{0, 1, fewRows - 1, fewRows, fewRows + 1, 2 * fewRows, 3 * fewRows} {
				// Alone, together with others, behind one who has too many, and beside a name
				// that is no plain text.
				for _, others := range [][]string{nil, {"nobody"}, {"few", "nobody"}, {"many"}, {"no\x00bo\"dy\xff"}} {
					keys, more, total := page(order, first, append(others, parent)...)
					if !slices.Equal(keys, whole[:min(first, n)]) || more != (n > first) || total != n {
						t.Errorf("%s behind %q, first %d, by %+v: %d rows, %t, %d", parent, others, first, order, len(keys), more, total)
					}
				}
			}
		}
	}
}
