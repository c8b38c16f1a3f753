package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// impliedRelations are the children that can be read beside their documents, by the
// fact that makes it possible.
var impliedRelations = map[string]string{
	"Invoice.customer = Order.customer":      "Invoice.order",
	"Payment.customer = Order.customer":      "Payment.order",
	"Ticket.customer = Order.customer":       "Ticket.order",
	"DeliveryNote.customer = Order.customer": "DeliveryNote.order",
	"Order.customer = Quote.customer":        "Order.quote",
	"Payment.customer = Invoice.customer":    "Payment.invoice",
}

var spaces = regexp.MustCompile(`\s*=\s*`)

// implied reads the facts of `implies:`. The result are the relations they make
// readable a wave earlier.
func (c *config) implied() (map[string]bool, error) {
	known := map[string]bool{}
	var errs []error
	for i, fact := range c.Implies {
		relation := impliedRelations[spaces.ReplaceAllString(strings.TrimSpace(fact), " = ")]
		switch {
		case relation == "":
			errs = append(errs, fmt.Errorf("implies[%d]: %q is not a fact that helps, want one of %s", i, fact, strings.Join(impliedFacts(), ", ")))
		case known[relation]:
			errs = append(errs, fmt.Errorf("implies[%d]: says again what stands before it", i))
		}
		known[relation] = true
	}
	return known, errors.Join(errs...)
}

func impliedFacts() []string {
	var list []string
	for fact := range impliedRelations {
		list = append(list, `"`+fact+`"`)
	}
	slices.Sort(list)
	return list
}
