package rest_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/datasources/sourcetest"
	"github.com/trama-graph/trama/schema"
)

// exampleShop is the shop of docs/examples/rest.yaml in front of one that was
// written without a look at this package.
func exampleShop(t *testing.T, w *world.World, o unknown.ShopOptions) (rest.Config, *unknown.Shop, *httptest.Server) {
	t.Helper()
	shop := unknown.NewShop(w, o)
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)
	cfg := rest.DefaultConfig()
	sourcetest.Example(t, "../../docs/examples/rest.yaml", "shop", unknown.ShopKey, &cfg)
	cfg.URL, cfg.Locale.Zone, cfg.Timeout = server.URL+unknown.ShopBase, "UTC", 5*time.Second
	cfg.Rate = rest.Rate{} // nothing was agreed with a test
	return cfg, shop, server
}

var shopLinks = map[string]datasources.LinkRules{"Invoice.order": {{Field: "ref_client"}}}

func openShop(t *testing.T, cfg rest.Config) datasources.Source {
	t.Helper()
	src, err := rest.Open(t.Context(), cfg, rest.Deps{Links: shopLinks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// TestUnknownShop runs the suite of every connector in front of a shop nobody wrote
// this connector for, by the documented configuration.
func TestUnknownShop(t *testing.T) {
	cfg, _, server := exampleShop(t, world.New(1, 40), unknown.ShopOptions{})
	if err := cfg.CanLive(); err != nil {
		t.Error(err)
	}
	sourcetest.Run(t, sourcetest.Subject{
		Source: openShop(t, cfg), Name: "shop", Lists: []string{"Quote", "Order", "Invoice", "DeliveryNote", "Product"},
		Secrets: []string{unknown.ShopKey}, Down: server.Close, Stranger: "999999",
	})
}

// TestUnknownShopSaysWhatTheWorldSays compares every order with the world.
func TestUnknownShopSaysWhatTheWorldSays(t *testing.T) {
	w := world.New(1, 40)
	cfg, shop, _ := exampleShop(t, w, unknown.ShopOptions{})
	src := openShop(t, cfg)
	got := map[string]*schema.Order{}
	q := datasources.Query{First: 1000, Total: true, Order: schema.Sort{Column: "date"}}
	rows, err := orders(src).List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows.Items {
		got[rows.Items[i].Key] = &rows.Items[i]
	}
	truth := shop.Records("orders")
	if len(got) != len(truth) || !slices.Equal(rows.Totals, []int{len(truth)}) {
		t.Fatalf("%d orders and a total of %v, want %d", len(got), rows.Totals, len(truth))
	}
	for _, rec := range truth {
		o, x := w.Order(rec.Customer, rec.Index), got[rec.ID]
		if x.Number != rec.Number || x.CustomerKey != rec.Owner || x.QuoteKey != rec.Of || len(x.Lines) != len(o.Lines) || x.CustomerReference != o.Number {
			t.Fatalf("order %s: %+v", rec.ID, x)
		}
		if want := decimal.MustNew(int64(o.Total), 2); x.Total.Amount.Cmp(want) != 0 || x.Total.Currency != o.Currency {
			t.Errorf("order %s comes to %s %s, want %s %s", rec.ID, x.Total.Amount, x.Total.Currency, want, o.Currency)
		}
		for i := range o.Lines {
			if l := x.Lines[i]; l.SKU != o.Lines[i].SKU || l.Quantity.Cmp(decimal.MustNew(int64(o.Lines[i].Quantity), 3)) != 0 || *l.Position != i+1 {
				t.Errorf("order %s, line %d: %+v", rec.ID, i, l)
			}
		}
	}
	if list := problems(src); len(list) > 0 {
		t.Errorf("problems %q", list)
	}
}

// TestKeysOfAnotherForm asks for what nobody can have: by the documented pattern it
// is not asked for, and does not spoil the answer for the others.
func TestKeysOfAnotherForm(t *testing.T) {
	cfg, shop, _ := exampleShop(t, world.New(1, 40), unknown.ShopOptions{})
	src := openShop(t, cfg)
	owner := shop.Records("orders")[0].Owner
	want := 0
	for _, r := range shop.Records("orders") {
		if r.Owner == owner {
			want++
		}
	}
	parents := []string{"no-such-customer", owner, "C'000;1"}
	rows, err := orders(src).ByParent(t.Context(), "customer", parents, datasources.Query{First: 100})
	if err != nil || len(rows.Parent(0)) != 0 || len(rows.Parent(1)) != want || len(rows.Parent(2)) != 0 {
		t.Errorf("got %d rows and %v, want %d", len(rows.Items), err, want)
	}
	o := cfg.Entities["Order"]
	o.Relations["customer"] = rest.Keys{Param: "thirdparty_ids", Batch: 50}
	if _, err := orders(openShop(t, cfg)).ByParent(t.Context(), "customer", parents, datasources.Query{First: 100}); err == nil {
		t.Error("the shop answers keys it cannot have: the test proves nothing")
	}
}
