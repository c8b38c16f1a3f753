package copies_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// benchRows are orders as a shop has them: three lines, 2,000 customers.
func benchRows(n int) []schema.Order {
	r := rand.New(rand.NewPCG(1, 2))
	one, two := decimal.MustParse("2.5"), decimal.MustParse("20")
	var rows []schema.Order
	for i := range n {
		x := order(i, []string{"open", "shipped", "invoiced", "cancelled"}[r.IntN(4)])
		x.Key = fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i)
		x.CustomerKey = fmt.Sprintf("c%05d", i%(max(n/10, 1)))
		x.Date = time.Date(2024, 1, 1, 0, r.IntN(1_000_000), 0, 0, time.UTC)
		x.UpdatedAt = x.Date.Add(time.Hour)
		x.CustomerReference, x.Notes = fmt.Sprintf("PO %d", i), "Leave at the gate, please"
		x.QuoteNumbers = []string{fmt.Sprintf("Q-%d", i)}
		for j := range 3 {
			x.Lines = append(x.Lines, &schema.OrderLine{
				Position: &j, SKU: fmt.Sprintf("ART-%d", r.IntN(500)), Name: "Cable 5 m, black", Quantity: &one, Unit: "pcs",
				UnitPrice: schema.NewMoney(decimal.MustParse("125.00"), "EUR"), TaxRate: &two, Total: schema.NewMoney(decimal.MustParse("312.50"), "EUR"),
			})
		}
		rows = append(rows, x)
	}
	return rows
}

func benchCopy(b *testing.B, n, page int) (*copies.Copy, *orderScan) {
	scan := &orderScan{size: page}
	scan.set(benchRows(n)...)
	src := &system{readers: map[string]any{"Order": scan}, entries: []datasources.Entity{entry("Order", newest, page)}}
	return openCopy(b, copies.Config{}, src, newStore(b), copies.Deps{}), scan
}

func BenchmarkFill(b *testing.B) {
	for _, page := range []int{100, 500} {
		b.Run(fmt.Sprintf("page=%d", page), func(b *testing.B) {
			const n = 10_000
			for b.Loop() {
				b.StopTimer()
				c, _ := benchCopy(b, n, page)
				b.StartTimer()
				mustSync(b, c)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkUnchanged(b *testing.B) {
	const n = 10_000
	c, _ := benchCopy(b, n, 500)
	mustSync(b, c)
	for b.Loop() {
		mustSync(b, c)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRead(b *testing.B) {
	const n = 20_000
	c, scan := benchCopy(b, n, 500)
	mustSync(b, c)
	reader := datasources.ReaderOf[schema.Order](c, "Order")
	ctx := context.Background()
	var customers, keys []string
	for i := range 200 {
		customers = append(customers, fmt.Sprintf("c%05d", i*7))
		keys = append(keys, scan.rows[i*50].Key)
	}
	fields := datasources.NewFields("number", "status", "total", "date")
	q := datasources.Query{Fields: fields, First: 10, Order: newest}
	counted := q
	counted.Total = true
	list := datasources.Query{
		Fields: fields, First: 50, Order: newest,
		Where: schema.AllOf(schema.Compare("status", schema.Eq, schema.String("open")), schema.Compare("total", schema.Gt, schema.Dec(decimal.MustParse("20")))),
	}
	listed := list
	listed.Total = true
	for _, c := range []struct {
		name string
		ask  func() (datasources.Rows[schema.Order], error)
		rows int
	}{
		{"parents=50x10", func() (datasources.Rows[schema.Order], error) {
			return reader.ByParent(ctx, "customer", customers[:50], q)
		}, 500},
		{"parents=200x10", func() (datasources.Rows[schema.Order], error) { return reader.ByParent(ctx, "customer", customers, q) }, 2000},
		{"parents=200x10 total", func() (datasources.Rows[schema.Order], error) {
			return reader.ByParent(ctx, "customer", customers, counted)
		}, 2000},
		{"list=50", func() (datasources.Rows[schema.Order], error) { return reader.List(ctx, list) }, 50},
		{"list=50 total", func() (datasources.Rows[schema.Order], error) { return reader.List(ctx, listed) }, 50},
		{"keys=200", func() (datasources.Rows[schema.Order], error) { return reader.ByKeys(ctx, keys, fields) }, 200},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rows, err := c.ask()
				if err != nil || len(rows.Items) != c.rows {
					b.Fatalf("%d rows, %v", len(rows.Items), err)
				}
			}
		})
	}
}

// BenchmarkRemembered is what a cache in front of a copy saves: beside it each answer
// read from the store.
func BenchmarkRemembered(b *testing.B) {
	const n = 20_000
	c, scan := benchCopy(b, n, 500)
	mustSync(b, c)
	memory, err := cache.New(cache.Config{TTL: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer memory.Close()
	ctx := context.Background()
	fields := datasources.NewFields("number", "status", "total", "date")
	var customers, keys []string
	for i := range 200 {
		customers = append(customers, fmt.Sprintf("c%05d", i*7))
		keys = append(keys, scan.rows[i*50].Key)
	}
	q := datasources.Query{Fields: fields, First: 10, Order: newest}
	for name, r := range map[string]datasources.Reader[schema.Order]{
		"store": datasources.ReaderOf[schema.Order](c, "Order"), "cache": datasources.ReaderOf[schema.Order](memory.Wrap("erp", c.Source()), "Order"),
	} {
		for _, n := range []int{1, 50} {
			b.Run(fmt.Sprintf("keys=%d/%s", n, name), func(b *testing.B) {
				for b.Loop() {
					if rows, err := r.ByKeys(ctx, keys[:n], fields); err != nil || len(rows.Items) != n {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("parents=%dx10/%s", n, name), func(b *testing.B) {
				for b.Loop() {
					if rows, err := r.ByParent(ctx, "customer", customers[:n], q); err != nil || len(rows.Items) != 10*n {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
