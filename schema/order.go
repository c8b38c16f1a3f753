package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// Order is a customer's order. Lines is nil when they were not asked for.
type Order struct {
	Record
	Links
	Number            string
	CustomerReference string
	Shop              string // or sales channel
	Status            string
	PaymentStatus     string
	DeliveryStatus    string
	Date              time.Time
	DueDate           time.Time
	Total             *Money
	Net               *Money // without tax
	Tax               *Money
	Paid              *Money
	Notes             string
	Computed          []string // amounts the source left out, made of its others: "total", "net", "tax"
	Lines             []*OrderLine
	States            []*OrderState
}

// OrderPage is a page of them.
type OrderPage = Page[Order]

// OrderEdge is one with its cursor.
type OrderEdge = Edge[Order]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Order) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "shop":
		return String(x.Shop)
	case "status":
		return String(x.Status)
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
func (x *Order) Currency() string { return x.Total.currency() }

// OrderLine is a line of an order, an invoice or a delivery note. Rates and
// discounts are in percent.
type OrderLine struct {
	Position  *int
	SKU       string
	Name      string
	Quantity  *decimal.Decimal
	Unit      string
	UnitPrice *Money
	Discount  *decimal.Decimal
	TaxRate   *decimal.Decimal
	Tax       *Money
	Total     *Money
	Faults    *Faults `json:",omitempty"` // what of it cannot be shown, nil = all can
}

// Spoilt returns the fields that cannot be shown.
func (x *OrderLine) Spoilt() *Faults { return x.Faults }

// OrderState is a state an order has gone through.
type OrderState struct {
	Status string
	At     time.Time
	Faults *Faults `json:",omitempty"` // what of it cannot be shown, nil = all can
}

// Spoilt returns the fields that cannot be shown.
func (x *OrderState) Spoilt() *Faults { return x.Faults }
