package canary

import "strings"

// kind is what a column holds.
type kind uint8

const (
	text kind = iota
	email
	number   // ten digits
	amount   // ten digits and two decimals
	moment   // a second
	currency // one that no other row has
	constant // the same for every row: see constants
	money    // the same as amount, and shown with the row's currency
)

// column is a column of the declarative connector (docs/sources/rest.md) that a
// field of the graph shows under the same name.
type column struct {
	name string
	kind kind
}

// kindOf reads a kind's name; a name that is left out is a text.
func kindOf(name string) kind {
	switch name {
	case "email":
		return email
	case "number":
		return number
	case "amount":
		return amount
	case "moment":
		return moment
	case "currency":
		return currency
	case "constant":
		return constant
	case "money":
		return money
	}
	return text
}

// table names the columns of a type with their kinds.
func table(of string) string {
	switch of {
	case "Contact":
		return "name firstName lastName email:email phone:number mobile:number jobTitle createdAt:moment updatedAt:moment"
	case "Ticket":
		return "number title state stateType:constant priority queue type service lock owner responsible customerUser closedAt:moment createdAt:moment updatedAt:moment"
	case "Quote":
		return "number title shop status currency:currency total:money net:money tax:money date:moment validUntil:moment probability:amount createdAt:moment updatedAt:moment"
	case "Order":
		return "number customerReference shop status paymentStatus deliveryStatus date:moment dueDate:moment currency:currency total:money net:money tax:money paid:money notes createdAt:moment updatedAt:moment"
	case "Invoice":
		return "number kind:constant status date:moment dueDate:moment currency:currency total:money net:money tax:money paid:money posted:constant notes createdAt:moment updatedAt:moment"
	case "Payment":
		return "number status date:moment amount:money currency:currency method purpose posted:constant createdAt:moment updatedAt:moment"
	case "Payable":
		return "number supplier supplierTaxId:number description category status date:moment dueDate:moment amount:money currency:currency paid:money createdAt:moment updatedAt:moment"
	case "Boleto":
		return "number status dueDate:moment date:moment amount:money currency:currency url createdAt:moment updatedAt:moment"
	case "Product":
		return "sku name barcode category unit price:money currency:currency taxRate:amount active:constant createdAt:moment updatedAt:moment"
	case "DeliveryNote":
		return "number status date:moment carrier appointment:moment shippedAt:moment parcels:number weight:amount total:money currency:currency posted:constant createdAt:moment updatedAt:moment"
	case "PurchaseOrder":
		return "number supplier supplierTaxId:number status date:moment expectedDate:moment total:money net:money tax:money currency:currency createdAt:moment updatedAt:moment"
	case "OrderLine":
		return "position:number sku name quantity:amount unit unitPrice:money discount:amount taxRate:amount tax:money total:money"
	case "OrderState":
		return "status at:moment"
	case "Stock":
		return "warehouse available:amount physical:amount reserved:amount expected:amount asOf:moment"
	}
	return ""
}

// columns returns the columns of a type, but for its id and its links.
func columns(of string) []column {
	var out []column
	for _, s := range strings.Fields(table(of)) {
		name, k, _ := strings.Cut(s, ":")
		out = append(out, column{name, kindOf(k)})
	}
	return out
}

// lists returns the columns of a type that hold rows of another, by their names.
func lists(of string) map[string]string {
	switch of {
	case "Order":
		return map[string]string{"lines": "OrderLine", "states": "OrderState"}
	case "Invoice", "DeliveryNote", "PurchaseOrder":
		return map[string]string{"lines": "OrderLine"}
	case "Product":
		return map[string]string{"stock": "Stock"}
	}
	return nil
}

// links returns the columns of a type that hold the key of another row.
func links(of string) []string {
	switch of {
	case "Contact", "Quote":
		return []string{"customer"}
	case "Ticket", "Invoice", "DeliveryNote":
		return []string{"customer", "order"}
	case "Order":
		return []string{"customer", "quote"}
	case "Payment":
		return []string{"customer", "order", "invoice"}
	case "Boleto":
		return []string{"customer", "invoice"}
	}
	return nil
}

// constantOf is the value of a column that cannot hold a canary.
func constantOf(column string) any {
	switch column {
	case "stateType":
		return "OPEN"
	case "kind":
		return "SALE"
	}
	return true
}

// Plain returns the fields of the graph that hold no canary in any row: what they
// show is the same for all, has too few values to be told apart, or is Trama's own: when
// it saw a record change, and whether its source has it no more.
func Plain() []Field {
	out := []Field{{"Customer", "country"}, {"Customer", "coverage"}, {"Ticket", "stateType"}, {"Invoice", "kind"}, {"Invoice", "posted"}, {"Payment", "posted"}, {"Product", "active"}, {"DeliveryNote", "posted"}}
	for _, f := range []string{"position", "senderType", "channel", "contentType", "visibleToCustomer"} {
		out = append(out, Field{"Article", f})
	}
	for _, t := range Types() {
		out = append(out, Field{t, "changedAt"}, Field{t, "isDeleted"})
		if t != "Customer" {
			out = append(out, Field{t, "source"})
		}
	}
	for _, t := range []string{"Quote", "Order", "Invoice", "PurchaseOrder"} {
		out = append(out, Field{t, "computed"})
	}
	return out
}

// Types returns the types that have rows here, those first that others refer to.
func Types() []string {
	return []string{"Customer", "Contact", "Quote", "Order", "Invoice", "Payment", "Boleto", "Ticket", "DeliveryNote", "Product", "Payable", "PurchaseOrder"}
}

func lower(s string) string {
	return strings.NewReplacer(" ", "-").Replace(strings.ToLower(s))
}
