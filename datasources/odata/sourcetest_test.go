package odata_test

import (
	"fmt"
	"testing"

	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// TestSource runs the suite of every connector in front of a service of each
// version, with what services do differently.
func TestSource(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		for _, x := range []struct {
			name string
			with func(*fake, *odata.Config)
		}{
			{"plain", func(*fake, *odata.Config) {}},
			{"links", func(f *fake, _ *odata.Config) { f.pageCap = 7 }},
			{"small pages", func(_ *fake, c *odata.Config) { c.Page, c.Batch = 5, 4 }},
			{"no in, no order of keys", func(f *fake, _ *odata.Config) { f.hasIn, f.noGUIDOrder = false, true }},
			{"letter case ignored", func(f *fake, c *odata.Config) { f.ignoreCase = true; c.Search = "plain" }},
			{"exact", func(_ *fake, c *odata.Config) { c.Collation, c.Search = "exact", "tolower" }},
			{"narrow server", func(f *fake, _ *odata.Config) { f.longest = 900 }},
		} {
			t.Run(fmt.Sprintf("case=v%d %s", version, x.name), func(t *testing.T) {
				f := newShop(t, version)
				c := shopConfig(f)
				x.with(f, &c)
				sourcetest.Run(t, sourcetest.Subject{
					Source: open(t, c), Name: "shop", Lists: []string{"Order", "Invoice", "Product"}, Down: f.Close, Secrets: []string{"hunter2-secret"},
				})
			})
		}
	}
}
