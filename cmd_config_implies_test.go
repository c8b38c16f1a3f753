package main

import (
	"strings"
	"testing"
)

func TestImpliedFacts(t *testing.T) {
	for name, tc := range map[string]struct{ facts, relation, mistake string }{
		"a fact":             {`["Invoice.customer = Order.customer"]`, "Invoice.order", ""},
		"without spaces":     {`["Payment.customer=Invoice.customer"]`, "Payment.invoice", ""},
		"none":               {`[]`, "", ""},
		"nothing known":      {`["Order.customer = Invoice.customer"]`, "", "implies[0]"},
		"the same twice":     {`["Ticket.customer = Order.customer", "Ticket.customer=Order.customer"]`, "", "implies[1]"},
		"something of a row": {`["Invoice.total = Order.total"]`, "", "implies[0]"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			c, err := parseConfig([]byte(minimal+"implies: "+tc.facts+"\n"), env)
			if tc.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), tc.mistake) {
					t.Fatalf("got %v, want a mistake at %s", err, tc.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			known, err := c.implied()
			if err != nil || tc.relation != "" && !known[tc.relation] || tc.relation == "" && len(known) > 0 {
				t.Errorf("got %v, %v", known, err)
			}
		})
	}
}
