package copies_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/datasources/sandbox"
	fake "github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// TestCopiedSource runs the suite of every source on a copy of the sandbox's
// books.
func TestCopiedSource(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 60, OneC: fake.Options{Configuration: fake.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	books := box.Source("books")
	cfg := onec.DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password = "books", books.URL, books.User, books.Password
	cfg.Zone, cfg.Currency = "Europe/Chisinau", "MDL"
	src, err := onec.Open(t.Context(), cfg, onec.Deps{
		CacheDir: t.TempDir(), Links: map[string]datasources.LinkRules{"Invoice.order": {{Field: "НомерЗаказа"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	c := openCopy(t, copies.Config{Name: "books"}, src, newStore(t), copies.Deps{})
	mustSync(t, c)
	if st := c.Status(); st.AsOf.IsZero() || st.Note != "" {
		t.Errorf("status %+v", st)
	}
	sourcetest.Run(t, sourcetest.Subject{
		Source: c.Source(), Name: "books", Lists: []string{"Order", "Invoice", "Payment", "DeliveryNote", "Product"},
		Down: func() { _ = books.Down() }, Secrets: []string{books.Password}, Survives: true,
	})
}
