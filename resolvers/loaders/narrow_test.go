package loaders_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestNarrow holds which rows a source is asked for where few of a root list are wanted:
// fewer where it can tell, all others where it cannot, and never one that the client's
// filter does not find. Lists below another row, and cursors, are as without it.
func TestNarrow(t *testing.T) {
	moment := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	rows := func(source string) []schema.Order {
		var out []schema.Order
		for i, c := range []string{"x1", "y1", "?", "x1"} {
			o := order(source, source+string(rune('1'+i)), c, "n", 1)
			o.ChangedAt = moment(i + 1)
			out = append(out, o)
		}
		return out
	}
	sources := []*memory{
		{name: "dated", dated: true, orders: rows("d")}, {name: "live", orders: rows("l")}, {name: "assumed", dated: true, orders: rows("a")},
	}
	l := setup(t, directory{}, nil, nil, sources...)
	id := func(key string) schema.Value { return schema.String(l.Seal.ID("Customer", "", key)) }
	since := func(n int) schema.Predicate { return schema.Compare("changedAt", schema.Ge, schema.Time(moment(n))) }
	who := func(keys ...string) schema.Predicate {
		var ids []schema.Value
		for _, k := range keys {
			ids = append(ids, id(k))
		}
		return schema.Compare(plan.NarrowCustomer, schema.In, ids...)
	}
	// More than a source takes: the same customer, again and again.
	many := make([]schema.Predicate, 2001)
	for i := range many {
		many[i] = schema.AllOf(who("y"), schema.Compare("number", schema.Eq, schema.String(fmt.Sprint(i))))
	}
	for _, c := range []struct {
		name string
		p    schema.Predicate
		want string
	}{
		{"nothing", schema.Predicate{}, "a1 a2 a3 a4 d1 d2 d3 d4 l1 l2 l3 l4"},
		{"when", since(3), "a3 a4 d3 d4 l1 l2 l3 l4"},
		{"when or who", schema.AnyOf(since(4), who("y")), "a1 a2 a3 a4 d2 d4 l1 l2 l3 l4"},
		{"nobody has changed", schema.AnyOf(since(4), who("z")), "a1 a2 a3 a4 d4 l1 l2 l3 l4"},
		{"too much", schema.AnyOf(many...), "a1 a2 a3 a4 d1 d2 d3 d4 l1 l2 l3 l4"},
		{"below not", schema.Negate(schema.AllOf(since(2), schema.Negate(who("y")))), "a1 a2 a3 a4 d1 d2 l1 l2 l3 l4"},
		{"what is no id", schema.AnyOf(since(4), schema.Compare(plan.NarrowCustomer, schema.In, schema.String("x"))), "a1 a2 a3 a4 d1 d2 d3 d4 l1 l2 l3 l4"},
		{"a column no source has", schema.AllOf(since(3), schema.Compare("notes", schema.Eq, schema.String("x"))), "a3 a4 d3 d4 l1 l2 l3 l4"},
		{"source", schema.AnyOf(since(4), schema.Compare("source", schema.Eq, schema.String("assumed"))), "a1 a2 a3 a4 d4 l1 l2 l3 l4"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			ask := func(a loaders.Args) (keys []string, last string) {
				l.Narrow = func(context.Context) schema.Predicate { return c.p }
				page, err := l.Orders.List(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Nodes {
					keys = append(keys, o.Key)
				}
				return keys, page.CursorBehind(len(page.Nodes))
			}
			keys, _ := ask(loaders.Args{})
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if keys, _ := ask(loaders.Args{Where: schema.Compare("number", schema.Eq, schema.String("other"))}); len(keys) > 0 {
				t.Errorf("a filter that finds none found %v", keys)
			}
			l.Narrow = nil
			one := 1
			page, err := l.Orders.List(t.Context(), loaders.Args{First: &one})
			if err != nil {
				t.Fatal(err)
			}
			cursor := page.CursorBehind(1)
			rest, _ := ask(loaders.Args{After: &cursor})
			if got := strings.Join(append([]string{"a1"}, rest...), " "); got != c.want && "a1 "+c.want != got {
				t.Errorf("behind the first row: got %s, want %s", got, c.want)
			}
			pages, err := l.Orders.OfCustomers(t.Context(), []*schema.Customer{{Record: schema.Record{Key: "x"}}}, loaders.Args{})
			if err != nil || len(pages[0].Nodes) != 6 {
				t.Errorf("of a customer: %d rows, %v", len(pages[0].Nodes), err)
			}
		})
	}
}
