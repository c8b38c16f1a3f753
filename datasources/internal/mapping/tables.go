package mapping

import (
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// column is one column of a row type. at gives the place in a row, whose type
// decides how a value is read; it is nil for what is only read for others.
type column[T any] struct {
	name string
	at   func(*T) any
	role role
	list []string // the values of an enumeration
	// One of these gives the same place as at for the types most columns have, as
	// an interface value for each column of each record costs more than to read it.
	text   func(*T) *string
	moment func(*T) *time.Time
	money  func(*T) **schema.Money
	number func(*T) **decimal.Decimal
	whole  func(*T) **int
}

// role is what is special about a column.
type role uint8

const (
	plain   role = iota
	isKey        // a record without it is none
	isCode       // a key of another record: never cut
	isCur        // the currency of all amounts beside it
	isNet        // an amount without tax
	isTax        // the tax in the total
	isPrice      // may be more exact than the currency
	isGone       // marks the record as deleted
	isCtry       // a country
)

// amounts are the places of what is completed when two of three are there.
type amounts struct {
	total, net, tax **schema.Money // net and tax are nil where the row type has none
	computed        *[]string      // nil where the row type has none
}

// table is all columns of a row type.
type table[T any] struct {
	columns []column[T]
	// record and links are where the row type has these, nil otherwise.
	record func(*T) *schema.Record
	links  func(*T) *schema.Links
	// faults are where a row says what of it cannot be shown, nil = it cannot say.
	faults func(*T) **schema.Faults
	// amounts are completed from one another, nil = the row type has no total.
	amounts func(*T) amounts
	// position is numbered from 1 where the source does not.
	position func(*T) **int
}

func col[T, V any](name string, at func(*T) *V) column[T] {
	c := column[T]{name: name, at: func(x *T) any { return at(x) }}
	switch at := any(at).(type) {
	case func(*T) *string:
		c.text = at
	case func(*T) *time.Time:
		c.moment = at
	case func(*T) **schema.Money:
		c.money = at
	case func(*T) **decimal.Decimal:
		c.number = at
	case func(*T) **int:
		c.whole = at
	}
	return c
}

func (c column[T]) as(r role, list ...string) column[T] {
	c.role, c.list = r, list
	return c
}

// entity completes the columns of an entity of the graph by those all have.
func entity[T any](t table[T], columns ...column[T]) *table[T] {
	rec := t.record
	t.faults = func(x *T) **schema.Faults { return &rec(x).Faults }
	t.columns = append([]column[T]{
		col("id", func(x *T) *string { return &rec(x).Key }).as(isKey),
		col("createdAt", func(x *T) *time.Time { return &rec(x).CreatedAt }),
		col("updatedAt", func(x *T) *time.Time { return &rec(x).UpdatedAt }),
		{name: "deleted", role: isGone},
	}, columns...)
	if links := t.links; links != nil {
		t.columns = append(t.columns,
			col("customer", func(x *T) *string { return &links(x).CustomerKey }).as(isCode),
			col("order", func(x *T) *string { return &links(x).OrderKey }).as(isCode),
			col("quote", func(x *T) *string { return &links(x).QuoteKey }).as(isCode),
			col("invoice", func(x *T) *string { return &links(x).InvoiceKey }).as(isCode),
			col("orderNumbers", func(x *T) *[]string { return &links(x).OrderNumbers }),
			col("quoteNumbers", func(x *T) *[]string { return &links(x).QuoteNumbers }),
			col("invoiceNumbers", func(x *T) *[]string { return &links(x).InvoiceNumbers }))
	}
	return &t
}

func codeOfCurrency[T any]() column[T] { return column[T]{name: "currency", role: isCur} }
func netAmount[T any]() column[T]      { return column[T]{name: "net", role: isNet} }

// tableOf is the table of a row type, nil when there is none.
func tableOf[T any]() *table[T] {
	var t any
	switch any((*T)(nil)).(type) {
	case *datasources.CustomerRecord:
		t = customers()
	case *schema.Contact:
		t = contacts()
	case *schema.Ticket:
		t = tickets()
	case *schema.Quote:
		t = quotes()
	case *schema.Order:
		t = orders()
	case *schema.Invoice:
		t = invoices()
	case *schema.Payment:
		t = payments()
	case *schema.Payable:
		t = payables()
	case *schema.Boleto:
		t = boletos()
	case *schema.Product:
		t = products()
	case *schema.DeliveryNote:
		t = deliveryNotes()
	case *schema.PurchaseOrder:
		t = purchaseOrders()
	case *StockRow:
		t = stockRows()
	case *schema.OrderLine:
		t = lines()
	case *schema.OrderState:
		t = states()
	case *schema.Stock:
		t = stocks()
	}
	found, _ := t.(*table[T])
	return found
}

func customers() *table[datasources.CustomerRecord] {
	type row = datasources.CustomerRecord
	return &table[row]{columns: []column[row]{
		col("id", func(x *row) *string { return &x.ID }).as(isKey),
		col("code", func(x *row) *string { return &x.Code }).as(isCode),
		col("foreignIds", func(x *row) *map[string]string { return &x.ForeignIDs }),
		col("name", func(x *row) *string { return &x.Name }),
		col("legalName", func(x *row) *string { return &x.LegalName }),
		col("taxId", func(x *row) *string { return &x.TaxID }),
		col("country", func(x *row) *string { return &x.Country }).as(isCtry),
		col("email", func(x *row) *string { return &x.Email }),
		col("phone", func(x *row) *string { return &x.Phone }),
		col("website", func(x *row) *string { return &x.Website }),
		col("street", func(x *row) *string { return &x.Street }),
		col("city", func(x *row) *string { return &x.City }),
		col("postalCode", func(x *row) *string { return &x.PostalCode }),
		col("createdAt", func(x *row) *time.Time { return &x.CreatedAt }),
		col("updatedAt", func(x *row) *time.Time { return &x.ModifiedAt }),
		col("createdBy", func(x *row) *string { return &x.CreatedBy }),
		col("modifiedBy", func(x *row) *string { return &x.ModifiedBy }),
		col("deleted", func(x *row) *bool { return &x.Deleted }),
		col("isPerson", func(x *row) *bool { return &x.IsPerson }),
	}}
}

func contacts() *table[schema.Contact] {
	type row = schema.Contact
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }},
		col("name", func(x *row) *string { return &x.Name }),
		col("firstName", func(x *row) *string { return &x.FirstName }),
		col("lastName", func(x *row) *string { return &x.LastName }),
		col("email", func(x *row) *string { return &x.Email }),
		col("phone", func(x *row) *string { return &x.Phone }),
		col("mobile", func(x *row) *string { return &x.Mobile }),
		col("jobTitle", func(x *row) *string { return &x.JobTitle }))
}

