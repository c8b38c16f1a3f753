package dataset_test

import (
	"testing"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
)

// TestChangesOfViews holds that customers are asked who has changed only for views that
// see when, in the list of all of them.
func TestChangesOfViews(t *testing.T) {
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(t, err)
	d := read(t, "d", `query d @dataset(grain: "orders.lines") { orders { nodes { number customer { name } lines { sku } } } }`, full)
	some := &policies.Rule{Op: policies.Is, Column: "name", Values: []string{"x"}}
	for _, c := range []struct {
		name, denied, partial, unexported string
		want                              dataset.Changes
		isExact                           bool
	}{
		{name: "everything", want: dataset.Changes{Key: "changedAt", Customer: true}, isExact: true},
		{name: "no list of customers", denied: "Query.customers", want: dataset.Changes{Key: "changedAt"}, isExact: true},
		{name: "some customers", partial: "Customer.id", want: dataset.Changes{Key: "changedAt"}, isExact: true},
		{name: "not when customers changed", denied: "Customer.changedAt"},
		{name: "when some customers changed", partial: "Customer.changedAt"},
		{name: "when customers changed, not to be exported", unexported: "Customer.changedAt"},
		{name: "not when orders changed", denied: "Order.changedAt"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			v := policies.NewView(g, c.name, func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
				switch at := typeName + "." + field; {
				case at == c.denied, at == c.unexported && a == policies.Export:
					return nil, false
				case at == c.partial:
					return some, true
				}
				return nil, true
			})
			tb, ok := d.For(v, schemaOf(t, v))
			if !ok {
				t.Fatal("the dataset does not exist")
			}
			if tb.Changes != c.want || tb.Columns[dataset.ModifiedAtColumn].IsExact != c.isExact {
				t.Errorf("got %+v, exact %t", tb.Changes, tb.Columns[dataset.ModifiedAtColumn].IsExact)
			}
		})
	}
}
