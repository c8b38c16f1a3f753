package schema

import (
	"time"
)

// Boleto is a Brazilian payment slip.
type Boleto struct {
	Record
	Links
	Number  string
	Status  string
	Date    time.Time
	DueDate time.Time
	Amount  *Money
	URL     string
}

// BoletoPage is a page of them.
type BoletoPage = Page[Boleto]

// BoletoEdge is one with its cursor.
type BoletoEdge = Edge[Boleto]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Boleto) Column(name string) Value {
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
	case "dueDate":
		return Time(x.DueDate)
	}
	return either(x.Record.column(name), x.Links.column(name))
}

// Currency is the currency of the amount.
func (x *Boleto) Currency() string { return x.Amount.currency() }
