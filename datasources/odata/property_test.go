package odata_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

// TestFiltersMeanTheSame asks for random filters, orders and pages, and compares
// with the same question answered here over all rows: absent values, Not, times
// between two steps of a type and the server's three-valued logic included.
func TestFiltersMeanTheSame(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		for _, x := range []struct {
			name string
			with func(*fake, *odata.Config)
		}{
			{"plain", func(*fake, *odata.Config) {}},
			{"careless server", func(f *fake, c *odata.Config) { f.ignoreCase, f.pageCap, c.Search = true, 9, "plain" }},
			{"exact server", func(f *fake, c *odata.Config) {
				f.noGUIDOrder, c.Collation, c.Search, c.Page = true, "exact", "tolower", 7
			}},
		} {
			t.Run(fmt.Sprintf("case=v%d %s", version, x.name), func(t *testing.T) {
				f := newShop(t, version)
				c := shopConfig(f)
				x.with(f, &c)
				r := orders(open(t, c))
				whole, err := r.List(t.Context(), datasources.Query{First: 1000, Order: schema.Sort{Column: "date"}})
				if err != nil || len(whole.Items) != 60 {
					t.Fatalf("%d rows, %v", len(whole.Items), err)
				}
				rapid.Check(t, func(rt *rapid.T) { compareWithAll(rt, t, r, whole.Items) })
			})
		}
	}
}

func compareWithAll(rt *rapid.T, t *testing.T, r datasources.Reader[schema.Order], all []schema.Order) {
	q := datasources.Query{
		Where: predicate(rt, all, 3), First: rapid.IntRange(1, 25).Draw(rt, "first"), Total: rapid.Bool().Draw(rt, "total"),
		Order: schema.Sort{Column: rapid.SampledFrom([]string{"", "date", "total"}).Draw(rt, "order"), Desc: rapid.Bool().Draw(rt, "desc")},
	}
	if rapid.Bool().Draw(rt, "few columns") {
		q.Fields = datasources.NewFields("number")
	}
	want := map[string]bool{}
	for i := range all {
		if q.Where.Match(&all[i]) {
			want[all[i].Key] = true
		}
	}
	got := map[string]bool{}
	var last *schema.Order
	for {
		page, err := r.List(t.Context(), q)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		if len(page.Totals) > 0 && page.Totals[0] >= 0 && q.Total && page.Totals[0] != len(want) {
			rt.Fatalf("a total of %d, want %d", page.Totals[0], len(want))
		}
		column := q.Order.Column
		if column == "" {
			column = "date"
		}
		for i := range page.Items {
			x := &page.Items[i]
			if got[x.Key] || !want[x.Key] {
				rt.Fatalf("a row twice, or one that was not asked for")
			}
			got[x.Key] = true
			if last != nil {
				c := last.Column(column).Compare(x.Column(column))
				if q.Order.Desc || q.Order.Column == "" {
					c = -c
				}
				if c > 0 {
					rt.Fatalf("out of order")
				}
			}
			last = x
		}
		if !page.More[0] {
			break
		}
		q.After = &datasources.After{Value: last.Column(column), ID: last.Key}
	}
	if len(got) != len(want) {
		rt.Fatalf("%d rows, want %d", len(got), len(want))
	}
}

func predicate(rt *rapid.T, all []schema.Order, depth int) schema.Predicate {
	switch kind := rapid.IntRange(0, 7).Draw(rt, "kind"); {
	case kind == 0 && depth > 0:
		return schema.Predicate{Op: schema.And, Of: []schema.Predicate{predicate(rt, all, depth-1), predicate(rt, all, depth-1)}}
	case kind == 1 && depth > 0:
		return schema.Predicate{Op: schema.Or, Of: []schema.Predicate{predicate(rt, all, depth-1), predicate(rt, all, depth-1)}}
	case kind == 2 && depth > 0:
		return schema.Predicate{Op: schema.Not, Of: []schema.Predicate{predicate(rt, all, depth-1)}}
	case kind == 3:
		return schema.Predicate{Op: rapid.SampledFrom([]schema.Op{schema.All, schema.None}).Draw(rt, "op")}
	}
	column := rapid.SampledFrom([]string{"id", "source", "number", "status", "total", "date", "createdAt", "customer", "currency"}).Draw(rt, "column")
	value := func() schema.Value {
		v := all[rapid.IntRange(0, len(all)-1).Draw(rt, "row")].Column(column)
		switch v.Kind {
		case schema.KindTime:
			v.Time = v.Time.Add(rapid.SampledFrom([]time.Duration{0, 0, 1, -1, 700 * time.Microsecond}).Draw(rt, "off"))
		case schema.KindString:
			v.Str = rapid.SampledFrom([]string{v.Str, v.Str, "O", "X", "x", "so'00", v.Str + " "}).Draw(rt, "text")
		}
		return v
	}
	ops := []schema.Op{schema.Eq, schema.In, schema.IsNull}
	switch column {
	case "number", "status":
		ops = append(ops, schema.Contains, schema.Prefix)
	case "total", "date", "createdAt":
		ops = append(ops, schema.Lt, schema.Le, schema.Gt, schema.Ge)
	}
	switch op := rapid.SampledFrom(ops).Draw(rt, "op"); op {
	case schema.IsNull:
		return schema.Predicate{Op: op, Column: column}
	case schema.In:
		var list []schema.Value
		for range rapid.IntRange(0, 4).Draw(rt, "n") {
			list = append(list, value())
		}
		return schema.Compare(column, op, list...)
	default:
		return schema.Compare(column, op, value())
	}
}
