package policies_test

import (
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
)

// The shipped packages load, and show what they are for.
func TestShipped(t *testing.T) {
	e := open(t, newGraph(t), packages.FS, allScopes)
	want := map[string]struct{ rows, hidden string }{
		"carrier":    {rows: "DeliveryNote: carrier = claim carrier", hidden: "Invoice"},
		"supplier":   {rows: "PurchaseOrder: supplier = claim supplier", hidden: "Customer"},
		"own-orders": {rows: "Order: customerId = claim customer", hidden: "PurchaseOrder"},
	}
	for name, w := range want {
		t.Run("case="+name, func(t *testing.T) {
			v := view(t, e, &policies.Principal{TokenID: "x", Packages: []string{name}, Door: "graphql", Claims: map[string]string{"carrier": "a", "supplier": "b", "customer": "c"}})
			typeName, _, _ := cutColon(w.rows)
			rule, visible := v.Rows(typeName)
			if got := typeName + ": " + rule.String(); !visible || got != w.rows {
				t.Errorf("got %s, want %s", got, w.rows)
			}
			if _, visible := v.Rows(w.hidden); visible {
				t.Errorf("%s is visible", w.hidden)
			}
		})
	}
}

func cutColon(s string) (before, after string, ok bool) {
	for i := range s {
		if s[i] == ':' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
