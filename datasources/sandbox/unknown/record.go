package unknown

import (
	"cmp"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Record says what one row of a fake stands for in the world.
type Record struct {
	// Set is the resource or entity set, as it stands in the address: "orders", "SalesInvoices".
	Set string
	// ID is the row's key as the system prints it in JSON, without quotes: "104", a GUID, a number with spaces. Of a key of
	// several parts it is the parts, joined by "|".
	ID string
	// Number is what people call the row: an order's number, a company's code, an article's reference.
	Number string
	// Owner is the ID of the customer's row in the same system; "" for products and for customers themselves.
	Owner string
	// Of is the ID of the document the row belongs to: an item's order, a payment's invoice, an invoice's order where the
	// system knows it; else "".
	Of string
	// Customer is the number of the world's customer; 0 for products.
	Customer int
	// Index is the position in the world: in Customer.Books, World.Orders, World.Invoices or World.Quotes of that customer, or
	// in World.Products.
	Index int
	// Sub is the position within the document, of lines and payments.
	Sub int
}

// document is a row of the world before the fake has given it a number.
type document struct {
	customer, index, sub int
	at                   time.Time
}

// inOrder sorts documents by time: numbers grow with time, as those of a real system do.
func inOrder(docs []document) []document {
	slices.SortStableFunc(docs, func(a, b document) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.customer, b.customer), cmp.Compare(a.index, b.index), cmp.Compare(a.sub, b.sub))
	})
	return docs
}

// at names a document of the world, so that one can point to another.
type at struct{ customer, index int }

// bookCustomers are the customers that the books know, in the order of their numbers.
func bookCustomers(w *world.World) []*world.Customer {
	var list []*world.Customer
	for i := 1; i <= w.Customers(); i++ {
		if c := w.Customer(i); len(c.Books) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// invoiceChanged is when an invoice was last touched: the world keeps no such time of its own.
func invoiceChanged(v *world.Invoice) time.Time {
	changed := v.Date
	for _, p := range v.Payments {
		if p.Date.After(changed) {
			changed = p.Date
		}
	}
	return changed
}