func tickets() *table[schema.Ticket] {
	type row = schema.Ticket
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }},
		col("number", func(x *row) *string { return &x.Number }),
		col("title", func(x *row) *string { return &x.Title }),
		col("state", func(x *row) *string { return &x.State }),
		col("stateType", func(x *row) *string { return (*string)(&x.StateType) }).as(plain,
			string(schema.TicketNew), string(schema.TicketOpen), string(schema.TicketPending), string(schema.TicketClosed),
			string(schema.TicketMerged), string(schema.TicketRemoved), string(schema.TicketUnknown)),
		col("priority", func(x *row) *string { return &x.Priority }),
		col("queue", func(x *row) *string { return &x.Queue }),
		col("type", func(x *row) *string { return &x.Type }),
		col("service", func(x *row) *string { return &x.Service }),
		col("lock", func(x *row) *string { return &x.Lock }),
		col("owner", func(x *row) *string { return &x.Owner }),
		col("responsible", func(x *row) *string { return &x.Responsible }),
		col("customerUser", func(x *row) *string { return &x.CustomerUser }),
		col("closedAt", func(x *row) *time.Time { return &x.ClosedAt }))
}

func quotes() *table[schema.Quote] {
	type row = schema.Quote
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }, amounts: func(x *row) amounts { return amounts{&x.Total, &x.Net, &x.Tax, &x.Computed} }},
		col("number", func(x *row) *string { return &x.Number }),
		col("title", func(x *row) *string { return &x.Title }),
		col("shop", func(x *row) *string { return &x.Shop }),
		col("status", func(x *row) *string { return &x.Status }),
		codeOfCurrency[row](),
		col("net", func(x *row) **schema.Money { return &x.Net }).as(isNet),
		col("tax", func(x *row) **schema.Money { return &x.Tax }).as(isTax),
		col("total", func(x *row) **schema.Money { return &x.Total }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("validUntil", func(x *row) *time.Time { return &x.ValidUntil }),
		col("probability", func(x *row) **decimal.Decimal { return &x.Probability }))
}

