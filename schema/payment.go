package schema

import (
	"time"
)

// Payment is money that came in.
type Payment struct {
	Record
	Links
	Number  string
	Status  string
	Date    time.Time
	Amount  *Money
	Method  string
	Purpose string
	Posted  *bool
}

// PaymentPage is a page of them.
type PaymentPage = Page[Payment]

// PaymentEdge is one with its cursor.
type PaymentEdge = Edge[Payment]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Payment) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "status":
		return String(x.Status)
	case "amount":
		return Amount(x.Amount)
	case "currency":
		return currencyOf(x.Amount)
	case "date":
		return Time(x.Date)
	}
	return either(x.Record.column(name), x.Links.column(name))
}

// Currency is the currency of the amount.
func (x *Payment) Currency() string { return x.Amount.currency() }
