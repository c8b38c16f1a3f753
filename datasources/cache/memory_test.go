package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// bulk is a source of rows that are all memory of their own.
type bulk struct {
	datasources.Source
	lines int
	note  int
}

func (b *bulk) Reader(string) any { return datasources.Reader[schema.Order](b) }

func (b *bulk) row(key string) schema.Order {
	o := schema.Order{
		Record: schema.Record{Source: "crm", Key: strings.Clone(key), UpdatedAt: time.Now()},
		Links:  schema.Links{CustomerKey: fmt.Sprintf("customer-%s", key), OrderNumbers: []string{fmt.Sprintf("SO-%s", key)}},
		Number: fmt.Sprintf("SO-%s", key), Status: "open", Notes: strings.Repeat("x", b.note),
		Total: &schema.Money{Amount: decimal.MustParse("1250.00"), Currency: "MDL"},
	}
	for i := range b.lines {
		position := i
		quantity := decimal.MustParse("2")
		o.Lines = append(o.Lines, &schema.OrderLine{
			Position: &position, SKU: fmt.Sprintf("sku-%s-%d", key, i), Name: fmt.Sprintf("article number %d of %s", i, key),
			Quantity: &quantity, Total: &schema.Money{Amount: decimal.MustParse("625.00"), Currency: "MDL"},
		})
	}
	return o
}

func (b *bulk) ByKeys(_ context.Context, keys []string, _ datasources.Fields) (datasources.Rows[schema.Order], error) {
	var rows datasources.Rows[schema.Order]
	for _, k := range keys {
		rows.Items = append(rows.Items, b.row(k))
	}
	return rows, nil
}

func (b *bulk) ByParent(_ context.Context, _ datasources.Relation, parents []string, _ datasources.Query) (datasources.Rows[schema.Order], error) {
	rows := datasources.Rows[schema.Order]{Offsets: []int{0}}
	for _, p := range parents {
		for i := range 10 {
			rows.Items = append(rows.Items, b.row(fmt.Sprintf("%s-%d", p, i)))
		}
		rows.Offsets = append(rows.Offsets, len(rows.Items))
	}
	return rows, nil
}

func (b *bulk) List(context.Context, datasources.Query) (datasources.Rows[schema.Order], error) {
	return datasources.Rows[schema.Order]{}, nil
}

func heap() uint64 {
	var m runtime.MemStats
	for range 3 { // what waits for its finalizer waits for the next one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What the cache says it keeps is what the process spends on it.
func TestBytesAreHonest(t *testing.T) {
	for _, tc := range []struct {
		name      string
		rows      int
		src       *bulk
		isParents bool
	}{
		{"200,000 rows by key", 200_000, &bulk{}, false},
		{"200,000 rows by parent", 200_000, &bulk{}, true},
		{"20,000 rows with lines by key", 20_000, &bulk{lines: 3}, false},
		{"20,000 rows with notes by parent", 20_000, &bulk{note: 700}, true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			const bytes = 4 << 30
			before := heap()
			c, err := cache.New(cache.Config{TTL: time.Hour, Bytes: bytes})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			r := datasources.ReaderOf[schema.Order](c.Wrap("crm", tc.src), "Order")
			each := 1
			if tc.isParents {
				each = 10
			}
			for i := 0; i < tc.rows/each; i += 100 {
				keys := make([]string, 100)
				for j := range keys {
					keys[j] = fmt.Sprintf("%08d", i+j)
				}
				if tc.isParents {
					_, err = r.ByParent(t.Context(), "customer", keys, datasources.Query{First: 10})
				} else {
					_, err = r.ByKeys(t.Context(), keys, nil)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "all written", func() bool { n := c.Stats(); return n.Writes+n.Dropped >= uint64(tc.rows/each) })
			spent, said := heap()-before, c.Stats().Bytes
			ratio := float64(said) / float64(spent)
			t.Logf("%d entries, estimated %d MB, spent %d MB, ratio %.2f", c.Stats().Entries, said>>20, spent>>20, ratio)
			if ratio < 0.75 || ratio > 1.25 {
				t.Errorf("estimated %d bytes, spent %d: %.2f", said, spent, ratio)
			}
			runtime.KeepAlive(r)
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const bytes = 8 << 20
	for _, tc := range []struct {
		name string
		cfg  cache.Config
		most uint64 // entries
	}{
		{"by bytes", cache.Config{Bytes: bytes}, bytes / 400},
		{"by rows, too", cache.Config{Bytes: bytes, Rows: 1000}, 1000},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			tc.cfg.TTL = time.Hour
			c, err := cache.New(tc.cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			r := datasources.ReaderOf[schema.Order](c.Wrap("crm", &bulk{note: 500}), "Order")
			for i := range 25_000 {
				if _, err := r.ByKeys(t.Context(), []string{fmt.Sprint(i)}, nil); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "what is too much to leave", func() bool { n := c.Stats(); return n.Bytes <= bytes && n.Entries <= tc.most })
			if n := c.Stats(); n.Evictions == 0 || n.Entries < tc.most/10 {
				t.Errorf("got %+v", n)
			}
		})
	}
}

func TestAHugeEntryIsNotKept(t *testing.T) {
	c, err := cache.New(cache.Config{TTL: time.Hour, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	small, huge := &bulk{}, &bulk{note: 100_000}
	rs := datasources.ReaderOf[schema.Order](c.Wrap("crm", small), "Order")
	rh := datasources.ReaderOf[schema.Order](c.Wrap("books", huge), "Order")
	if _, err := rs.ByKeys(t.Context(), []string{"a"}, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if rows, err := rh.ByKeys(t.Context(), []string{"a"}, nil); err != nil || len(rows.Items) != 1 {
			t.Fatal(err)
		}
	}
	if n := c.Stats(); n.Entries != 1 || n.TooBig != 3 || n.Evictions != 0 {
		t.Errorf("got %+v", n)
	}
}