func orders() *table[schema.Order] {
	type row = schema.Order
	return entity(
		table[row]{
			record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links },
			amounts: func(x *row) amounts { return amounts{&x.Total, &x.Net, &x.Tax, &x.Computed} },
		},
		col("number", func(x *row) *string { return &x.Number }),
		col("customerReference", func(x *row) *string { return &x.CustomerReference }),
		col("shop", func(x *row) *string { return &x.Shop }),
		col("status", func(x *row) *string { return &x.Status }),
		col("paymentStatus", func(x *row) *string { return &x.PaymentStatus }),
		col("deliveryStatus", func(x *row) *string { return &x.DeliveryStatus }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("dueDate", func(x *row) *time.Time { return &x.DueDate }),
		codeOfCurrency[row](),
		col("net", func(x *row) **schema.Money { return &x.Net }).as(isNet),
		col("tax", func(x *row) **schema.Money { return &x.Tax }).as(isTax),
		col("total", func(x *row) **schema.Money { return &x.Total }),
		col("paid", func(x *row) **schema.Money { return &x.Paid }),
		col("notes", func(x *row) *string { return &x.Notes }),
		col("lines", func(x *row) *[]*schema.OrderLine { return &x.Lines }),
		col("states", func(x *row) *[]*schema.OrderState { return &x.States }))
}

func invoices() *table[schema.Invoice] {
	type row = schema.Invoice
	return entity(
		table[row]{
			record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links },
			amounts: func(x *row) amounts { return amounts{&x.Total, &x.Net, &x.Tax, &x.Computed} },
		},
		col("number", func(x *row) *string { return &x.Number }),
		col("kind", func(x *row) *string { return (*string)(&x.Kind) }).as(plain,
			string(schema.InvoiceBill), string(schema.InvoiceSale), string(schema.InvoiceTax)),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("dueDate", func(x *row) *time.Time { return &x.DueDate }),
		codeOfCurrency[row](),
		col("net", func(x *row) **schema.Money { return &x.Net }).as(isNet),
		col("tax", func(x *row) **schema.Money { return &x.Tax }).as(isTax),
		col("total", func(x *row) **schema.Money { return &x.Total }),
		col("paid", func(x *row) **schema.Money { return &x.Paid }),
		col("posted", func(x *row) **bool { return &x.Posted }),
		col("notes", func(x *row) *string { return &x.Notes }),
		col("lines", func(x *row) *[]*schema.OrderLine { return &x.Lines }))
}

func payments() *table[schema.Payment] {
	type row = schema.Payment
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }},
		col("number", func(x *row) *string { return &x.Number }),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		codeOfCurrency[row](),
		col("amount", func(x *row) **schema.Money { return &x.Amount }),
		col("method", func(x *row) *string { return &x.Method }),
		col("purpose", func(x *row) *string { return &x.Purpose }),
		col("posted", func(x *row) **bool { return &x.Posted }))
}

func payables() *table[schema.Payable] {
	type row = schema.Payable
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }},
		col("number", func(x *row) *string { return &x.Number }),
		col("supplier", func(x *row) *string { return &x.Supplier }),
		col("supplierTaxId", func(x *row) *string { return &x.SupplierTaxID }),
		col("description", func(x *row) *string { return &x.Description }),
		col("category", func(x *row) *string { return &x.Category }),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("dueDate", func(x *row) *time.Time { return &x.DueDate }),
		codeOfCurrency[row](),
		col("amount", func(x *row) **schema.Money { return &x.Amount }),
		col("paid", func(x *row) **schema.Money { return &x.Paid }))
}

func boletos() *table[schema.Boleto] {
	type row = schema.Boleto
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }},
		col("number", func(x *row) *string { return &x.Number }),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("dueDate", func(x *row) *time.Time { return &x.DueDate }),
		codeOfCurrency[row](),
		col("amount", func(x *row) **schema.Money { return &x.Amount }),
		col("url", func(x *row) *string { return &x.URL }))
}

func products() *table[schema.Product] {
	type row = schema.Product
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }},
		col("sku", func(x *row) *string { return &x.SKU }),
		col("name", func(x *row) *string { return &x.Name }),
		col("barcode", func(x *row) *string { return &x.Barcode }),
		col("category", func(x *row) *string { return &x.Category }),
		col("unit", func(x *row) *string { return &x.Unit }),
		codeOfCurrency[row](),
		col("price", func(x *row) **schema.Money { return &x.Price }).as(isPrice),
		col("taxRate", func(x *row) **decimal.Decimal { return &x.TaxRate }),
		col("active", func(x *row) **bool { return &x.Active }),
		col("stock", func(x *row) *[]*schema.Stock { return &x.Stock }))
}

