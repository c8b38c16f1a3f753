package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// Product is an article that is sold. Stock is nil when it was not asked for.
type Product struct {
	Record
	SKU      string
	Name     string
	Barcode  string
	Category string
	Unit     string
	Price    *Money
	TaxRate  *decimal.Decimal
	Active   *bool
	Stock    []*Stock
}

// ProductPage is a page of them.
type ProductPage = Page[Product]

// ProductEdge is one with its cursor.
type ProductEdge = Edge[Product]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Product) Column(name string) Value {
	switch name {
	case "sku":
		return String(x.SKU)
	case "name":
		return String(x.Name)
	case "barcode":
		return String(x.Barcode)
	case "category":
		return String(x.Category)
	case "active":
		return BoolPtr(x.Active)
	case "price":
		return Amount(x.Price)
	case "currency":
		return currencyOf(x.Price)
	}
	return x.Record.column(name)
}

// Currency is the currency of the price.
func (x *Product) Currency() string { return x.Price.currency() }

// Stock is how much of an article a warehouse has, at one moment.
type Stock struct {
	Warehouse string
	Available *decimal.Decimal
	Physical  *decimal.Decimal
	Reserved  *decimal.Decimal
	Expected  *decimal.Decimal
	AsOf      time.Time
	Faults    *Faults `json:",omitempty"` // what of it cannot be shown, nil = all can
}

// Spoilt returns the fields that cannot be shown.
func (x *Stock) Spoilt() *Faults { return x.Faults }
