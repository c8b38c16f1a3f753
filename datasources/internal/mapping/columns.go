package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Type is what a column holds, for checks and documentation.
type Type string

// The types of columns.
const (
	Texts    Type = "text"
	Moment   Type = "time"
	Money    Type = "amount"
	Decimal  Type = "number"
	Truth    Type = "truth value"
	Whole    Type = "whole number"
	TextList Type = "list of texts"
	TextMap  Type = "texts by system"
	Nested   Type = "list of records"
)

// Column is one column fields may name.
type Column struct {
	Name     string
	Type     Type
	Required bool     // a record without it is none
	Values   []string // of an enumeration
	Nested   []Column // of a list of records
	// Column is its name in predicates, orders and descriptions: orderNumber for
	// orderNumbers; "" for what no client sees (net, deleted).
	Column string
}

// StockEntity is the name under which the columns of StockRow are asked.
const StockEntity = "stock"

// Entities are the names of the entities that can be mapped, sorted.
func Entities() []string {
	return []string{
		"Boleto", "Contact", "Customer", "DeliveryNote", "Invoice", "Order", "Payable", "Payment", "Product", "PurchaseOrder", "Quote", "Ticket",
	}
}

// Columns are the columns of an entity by its name, nil when it cannot be
// mapped.
func Columns(entity string) []Column {
	switch entity {
	case "Boleto":
		return columnsOf[schema.Boleto]()
	case "Contact":
		return columnsOf[schema.Contact]()
	case "Customer":
		return columnsOf[datasources.CustomerRecord]()
	case "DeliveryNote":
		return columnsOf[schema.DeliveryNote]()
	case "Invoice":
		return columnsOf[schema.Invoice]()
	case "Order":
		return columnsOf[schema.Order]()
	case "Payable":
		return columnsOf[schema.Payable]()
	case "Payment":
		return columnsOf[schema.Payment]()
	case "Product":
		return columnsOf[schema.Product]()
	case "PurchaseOrder":
		return columnsOf[schema.PurchaseOrder]()
	case "Quote":
		return columnsOf[schema.Quote]()
	case "Ticket":
		return columnsOf[schema.Ticket]()
	case StockEntity:
		return columnsOf[StockRow]()
	}
	return nil
}

func columnsOf[T any]() []Column {
	var row T
	var list []Column
	for _, c := range tableOf[T]().columns {
		x := Column{Name: c.name, Column: c.name, Required: c.role == isKey, Values: c.list}
		switch c.name {
		case "orderNumbers", "quoteNumbers", "invoiceNumbers":
			x.Column = c.name[:len(c.name)-1]
		}
		switch {
		case c.role == isGone:
			x.Type, x.Column = Truth, ""
		case c.role == isCur:
			x.Type = Texts
		case c.at == nil: // net and tax where the row has no place for them
			x.Type, x.Column = Money, ""
		default:
			x.Type, x.Nested = typeOf(c.at(&row))
		}
		list = append(list, x)
	}
	return list
}

func typeOf(place any) (Type, []Column) {
	switch place.(type) {
	case *string:
		return Texts, nil
	case *time.Time:
		return Moment, nil
	case **schema.Money:
		return Money, nil
	case **decimal.Decimal:
		return Decimal, nil
	case **bool, *bool:
		return Truth, nil
	case **int:
		return Whole, nil
	case *[]string:
		return TextList, nil
	case *map[string]string:
		return TextMap, nil
	case *[]*schema.OrderLine:
		return Nested, columnsOf[schema.OrderLine]()
	case *[]*schema.OrderState:
		return Nested, columnsOf[schema.OrderState]()
	case *[]*schema.Stock:
		return Nested, columnsOf[schema.Stock]()
	}
	panic(fmt.Sprintf("mapping: no column holds a %s", reflect.TypeOf(place)))
}

func find(columns []Column, name string) *Column {
	if i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name }); i >= 0 {
		return &columns[i]
	}
	return nil
}
