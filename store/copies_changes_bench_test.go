package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// BenchmarkChanges writes 500 changed rows among 20,000, one transaction each time.
func BenchmarkChanges(b *testing.B) {
	s, err := Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "trama.db"), Deps{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	set, err := s.OpenCopy(b.Context(), "erp", "Order", "L")
	if err != nil {
		b.Fatal(err)
	}
	const all = 20_000
	save := func(from, n, round int) {
		c := &copies.ChangeSet{At: time.Now()}
		for i := from; i < from+n; i++ {
			row := planRow(i%all, all)
			row.Hash = fmt.Append(nil, round, " ", i)
			c.Rows = append(c.Rows, row)
		}
		if _, err := s.SaveChanges(b.Context(), set.ID, c); err != nil {
			b.Fatal(err)
		}
	}
	save(0, all, 0)
	b.ReportAllocs()
	round := 0
	for b.Loop() {
		round++
		save(round*500, 500, round)
	}
}
