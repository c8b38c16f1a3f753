package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// Quote is a quote or sales opportunity.
type Quote struct {
	Record
	Links
	Number      string
	Title       string
	Shop        string // or sales channel
	Status      string
	Total       *Money
	Net         *Money // without tax
	Tax         *Money
	Computed    []string // as in Order
	Date        time.Time
	ValidUntil  time.Time
	Probability *decimal.Decimal
}

// QuotePage is a page of them.
type QuotePage = Page[Quote]

// QuoteEdge is one with its cursor.
type QuoteEdge = Edge[Quote]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Quote) Column(name string) Value {
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
func (x *Quote) Currency() string { return x.Total.currency() }
