package schema_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/schema"
)

func TestNearest(t *testing.T) {
	known := []string{"customer", "customers", "orders", "id", "Ticket"}
	for name, want := range map[string]string{
		"custmer": "customer", "customerz": "customer", "ordres": "orders", "TICKET": "Ticket", "tikcet": "Ticket",
		"ix": "id", "x": "", "zzzzzzzz": "", "": "", strings.Repeat("customer", 100): "",
	} {
		t.Run("case="+name[:min(len(name), 20)], func(t *testing.T) {
			if got := schema.Nearest(name, known); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			reversed := []string{"Ticket", "id", "orders", "customers", "customer"}
			if got := schema.Nearest(name, reversed); got != want {
				t.Errorf("in another order: %q, want %q", got, want)
			}
		})
	}
	if got := schema.DidYouMean("ordrs", known); got != ", did you mean orders?" {
		t.Errorf("says %q", got)
	}
	if got := schema.DidYouMean("total", known); got != "" {
		t.Errorf("says %q", got)
	}
}
