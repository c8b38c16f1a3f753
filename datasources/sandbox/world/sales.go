package world

import (
	"fmt"
	"time"
)

// orderHead is what can be said of an order without its lines.
type orderHead struct {
	date             time.Time
	status           OrderStatus
	inCRM, inBooks   bool
	twin             bool
	account, counter int
	quote            int
	bills            int // invoices in the books: 0, 1 or 2 (a cancelled one and its replacement)
	crmBill          bool
}

func (w *World) orderHead(i, k int, id identity) orderHead {
	r := w.rng(topicOrder, i, k)
	h := orderHead{quote: -1, date: moment(&r, id.created, End.AddDate(0, 0, -3))}
	crm, books := caseOf(i).records()
	switch age := End.Sub(h.date); {
	case age < 20*24*time.Hour:
		h.status = OrderStatus(r.weighted(30, 40, 25, 0, 5))
	case age < 60*24*time.Hour:
		h.status = OrderStatus(r.weighted(5, 15, 40, 33, 7))
	default:
		h.status = OrderStatus(r.weighted(1, 2, 5, 84, 8))
	}
	h.inCRM = crm > 0 && (books == 0 || r.chance(92))
	h.inBooks = books > 0 && (!h.inCRM || h.status != OrderDraft && r.chance(72))
	h.account, h.counter = r.n(crm), r.n(books)
	h.twin = k > 0 && h.inCRM && r.chance(1)
	if i == TwinCustomer && k < 2 {
		h.inCRM, h.twin = true, k == 1
	}
	if h.inCRM && k < int(w.quotes[i+1]-w.quotes[i]) && r.chance(70) {
		h.quote = k
	}
	if books > 0 && h.status != OrderDraft {
		h.bills = r.weighted(9, 84, 7)
	}
	h.crmBill = h.inCRM && h.status != OrderDraft && h.status != OrderCancelled && r.chance(55)
	return h
}

func (w *World) countInvoices(i int) (bills, crmBills int) {
	id := w.identity(i)
	for k := range int(w.orders[i+1] - w.orders[i]) {
		h := w.orderHead(i, k, id)
		bills += h.bills
		if h.crmBill {
			crmBills++
		}
	}
	if w.hasLooseBill(i) {
		bills++
	}
	return bills, crmBills
}

// hasLooseBill says whether the customer got one bill without any order, as for a subscription.
func (w *World) hasLooseBill(i int) bool {
	_, books := caseOf(i).records()
	r := w.rng(topicInvoice, i, 1<<20)
	return books > 0 && i != QuietCustomer && r.chance(11)
}

func (w *World) orderNumber(i, k int, h *orderHead) string {
	if h.twin {
		// The number of the last order of the CRM before it that is no twin itself; its own if there is none.
		id := w.identity(i)
		for b := k - 1; b >= 0; b-- {
			if before := w.orderHead(i, b, id); before.inCRM && !before.twin {
				return serialNumber("SO", before.date, int(w.orders[i])+b+1)
			}
		}
	}
	return serialNumber("SO", h.date, int(w.orders[i])+k+1)
}

func serialNumber(prefix string, on time.Time, serial int) string {
	return prefix + "-" + itoa(on.Year()) + "-" + pad(serial, 6)
}

func booksNumber(serial int) string { return "ТД00-" + pad(serial, 6) }

// Orders returns all orders of a customer, those in the CRM only and in the books only too.
func (w *World) Orders(i int) []Order {
	n := int(w.orders[i+1] - w.orders[i])
	if n == 0 {
		return nil
	}
	id := w.identity(i)
	list := make([]Order, n)
	for k := range list {
		w.order(&list[k], i, k, id)
	}
	return list
}

// Order returns one order of a customer; it panics if there is none of that index.
func (w *World) Order(i, k int) *Order {
	if k < 0 || k >= int(w.orders[i+1]-w.orders[i]) {
		panic(fmt.Sprintf("world: no order %d of customer %d", k, i))
	}
	o := new(Order)
	w.order(o, i, k, w.identity(i))
	return o
}

