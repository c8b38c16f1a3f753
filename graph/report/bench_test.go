package report_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// endless is a Runner that gives a number of rows of any operation, as graph/engine gives
// them: in windows of 256, in a slice that is used again. Its cells' values repeat; every
// third row has no text.
type endless struct{ rows int }

func (e endless) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	const size = 256
	width := dataset.FixedColumns + len(op.Query.Cells)
	block := make([]schema.Value, size*width)
	ids := make([]string, size)
	for i := range size {
		ids[i] = fmt.Sprintf("b3JkZXI_%06d", i)
		for j := range op.Query.Cells {
			v := &block[i*width+dataset.FixedColumns+j]
			switch op.Query.Cells[j].Type {
			case dataset.Text:
				if *v = schema.String(ids[i]); i%3 == 0 && j > 0 {
					*v = schema.Null
				}
			case dataset.Int:
				*v = schema.Int(int64(i))
			case dataset.Decimal:
				*v = dec("1250.50")
			case dataset.DateTime:
				*v = at("2026-03-04T08:15:00Z")
			case dataset.Boolean:
				*v = schema.Bool(true)
			}
		}
	}
	numbers := make([]int, size)
	for i := range numbers {
		numbers[i] = i%3 + 1
	}
	places := 0
	for _, k := range op.Query.Key {
		if k.Cell < 0 {
			places++
		}
	}
	w := &report.Window{After: func(n int) (string, int) { return "cursor", n % 3 }}
	for left := e.rows; left > 0; left -= w.Rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.Rows = min(left, size)
		w.Cells, w.Numbers, w.IsLast = block[:w.Rows*width], numbers[:w.Rows*places], left <= size
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

// nowhere takes rows and does nothing.
type nowhere struct{ rows int }

func (*nowhere) Begin([]output.Column) error { return nil }
func (n *nowhere) Rows(cells []schema.Value) error {
	n.rows += len(cells)
	return nil
}
func (*nowhere) End() error { return nil }

const manyText = `query d @dataset(label: "d", grain: "orders.lines") { orders { nodes { number customerReference shop status date customer { id name country } lines { position sku name quantity unit unitPrice discount taxRate total } } } }`

// BenchmarkRead measures what this package adds to a row of the 26 columns of order lines.
func BenchmarkRead(b *testing.B) {
	tb := table(b, manyText)
	for _, c := range []struct{ name, query string }{
		{"all", ""},
		{"selected", "$select=key,sku,quantity,total_amount"},
		{"filtered", "$filter=sku%20ne%20'x'%20and%20quantity%20gt%201"},
		{"sorted and cut", "$orderby=sku&$top=1000"},
	} {
		b.Run(c.name, func(b *testing.B) {
			const rows = 100_000
			r, _ := ask(b, tb, c.query, report.Limits{PageRows: 1 << 30})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Read(b.Context(), endless{rows}, &nowhere{}, odata.Position{Count: -1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkExport measures whole files.
func BenchmarkExport(b *testing.B) {
	tb := table(b, manyText)
	for _, f := range output.Formats() {
		b.Run(string(f), func(b *testing.B) {
			const rows = 100_000
			r, _ := ask(b, tb, "", report.Limits{})
			b.ReportAllocs()
			for b.Loop() {
				must(b, r.Export(b.Context(), endless{rows}, f, io.Discard, output.Options{}))
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkOf measures the folding of a question.
func BenchmarkOf(b *testing.B) {
	tb := table(b, manyText)
	q := parse(b, tb, "d", "$filter=order_date%20ge%202026-01-01T00:00:00Z%20and%20order_date%20lt%202026-02-01T00:00:00Z%20and%20sku%20ne%20'x'&$orderby=order_date")
	b.ReportAllocs()
	for b.Loop() {
		of(b, tb, q, report.Limits{})
	}
}

// TestConstantMemory holds that an answer of ten times the rows takes no more memory,
// filtered or cut after sorting.
func TestConstantMemory(t *testing.T) {
	tb := table(t, manyText)
	for _, query := range []string{"", "$filter=sku%20ne%20'x'", "$orderby=sku&$top=100"} {
		grown := func(rows int) uint64 {
			r, _ := ask(t, tb, query, report.Limits{PageRows: 1 << 30})
			w := &peak{every: 50_000}
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := r.Read(t.Context(), watched{endless{rows}, w}, &nowhere{}, odata.Position{Count: -1})
			must(t, err)
			return w.heap - min(w.heap, before.HeapAlloc)
		}
		few, many := grown(50_000), grown(500_000)
		t.Logf("%q: %d KB of 50,000 rows, %d KB of 500,000", query, few>>10, many>>10)
		if many > few+4<<20 {
			t.Errorf("%s: memory grew from %d to %d bytes", query, few, many)
		}
	}
}

// peak is the greatest heap that was seen, its garbage collected.
type peak struct {
	every, seen int
	heap        uint64
}

type watched struct {
	endless
	peak *peak
}

func (w watched) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	return w.endless.Run(ctx, op, func(win *report.Window) error {
		err := f(win)
		if w.peak.seen += win.Rows; w.peak.seen >= w.peak.every {
			w.peak.seen = 0
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			w.peak.heap = max(w.peak.heap, m.HeapAlloc)
		}
		return err
	})
}
