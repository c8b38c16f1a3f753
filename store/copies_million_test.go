package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkMillion fills a copy with a million orders of 100,000 customers, in
// SQLite and in PostgreSQL, and asks it what the graph asks; with -short it has
// 20,000 rows. Figures beside the usual: the time of the median, the size of the
// database, the most memory this process had (of Linux).
func BenchmarkMillion(b *testing.B) {
	const rows = 1_000_000
	b.Run("sqlite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "trama.db")
		s, err := Open(b.Context(), "sqlite:"+path, Deps{})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		benchCopies(b, s, rows, func() (size int64) {
			for _, p := range []string{path, path + "-wal"} {
				if info, err := os.Stat(p); err == nil {
					size += info.Size()
				}
			}
			return size
		})
	})
	b.Run("postgres", func(b *testing.B) {
		s := emptyPostgres(b)
		benchCopies(b, s, rows, func() (size int64) {
			err := s.r.QueryRowContext(b.Context(), "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace").Scan(&size)
			if err != nil {
				b.Fatal(err)
			}
			return size
		})
	})
}

func benchCopies(b *testing.B, s *Store, n int, size func() int64) {
	ctx := context.Background()
	begun := time.Now()
	id := fillCopy(b, s, "Order", n, 1000, planRow)
	took := time.Since(begun)
	peak := peakMemory()
	b.Run("fill", func(b *testing.B) {
		for b.Loop() { //nolint:revive // it was done above, once
		}
		b.ReportMetric(took.Seconds(), "s/fill")
		b.ReportMetric(float64(n)/took.Seconds(), "rows/s")
		b.ReportMetric(float64(size())/1e6, "MB")
		b.ReportMetric(peak, "MB-peak")
	})
	r := rand.New(rand.NewPCG(1, 2))
	newest := schema.Sort{Column: "date", Desc: true}
	open := schema.AllOf(schema.Compare("status", schema.Eq, schema.String("open")), schema.Compare("total", schema.Gt, schema.Int(20)))
	list := func(where schema.Predicate, order schema.Sort, total bool) func() int {
		return func() int {
			a := copies.Ask{Source: "erp"}
			a.Where, a.Order, a.First, a.Total = where, order, 50, total
			at := planRow(r.IntN(n), n)
			a.After = &datasources.After{ID: at.Key}
			for j, c := range copies.Columns() {
				if c.Name == order.Column {
					a.After.Value = at.Values[j]
				}
			}
			found := 0
			if _, err := s.CopyList(ctx, id, a, func([]byte, int64) error { found++; return nil }); err != nil {
				b.Fatal(err)
			}
			return found
		}
	}
	parents := func(relation, format string, count, most, first int, total bool) func() int {
		return func() int {
			var names []string
			for range count {
				names = append(names, fmt.Sprintf(format, r.IntN(most)))
			}
			slices.Sort(names)
			names = slices.Compact(names)
			a := copies.Ask{Source: "erp"}
			a.Order, a.First, a.Total = newest, first, total
			found := 0
			if _, err := s.CopyByParent(ctx, id, relation, names, a, func(int, []byte, int64) error { found++; return nil }); err != nil {
				b.Fatal(err)
			}
			return found
		}
	}
	version := 0
	for _, c := range []struct {
		name string
		ask  func() int
	}{
		{"list=50 newest", list(schema.Predicate{}, newest, false)},
		{"list=50 filtered", list(open, newest, false)},
		{"list=50 filtered by total", list(open, schema.Sort{Column: "total"}, false)},
		{"list=50 filtered by total down", list(open, schema.Sort{Column: "total", Desc: true}, false)},
		{"list=50 filtered, counted", list(open, newest, true)},
		{"parents=50x5", parents("customer", "c%06d", 50, n/10, 5, false)},
		{"parents=50x5 counted", parents("customer", "c%06d", 50, n/10, 5, true)},
		{"parents=1x5", parents("customer", "c%06d", 1, n/10, 5, false)},
		{"links=50", parents("orderNumber", "N%d", 50, n/2, 10, false)},
		{"keys=500", func() int {
			var keys []string
			for range 500 {
				keys = append(keys, planRow(r.IntN(n), n).Key)
			}
			found := 0
			if _, err := s.CopyByKeys(ctx, id, keys, false, func([]byte, int64) error { found++; return nil }); err != nil {
				b.Fatal(err)
			}
			return found
		}},
		{"changes=500", func() int {
			version++
			change := &copies.ChangeSet{At: time.Now(), Followed: time.Now()}
			at := r.IntN(n - 500)
			for i := range 500 {
				row := planRow(at+i, n)
				row.Hash = fmt.Appendf(nil, "%016d", version*n+i)
				change.Rows = append(change.Rows, row)
			}
			if _, err := s.SaveChanges(ctx, id, change); err != nil {
				b.Fatal(err)
			}
			return 500
		}},
		{"stale=500", func() int {
			var keys []datasources.Keyed
			for range 500 {
				keys = append(keys, datasources.Keyed{Key: planRow(r.IntN(n), n).Key, Version: "none"})
			}
			stale, err := s.StaleKeys(ctx, id, keys)
			if err != nil {
				b.Fatal(err)
			}
			return len(stale)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			found := 0
			for b.Loop() {
				begun := time.Now()
				found += c.ask()
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(found)/float64(len(took)), "rows")
		})
	}
}

// peakMemory is the most memory this process ever had, in MB, 0 = not known.
func peakMemory() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kb float64
	if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
		_, _ = fmt.Sscan(rest, &kb)
	}
	return kb / 1000
}
