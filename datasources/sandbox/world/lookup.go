package world

import (
	"sort"
	"strconv"
	"strings"
)

// CustomerByCode returns the customer and account (index into Customer.CRM) of a Creatio Account.Code, exactly written.
func (w *World) CustomerByCode(s string) (Ref, bool) {
	if s == AwkwardCode {
		return Ref{AwkwardCustomer, 0}, true
	}
	i, ok := serialOf(s, "C", 5)
	k := 0
	if !ok {
		i, ok = serialOf(s, "D", 5)
		k = 1
	}
	if !ok || !w.Has(i) || k == 0 && i == AwkwardCustomer {
		return Ref{}, false
	}
	crm, _ := caseOf(i).records()
	return Ref{i, k}, k < crm
}

// serialOf reads prefix + a number padded to width, refusing every other spelling.
func serialOf(s, prefix string, width int) (int, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) < width || len(rest) > 9 {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 || pad(n, width) != rest {
		return 0, false
	}
	return n, true
}

// CustomerByCounterpartyCode returns the customer and counterparty (index into Customer.Books) of a 1C Code.
func (w *World) CustomerByCounterpartyCode(s string) (Ref, bool) {
	i, ok := serialOf(s, "", 9)
	k := 0
	if ok && i >= 500_000_000 {
		i, k = i-500_000_000, 1
	}
	if !ok || !w.Has(i) {
		return Ref{}, false
	}
	_, books := caseOf(i).records()
	return Ref{i, k}, k < books
}

// CustomerByDeskKey returns the customer of an OTRS CustomerID, exactly written; ok is false for a company that only stray tickets name.
func (w *World) CustomerByDeskKey(key string) (int, bool) {
	if i, ok := serialOf(key, "C", 5); ok && w.Has(i) && w.deskKey(i) == key {
		return i, true
	}
	i, ok := w.deskKeys[key]
	return int(i), ok
}

// DeskKey returns the OTRS CustomerID of a customer, "" if it has none, without building the customer.
func (w *World) DeskKey(i int) string { return w.deskKey(i) }

// bySerial finds what a number like SO-2026-000123 names.
func (w *World) bySerial(s, prefix string, sums []int32) (Ref, bool) {
	rest, ok := strings.CutPrefix(s, prefix+"-")
	if !ok || len(rest) < 11 || rest[4] != '-' {
		return Ref{}, false
	}
	n, ok := serialOf(rest[5:], "", 6)
	if !ok {
		return Ref{}, false
	}
	return at(sums, n-1)
}

// OrdersByNumber returns the orders with a CRM order number: none, one, or several if one is a twin. Orders that are in the books only
// have a number nobody was ever told; they are not found.
func (w *World) OrdersByNumber(number string) []Ref {
	ref, ok := w.bySerial(number, "SO", w.orders)
	if !ok {
		return nil
	}
	id := w.identity(ref.Customer)
	var found []Ref
	for k := ref.Index; k < int(w.orders[ref.Customer+1]-w.orders[ref.Customer]); k++ {
		if h := w.orderHead(ref.Customer, k, id); h.inCRM && w.orderNumber(ref.Customer, k, &h) == number {
			found = append(found, Ref{ref.Customer, k})
		}
	}
	return found
}

// QuoteByNumber returns the quote with a number.
func (w *World) QuoteByNumber(number string) (Ref, bool) {
	ref, ok := w.bySerial(number, "QT", w.quotes)
	return ref, ok && w.Quote(ref.Customer, ref.Index).Number == number
}

// CRMInvoiceByNumber returns the CRM's invoice with a number.
func (w *World) CRMInvoiceByNumber(number string) (Ref, bool) {
	ref, ok := w.bySerial(number, "INV", w.crmInvoices)
	return ref, ok && w.CRMInvoices(ref.Customer)[ref.Index].Number == number
}

