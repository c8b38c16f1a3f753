package onec

import "github.com/trama-graph/trama/schema"

// deliveryOf makes a delivery note of a sale: in 1C the document by which goods
// leave is the one that books the sale.
func deliveryOf(d *document) schema.DeliveryNote {
	return schema.DeliveryNote{
		Record: d.Record, Links: d.Links,
		Number: d.number, Status: d.status, Date: d.date, Total: d.total,
		Posted: d.posted, Lines: d.lines,
	}
}
