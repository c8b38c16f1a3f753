package directory_test

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// rss is the resident memory of the process in MB.
func rss(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc")
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.ParseFloat(f[1], 64)
			return n / 1024
		}
	}
	return 0
}

const benchCustomers = 100_000

// filledStore makes a database with the directory of 100,000 customers in it.
func filledStore(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "trama.db")
	st, err := store.Open(b.Context(), "sqlite:"+path, store.Deps{})
	if err != nil {
		b.Fatal(err)
	}
	d := open(b, config(), st)
	crm, books := synthetic(benchCustomers)
	began := time.Now()
	replace(b, d, "crm", crm...)
	b.ReportMetric(time.Since(began).Seconds(), "s/first")
	began = time.Now()
	replace(b, d, "books", books...)
	b.ReportMetric(time.Since(began).Seconds(), "s/second")
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkOpen is the start-up from a filled database.
func BenchmarkOpen(b *testing.B) {
	path := filledStore(b)
	b.ResetTimer()
	for b.Loop() {
		st, err := store.Open(b.Context(), "sqlite:"+path, store.Deps{})
		if err != nil {
			b.Fatal(err)
		}
		d := open(b, config(), st)
		b.StopTimer()
		peak := rss(b)
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(peak, "MB-rss-peak")
		b.ReportMetric(rss(b), "MB-rss-settled")
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
		if _, n, err := d.Status("crm"); n != benchCustomers || err != nil {
			b.Fatal(n, err)
		}
		runtime.KeepAlive(d)
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func filledDirectory(b *testing.B) (*directory.Directory, records, records) {
	d := open(b, config(), newMemory())
	crm, books := synthetic(benchCustomers)
	replace(b, d, "crm", crm...)
	replace(b, d, "books", books...)
	return d, crm, books
}

// BenchmarkReplace is a refresh in which one record of 100,000 changed, and one in
// which none did.
func BenchmarkReplace(b *testing.B) {
	d, crm, _ := filledDirectory(b)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			replace(b, d, "crm", crm...)
		}
	})
	b.Run("changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			crm[0].Name = strconv.Itoa(i)
			replace(b, d, "crm", crm...)
		}
	})
}

func BenchmarkReads(b *testing.B) {
	d, crm, _ := filledDirectory(b)
	key, _ := d.Golden("crm", crm[77].ID)
	basic := datasources.NewFields("name", "taxId", "email")
	b.Run("golden", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Golden("crm", crm[77].ID)
		}
	})
	b.Run("keys", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Keys(key, "books")
		}
	})
	b.Run("keys assumed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Keys(key, "helpdesk")
		}
	})
	b.Run("by key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.ByKeys(b.Context(), []string{key}, basic)
		}
	})
	b.Run("by key all fields", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.ByKeys(b.Context(), []string{key}, nil)
		}
	})
	b.Run("page of 50", func(b *testing.B) {
		for b.Loop() {
			_, _ = d.List(b.Context(), datasources.Query{First: 50, Fields: basic, Total: true})
		}
	})
	b.Run("filtered with total", func(b *testing.B) {
		q := datasources.Query{First: 50, Fields: basic, Total: true, Where: schema.Compare("name", schema.Contains, schema.String("777"))}
		for b.Loop() {
			_, _ = d.List(b.Context(), q)
		}
	})
}
