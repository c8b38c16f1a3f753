package loaders_test

import (
	"testing"
	"time"

	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestChangedAtOfALiveSource: nobody sees its rows change. What is asked by that is
// refused with its name, not answered with nothing; another source is not concerned.
func TestChangedAtOfALiveSource(t *testing.T) {
	live := &memory{name: "a", orders: []schema.Order{order("a", "1", "x1", "n", 1)}}
	l := setup(t, directory{}, nil, nil, live)
	customers := []*schema.Customer{{Record: schema.Record{Key: "x"}}}
	for name, p := range map[string]schema.Predicate{
		"since":  schema.Compare("changedAt", schema.Ge, schema.Time(time.Unix(0, 0))),
		"not":    schema.Negate(schema.Compare("changedAt", schema.Lt, schema.Time(time.Unix(0, 0)))),
		"absent": {Op: schema.IsNull, Column: "changedAt"},
		"or":     schema.AnyOf(schema.Compare("number", schema.Eq, schema.String("n")), schema.Compare("changedAt", schema.Ge, schema.Time(time.Unix(0, 0)))),
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, err := l.Orders.List(t.Context(), loaders.Args{Where: p}); schema.CodeOf(err) != schema.UnsupportedFilter {
				t.Errorf("list: %v", err)
			}
			if _, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{Where: p}); schema.CodeOf(err) != schema.UnsupportedFilter {
				t.Errorf("of customers: %v", err)
			}
			elsewhere := schema.AllOf(p, schema.Compare("source", schema.Eq, schema.String("b")))
			if page, err := l.Orders.List(t.Context(), loaders.Args{Where: elsewhere}); err != nil || len(page.Nodes) != 0 {
				t.Errorf("of another source: %v", err)
			}
		})
	}
	if _, err := l.Orders.List(t.Context(), loaders.Args{Order: schema.Sort{Column: "changedAt"}}); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("sorted: %v", err)
	}
}