func (w *World) order(o *Order, i, k int, id identity) {
	h := w.orderHead(i, k, id)
	serial := int(w.orders[i]) + k + 1
	r := w.rng(topicOrderLines, i, k)
	*o = Order{
		Customer: i, Index: k, Number: w.orderNumber(i, k, &h), Account: h.account, Counterparty: h.counter, Quote: h.quote,
		Contact: r.n(w.ContactCount(i)), Owner: r.n(len(w.Staff)), Status: h.status, Currency: id.country.Currency(), Date: h.date,
		InCRM: h.inCRM, InBooks: h.inBooks,
	}
	o.IsTwin = h.twin && o.Number != serialNumber("SO", h.date, serial)
	o.DueDate = day(h.date.AddDate(0, 0, 10+r.n(35)))
	o.Lines = w.lines(&r, id.country, h.date, -1)
	o.Net, o.VAT, o.Total = sum(o.Lines)
	if h.status == OrderDelivered {
		o.Delivered = earlier(h.date.Add(time.Duration(20+r.n(300))*time.Hour), End)
	}
	if r.chance(20) {
		o.Notes = pick(&r, []string{"Livrare după ora 14:00", "Позвонить перед доставкой", "Livraison au quai n° 2", "Entregar na portaria", "VIP"})
	}
	if h.inCRM {
		o.ID = w.GUID(Key{Kind: KindOrder, Customer: i, Doc: k})
	}
	o.CreatedOn = h.date.Add(time.Duration(r.n(1000)) * time.Millisecond)
	o.ModifiedOn = modified(&r, o.CreatedOn)
	w.pay(o)
	if h.inBooks {
		place := linkPlace(&r)
		if !h.inCRM {
			place = LinkNone
		}
		o.Books = BooksOrder{Ref: w.GUID(Key{Kind: KindBooksOrder, Customer: i, Doc: k}), Number: booksNumber(serial), Link: place, Posted: h.status != OrderCancelled, DeletionMark: h.status == OrderCancelled, Version: 1000 + uint64(r.n(1<<30))}
		o.Books.OrderNumber, o.Books.Comment = w.linkTexts(&r, place, o.Number, h.date)
	}
	if id.country == FR && h.inCRM && r.chance(60) {
		o.ERP = fmt.Sprintf("CC%02d%02d-%05d", h.date.Year()%100, h.date.Month(), serial)
	}
}

// pay decides what has been paid for an order: its own stream, so that invoices can ask without the lines' stream moving.
func (w *World) pay(o *Order) {
	if o.Status == OrderDraft || o.Status == OrderCancelled {
		return
	}
	r := w.rng(topicOrderMoney, o.Customer, o.Index)
	o.Payments = w.payments(&r, o.Total, o.Date, KindOrderMoney, o.Customer, o.Index)
	o.Paid = total(o.Payments)
}

func (w *World) payments(r *rng, due Money, from time.Time, kind Kind, customer, doc int) []Payment {
	var parts []Money
	switch r.weighted(30, 42, 13, 15) {
	case 0: // unpaid
		return nil
	case 1: // paid at once
		parts = []Money{due}
	case 2: // paid in two parts
		half := due / 2
		parts = []Money{half, due - half}
	case 3: // partly paid
		parts = []Money{Money(divRound(int64(due)*int64(20+r.n(60)), 100))}
	}
	list := make([]Payment, 0, len(parts))
	on := from
	for k, amount := range parts {
		on = moment(r, on, earlier(on.AddDate(0, 0, 30), End))
		list = append(list, Payment{
			Index: k, ID: w.GUID(Key{Kind: kind, Customer: customer, Doc: doc, Sub: k}), Number: booksNumber(1 + r.n(900_000)),
			Date: on.Truncate(time.Second), Amount: amount,
		})
	}
	return list
}

