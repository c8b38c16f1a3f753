package odata

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkPage reads a page of orders of twelve columns: in one pass, in two as
// before, and as a whole call without a network.
func BenchmarkPage(b *testing.B) {
	for _, v := range []version{v2, v3, v4} {
		for _, n := range []int{50, 1000} {
			body := rigBody(v, n)
			w := rigView[schema.Order, *schema.Order](b, v, "Order")
			f := rigColumns()
			x, plan := w.wish(f), w.plan.Select(f)
			run := func(name string, read func() int) {
				b.Run(fmt.Sprintf("v%d/%d/%s", v, n, name), func(b *testing.B) {
					b.SetBytes(int64(len(body)))
					b.ReportAllocs()
					defer spent(b, processor())
					for b.Loop() {
						if got := read(); got != n {
							b.Fatal(got)
						}
					}
				})
			}
			run("once", func() int {
				p, err := decodePage(body, x.shape)
				if err != nil {
					b.Fatal(err)
				}
				var out fetched[schema.Order]
				if err := w.amend(p, &request{wish: x}, nil, &out); err != nil {
					b.Fatal(err)
				}
				rows, _ := plan.Rows(p.rows, plan.Tally(), nil)
				p.rows.Free()
				return len(rows)
			})
			shape := mapping.NewShape(x.want.names(protocolNames())...)
			run("twice", func() int {
				p, err := decodeTwice(body, shape)
				if err != nil {
					b.Fatal(err)
				}
				r := rewriter{lit: w.lit, want: x.want, keys: w.keys, out: make([]byte, 0, len(body))}
				r.rows(p.rows)
				doc, err := plan.Shape().Parse(r.out)
				if err != nil {
					b.Fatal(err)
				}
				rows, _ := plan.Rows(doc.Root(), plan.Tally(), nil)
				doc.Free()
				p.doc.Free()
				return len(rows)
			})
			r := rigReader[schema.Order, *schema.Order](b, v, "Order", body)
			run("call", func() int {
				rows, err := r.List(b.Context(), datasources.Query{Fields: f, First: n})
				if err != nil {
					b.Fatal(err)
				}
				return len(rows.Items)
			})
		}
	}
}

// processor is the time of all processors the process has taken, which tells more
// than the clock on a machine that does other work too.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func spent(b *testing.B, since time.Duration) {
	b.ReportMetric(float64(processor()-since)/float64(b.N), "cpu-ns/op")
}
