package ecolix_test

import (
	"testing"

	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// TestCopiedSource runs the suite of every connector on a copy of the preset.
func TestCopiedSource(t *testing.T) {
	e := serve(t, fake.New(w300(), fake.Options{}))
	c := copied(t, config(e.URL, everything()...))
	sync1(t, c)
	if st := c.Status(); st.AsOf.IsZero() || st.Note != "" {
		t.Errorf("status %+v", st)
	}
	sourcetest.Run(t, sourcetest.Subject{
		Source: c.Source(), Name: "erp", Lists: []string{"Quote", "Order", "Product", "DeliveryNote", "PurchaseOrder"},
		Down: e.Close, Secrets: []string{fake.DefaultKey}, Survives: true,
	})
}
