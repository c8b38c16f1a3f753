package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/store/servicetest"
)

// BenchmarkFillDirectory writes the first reading of a source of 100,000 customers.
func BenchmarkFillDirectory(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				address := "sqlite:" + b.TempDir() + "/trama.db"
				if kind == "postgres" {
					address = servicetest.Postgres(b)
				}
				s := openAt(b, address)
				c := &directory.Changes{}
				for i := range int64(100_000) {
					c.Golden = append(c.Golden, directory.Golden{Seq: i + 1, ID: fmt.Sprintf("c_%020d", i), CreatedAt: time.Now()})
					c.Members = append(c.Members, directory.MemberChange{Member: directory.Member{
						Source: "crm", RecordID: fmt.Sprintf("%036d", i), Customer: i + 1, Origin: i + 1, Data: make([]byte, 250),
					}})
				}
				began := time.Now()
				if err := s.SaveDirectory(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s/100k")
				s.Close()
			}
		})
	}
}
