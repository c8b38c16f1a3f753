package creatio

import "github.com/trama-graph/trama/schema"

// quoteShape reads opportunities. They have no date of their own: it is when
// they were opened, unless configured.
func quoteShape() *shape {
	sh := newShape(
		"Quote", "Opportunity",
		column{field: "customer", up: "AccountId", kind: link},
		column{field: "number", up: "Title"},
		column{field: "title", up: "Title"},
		column{field: "status", up: "StageId", kind: lookup, table: "OpportunityStage"},
		column{field: "total", up: "Amount", kind: number, sort: true},
		column{field: "currency", kind: lookup, table: tableCurrency},
		column{field: "date", up: "CreatedOn", kind: moment, sort: true},
		column{field: "validUntil", up: "DueDate", kind: moment},
		column{field: "probability", up: "Probability", kind: number},
	)
	sh.number, sh.money, sh.order.Column = "number", true, "date"
	sh.notes = "Opportunities. The amount is in the base currency unless Quote.currency is configured."
	return sh
}

func buildQuote(b *builder, r *record) schema.Quote {
	return schema.Quote{
		Record:      b.record(r),
		Links:       b.links(r),
		Number:      b.text(r, "number"),
		Title:       b.text(r, "title"),
		Status:      b.text(r, "status"),
		Total:       b.money(r, "total"),
		Date:        b.time(r, "date"),
		ValidUntil:  b.time(r, "validUntil"),
		Probability: b.decimal(r, "probability"),
	}
}
