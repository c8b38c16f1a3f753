package report_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

func manyOrders(n int) *memory {
	m := &memory{roots: map[string][]record{}}
	for i := range n {
		m.roots["orders"] = append(m.roots["orders"], order(i, fmt.Sprintf("N%03d", n-i), strings.Repeat("s", i%3), fmt.Sprint(i), "2026-01-01T00:00:00Z", "x"))
	}
	return m
}

func TestLimits(t *testing.T) {
	orders, lines, months := table(t, ordersText), table(t, linesText), table(t, monthsText)
	small := report.Limits{Scanned: 10, Sorted: 5, PageRows: 4, SortedPageRows: 5}
	for _, c := range []struct {
		name, query, want string
		rows              int
		isLines, isMonths bool
	}{
		{name: "scanned", query: "$filter=notes eq 'x'", rows: 20, want: "$filter: to compare by notes is not supported over more than 10 rows; filter also by number, shop, status, date, total_amount"},
		{name: "scanned over lines", query: "$filter=sku eq 'x'", rows: 20, isLines: true, want: "$filter: to compare by sku is not supported over more than 10 rows; filter also by modifiedAt, order_number, order_shop, order_status, order_date"},
		{name: "narrowed", query: "$filter=notes eq 'x' and total_amount lt 9", rows: 20},
		{name: "folded", query: "$filter=number ne 'x'", rows: 20},
		{name: "sorted", query: "$orderby=notes", rows: 6, want: "$orderby: to sort by notes is not supported over more than 5 rows; sort by one of date, total_amount, updatedAt"},
		{name: "sorted by several", query: "$orderby=date,notes desc", rows: 6, want: "$orderby: to sort by date, notes is not supported over more than 5 rows; sort by one of total_amount, updatedAt"},
		{name: "sorted, few", query: "$orderby=notes", rows: 5},
		{name: "sorted and cut", query: "$orderby=notes&$top=5", rows: 9},
		{name: "sorted and cut far behind", query: "$orderby=notes&$top=3&$skip=3", rows: 9, want: "$orderby: to sort by notes is not supported over more than 5 rows; sort by one of date, total_amount, updatedAt"},
		{name: "sorted and scanned", query: "$orderby=notes&$top=1", rows: 20, want: "$orderby: to sort by notes is not supported over more than 10 rows; sort by one of date, total_amount, updatedAt"},
		{name: "sorted by the list", query: "$orderby=date", rows: 20},
		{name: "added up", query: "$filter=n gt 0&$orderby=n", rows: 20, isMonths: true},
		{name: "counted", query: "$count=true&$orderby=notes&$top=1&$filter=number ne 'x'", rows: 11, want: "$orderby: to sort by notes is not supported over more than 10 rows; sort by one of date, total_amount, updatedAt"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			tb := orders
			if c.isLines {
				tb = lines
			} else if c.isMonths {
				tb = months
			}
			q := parse(t, tb, "d", strings.ReplaceAll(c.query, " ", "%20"))
			m := manyOrders(c.rows)
			err := readAll(t.Context(), t, q, of(t, tb, q, small), m)
			if c.want == "" {
				must(t, err)
				return
			}
			var e *odata.Error
			if !errors.As(err, &e) || e.Message != c.want || odata.Status(err) != http.StatusNotImplemented || e.Feature == "" {
				t.Errorf("got %v (status %d)\nwant %s", err, odata.Status(err), c.want)
			}
		})
	}
}

// readAll reads page after page by their positions.
func readAll(ctx context.Context, tb testing.TB, q *odata.Question, r *report.Report, with report.Runner) error {
	tb.Helper()
	p, err := r.Start(ctx, with)
	if err != nil {
		return err
	}
	for next := &p; next != nil; {
		if next, err = r.Read(ctx, with, &sheet{}, *next); err != nil {
			return err
		}
	}
	return nil
}

