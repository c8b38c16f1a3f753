package creatio

import "github.com/trama-graph/trama/schema"

func invoiceShape() *shape {
	sh := newShape(
		"Invoice", "Invoice",
		column{field: "customer", up: "AccountId", kind: link},
		column{field: "order", up: "OrderId", kind: link},
		column{field: "number", up: "Number"},
		column{field: "status", up: "PaymentStatusId", kind: lookup, table: "InvoicePaymentStatus"},
		column{field: "date", up: "StartDate", kind: moment, sort: true},
		column{field: "dueDate", up: "DueDate", kind: moment},
		column{field: "total", up: "Amount", kind: number, sort: true},
		column{field: "tax", up: "TaxAmount", kind: number},
		column{field: "paid", up: "PaymentAmount", kind: number},
		column{field: "currency", up: "CurrencyId", kind: lookup, table: tableCurrency},
		column{field: "notes"},
	)
	sh.number, sh.money, sh.order.Column = "number", true, "date"
	sh.notes = "Bills: what Creatio calls an invoice asks for payment and is not in the books. Lines are not read."
	return sh
}

func buildInvoice(b *builder, r *record) schema.Invoice {
	return schema.Invoice{
		Record:  b.record(r),
		Links:   b.links(r),
		Number:  b.text(r, "number"),
		Kind:    schema.InvoiceBill,
		Status:  b.text(r, "status"),
		Date:    b.time(r, "date"),
		DueDate: b.time(r, "dueDate"),
		Total:   b.money(r, "total"),
		Tax:     b.money(r, "tax"),
		Paid:    b.money(r, "paid"),
		Notes:   b.text(r, "notes"),
	}
}
