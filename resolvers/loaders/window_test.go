package loaders_test

import (
	"context"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestForgetOfAWindow holds that what was read for a window is read once for it, and
// is gone when it was forgotten; what was read for the whole answer stays.
func TestForgetOfAWindow(t *testing.T) {
	shop := &memory{name: "books", orders: []schema.Order{order("books", "o1", "x1", "N1", 1)}, invoices: []schema.Invoice{invoice("i1", "x1", "o1")}}
	catalog, err := datasources.NewCatalog([]*datasources.Connected{{Source: keyed{shop}, Name: "books"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	l := loaders.New(&loaders.Config{
		Spare:   leftOver,
		Catalog: catalog, Directory: directory{}, Seal: sealer, DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Links: &loaders.LinkStats{},
		Columns: func(context.Context) []string { return nil }, Total: func(context.Context) bool { return true },
		Access:  func(context.Context) loaders.Access { return loaders.Everything{} },
		Window:  plan.Window,
		Batches: func(string, string, string, int) { reads++ },
	})
	o := &shop.orders[0]
	parents := []loaders.Parent{{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()}}
	for _, step := range []struct {
		forget, window, reads int
	}{{0, 0, 1}, {0, 0, 1}, {0, 1, 2}, {0, 1, 2}, {0, 2, 3}, {1, 2, 3}, {0, 1, 4}, {2, 1, 4}, {0, 0, 4}, {1, 0, 4}} {
		l.Forget(step.forget)
		pages, err := l.Invoices.OfDocuments(plan.WithWindow(t.Context(), step.window), "Invoice.order", loaders.ToOrder, parents, loaders.Args{})
		if err != nil || len(pages[0].Nodes) != 1 {
			t.Fatalf("got %v, %v", pages, err)
		}
		if reads != step.reads {
			t.Errorf("after %+v there were %d reads", step, reads)
		}
	}
}
