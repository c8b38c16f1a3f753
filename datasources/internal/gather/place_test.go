package gather_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/heaptest"
	"github.com/trama-graph/trama/schema"
)

// TestRowsArePutInOrderWhereTheyAre compares one chunk's answer, whose rows are
// moved within their slab, with a filter, a sort and a cut for each parent.
func TestRowsArePutInOrderWhereTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Permutation(orders(t, 40)).Draw(t, "order")
		parents := rapid.Permutation([]string{"c0", "c1", "c2", "c3", "c9"}).Draw(t, "parents")
		if rapid.Bool().Draw(t, "has a twin") {
			parents = append(parents, parents[0])
		}
		broken := rapid.SampledFrom([]string{"", "c2"}).Draw(t, "broken")
		q := datasources.Query{
			Where: rapid.SampledFrom([]schema.Predicate{{}, schema.Compare("number", schema.Eq, schema.String("A"))}).Draw(t, "where"),
			Order: schema.Sort{Column: "date", Desc: rapid.Bool().Draw(t, "desc")}, First: rapid.SampledFrom([]int{0, 2, 5, 100}).Draw(t, "first"),
		}
		slab := slices.Clone(rows)
		got, err := gather.ByParent(t.Context(), parents, 10, q, gather.Parents[schema.Order]{
			Fetch: func(context.Context, []string) ([]schema.Order, bool, error) {
				if broken != "" {
					return slab, true, &datasources.BatchError{ByKey: map[string]error{broken: errors.New("broken")}}
				}
				return slab, true, nil
			},
			ParentOf: func(o *schema.Order) string { return o.CustomerKey },
		})
		var some *datasources.BatchError
		errors.As(err, &some)
		for i, p := range parents {
			var own []schema.Order
			for _, r := range rows {
				if r.CustomerKey == p && q.Where.Match(&r) {
					own = append(own, r)
				}
			}
			want := gather.Cut(own, q)
			if p == broken {
				if some == nil || some.ByKey[p] == nil || len(got.Parent(i)) > 0 || got.Totals[i] != -1 {
					t.Fatalf("%s: got %v, error %v", p, keys(got.Parent(i)), err)
				}
				continue
			}
			if some != nil && some.ByKey[p] != nil {
				t.Fatalf("%s failed: %v", p, some.ByKey[p])
			}
			if fmt.Sprint(got.Parent(i)) != fmt.Sprint(want.Items) || got.More[i] != want.More[0] || got.Totals[i] != want.Totals[0] {
				t.Fatalf("%s: got %v more=%t total=%d, want %v", p, keys(got.Parent(i)), got.More[i], got.Totals[i], keys(want.Items))
			}
		}
	})
}

// TestNoSecondSlab holds what putting rows in order may allocate: nothing that grows
// with the size of a row.
func TestNoSecondSlab(t *testing.T) {
	const each = 8
	parents := make([]string, 50)
	var rows []schema.Order
	for i := range parents {
		parents[i] = fmt.Sprintf("C%03d", i)
		for j := range each {
			row := schema.Order{Record: schema.Record{Key: fmt.Sprintf("k%03d", len(rows))}, Status: "open"}
			row.CustomerKey = fmt.Sprintf("C%03d", (i*7+j)%50) // a customer's rows lie apart
			rows = append(rows, row)
		}
	}
	slab := make([]schema.Order, len(rows))
	ask := func() {
		copy(slab, rows)
		got, err := gather.ByParent(t.Context(), parents, 100, datasources.Query{First: 10}, gather.Parents[schema.Order]{
			Fetch:    func(context.Context, []string) ([]schema.Order, bool, error) { return slab, true, nil },
			ParentOf: func(o *schema.Order) string { return o.CustomerKey },
		})
		if err != nil || len(got.Items) != len(rows) || &got.Items[0] != &slab[0] {
			t.Fatal(len(got.Items), err)
		}
	}
	count, bytes := heaptest.Least(t, ask)
	if n := count; n > 24 {
		t.Errorf("%v allocations", n)
	}
	if n := bytes; n > 32<<10 {
		t.Errorf("%d bytes for %d rows", n, len(rows))
	}
}
