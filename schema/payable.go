package schema

import (
	"time"
)

// Payable is money owed to a supplier.
type Payable struct {
	Record
	Number        string
	Supplier      string
	SupplierTaxID string
	Description   string
	Category      string
	Status        string
	Date          time.Time
	DueDate       time.Time
	Amount        *Money
	Paid          *Money
}

// PayablePage is a page of them.
type PayablePage = Page[Payable]

// PayableEdge is one with its cursor.
type PayableEdge = Edge[Payable]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Payable) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "supplier":
		return String(x.Supplier)
	case "supplierTaxId":
		return String(x.SupplierTaxID)
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
	return x.Record.column(name)
}

// Currency is the currency of the amount.
func (x *Payable) Currency() string { return x.Amount.currency() }
