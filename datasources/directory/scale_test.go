package directory_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
)

const scaleCustomers = 100_000

// nothing is a store that forgets, so that only the directory is measured.
type nothing struct{}

func (nothing) LoadDirectory(context.Context, directory.Intake) error   { return nil }
func (nothing) SaveDirectory(context.Context, *directory.Changes) error { return nil }

// fiveSystems makes n customers as five systems have them: a number in most, keys
// in some, slips in a few.
func fiveSystems(n int) map[string]records {
	world := map[string]records{}
	for i := range n {
		name := "Exemplu " + strconv.Itoa(i*7919%n) + " Comerț"
		for s, source := range labelledSources {
			r := rec{
				ID: guid(s, i*7919%n), Code: fmt.Sprintf("C%06d", i), Name: name, TaxID: idno(i), Email: fmt.Sprintf("office%d@exemplu%d.md", s, i),
				Phone: fmt.Sprintf("+373 22 %06d", i), Website: fmt.Sprintf("https://www.exemplu%d.md", i), Street: fmt.Sprintf("str. Ștefan cel Mare %d", i%200),
				City: "Chișinău", PostalCode: "MD-2001", CreatedAt: at(i % 700), ModifiedAt: at(i%700 + 30),
			}
			switch {
			case (i+s)%20 == 3:
				r.TaxID = ""
			case (i+s)%50 == 7:
				r.TaxID = spoil(r.TaxID)
			}
			if s == 0 && i%3 == 0 {
				r.ForeignIDs = map[string]string{"onec": guid(1, i*7919%n)}
			}
			world[source] = append(world[source], r)
		}
	}
	return world
}

func filledScale(b *testing.B, n int) (*directory.Directory, map[string]records) {
	b.Helper()
	world := fiveSystems(n)
	d := open(b, labelledConfig(), nothing{})
	began := time.Now()
	for _, s := range labelledSources {
		replace(b, d, s, world[s]...)
	}
	b.Logf("filled %d records in %s", len(labelledSources)*n, time.Since(began))
	return d, world
}

// cpuTime is what the process has used: the machine may be busy with others.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkScale is 100,000 customers in five systems: what a rebuild, a question and
// one changed record cost.
func BenchmarkScale(b *testing.B) {
	d, world := filledScale(b, scaleCustomers)
	ctx := b.Context()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	heap := float64(m.HeapAlloc) / 1e6
	b.Logf("heap with the world %.0f MB, resident %.0f MB", heap, rss(b))
	for _, c := range []struct {
		name   string
		change func(i int) (changed []rec, gone []string)
	}{
		{"apply a name", func(i int) ([]rec, []string) {
			r := world["crm"][i*7919%scaleCustomers]
			r.Name += " " + strconv.Itoa(i)
			return []rec{r}, nil
		}},
		{"apply a number, links and parts", func(i int) ([]rec, []string) {
			r := world["crm"][100]
			if i%2 == 0 {
				r.TaxID, r.ForeignIDs = "", nil
			}
			return []rec{r}, nil
		}},
		{"apply a new record that links", func(i int) ([]rec, []string) {
			r := world["crm"][200]
			if i%2 == 0 {
				return nil, []string{r.ID}
			}
			return []rec{r}, nil
		}},
		{"apply a new customer", func(i int) ([]rec, []string) {
			return []rec{{ID: "new" + strconv.Itoa(i), Name: "Nou " + strconv.Itoa(i), TaxID: idno(scaleCustomers + i)}}, nil
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			apply := func(i int) {
				changed, gone := c.change(i)
				if err := d.Apply(ctx, "crm", changed, gone, time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
			apply(0) // which makes what is made once
			cpu := cpuTime()
			n := 0
			for i := 1; b.Loop(); i++ {
				apply(i)
				n++
			}
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(n)/1000, "cpu-ms/op")
		})
	}
	runtime.KeepAlive(d)
}

// BenchmarkScaleQuestions is what the administrator's questions about 100,000
// customers in five systems cost after a change, and what a rebuild does.
func BenchmarkScaleQuestions(b *testing.B) {
	d, world := filledScale(b, scaleCustomers)
	ctx := b.Context()
	once := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			var total time.Duration
			n := 0
			for b.Loop() {
				r := world["crm"][0]
				r.Name += strconv.Itoa(n)
				if err := d.Apply(ctx, "crm", []rec{r}, nil, time.Time{}); err != nil {
					b.Fatal(err)
				}
				cpu := cpuTime()
				if err := f(); err != nil {
					b.Fatal(err)
				}
				total += cpuTime() - cpu
				n++
			}
			b.ReportMetric(float64(total.Milliseconds())/float64(n), "cpu-ms/op")
		})
	}
	once("rebuild, by a dry run", func() error { _, err := d.DryRun(ctx, directory.Config{}); return err })
	once("suggestions after a change", func() error {
		_, _, _, err := d.Suggestions(ctx, directory.SuggestionFilter{}, 50, "")
		return err
	})
	once("duplicates after a change", func() error { _, err := d.Duplicates(ctx); return err })
	once("conflicts after a change", func() error { _, _, _, err := d.ConflictsPage(ctx, directory.ConflictFilter{}, 50, ""); return err })
}
