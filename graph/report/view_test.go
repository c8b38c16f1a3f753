package report_test

import (
	"testing"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
	"github.com/trama-graph/trama/schema"
)

// TestViews holds that questions about what a view has of the shipped datasets are valid
// over its schema, which lacks what it denies: each column that may be filtered and sorted
// by, and each entity.
func TestViews(t *testing.T) {
	g, err := policies.NewGraph(graph.Full())
	must(t, err)
	e, err := policies.Open(t.Context(), policies.Options{Graph: g, Shipped: packages.FS, Scopes: map[string]string{"shop": "shop", "carrier": "carrier", "supplier": "supplier"}})
	must(t, err)
	texts, err := dataset.Shipped()
	must(t, err)
	catalogue, _ := dataset.Load(texts, graph.Full())
	for _, name := range []string{"bi", "dashboard", "admin", "ecommerce", "crm", "carrier", "supplier", "tickets"} {
		t.Run("case="+name, func(t *testing.T) {
			v, err := e.View(t.Context(), &policies.Principal{
				TokenID: "t", Account: "a", Role: "member", Packages: []string{name}, Door: "odata",
				Claims: map[string]string{"shop": "web", "carrier": "Nord Fret", "supplier": "Forez", "customer": "c1"},
			})
			must(t, err)
			s, err := graph.For(v)
			must(t, err)
			asked := 0
			for _, name := range catalogue.Names() {
				d, _ := catalogue.Get(name)
				tb, ok := d.For(v, s)
				if !ok {
					continue
				}
				set := report.Set(tb)
				one := func(path, query string) *report.Report {
					asked++
					q, err := odata.Parse(path, query, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
					must(t, err)
					r, err := report.Of(tb, s, q, report.Limits{})
					if err != nil {
						t.Fatalf("%s?%s: %v", path, query, err)
					}
					return r
				}
				one(name, "")
				one(name+"('x')", "")
				one(name+"/$count", "")
				for _, c := range set.Columns {
					if c.CanSort {
						one(name, "$orderby="+c.Name)
					}
					if !c.CanFilter {
						continue
					}
					r := one(name, "$filter=not%20("+c.Name+"%20eq%20null)%20and%20(true%20or%20"+c.Name+"%20ne%20null)")
					for _, own := range tb.Columns {
						if own.Name == c.Name && own.FilterKey != "" && r.Where().Op == schema.All {
							t.Errorf("%s.%s is not folded", name, c.Name)
						}
					}
				}
			}
			if asked == 0 && name == "bi" {
				t.Error("nothing was asked")
			}
			t.Logf("%d questions", asked)
		})
	}
}
