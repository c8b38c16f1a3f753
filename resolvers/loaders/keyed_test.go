package loaders_test

import (
	"context"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// keyed is a shop whose invoices hold the key of their order, and which cannot be
// asked by it.
type keyed struct{ *memory }

func (k keyed) Describe() datasources.Description {
	d := k.memory.Describe()
	e := d.Entity("Invoice")
	e.Relations = slices.DeleteFunc(e.Relations, func(r datasources.RelationAbility) bool { return r.Relation == "order" })
	e.Columns = append(e.Columns, datasources.Column{Name: "order"})
	return d
}

// TestKeysThatCannotBeAskedBy finds an order's invoices among those of its customer:
// no error and no invoice would look as if there were none.
func TestKeysThatCannotBeAskedBy(t *testing.T) {
	shop := &memory{name: "books", orders: []schema.Order{
		order("books", "o1", "x1", "N1", 1), order("books", "o2", "x1", "N2", 2), order("books", "o3", "y1", "N3", 3),
	}, invoices: []schema.Invoice{invoice("i1", "x1", "o1"), invoice("i2", "x1", "o2"), invoice("i3", "x1", "o1"), invoice("i4", "x1", ""), invoice("i5", "y1", "o1")}}
	catalog, err := datasources.NewCatalog([]*datasources.Connected{{Source: keyed{shop}, Name: "books"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		bound int
		want  [][]string
		code  schema.Code
	}{
		"within the bound": {100, [][]string{{"i1", "i3"}, {"i2"}, {}}, ""},
		"beyond the bound": {1, nil, schema.Limited},
	} {
		t.Run("case="+name, func(t *testing.T) {
			l := loaders.New(&loaders.Config{
				Spare:   leftOver,
				Catalog: catalog, Directory: directory{}, Seal: sealer, DefaultPage: 50, MaxPage: 1000, LinkBound: tc.bound, Links: &loaders.LinkStats{},
				Columns: func(context.Context) []string { return nil }, Total: func(context.Context) bool { return true },
				Access: func(context.Context) loaders.Access { return loaders.Everything{} },
			})
			var parents []loaders.Parent
			for i := range shop.orders {
				o := &shop.orders[i]
				parents = append(parents, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
			}
			pages, err := l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{})
			if tc.code != "" {
				if err == nil {
					t.Fatal("no error")
				}
				if e := err.(interface{ Errors() []error }).Errors()[0]; schema.CodeOf(e) != tc.code {
					t.Errorf("got %v", e)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tc.want {
				got := []string{}
				for _, n := range pages[i].Nodes {
					got = append(got, n.Key)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) || *pages[i].TotalCount != len(want) {
					t.Errorf("%s: got %v of %d, want %v", parents[i].Key, got, *pages[i].TotalCount, want)
				}
			}
		})
	}
}
