package loaders_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// leftOver is shared by the tests of this package, as requests share one: what one of
// them has left must not show in another's pages.
var leftOver = &loaders.Spare{}

// TestSpare asks for many and for few by turns, so that room is found that others have
// filled, and sees that it is not made anew.
func TestSpare(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	room := func(spare *loaders.Spare) uint64 {
		const many, few = 400, 7
		erp, acc, customers := invoicedByNumber(many)
		catalog, err := datasources.NewCatalog(
			[]*datasources.Connected{{Source: erp, Name: "erp"}, {Source: acc, Name: "acc"}},
			datasources.Documents{"Order": {"erp"}, "Invoice": {"acc"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg := &loaders.Config{
			Catalog: catalog, Directory: flat{}, Seal: sealer(t), DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Spare: spare,
			Columns: func(context.Context) []string { return []string{"number"} }, Total: func(context.Context) bool { return false },
			Access: func(context.Context) loaders.Access { return loaders.Everything{} },
		}
		ask := func(of []*schema.Customer) {
			pages, err := loaders.New(cfg).Orders.OfCustomers(t.Context(), of, loaders.Args{})
			if err != nil || len(pages) != len(of) {
				t.Fatal(err, len(pages))
			}
			for i, p := range pages {
				if len(p.Nodes) != 2 || p.Nodes[0].CustomerKey != of[i].Key || p.Nodes[1].CustomerKey != of[i].Key {
					t.Fatalf("customer %d of %d: %d rows", i, len(of), len(p.Nodes))
				}
			}
		}
		ask(customers)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 20 {
			ask(customers)
			ask(customers[:few])
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / 20
	}
	with, without := room(&loaders.Spare{}), room(nil)
	t.Logf("%d bytes for each two questions, %d where all room is made anew", with, without)
	if with+400*40 > without { // a stream has some 120 bytes; the race detector makes pools lose some
		t.Errorf("%d bytes for each two questions, %d where all room is made anew", with, without)
	}
}
