package otrs_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
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
	desk := box.Source("helpdesk")
	cfg := otrs.DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password = "helpdesk", desk.URL, desk.User, desk.Password
	src, err := otrs.Open(t.Context(), cfg, otrs.Deps{Links: map[string]datasources.LinkRules{"Ticket.order": {{Field: "DynamicField.OrderNumber"}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	sourcetest.Run(t, sourcetest.Subject{
		Source: src, Name: "helpdesk", Lists: []string{"Ticket"}, Down: func() { _ = desk.Down() }, Secrets: []string{desk.Password},
	})
}
