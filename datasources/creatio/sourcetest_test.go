package creatio_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// TestSource runs the suite of every connector in front of the sandbox.
func TestSource(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 60})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	crm := box.Source("crm")
	cfg := creatio.Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.BaseCurrency = "crm", crm.URL, crm.User, crm.Password, "EUR"
	src, err := creatio.Open(t.Context(), cfg, creatio.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	sourcetest.Run(t, sourcetest.Subject{
		Source: src, Name: "crm", Lists: []string{"Contact", "Quote", "Order", "Invoice", "Product"},
		Down: func() { _ = crm.Down() }, Secrets: []string{crm.Password},
	})
}
