package mapping_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/e2e/bench/scan"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkRig reads the bodies of the joined question of 50 customers, by the plan
// of its columns and by the hand-written scan, which decodes nothing.
func BenchmarkRig(b *testing.B) {
	for _, n := range []int{50, 500} {
		tickets, quotes, orders, invoices := rig(n)
		name := map[int]string{50: "50", 500: "500"}[n]
		bench := func(entity string, body []byte, keys, lines []string, read func(body []byte) int) {
			b.Run(name+"/"+entity+"/rows", func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				defer spent(b, processor())
				for b.Loop() {
					if read(body) == 0 {
						b.Fatal("no rows")
					}
				}
			})
			b.Run(name+"/"+entity+"/floor", func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				rows := make([]scan.Record, 0, 4*n)
				defer spent(b, processor())
				for b.Loop() {
					rows = rows[:0]
					if !scan.Rows(body, keys, func(r *scan.Record) { rows = append(rows, *r) }) {
						b.Fatal("malformed")
					}
					for i := range rows {
						if lines != nil && !scan.Rows(rows[i][5], lines, func(*scan.Record) {}) {
							b.Fatal("malformed lines")
						}
					}
				}
			})
		}
		bench("tickets", tickets, []string{"number", "title", "state", "priority", "customerId"}, nil, reading[schema.Ticket](b, rigTickets(), "number", "title", "state", "priority", "customer"))
		bench("quotes", quotes, []string{"number", "status", "total", "customerId"}, nil, reading[schema.Quote](b, rigQuotes(), "number", "status", "total", "customer"))
		bench("orders", orders, []string{"id", "number", "status", "total", "customerId", "lines"}, []string{"articleCode", "qty", "unitPrice"},
			reading[schema.Order](b, rigOrders(), "number", "status", "total", "customer", "lines"))
		bench("invoices", invoices, []string{"number", "status", "total", "paid", "customerId", "orderId"}, nil,
			reading[schema.Invoice](b, rigInvoices(), "number", "status", "total", "paid", "customer", "order"))
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

func reading[T any](tb testing.TB, o mapping.Options, columns ...string) func(body []byte) int {
	tb.Helper()
	plan, err := mapping.Compile[T](o)
	if err != nil {
		tb.Fatal(err)
	}
	root, err := mapping.ParsePaths([]string{"$"})
	if err != nil {
		tb.Fatal(err)
	}
	fields := datasources.NewFields(columns...)
	return func(body []byte) int {
		plan := plan.Select(fields)
		doc, err := plan.Shape().Parse(body)
		if err != nil {
			tb.Fatal(err)
		}
		records, err := mapping.Rows(doc.Root(), root)
		if err != nil {
			tb.Fatal(err)
		}
		tally := plan.Tally()
		rows, lost := plan.Rows(records, tally, nil)
		if lost > 0 {
			tb.Fatal("a record was lost")
		}
		doc.Free()
		return len(rows)
	}
}

func rigTickets() mapping.Options {
	return mapping.Options{Entity: "Ticket", Source: "helpdesk", Fields: mapping.Fields{
		"id": at("id"), "number": at("number"), "title": at("title"), "state": at("state"), "priority": at("priority"), "queue": at("queue"),
		"createdAt": at("createdAt"), "customer": at("customerId"),
	}}
}

func rigQuotes() mapping.Options {
	return mapping.Options{Entity: "Quote", Source: "erp", Fields: mapping.Fields{
		"id": at("id"), "number": at("number"), "status": at("status"), "total": at("total"), "currency": at("currency"),
		"createdAt": at("createdAt"), "customer": at("customerId"),
	}}
}

func rigOrders() mapping.Options {
	return mapping.Options{Entity: "Order", Source: "erp", Fields: mapping.Fields{
		"id": at("id"), "number": at("number"), "status": at("status"), "total": at("total"), "currency": at("currency"),
		"createdAt": at("createdAt"), "customer": at("customerId"),
		"lines": {At: []string{"lines"}, Fields: mapping.Fields{"sku": at("articleCode"), "name": at("label"), "quantity": at("qty"), "unitPrice": at("unitPrice")}},
	}}
}

func rigInvoices() mapping.Options {
	return mapping.Options{Entity: "Invoice", Source: "acc", Currency: "EUR", Fields: mapping.Fields{
		"id": at("id"), "number": at("number"), "status": at("status"), "total": at("total"), "paid": at("paid"), "dueDate": at("dueDate"),
		"customer": at("customerId"), "order": at("orderId"),
	}}
}
