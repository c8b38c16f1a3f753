package dataset_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/schema"
)

// summary is the shipped customer_summary as who sees everything has it.
func summary(tb testing.TB) *dataset.Table {
	tb.Helper()
	texts, err := dataset.Shipped()
	must(tb, err)
	return whole(tb, strings.Replace(texts["customer_summary"], "query customer_summary", "query d", 1))
}

// customerID is as long as sealed ids are.
func customerID(i int) string { return fmt.Sprintf("%08d-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", i) }

// fillSummary adds customers, and for each a document of each list in two currencies.
func fillSummary(tb testing.TB, t *dataset.Table, a *dataset.Aggregator, customers int) {
	tb.Helper()
	for i := range customers {
		must(tb, a.Add(0, base(&t.Queries[0], customerID(i), map[string]schema.Value{
			"id": schema.String(customerID(i)), "name": schema.String(fmt.Sprint("Customer number ", i)), "country": schema.String("MD"),
		})))
	}
	for q := 1; q < len(t.Queries); q++ {
		for i := range customers {
			for n, currency := range []string{"MDL", "EUR"} {
				cells := map[string]schema.Value{
					"id": schema.String("x"), "customer.id": schema.String(customerID(i)),
					"closedAt": day("2026-03-04T00:00:00Z"), "createdAt": day("2026-03-01T00:00:00Z"), "date": day("2026-03-05T00:00:00Z"), "dueDate": day("2026-03-06T00:00:00Z"),
				}
				for _, money := range []string{"total", "paid", "amount"} {
					cells[money+".amount"], cells[money+".currency"] = dec(fmt.Sprintf("%d.%02d", i+n, n)), schema.String(currency)
				}
				must(tb, a.Add(q, base(&t.Queries[q], "x", cells)))
			}
		}
	}
}

// heap is what is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestGroupBytes holds what a group of the shipped summary takes in memory, with its
// part of what all share: 19 measures, the name of a customer and his id.
func TestGroupBytes(t *testing.T) {
	const customers, most = 5000, 300
	table := summary(t)
	before := heap()
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	fillSummary(t, table, a, customers)
	held := heap() - before
	groups := int64(0)
	must(t, a.Rows(t.Context(), func([]schema.Value) error { groups++; return nil }))
	t.Logf("%d measures, %d groups, %d bytes a group", len(table.Aggregate.Measures), groups, held/groups)
	if groups != 3*customers || held/groups > most {
		t.Errorf("%d groups take %d bytes each, want %d", groups, held/groups, most)
	}
	runtime.KeepAlive(a)
}

// TestGroupsInConstantMemory holds that groups take what they are given, and that all of
// them come back.
func TestGroupsInConstantMemory(t *testing.T) {
	const customers, room = 10_000, 1 << 20
	table := summary(t)
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	before := heap()
	a := dataset.NewAggregator(table, dataset.AggregateOptions{MaxBytes: room, Disk: disk})
	fillSummary(t, table, a, customers)
	if held := heap() - before; held > room*3/2+256<<10 { // tables grow by doubling, and chunks are 64 KiB
		t.Errorf("%d bytes are held, %d were given", held, room)
	}
	groups, orders := 0, int64(0)
	column := slices.IndexFunc(table.Columns, func(c dataset.Column) bool { return c.Name == "orders" })
	most := int64(0)
	must(t, a.Rows(t.Context(), func(row []schema.Value) error {
		if groups++; groups%10_000 == 0 {
			most = max(most, heap()-before)
		}
		orders += row[column].Int
		return nil
	}))
	used, _ := disk.Used()
	t.Logf("%d groups, %d bytes of disk a group, %d bytes held while they were given", groups, used/int64(groups), most)
	if groups != 3*customers || orders != 2*customers {
		t.Errorf("%d groups of %d orders came back", groups, orders)
	}
	if most > room+4<<20 { // a block for each of 64 runs
		t.Errorf("%d bytes are held, %d were given", most, room)
	}
	must(t, a.Close())
}