func total(list []Payment) (m Money) {
	for _, p := range list {
		m += p.Amount
	}
	return m
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// lines makes the lines of a document; n < 0 means about three.
func (w *World) lines(r *rng, c Country, on time.Time, n int) []Line {
	if n < 0 {
		n = 1 + r.weighted(18, 24, 26, 18, 9, 5)
	}
	list := make([]Line, n)
	for k := range list {
		p := &w.Products[r.n(len(w.Products))]
		l := Line{Index: k, Product: p.Index, SKU: p.SKU, Name: p.NameIn(c), Unit: p.Unit, Price: p.PriceIn(c), VATRate: vatRate(c, p.Reduced, on)}
		l.Quantity = Qty(1+r.weighted(40, 20, 12, 8, 10, 5, 2, 1, 1, 1)) * 1000
		switch {
		case p.Unit == "m":
			l.Quantity = Qty(500 + 250*r.n(160)) // metres by the quarter
		case p.Unit == "hour":
			l.Quantity = Qty(500 * (1 + r.n(20)))
		}
		if r.chance(15) {
			l.Discount = 5 * (1 + r.n(4))
		}
		l.Net = Money(divRound(int64(l.Price)*int64(l.Quantity)*int64(100-l.Discount), 100_000))
		l.VAT = Money(divRound(int64(l.Net)*int64(l.VATRate), 100))
		l.Total = l.Net + l.VAT
		list[k] = l
	}
	return list
}

func sum(lines []Line) (net, vat, all Money) {
	for _, l := range lines {
		net += l.Net
		vat += l.VAT
	}
	return net, vat, net + vat
}

func linkPlace(r *rng) LinkPlace { return LinkPlace(r.weighted(8, 40, 30, 18, 4)) }

// linkTexts returns НомерЗаказа and Комментарий. A comment names the order after the word Order, as the shipped link pattern expects
// (DESIGN §9), but somewhere in a sentence and in whatever language its writer thinks.
func (w *World) linkTexts(r *rng, place LinkPlace, number string, on time.Time) (field, comment string) {
	plain := []string{"", "", "по договору", "conform contractului", "Срочно!", "livrare prin curier", "согласовано с Ивановой"}
	switch place {
	case LinkField:
		return number, pick(r, plain)
	case LinkBroken:
		return "SO-2023-" + pad(900_000+r.n(99_999), 6), pick(r, plain)
	case LinkBoth:
		field = number
	case LinkNone:
		return "", pick(r, plain)
	}
	date := on.Format("02.01.2006")
	switch r.n(5) {
	case 0:
		return field, "Order " + number
	case 1:
		return field, "Заказ из CRM: Order " + number + " от " + date
	case 2:
		return field, "Оплата по Order " + number + "; менеджер " + w.Staff[r.n(len(w.Staff))].Last
	case 3:
		return field, "Cont spre plată, Order " + number + ", termen 10 zile"
	default:
		return field, "загружено обменом " + date + " (Order " + number + ")"
	}
}

// Invoices returns all invoices of the books for a customer, in the order of their serials.
func (w *World) Invoices(i int) []Invoice {
	n := int(w.invoices[i+1] - w.invoices[i])
	if n == 0 {
		return nil
	}
	id := w.identity(i)
	list := make([]Invoice, 0, n)
	for k := range int(w.orders[i+1] - w.orders[i]) {
		h := w.orderHead(i, k, id)
		if h.bills == 0 {
			continue
		}
		var o Order
		w.order(&o, i, k, id)
		for b := range h.bills {
			cancelled := o.Status == OrderCancelled || b < h.bills-1
			list = append(list, w.invoice(i, len(list), &o, cancelled, id))
		}
	}
	if w.hasLooseBill(i) {
		list = append(list, w.looseInvoice(i, len(list), id))
	}
	return list
}

// Invoice returns one invoice of the books; it panics if there is none of that index.
func (w *World) Invoice(i, k int) *Invoice { return &w.Invoices(i)[k] }

func (w *World) invoice(i, k int, o *Order, cancelled bool, id identity) Invoice {
	r := w.rng(topicInvoice, i, k)
	place := linkPlace(&r)
	if !o.InCRM {
		place = LinkNone
	}
	v := w.blankInvoice(i, k, id, &r)
	v.Counterparty, v.Order, v.Link = o.Counterparty, o.Index, place
	v.Lines, v.Net, v.VAT, v.Total = o.Lines, o.Net, o.VAT, o.Total
	v.Date = earlier(o.Date.Add(time.Duration(r.n(4*24*3600))*time.Second), End).Truncate(time.Second)
	v.DueDate = day(v.Date.AddDate(0, 0, 5+5*r.n(6)))
	v.OrderNumber, v.Comment = w.linkTexts(&r, place, o.Number, o.Date)
	if cancelled {
		v.State, v.DeletionMark, v.Posted = InvoiceCancelled, true, false
		return v
	}
	for _, p := range o.Payments {
		p.ID = w.GUID(Key{Kind: KindMoneyIn, Customer: i, Doc: k, Sub: p.Index})
		if p.Date.Before(v.Date) {
			p.Date = v.Date
		}
		v.Payments = append(v.Payments, p)
	}
	w.settle(&v)
	if o.Status == OrderDelivered {
		w.ship(&v, o.Delivered, &r)
	}
	return v
}

func (w *World) looseInvoice(i, k int, id identity) Invoice {
	r := w.rng(topicInvoice, i, k)
	v := w.blankInvoice(i, k, id, &r)
	_, books := caseOf(i).records()
	v.Counterparty, v.Order = r.n(books), -1
	v.Date = moment(&r, id.created, End.AddDate(0, 0, -1)).Truncate(time.Second)
	v.DueDate = day(v.Date.AddDate(0, 0, 15))
	v.Comment = pick(&r, []string{"абонентское обслуживание", "abonament lunar", "service annuel", ""})
	v.Lines = w.lines(&r, id.country, v.Date, 1)
	v.Net, v.VAT, v.Total = sum(v.Lines)
	v.Payments = w.payments(&r, v.Total, v.Date, KindMoneyIn, i, k)
	w.settle(&v)
	return v
}

func (w *World) blankInvoice(i, k int, id identity, r *rng) Invoice {
	return Invoice{
		Customer: i, Index: k, Ref: w.GUID(Key{Kind: KindInvoice, Customer: i, Doc: k}), Number: booksNumber(int(w.invoices[i]) + k + 1),
		Currency: id.country.Currency(), Posted: true, Version: 1000 + uint64(r.n(1<<30)),
	}
}

func (w *World) settle(v *Invoice) {
	v.Paid = total(v.Payments)
	switch {
	case v.Paid == 0:
		v.State = InvoiceUnpaid
	case v.Paid < v.Total:
		v.State = InvoicePartlyPaid
	default:
		v.State = InvoicePaid
	}
}

func (w *World) ship(v *Invoice, on time.Time, r *rng) {
	if on.Before(v.Date) {
		on = v.Date
	}
	on = on.Truncate(time.Second)
	serial := int(w.invoices[v.Customer]) + v.Index + 1
	v.Sale = &Sale{Ref: w.GUID(Key{Kind: KindSale, Customer: v.Customer, Doc: v.Index}), Number: booksNumber(serial), Date: on, Posted: true, Version: 1000 + uint64(r.n(1<<30))}
	if r.chance(90) {
		v.TaxInvoice = &TaxInvoice{Ref: w.GUID(Key{Kind: KindTaxInvoice, Customer: v.Customer, Doc: v.Index}), Number: "EAA" + pad(serial, 8), Date: on, Version: 1000 + uint64(r.n(1<<30))}
	}
}

// CRMInvoices returns the customer's invoices of the CRM.
func (w *World) CRMInvoices(i int) []CRMInvoice {
	n := int(w.crmInvoices[i+1] - w.crmInvoices[i])
	if n == 0 {
		return nil
	}
	id := w.identity(i)
	list := make([]CRMInvoice, 0, n)
	bill := 0
	for k := range int(w.orders[i+1] - w.orders[i]) {
		h := w.orderHead(i, k, id)
		bill += h.bills
		if !h.crmBill {
			continue
		}
		var o Order
		w.order(&o, i, k, id)
		j := len(list)
		r := w.rng(topicCRMInvoice, i, j)
		v := CRMInvoice{
			Customer: i, Index: j, ID: w.GUID(Key{Kind: KindCRMInvoice, Customer: i, Doc: j}), Order: k, OrderID: o.ID, Account: o.Account, Contact: o.Contact,
			Currency: o.Currency, Net: o.Net, VAT: o.VAT, Total: o.Total, Paid: o.Paid,
		}
		v.StartDate = earlier(o.Date.Add(time.Duration(r.n(72*3600))*time.Second), End)
		v.DueDate = day(v.StartDate.AddDate(0, 0, 20))
		v.Number = serialNumber("INV", v.StartDate, int(w.crmInvoices[i])+j+1)
		v.CreatedOn = v.StartDate
		v.ModifiedOn = modified(&r, v.CreatedOn)
		if r.chance(4) {
			v.OrderID = GUID{}
		}
		if h.bills > 0 && r.chance(30) {
			v.Uid1C = w.GUID(Key{Kind: KindInvoice, Customer: i, Doc: bill - 1}) // the last bill of an order is the valid one
		}
		list = append(list, v)
	}
	return list
}

// Quotes returns the customer's quotes.
func (w *World) Quotes(i int) []Quote {
	n := int(w.quotes[i+1] - w.quotes[i])
	if n == 0 {
		return nil
	}
	id := w.identity(i)
	orders := int(w.orders[i+1] - w.orders[i])
	list := make([]Quote, n)
	for k := range list {
		r := w.rng(topicQuote, i, k)
		q := Quote{
			Customer: i, Index: k, ID: w.GUID(Key{Kind: KindQuote, Customer: i, Doc: k}), Currency: id.country.Currency(), Order: -1,
			Contact: r.n(w.ContactCount(i)), Owner: r.n(len(w.Staff)),
		}
		var won *Order
		if k < orders {
			if h := w.orderHead(i, k, id); h.quote == k {
				won = w.Order(i, k)
			}
		}
		if won != nil {
			q.Stage, q.Probability, q.Order, q.Lines = QuoteWon, 100, k, won.Lines
			q.Date = later(won.Date.Add(-time.Duration(1+r.n(30*24*3600))*time.Second), Begin)
		} else {
			q.Date = moment(&r, id.created, End.AddDate(0, 0, -1))
			q.Lines = w.lines(&r, id.country, q.Date, -1)
			q.Stage = [...]QuoteStage{QuoteQualification, QuoteProposal, QuoteNegotiation, QuoteLost}[r.weighted(20, 30, 20, 30)]
			q.Probability = [...]int{20, 40, 70, 100, 0}[q.Stage]
		}
		q.Net, q.VAT, q.Total = sum(q.Lines)
		q.Number = serialNumber("QT", q.Date, int(w.quotes[i])+k+1)
		q.Title = w.Products[q.Lines[0].Product].NameIn(id.country) + " × " + itoa(max(1, int(q.Lines[0].Quantity/1000)))
		q.DueDate = day(q.Date.AddDate(0, 0, 14+r.n(30)))
		q.CreatedOn = q.Date.Add(time.Duration(r.n(1000)) * time.Millisecond)
		q.ModifiedOn = modified(&r, q.CreatedOn)
		list[k] = q
	}
	return list
}

// Quote returns one quote of a customer; it panics if there is none of that index.
func (w *World) Quote(i, k int) *Quote { return &w.Quotes(i)[k] }

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
