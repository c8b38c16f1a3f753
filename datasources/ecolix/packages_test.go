package ecolix_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/ecolix"
	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// sold is what the fake calls a package.
func sold(name string) fake.Package {
	return map[string]fake.Package{
		ecolix.CRM: fake.CRM, ecolix.Ecommerce: fake.Ecommerce, ecolix.EcommercePlus: fake.EcommercePlus,
		ecolix.Carrier: fake.Transporteurs, ecolix.Supplier: fake.Fournisseurs,
	}[name]
}

// count asks for the number of rows of an entity.
func count[T any](ctx context.Context, s datasources.Source, entity string) (int, error) {
	rows, err := datasources.ReaderOf[T](s, entity).List(ctx, datasources.Query{First: 1, Total: true, Order: schema.Sort{Column: "id"}})
	if err != nil {
		return 0, err
	}
	return rows.Totals[0], nil
}

// TestPackages buys the packages in all 32 combinations. What was bought answers
// whole, what only a package that was not bought has is NOT_ENABLED, and nothing
// that was not bought is ever called.
func TestPackages(t *testing.T) {
	w := world.New(1, 120)
	truth := world.NewERP(w)
	for mask := range 32 {
		var bought []string
		var not []fake.Package
		for i, name := range everything() {
			if mask&(1<<i) != 0 {
				bought = append(bought, name)
			} else {
				not = append(not, sold(name))
			}
		}
		t.Run("case="+strings.Join(bought, "+"), func(t *testing.T) {
			if mask == 0 {
				cfg := config("http://127.0.0.1:1")
				if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "packages: missing: name those that were bought, of ecommerce, ecommerce-plus, crm, carrier, supplier") {
					t.Errorf("without packages: %v", err)
				}
				return
			}
			has := func(any ...string) bool {
				return slices.ContainsFunc(any, func(p string) bool { return slices.Contains(bought, p) })
			}
			f := fake.New(w, fake.Options{NotBought: not})
			c := copied(t, config(serve(t, f).URL, bought...))
			sync1(t, c)
			for _, x := range []struct {
				entity string
				has    bool
				rows   int
				count  func(context.Context, datasources.Source, string) (int, error)
			}{
				{"Quote", has(ecolix.CRM, ecolix.EcommercePlus), len(truth.Quotes), count[schema.Quote]},
				{"Order", has(ecolix.CRM, ecolix.EcommercePlus, ecolix.Carrier), len(truth.Orders), count[schema.Order]},
				{"Product", has(ecolix.Ecommerce, ecolix.Carrier), len(w.Products), count[schema.Product]},
				{"DeliveryNote", has(ecolix.Carrier), len(truth.Notes), count[schema.DeliveryNote]},
				{"PurchaseOrder", has(ecolix.Supplier), truth.Purchases, count[schema.PurchaseOrder]},
			} {
				n, err := x.count(t.Context(), c.Source(), x.entity)
				var e *schema.Error
				switch {
				case !x.has && (!errors.As(err, &e) || e.Code != schema.NotEnabled || e.Source != "erp"):
					t.Errorf("%s: got %d rows and %v, want NOT_ENABLED", x.entity, n, err)
				case x.has && (err != nil || n != x.rows):
					t.Errorf("%s: got %d rows and %v, want %d", x.entity, n, err, x.rows)
				}
				if s := c.EntityCopy(x.entity); (s.State == schema.CopyNotEnabled) == x.has {
					t.Errorf("the copy of %s is %s", x.entity, s.State)
				}
			}
			if want := has(ecolix.CRM, ecolix.Carrier); (len(customers(t, c)) == len(truth.Clients)) != want {
				t.Errorf("%d customers, and a package with them was bought: %t", len(customers(t, c)), want)
			}
			if has(ecolix.Ecommerce, ecolix.Carrier) {
				stocks := 0
				for _, p := range all[schema.Product](t, c.Source(), "Product") {
					stocks += len(p.Stock)
				}
				if stocks != len(truth.Stock) {
					t.Errorf("%d stocks, want %d", stocks, len(truth.Stock))
				}
			}
			for _, p := range not {
				if n := f.Calls()[p]; n > 0 {
					t.Errorf("%s was not bought and was called %d times", p, n)
				}
			}
			if st := c.Status(); st.State != "up" || st.Note != "" {
				t.Errorf("status %+v", st)
			}
			for _, u := range c.Source().(datasources.Meter).Usage() {
				if u.Class != "" && !slices.Contains(bought, u.Class) {
					t.Errorf("calls of %s are counted", u.Class)
				}
			}
		})
	}
}

// TestWhoAnswers says in the description which package gives which record.
func TestWhoAnswers(t *testing.T) {
	e := serve(t, fake.New(world.New(1, 12), fake.Options{}))
	for _, tc := range []struct {
		packages       []string
		entity, source string
	}{
		{everything(), "Order", "crm: GET /crm/commandes, ecommerce-plus: GET /ecommerceplus/commandes, ecommerce-plus: GET /ecommerceplus/commandes/etats, carrier: GET /transporteurs/commandes"},
		{[]string{ecolix.Carrier}, "Order", "carrier: GET /transporteurs/commandes"},
		{[]string{ecolix.Carrier}, "Product", "carrier: GET /transporteurs/articles, carrier: GET /transporteurs/stocks"},
		{[]string{"transporteurs", "fournisseurs", "ecommerce+"}, "Quote", "ecommerce-plus: GET /ecommerceplus/devis"},
	} {
		t.Run(fmt.Sprintf("case=%s of %v", tc.entity, tc.packages), func(t *testing.T) {
			d := copied(t, config(e.URL, tc.packages...)).Describe()
			if got := d.Entity(tc.entity).Upstream; got != "copy of "+tc.source {
				t.Errorf("got %s, want %s", got, tc.source)
			}
		})
	}
}
