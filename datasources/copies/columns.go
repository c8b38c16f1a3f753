package copies

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Column is a column that a store keeps beside a row's data, to filter and sort
// by.
type Column struct {
	Name string      // SDL field
	Kind schema.Kind // of all its values that are not null
	// Folded columns can be searched for a part of their text, letter case ignored.
	Folded bool
}

// columns are never changed.
var columns = [...]Column{
	key("customer"), key("order"), key("quote"), key("invoice"),
	key("orderNumber"), key("quoteNumber"), key("invoiceNumber"),
	text("number"), text("status"), text("kind"), text("title"), text("name"), text("email"),
	text("state"), text("stateType"), text("priority"), text("queue"), text("type"), text("owner"), text("customerNumber"),
	text("sku"), text("barcode"), text("category"), text("supplier"), text("supplierTaxId"), text("carrier"), text("shop"), text("currency"),
	when("date"), when("dueDate"), when("createdAt"), when("updatedAt"), when("closedAt"),
	amount("total"), amount("amount"), amount("price"),
	{Name: "active", Kind: schema.KindBool},
}

func text(name string) Column { return Column{Name: name, Kind: schema.KindString, Folded: true} }

func key(name string) Column { return Column{Name: name, Kind: schema.KindString} }

func when(name string) Column { return Column{Name: name, Kind: schema.KindTime} }

func amount(name string) Column { return Column{Name: name, Kind: schema.KindDecimal} }

// Columns returns the columns of all entities together, in the order of
// Row.Values. They are what rows answer to Column, but for id and source; an
// entity that lacks one has null there.
func Columns() []Column { return slices.Clone(columns[:]) }

// ColumnOf returns the one of Columns that has the name.
func ColumnOf(name string) (Column, bool) {
	for i := range columns {
		if columns[i].Name == name {
			return columns[i], true
		}
	}
	return Column{}, false
}

// relations are the columns by which rows belong to a parent. The numbers of
// other documents are links: a row may have several of each.
func relations() []string {
	return []string{"customer", "order", "quote", "invoice", "number", "orderNumber", "quoteNumber", "invoiceNumber"}
}