func deliveryNotes() *table[schema.DeliveryNote] {
	type row = schema.DeliveryNote
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, links: func(x *row) *schema.Links { return &x.Links }, amounts: func(x *row) amounts { return amounts{total: &x.Total} }},
		col("number", func(x *row) *string { return &x.Number }),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("carrier", func(x *row) *string { return &x.Carrier }),
		col("appointment", func(x *row) *time.Time { return &x.Appointment }),
		col("shippedAt", func(x *row) *time.Time { return &x.ShippedAt }),
		col("parcels", func(x *row) **int { return &x.Parcels }),
		col("weight", func(x *row) **decimal.Decimal { return &x.Weight }),
		codeOfCurrency[row](), netAmount[row](),
		column[row]{name: "tax", role: isTax},
		col("total", func(x *row) **schema.Money { return &x.Total }),
		col("posted", func(x *row) **bool { return &x.Posted }),
		col("lines", func(x *row) *[]*schema.OrderLine { return &x.Lines }))
}

func purchaseOrders() *table[schema.PurchaseOrder] {
	type row = schema.PurchaseOrder
	return entity(
		table[row]{record: func(x *row) *schema.Record { return &x.Record }, amounts: func(x *row) amounts { return amounts{&x.Total, &x.Net, &x.Tax, &x.Computed} }},
		col("number", func(x *row) *string { return &x.Number }),
		col("supplier", func(x *row) *string { return &x.Supplier }),
		col("supplierTaxId", func(x *row) *string { return &x.SupplierTaxID }),
		col("status", func(x *row) *string { return &x.Status }),
		col("date", func(x *row) *time.Time { return &x.Date }),
		col("expectedDate", func(x *row) *time.Time { return &x.ExpectedDate }),
		codeOfCurrency[row](),
		col("net", func(x *row) **schema.Money { return &x.Net }).as(isNet),
		col("tax", func(x *row) **schema.Money { return &x.Tax }).as(isTax),
		col("total", func(x *row) **schema.Money { return &x.Total }),
		col("lines", func(x *row) *[]*schema.OrderLine { return &x.Lines }))
}

// StockRow is a record of a list of stocks that stands beside the products.
type StockRow struct {
	SKU string
	schema.Stock
}

func stockRows() *table[StockRow] {
	t := &table[StockRow]{faults: func(x *StockRow) **schema.Faults { return &x.Faults }, columns: []column[StockRow]{
		col("sku", func(x *StockRow) *string { return &x.SKU }).as(isKey),
	}}
	for _, c := range stocks().columns {
		t.columns = append(t.columns, column[StockRow]{name: c.name, at: func(x *StockRow) any { return c.at(&x.Stock) }})
	}
	return t
}

func stocks() *table[schema.Stock] {
	type row = schema.Stock
	return &table[row]{faults: func(x *row) **schema.Faults { return &x.Faults }, columns: []column[row]{
		col("warehouse", func(x *row) *string { return &x.Warehouse }),
		col("available", func(x *row) **decimal.Decimal { return &x.Available }),
		col("physical", func(x *row) **decimal.Decimal { return &x.Physical }),
		col("reserved", func(x *row) **decimal.Decimal { return &x.Reserved }),
		col("expected", func(x *row) **decimal.Decimal { return &x.Expected }),
		col("asOf", func(x *row) *time.Time { return &x.AsOf }),
	}}
}

func lines() *table[schema.OrderLine] {
	type row = schema.OrderLine
	return &table[row]{
		faults:   func(x *row) **schema.Faults { return &x.Faults },
		amounts:  func(x *row) amounts { return amounts{total: &x.Total, tax: &x.Tax} },
		position: func(x *row) **int { return &x.Position },
		columns: []column[row]{
			col("position", func(x *row) **int { return &x.Position }),
			col("sku", func(x *row) *string { return &x.SKU }),
			col("name", func(x *row) *string { return &x.Name }),
			col("quantity", func(x *row) **decimal.Decimal { return &x.Quantity }),
			col("unit", func(x *row) *string { return &x.Unit }),
			netAmount[row](),
			col("unitPrice", func(x *row) **schema.Money { return &x.UnitPrice }).as(isPrice),
			col("discount", func(x *row) **decimal.Decimal { return &x.Discount }),
			col("taxRate", func(x *row) **decimal.Decimal { return &x.TaxRate }),
			col("tax", func(x *row) **schema.Money { return &x.Tax }).as(isTax),
			col("total", func(x *row) **schema.Money { return &x.Total }),
		},
	}
}

func states() *table[schema.OrderState] {
	type row = schema.OrderState
	return &table[row]{faults: func(x *row) **schema.Faults { return &x.Faults }, columns: []column[row]{
		col("status", func(x *row) *string { return &x.Status }),
		col("at", func(x *row) *time.Time { return &x.At }),
	}}
}
