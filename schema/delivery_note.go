package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// DeliveryNote is what was sent to a customer. Weight is in kilograms.
type DeliveryNote struct {
	Record
	Links
	Number      string
	Status      string
	Date        time.Time
	Carrier     string
	Appointment time.Time
	ShippedAt   time.Time
	Parcels     *int
	Weight      *decimal.Decimal
	Total       *Money
	Posted      *bool
	Lines       []*OrderLine
}

// DeliveryNotePage is a page of them.
type DeliveryNotePage = Page[DeliveryNote]

// DeliveryNoteEdge is one with its cursor.
type DeliveryNoteEdge = Edge[DeliveryNote]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *DeliveryNote) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "status":
		return String(x.Status)
	case "carrier":
		return String(x.Carrier)
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
func (x *DeliveryNote) Currency() string { return x.Total.currency() }
