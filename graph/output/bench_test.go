package output_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// lines are the columns of a table of order lines: texts that repeat and texts that do not, amounts, days, moments.
var lines = []output.Column{
	{Name: "key", Type: output.String},
	{Name: "source", Type: output.String},
	{Name: "order_id", Type: output.String},
	{Name: "line", Type: output.Int},
	{Name: "customer_id", Type: output.String},
	{Name: "customer_name", Type: output.String},
	{Name: "product_code", Type: output.String},
	{Name: "product_name", Type: output.String},
	{Name: "quantity", Type: output.Decimal, Scale: 3},
	{Name: "price_amount", Type: output.Decimal, Scale: 2},
	{Name: "total_amount", Type: output.Decimal, Scale: 2},
	{Name: "total_currency", Type: output.String},
	{Name: "ordered_at", Type: output.Date},
	{Name: "modified_at", Type: output.DateTime},
	{Name: "is_deleted", Type: output.Boolean},
}

const windowRows = 1000

// windows makes some windows of order lines, which a benchmark writes in turn.
func windows(n int) [][]schema.Value {
	r := rand.New(rand.NewPCG(1, 2))
	customers := make([]string, 500)
	for i := range customers {
		customers[i] = []string{"Exemplu Comerț SRL ", "ООО «Ромашка» ", "Acme Trading Ltd "}[i%3] + fmt.Sprint(i)
	}
	out := make([][]schema.Value, n)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for w := range out {
		for i := range windowRows {
			row := w*windowRows + i
			customer := r.IntN(len(customers))
			at := start.Add(time.Duration(r.IntN(80_000_000)) * time.Second)
			out[w] = append(
				out[w],
				schema.String(fmt.Sprintf("erp:%08d-%d", row/4, row%4)),
				schema.String("erp"),
				schema.String(fmt.Sprintf("o_%08x", row/4)),
				schema.Int(int64(row%4+1)),
				schema.String(fmt.Sprintf("c_%06d", customer)),
				schema.String(customers[customer]),
				schema.String(fmt.Sprintf("SKU-%05d", r.IntN(3000))),
				schema.String(fmt.Sprintf("Product number %d, blue", r.IntN(3000))),
				schema.Dec(decimal.MustNew(r.Int64N(100_000), 3)),
				schema.Dec(decimal.MustNew(r.Int64N(1_000_000), 2)),
				schema.Dec(decimal.MustNew(r.Int64N(100_000_000), 2)),
				schema.String([]string{"MDL", "EUR", "USD"}[r.IntN(3)]),
				schema.Time(at.Truncate(24*time.Hour)),
				schema.Time(at),
				schema.Bool(r.IntN(50) == 0),
			)
		}
	}
	return out
}

// formats are all writers under their names.
func formats() map[string]func(io.Writer) output.Writer {
	count := int64(1_000_000)
	return map[string]func(io.Writer) output.Writer{
		"csv":    func(w io.Writer) output.Writer { return output.NewCSV(w, output.CSVOptions{}) },
		"ndjson": func(w io.Writer) output.Writer { return output.NewNDJSON(w) },
		"odata": func(w io.Writer) output.Writer {
			return output.NewOData(w, output.ODataOptions{Context: "https://api.example.com/odata/$metadata#lines", Count: &count})
		},
		"odata-full": func(w io.Writer) output.Writer {
			return output.NewOData(w, output.ODataOptions{
				Context: "https://api.example.com/odata/$metadata#lines", Metadata: output.Full, EntityType: "trama.lines",
				Set: "https://api.example.com/odata/lines",
			})
		},
		"xlsx":         func(w io.Writer) output.Writer { return output.NewXLSX(w, output.XLSXOptions{}) },
		"parquet":      func(w io.Writer) output.Writer { return output.NewParquet(w, output.ParquetOptions{}) },
		"parquet-zstd": func(w io.Writer) output.Writer { return output.NewParquet(w, output.ParquetOptions{Zstd: true}) },
	}
}

// counter counts what it is given.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// peak follows how far the heap rises over what it was.
type peak struct {
	sample    []metrics.Sample
	idle, top uint64
}

func newPeak() *peak {
	p := &peak{sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
	runtime.GC()
	runtime.GC()
	p.look()
	p.idle, p.top = p.top, 0
	return p
}

func (p *peak) look() {
	metrics.Read(p.sample)
	p.top = max(p.top, p.sample[0].Value.Uint64())
}

func (p *peak) mib() float64 { return float64(max(p.top, p.idle)-p.idle) / (1 << 20) }

// BenchmarkMillion writes 1,000,000 order lines of 15 columns: rows a second,
// bytes a row and the most the heap rose over what it was, garbage included.
func BenchmarkMillion(b *testing.B) {
	const rows = 1_000_000
	data := windows(16)
	for _, name := range []string{"csv", "ndjson", "odata", "odata-full", "xlsx", "parquet", "parquet-zstd"} {
		b.Run(name, func(b *testing.B) {
			heap := newPeak()
			out := &counter{}
			var took, worked time.Duration
			for b.Loop() {
				out.n = 0
				began, at := time.Now(), cpu(b)
				w := formats()[name](out)
				must(b, w.Begin(lines))
				for i := range rows / windowRows {
					must(b, w.Rows(data[i%len(data)]))
					if i%8 == 0 {
						heap.look()
					}
				}
				must(b, w.End())
				took += time.Since(began)
				worked += cpu(b) - at
			}
			b.ReportMetric(rows*float64(b.N)/took.Seconds(), "rows/s")
			b.ReportMetric(rows*float64(b.N)/worked.Seconds(), "rows/cpu-s")
			b.ReportMetric(float64(out.n)/rows, "B/row")
			b.ReportMetric(heap.mib(), "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkEight writes eight tables of 250,000 rows at once: what all of them
// together hold.
func BenchmarkEight(b *testing.B) {
	const tables, rows = 8, 250_000
	data := windows(16)
	for _, name := range []string{"csv", "odata", "xlsx", "parquet", "parquet-zstd"} {
		b.Run(name, func(b *testing.B) {
			heap := newPeak()
			var worked time.Duration
			for b.Loop() {
				at := cpu(b)
				var g errgroup.Group
				for table := range tables {
					g.Go(func() error {
						w := formats()[name](&counter{})
						if err := w.Begin(lines); err != nil {
							return err
						}
						for i := range rows / windowRows {
							if err := w.Rows(data[(i+table)%len(data)]); err != nil {
								return err
							}
							if table == 0 {
								heap.look()
							}
						}
						return w.End()
					})
				}
				must(b, g.Wait())
				worked += cpu(b) - at
			}
			b.ReportMetric(tables*rows*float64(b.N)/worked.Seconds(), "rows/cpu-s")
			b.ReportMetric(heap.mib(), "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpu returns what time the process has had of the processors, which tells more
// than the clock when others use them too.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var use syscall.Rusage
	must(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
