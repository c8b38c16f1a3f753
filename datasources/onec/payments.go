package onec

import "github.com/trama-graph/trama/schema"

// paymentOf makes a payment of a document of money that came in.
func paymentOf(d *document) schema.Payment {
	return schema.Payment{
		Record: d.Record, Links: d.Links,
		Number: d.number, Status: d.status, Date: d.date, Amount: d.total,
		Method: d.method, Purpose: d.purpose, Posted: d.posted,
	}
}
