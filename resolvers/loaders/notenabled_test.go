package loaders_test

import (
	"testing"

	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestRecordsASystemDoesNotHave holds that a package nobody bought is a normal
// state: the others' pages are whole, and only where nobody has such records the
// answer says so.
func TestRecordsASystemDoesNotHave(t *testing.T) {
	without := &memory{name: "b", err: schema.SourceErrorf(schema.NotEnabled, "b", "b: package crm is not enabled")}
	with := &memory{name: "a", orders: []schema.Order{order("a", "1", "x1", "n", 1)}}
	customers := []*schema.Customer{{Record: schema.Record{Key: "x"}}}
	t.Run("case=another has them", func(t *testing.T) {
		l := setup(t, directory{}, nil, nil, without, with)
		pages, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{})
		if err != nil {
			t.Fatal(err)
		}
		p := pages[0]
		if len(p.Nodes) != 1 || len(p.Missing) != 0 || p.TotalCount == nil || *p.TotalCount != 1 || p.PageInfo().EndCursor == nil {
			t.Errorf("got %d rows, missing %v, total %v", len(p.Nodes), p.Missing, p.TotalCount)
		}
		if r := l.Report.Sources(); len(r) != 2 || r[1].Code != schema.NotEnabled {
			t.Errorf("the report does not say it: %+v", r)
		}
		number := "n"
		row, err := l.Orders.One(t.Context(), nil, &number, nil)
		if err != nil || row == nil || row.Source != "a" {
			t.Errorf("by number: %+v, %v", row, err)
		}
	})
	t.Run("case=nobody has them", func(t *testing.T) {
		l := setup(t, directory{}, nil, nil, without)
		if _, err := l.Orders.List(t.Context(), loaders.Args{}); schema.CodeOf(err) != schema.NotEnabled {
			t.Errorf("got %v", err)
		}
		number := "n"
		if _, err := l.Orders.One(t.Context(), nil, &number, nil); schema.CodeOf(err) != schema.NotEnabled {
			t.Errorf("by number: %v", err)
		}
	})
}
