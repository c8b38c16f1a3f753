package onec

import "github.com/trama-graph/trama/schema"

// orderOf makes an order of a customer's order document.
func orderOf(d *document) schema.Order {
	return schema.Order{
		Record: d.Record, Links: d.Links,
		Number: d.number, CustomerReference: d.customerReference, Status: d.status,
		Date: d.date, DueDate: d.due, Total: d.total, Tax: d.tax, Paid: d.paid,
		Notes: d.notes, Lines: d.lines,
	}
}