// TestLongRows holds that pages of long rows are shorter, and that what must be held and
// is too long is refused.
func TestLongRows(t *testing.T) {
	tb := table(t, ordersText)
	m := manyOrders(40)
	for _, o := range m.roots["orders"] {
		o["notes"] = schema.String(strings.Repeat("n", 1000))
	}
	q := parse(t, tb, "d", "$select=key,notes&$orderby=number")
	r := of(t, tb, q, report.Limits{SortedBytes: 12_000})
	var keys []string
	pages := 0
	for next := (&odata.Position{Count: -1}); next != nil; pages++ {
		w := &sheet{}
		var err error
		next, err = r.Read(t.Context(), m, w, *next)
		must(t, err)
		for _, row := range w.rows {
			keys = append(keys, row[0].Str)
		}
	}
	if len(keys) != 40 || keys[0] != "o039" || keys[39] != "o000" || pages < 4 || pages > 10 {
		t.Errorf("%d pages, %v", pages, keys)
	}
	if err := r.Export(t.Context(), m, output.FormatCSV, &strings.Builder{}, output.Options{}); err == nil || odata.Status(err) != http.StatusNotImplemented {
		t.Errorf("got %v", err)
	}
}

// TestTop holds that no more is read than is wanted.
func TestTop(t *testing.T) {
	tb := table(t, ordersText)
	for _, c := range []struct {
		query string
		most  int
	}{
		{"$top=2&$skip=1", 3},
		{"$top=2&$filter=notes%20eq%20null", 3}, // a window
		{"", 12},                                // a page of 10
		{"('o004')", 6},
	} {
		m := manyOrders(60)
		path, query := "d", c.query
		if strings.HasPrefix(query, "(") {
			path, query = path+query, ""
		}
		r := of(t, tb, parse(t, tb, path, query), report.Limits{PageRows: 10})
		_, err := r.Read(t.Context(), m, &sheet{}, odata.Position{Count: -1})
		must(t, err)
		if m.yielded > c.most {
			t.Errorf("%s: %d rows were read", c.query, m.yielded)
		}
	}
}

// TestLastPage holds that an answer that ends with a page has no empty one behind it.
func TestLastPage(t *testing.T) {
	tb := table(t, ordersText)
	for _, query := range []string{"", "$orderby=notes", "$top=8&$orderby=date", "$filter=notes%20eq%20null"} {
		r, _ := ask(t, tb, query, pages(8))
		next, err := r.Read(t.Context(), manyOrders(8), &sheet{}, odata.Position{Count: -1})
		if err != nil || next != nil {
			t.Errorf("%s: got %v, %v", query, next, err)
		}
	}
}

// failing is a Runner whose source fails, after some rows or at once.
type failing struct {
	*memory
	after int
	err   error
}

func (f failing) Run(ctx context.Context, op *report.Operation, take func(*report.Window) error) error {
	n := 0
	return f.memory.Run(ctx, op, func(w *report.Window) error {
		if n += w.Rows; n > f.after {
			return f.err
		}
		return take(w)
	})
}

func TestFailures(t *testing.T) {
	down := schema.SourceErrorf(schema.SourceUnavailable, "erp", "erp did not answer")
	for _, query := range []string{"", "$orderby=notes", "$filter=notes%20eq%20null", "$count=true"} {
		for _, text := range []string{ordersText, monthsText} {
			if text == monthsText {
				query = ""
			}
			tb := table(t, text)
			q := parse(t, tb, "d", query)
			err := readAll(t.Context(), t, q, of(t, tb, q, report.Limits{}), failing{manyOrders(9), 5, down})
			if !errors.Is(err, down) {
				t.Errorf("%s: got %v", query, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tb := table(t, ordersText)
	r, q := ask(t, tb, "", report.Limits{})
	if err := readAll(ctx, t, q, r, manyOrders(9)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// broken is a client that went away.
type broken struct{ sheet }

func (*broken) Rows([]schema.Value) error { return errGone }

var errGone = errors.New("the client has gone")

func TestBrokenWriter(t *testing.T) {
	tb := table(t, ordersText)
	for _, query := range []string{"", "$orderby=notes"} {
		r, _ := ask(t, tb, query, report.Limits{})
		if _, err := r.Read(t.Context(), manyOrders(9), &broken{}, odata.Position{Count: -1}); !errors.Is(err, errGone) {
			t.Errorf("%s: got %v", query, err)
		}
	}
}
