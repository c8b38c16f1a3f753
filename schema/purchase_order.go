package schema

import (
	"time"
)

// PurchaseOrder is what was ordered from a supplier.
type PurchaseOrder struct {
	Record
	Number        string
	Supplier      string
	SupplierTaxID string
	Status        string
	Date          time.Time
	ExpectedDate  time.Time
	Total         *Money
	Net           *Money // without tax
	Tax           *Money
	Computed      []string // as in Order
	Lines         []*OrderLine
}

// PurchaseOrderPage is a page of them.
type PurchaseOrderPage = Page[PurchaseOrder]

// PurchaseOrderEdge is one with its cursor.
type PurchaseOrderEdge = Edge[PurchaseOrder]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *PurchaseOrder) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "supplier":
		return String(x.Supplier)
	case "supplierTaxId":
		return String(x.SupplierTaxID)
	case "status":
		return String(x.Status)
	case "total":
		return Amount(x.Total)
	case "currency":
		return currencyOf(x.Total)
	case "date":
		return Time(x.Date)
	}
	return x.Record.column(name)
}

// Currency is the currency of the total.
func (x *PurchaseOrder) Currency() string { return x.Total.currency() }
