package unknown

import (
	"fmt"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// moment is a point in time as the version keeps it: an instant in 4, before that the wall clock of the server told as UTC.
func (l *Ledger) moment(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	t = t.Truncate(time.Millisecond)
	if l.opts.Version < 4 {
		local := t.In(l.opts.Zone)
		_, offset := local.Zone()
		t = t.Add(time.Duration(offset) * time.Second)
	}
	return value{kind: kindTime, at: t.UTC()}
}

// date is a day of the server's calendar.
func (l *Ledger) date(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	y, m, d := t.In(l.opts.Zone).Date()
	return value{kind: edmDate.kind(l.opts.Version), at: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func money(m world.Money) value { return decimalValue(cents(m)) }

func (l *Ledger) set(name, typeName string, keys []string, props ...property) *entitySet {
	t := &entitySet{name: name, typeName: typeName, keys: keys, props: props}
	l.sets = append(l.sets, t)
	l.byName[name] = t
	return t
}

// fill builds all sets. Rows carry the keys of the rows they point to, so that the order in which sets are filled does not
// matter to their navigations, which are laid at the end.
func (l *Ledger) fill() {
	customers := bookCustomers(l.world)
	l.fillPartners(customers)
	orders := l.fillOrders(customers)
	l.fillInvoices(customers, orders)
	l.fillMaterials()
	for _, t := range l.sets {
		t.finish()
	}
	l.join("SalesOrders", "Items", "SalesOrderItems", "SalesOrderNumber", true)
	l.join("SalesInvoices", "Items", "SalesInvoiceItems", "DocEntry", true)
	l.join("SalesOrders", "Partner", "BusinessPartners", "PartnerKey", false)
	l.join("SalesInvoices", "Partner", "BusinessPartners", "PartnerKey", false)
	l.join("IncomingPayments", "Invoice", "SalesInvoices", "InvoiceEntry", false)
}

// join lays a navigation: to many by the column of the target that holds this set's key, to one by the column of this set that
// holds the target's.
func (l *Ledger) join(from, name, to, column string, isMany bool) {
	source, target := l.byName[from], l.byName[to]
	n := &navigation{name: name, target: target, isMany: isMany, rows: make([][]int32, len(source.rows))}
	source.navs = append(source.navs, n)
	if isMany {
		col := target.prop(column)
		for i := range target.rows {
			if at, ok := source.byID[plain(target.rows[i][col])]; ok {
				n.rows[at] = append(n.rows[at], int32(i))
			}
		}
		return
	}
	col := source.prop(column)
	for i := range source.rows {
		if at, ok := target.byID[plain(source.rows[i][col])]; ok {
			n.rows[i] = []int32{int32(at)}
		}
	}
}

// plain is a key's value as Record.ID has it.
func plain(v value) string {
	if v.kind == kindInt {
		return v.num.String()
	}
	return v.text
}

func (l *Ledger) fillPartners(customers []*world.Customer) {
	t := l.set("BusinessPartners", "BusinessPartner", []string{"PartnerKey"},
		property{"PartnerKey", edmGUID, false, 0}, property{"CardCode", edmString, false, 20}, property{"CompanyName", edmString, false, 120},
		property{"TaxNumber", edmString, true, 20}, property{"VatNumber", edmString, true, 20}, property{"EMail", edmString, true, 120}, property{"Phone", edmString, true, 40},
		property{"Street", edmString, true, 120}, property{"PostalCode", edmString, true, 12}, property{"City", edmString, true, 60}, property{"CountryCode", edmString, false, 2},
		property{"CreditLimit", edmDecimal, true, 2}, property{"Blocked", edmBool, false, 0}, property{"CreatedAt", edmTime, false, 0}, property{"ChangedAt", edmTime, false, 0})
	for _, c := range customers {
		for k, b := range c.Books {
			rec := Record{ID: b.PartnerRef.String(), Number: fmt.Sprintf("D %d", 10_000+c.Number+k*50_000), Customer: c.Number, Index: k}
			credit := value{}
			if c.Number%3 != 0 {
				credit = money(world.Money(c.Number) * 100_050)
			}
			t.add(rec, guidValue(rec.ID), stringValue(rec.Number), stringValue(b.FullName), optional(b.FiscalNumber), optional(c.Fiscal.VAT), optional(b.Email), optional(b.Phone),
				optional(c.Address.Street), optional(c.Address.Zip), optional(c.Address.City), stringValue(c.Country.String()),
				credit, boolValue(b.DeletionMark), l.moment(c.Created), l.moment(c.Modified))
		}
	}
}

// orderNumber is an order's number, which is also its key: as people once typed it, with all that an address has to encode.
func orderNumber(serial int) string {
	n := fmt.Sprintf("%05d", serial)
	return [...]string{"SO-" + n, "Übersee " + n, "d'Été " + n, "A/" + n, "R&D+" + n + "#1", "50% (" + n + ")", "Größe, " + n + "?"}[serial%7]
}

func (l *Ledger) fillOrders(customers []*world.Customer) map[at]string {
	t := l.set("SalesOrders", "SalesOrder", []string{"Number"},
		property{"Number", edmString, false, 40}, property{"PartnerKey", edmGUID, false, 0}, property{"CustomerReference", edmString, true, 40},
		property{"OrderDate", edmTime, false, 0}, property{"DueDate", edmDate, true, 0}, property{"Status", edmString, false, 20}, property{"StatusCode", edmInt32, false, 0},
		property{"CurrencyCode", edmString, false, 3}, property{"NetAmount", edmDecimal, false, 2}, property{"TaxAmount", edmDecimal, false, 2},
		property{"GrossAmount", edmDecimal, false, 2}, property{"PaidAmount", edmDecimal, true, 2}, property{"Remarks", edmString, true, 200}, property{"ChangedAt", edmTime, false, 0})
	items := l.set("SalesOrderItems", "SalesOrderItem", []string{"SalesOrderNumber", "LineNumber"}, itemProperties(property{"SalesOrderNumber", edmString, false, 40})...)
	keys := map[at]string{}
	serial := 0
	for _, c := range customers {
		list := l.world.Orders(c.Number)
		for k := range list {
			o := &list[k]
			serial++
			rec := Record{ID: orderNumber(serial), Owner: c.Books[o.Counterparty].PartnerRef.String(), Customer: c.Number, Index: k}
			rec.Number = rec.ID
			keys[at{c.Number, k}] = rec.ID
			paid := value{}
			if o.Paid > 0 {
				paid = money(o.Paid)
			}
			t.add(rec, stringValue(rec.ID), guidValue(rec.Owner), optional(o.Number), l.moment(o.Date), l.date(o.DueDate),
				stringValue([...]string{"Open", "Confirmed", "InProcess", "Delivered", "Cancelled"}[o.Status]), intValue(int64(o.Status)),
				stringValue(o.Currency), money(o.Net), money(o.VAT), money(o.Total), paid, optional(o.Notes), l.moment(o.ModifiedOn))
			addItems(items, rec, stringValue(rec.ID), o.Lines)
		}
	}
	return keys
}

// itemProperties are those of a document's items, behind the key of the document.
func itemProperties(parent property) []property {
	return []property{
		parent,
		{"LineNumber", edmInt32, false, 0},
		{"MaterialNumber", edmString, false, 20},
		{"ItemText", edmString, true, 120},
		{"Quantity", edmDecimal, false, 3},
		{"UnitCode", edmString, false, 8},
		{"UnitPrice", edmDecimal, false, 2},
		{"DiscountPercent", edmInt32, false, 0},
		{"TaxPercent", edmInt32, false, 0},
		{"NetAmount", edmDecimal, false, 2},
		{"TaxAmount", edmDecimal, false, 2},
	}
}

// addItems numbers lines by tens, as ledgers do.
func addItems(t *entitySet, doc Record, key value, list []world.Line) {
	for i := range list {
		line := &list[i]
		number := strconv.Itoa((i + 1) * 10)
		rec := Record{ID: doc.ID + "|" + number, Number: line.SKU, Owner: doc.Owner, Of: doc.ID, Customer: doc.Customer, Index: doc.Index, Sub: i}
		t.add(rec, key, intValue(int64(i+1)*10), stringValue(line.SKU), optional(line.Name), decimalValue(quantity(line.Quantity)), stringValue(line.Unit),
			money(line.Price), intValue(int64(line.Discount)), intValue(int64(line.VATRate)), money(line.Net), money(line.VAT))
	}
}

func (l *Ledger) fillInvoices(customers []*world.Customer, orders map[at]string) {
	t := l.set("SalesInvoices", "SalesInvoice", []string{"DocEntry"},
		property{"DocEntry", edmInt64, false, 0}, property{"DocNumber", edmString, false, 20}, property{"PartnerKey", edmGUID, false, 0},
		property{"SalesOrderNumber", edmString, true, 40}, property{"Reference", edmString, true, 120}, property{"DocDate", edmTime, false, 0}, property{"DueDate", edmDate, true, 0},
		property{"Status", edmString, false, 20}, property{"Cancelled", edmBool, false, 0}, property{"CurrencyCode", edmString, false, 3}, property{"NetAmount", edmDecimal, false, 2},
		property{"TaxAmount", edmDecimal, false, 2}, property{"GrossAmount", edmDecimal, false, 2}, property{"PaidAmount", edmDecimal, false, 2}, property{"ChangedAt", edmTime, false, 0})
	items := l.set("SalesInvoiceItems", "SalesInvoiceItem", []string{"DocEntry", "LineNumber"}, itemProperties(property{"DocEntry", edmInt64, false, 0})...)
	payments := l.set("IncomingPayments", "IncomingPayment", []string{"PaymentId"},
		property{"PaymentId", edmGUID, false, 0}, property{"PartnerKey", edmGUID, false, 0}, property{"InvoiceEntry", edmInt64, true, 0}, property{"Document", edmString, true, 20},
		property{"PaidOn", edmTime, false, 0}, property{"Amount", edmDecimal, false, 2}, property{"CurrencyCode", edmString, false, 3})
	serial := 0
	for _, c := range customers {
		list := l.world.Invoices(c.Number)
		for k := range list {
			v := &list[k]
			serial++
			// Beyond 2^53: whoever reads the key as a float reads another invoice's.
			entry := int64(9_007_199_254_740_992) + int64(serial)
			rec := Record{
				ID: strconv.FormatInt(entry, 10), Number: fmt.Sprintf("RE-%d-%05d", v.Date.Year(), serial),
				Owner: c.Books[v.Counterparty].PartnerRef.String(), Customer: c.Number, Index: k,
			}
			if v.Order >= 0 && v.Link != world.LinkNone && v.Link != world.LinkBroken {
				rec.Of = orders[at{c.Number, v.Order}]
			}
			t.add(rec, intValue(entry), stringValue(rec.Number), guidValue(rec.Owner), optional(rec.Of), optional(v.OrderNumber), l.moment(v.Date), l.date(v.DueDate),
				stringValue([...]string{"Open", "PartlyPaid", "Paid", "Cancelled"}[v.State]), boolValue(v.State == world.InvoiceCancelled), stringValue(v.Currency),
				money(v.Net), money(v.VAT), money(v.Total), money(v.Paid), l.moment(invoiceChanged(v)))
			addItems(items, rec, intValue(entry), v.Lines)
			for i, p := range v.Payments {
				pay := Record{ID: p.ID.String(), Number: p.Number, Owner: rec.Owner, Of: rec.ID, Customer: c.Number, Index: k, Sub: i}
				payments.add(pay, guidValue(pay.ID), guidValue(rec.Owner), intValue(entry), optional(p.Number), l.moment(p.Date), money(p.Amount), stringValue(v.Currency))
			}
		}
	}
}

func (l *Ledger) fillMaterials() {
	t := l.set("Materials", "Material", []string{"MaterialNumber"},
		property{"MaterialNumber", edmString, false, 20}, property{"Description", edmString, false, 120}, property{"MaterialGroup", edmString, true, 40},
		property{"EAN", edmString, true, 14}, property{"UnitCode", edmString, false, 8}, property{"Price", edmDecimal, false, 2}, property{"StockQuantity", edmDecimal, false, 3},
		property{"ReservedQuantity", edmDecimal, false, 3}, property{"IsService", edmBool, false, 0}, property{"IsActive", edmBool, false, 0}, property{"ChangedAt", edmTime, false, 0})
	for i := range l.world.Products {
		p := &l.world.Products[i]
		t.add(Record{ID: p.SKU, Number: p.SKU, Index: i}, stringValue(p.SKU), stringValue(p.Name), optional(p.Category), optional(p.EAN), stringValue(p.Unit), money(p.Price),
			decimalValue(quantity(p.Stock)), decimalValue(quantity(p.Reserved)), boolValue(p.IsService), boolValue(p.IsActive), l.moment(p.Modified))
	}
}
