package cache_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// flows is a source that takes down for whom it is asked.
type flows struct {
	orders
	seen []string
}

func (f *flows) Reader(string) any { return datasources.Reader[schema.Order](f) }

func (f *flows) ByKeys(ctx context.Context, keys []string, fields datasources.Fields) (datasources.Rows[schema.Order], error) {
	f.seen = append(f.seen, datasources.FlowOf(ctx))
	return f.orders.ByKeys(ctx, keys, fields)
}

func (f *flows) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[schema.Order], error) {
	f.seen = append(f.seen, datasources.FlowOf(ctx))
	return f.orders.ByParent(ctx, rel, parents, q)
}

func (f *flows) List(ctx context.Context, q datasources.Query) (datasources.Rows[schema.Order], error) {
	f.seen = append(f.seen, datasources.FlowOf(ctx))
	return f.orders.List(ctx, q)
}

// What the cache does not have it asks for in the flow of who wants it; an answer
// it keeps serves all flows.
func TestFlowReachesTheSource(t *testing.T) {
	src := &flows{}
	c, err := cache.New(cache.Config{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := c.Wrap("crm", src).Reader("Order").(datasources.Reader[schema.Order])
	for _, flow := range []string{"a", "b"} {
		ctx := datasources.WithFlow(t.Context(), flow)
		if _, err := r.ByKeys(ctx, []string{"1", flow}, nil); err != nil {
			t.Error(err)
		}
		if _, err := r.ByParent(ctx, "Customer.orders", []string{flow}, datasources.Query{}); err != nil {
			t.Error(err)
		}
		if _, err := r.List(ctx, datasources.Query{}); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"a", "a", "a", "b", "b"}; !slices.Equal(src.seen, want) {
		t.Errorf("asked for %q, want %q", src.seen, want)
	}
}