// BooksOrderByNumber returns the order with a 1C document number.
func (w *World) BooksOrderByNumber(number string) (Ref, bool) {
	n, ok := serialOf(number, "ТД00-", 6)
	if !ok {
		return Ref{}, false
	}
	ref, ok := at(w.orders, n-1)
	return ref, ok && w.orderHead(ref.Customer, ref.Index, w.identity(ref.Customer)).inBooks
}

// InvoiceByNumber returns the books' invoice with a 1C document number.
func (w *World) InvoiceByNumber(number string) (Ref, bool) {
	n, ok := serialOf(number, "ТД00-", 6)
	if !ok {
		return Ref{}, false
	}
	return at(w.invoices, n-1)
}

// CRMByFiscalNumber returns the accounts whose billing info holds exactly this text. The index is built at the first call.
func (w *World) CRMByFiscalNumber(s string) []Ref {
	w.fiscalOnce.Do(w.indexFiscal)
	return w.fiscalCRM[s]
}

// BooksByFiscalNumber returns the counterparties that hold exactly this text. The index is built at the first call.
func (w *World) BooksByFiscalNumber(s string) []Ref {
	w.fiscalOnce.Do(w.indexFiscal)
	return w.fiscalBooks[s]
}

func (w *World) indexFiscal() {
	w.fiscalCRM = make(map[string][]Ref, w.n)
	w.fiscalBooks = make(map[string][]Ref, w.n)
	for i := 1; i <= w.n; i++ {
		c := w.Customer(i)
		for k, a := range c.CRM {
			if a.FiscalNumber != "" {
				w.fiscalCRM[a.FiscalNumber] = append(w.fiscalCRM[a.FiscalNumber], Ref{i, k})
			}
		}
		for k, b := range c.Books {
			w.fiscalBooks[b.FiscalNumber] = append(w.fiscalBooks[b.FiscalNumber], Ref{i, k})
		}
	}
}

// TicketIDs returns the ids of a customer's tickets, those of nobody for customer 0. The slice must not be changed.
func (w *World) TicketIDs(i int) []int32 {
	if i < 0 || i > w.n {
		return nil
	}
	return w.ticketIDs[w.tickets[i]:w.tickets[i+1]]
}

// Head returns the head of the ticket with an id, nil if there is none.
func (w *World) Head(id int) *TicketHead {
	if id < firstTicketID || id-firstTicketID >= len(w.heads) {
		return nil
	}
	return &w.heads[id-firstTicketID]
}

// Heads returns the heads of all tickets by ascending id (and time of creation). The slice must not be changed.
func (w *World) Heads() []TicketHead { return w.heads }

// TicketByNumber returns the id of the ticket with a TicketNumber.
func (w *World) TicketByNumber(number string) (int, bool) {
	if len(number) != 16 {
		return 0, false
	}
	i := sort.Search(len(w.heads), func(i int) bool { return ticketNumber(&w.heads[i]) >= number })
	if i < len(w.heads) && ticketNumber(&w.heads[i]) == number {
		return int(w.heads[i].ID), true
	}
	return 0, false
}

// CustomerUser returns the customer and contact (index into Customer.Contacts) of an OTRS customer user login.
func (w *World) CustomerUser(login string) (Ref, bool) {
	end := len(login)
	for end > 0 && login[end-1] >= '0' && login[end-1] <= '9' {
		end--
	}
	number, contact := login[end:], "0"
	if end > 0 && login[end-1] == '-' { // the second contact on: name.surname42-1
		contact = number
		from := end - 1
		for from > 0 && login[from-1] >= '0' && login[from-1] <= '9' {
			from--
		}
		number = login[from : end-1]
	}
	i, err := strconv.Atoi(number)
	k, err2 := strconv.Atoi(contact)
	if err != nil || err2 != nil || !w.Has(i) || k >= w.ContactCount(i) {
		return Ref{}, false
	}
	return Ref{i, k}, w.contact(i, k, w.identity(i)).Login == login
}
