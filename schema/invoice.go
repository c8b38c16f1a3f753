package schema

import (
	"time"
)

// Invoice is a bill, a sale or a tax invoice.
type Invoice struct {
	Record
	Links
	Number   string
	Kind     InvoiceKind
	Status   string
	Date     time.Time
	DueDate  time.Time
	Total    *Money
	Net      *Money // without tax
	Tax      *Money
	Paid     *Money
	Posted   *bool
	Notes    string
	Computed []string // as in Order
	Lines    []*OrderLine
}

// InvoicePage is a page of them.
type InvoicePage = Page[Invoice]

// InvoiceEdge is one with its cursor.
type InvoiceEdge = Edge[Invoice]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Invoice) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "status":
		return String(x.Status)
	case "kind":
		return String(string(x.Kind))
	case "total":
		return Amount(x.Total)
	case "currency":
		return currencyOf(x.Total)
	case "date":
		return Time(x.Date)
	}
	return either(x.Record.column(name), x.Links.column(name))
}

// Currency is the currency of the total.
func (x *Invoice) Currency() string { return x.Total.currency() }

// InvoiceKind is the kind of paper an invoice is.
type InvoiceKind string

// The kinds of invoices.
const (
	InvoiceBill InvoiceKind = "BILL"
	InvoiceSale InvoiceKind = "SALE"
	InvoiceTax  InvoiceKind = "TAX"
)
