package onec_test

import (
	"regexp"
	"testing"

	"github.com/govalues/decimal"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).roundTrip"))
}

func orders(s datasources.Source) datasources.Reader[schema.Order] {
	return datasources.ReaderOf[schema.Order](s, "Order")
}

func invoices(s datasources.Source) datasources.Reader[schema.Invoice] {
	return datasources.ReaderOf[schema.Invoice](s, "Invoice")
}

func payments(s datasources.Source) datasources.Reader[schema.Payment] {
	return datasources.ReaderOf[schema.Payment](s, "Payment")
}

func products(s datasources.Source) datasources.Reader[schema.Product] {
	return datasources.ReaderOf[schema.Product](s, "Product")
}

func dec(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }

func linkRules() map[string]datasources.LinkRules {
	return map[string]datasources.LinkRules{
		"Invoice.order": {{Field: "НомерЗаказа"}},
		"Payment.order": {{Field: "Комментарий", Pattern: regexp.MustCompile(`Order ([A-Z0-9-]+)`)}},
	}
}

func withLinks(_ *onec.Config, d *onec.Deps) { d.Links = linkRules() }
