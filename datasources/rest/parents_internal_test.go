package rest

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

// TestParentIn holds the short way to a row's parent against its column.
func TestParentIn(t *testing.T) {
	asked := gather.PlacesOf([]string{"C1", "SO-2", "T1"})
	order := &schema.Order{Links: schema.Links{CustomerKey: "C1", QuoteKey: "Q1"}, Number: "SO-1"}
	invoice := &schema.Invoice{Links: schema.Links{OrderNumbers: []string{"SO-1", "SO-2"}, CustomerKey: "C9"}}
	stranger := &schema.Invoice{Links: schema.Links{OrderNumbers: []string{"SO-1"}}}
	for name, c := range map[string]struct{ got, want string }{
		"a customer":              {parentIn[schema.Order](order, "customer", asked), order.Column("customer").Text()},
		"one nobody asked for":    {parentIn[schema.Invoice](invoice, "customer", asked), "C9"},
		"no customer":             {parentIn[schema.Invoice](stranger, "customer", asked), ""},
		"a number":                {parentIn[schema.Order](order, "number", asked), "SO-1"},
		"another key":             {parentIn[schema.Order](order, "quote", asked), "Q1"},
		"of several the asked":    {parentIn[schema.Invoice](invoice, "orderNumber", asked), "SO-2"},
		"of several none":         {parentIn[schema.Invoice](stranger, "orderNumber", asked), ""},
		"a row without customers": {parentIn[schema.Article](&schema.Article{TicketKey: "T1"}, "customer", asked), ""},
		"an article's ticket":     {parentIn[schema.Article](&schema.Article{TicketKey: "T1"}, "ticket", asked), "T1"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%q, want %q", c.got, c.want)
			}
		})
	}
}

func parentIn[T any, P gather.Entity[T]](row P, column string, asked *gather.Places) string {
	return (&reader[T, P]{}).parentIn(column, asked)((*T)(row))
}
