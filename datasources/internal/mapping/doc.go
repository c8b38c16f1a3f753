// Package mapping turns the records of systems nobody wrote a connector for into
// rows of the graph, by configuration: which paths may hold a column, how
// decimals, dates and statuses are written there. The declarative connectors
// rest and odata call it; it makes no calls itself.
//
//	plan, err := mapping.Compile[schema.Order](mapping.Options{Entity: "Order", Source: "erp", Fields: fields, Locale: locale})
//	doc, err := mapping.Parse(body)
//	tally := plan.Tally()
//	for rec := range doc.Root().Items() {
//		var row schema.Order
//		if plan.Row(rec, tally, &row) == mapping.Kept { … }
//	}
//	ledger.Take(tally)
//
// What cannot be taken as it is, is never guessed and never dropped in silence:
// the column is null, or holds what was sent, and a Tally counts it by column and
// kind. No value of a record is ever kept in a count, an error or a log.
package mapping
