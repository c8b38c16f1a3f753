package operand

import (
	"strconv"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// party writes who pays: the client of an id, or nothing but the id if there is no such client.
func (s *store) party(e *row, client int) {
	var name, document string
	if k, ok := s.byID[client]; ok {
		name, document = s.clients[k].Name, s.clients[k].NationalDocument
	}
	e.id("partyId", Clients, client)
	e.text("partyName", name)
	e.text("partyTaxId", document)
}

func (e *row) kind(english, portuguese string) {
	if e.d.Portuguese {
		english = portuguese
	}
	e.text("kind", english)
}

func (s *store) writeReceivable(e *row, k int, gone bool) {
	x := s.receivables[k]
	document := ""
	if x.InvoiceNumber != "" {
		document = x.InvoiceNumber + "-" + strconv.Itoa(x.Instalment)
	}
	url := ""
	if x.Boleto != nil {
		url = x.Boleto.URL
	}
	e.id("id", Receivables, x.ID)
	e.kind("RECEIVABLE", "Receita")
	s.party(e, x.ClientID)
	e.text("description", x.Description)
	e.text("documentNumber", document)
	e.text("invoiceNumber", x.InvoiceNumber)
	e.id("invoiceId", Invoices, x.Invoice)
	e.number("instalment", x.Instalment)
	e.number("instalments", x.Of)
	e.text("boletoUrl", url)
	e.instant("issueDate", x.Issued)
	e.day("competenceDate", x.Competence)
	e.day("dueDate", x.Due)
	e.instant("paymentDate", x.PaidOn)
	e.amount("amount", x.Amount)
	e.amount("paidAmount", x.Paid)
	e.text("currency", "BRL")
	e.status(x.Status)
	e.text("accountName", x.Account)
	e.text("costCenter", x.CostCenter)
	e.text("category", x.Category)
	e.situation(!x.IsInactive)
	e.deleted(x.IsDeleted || gone)
}

func (s *store) writePayable(e *row, k int, gone bool) {
	p := &s.payables[k]
	from := &s.suppliers[p.Supplier]
	e.id("id", Payables, p.ID)
	e.kind("PAYABLE", "Despesa")
	e.id("partyId", Persons, from.ID)
	e.text("partyName", from.Name)
	e.text("partyTaxId", from.Document)
	e.text("description", p.Description)
	e.text("documentNumber", p.Document)
	e.text("invoiceNumber", "")
	e.id("invoiceId", Invoices, 0)
	e.number("instalment", 1)
	e.number("instalments", 1)
	e.text("boletoUrl", "")
	e.instant("issueDate", p.Issued)
	e.day("competenceDate", p.Competence)
	e.day("dueDate", p.Due)
	e.instant("paymentDate", p.PaidOn)
	e.amount("amount", p.Amount)
	e.amount("paidAmount", p.Paid)
	e.text("currency", "BRL")
	e.status(p.Status)
	e.text("accountName", p.Account)
	e.text("costCenter", from.CostCenter)
	e.text("category", from.Category)
	e.situation(true)
	e.deleted(p.IsDeleted || gone)
}

func (s *store) writeInvoice(e *row, k int, gone bool) {
	v := &s.invoices[k]
	document, order := v.OrderNumber, ""
	if e.d.OrderNumberIn == "orderNumber" {
		document, order = v.Document, v.OrderNumber
	}
	e.id("id", Invoices, v.ID)
	s.party(e, v.ClientID)
	e.text("description", v.Description)
	e.text("documentNumber", document)
	e.text("orderNumber", order)
	e.text("invoiceNumber", v.Number)
	e.instant("issueDate", v.Issued)
	e.day("competenceDate", v.Competence)
	e.day("dueDate", v.Due)
	e.amount("amount", v.Total)
	e.amount("paidAmount", v.Paid)
	e.text("currency", "BRL")
	e.status(v.Status)
	e.text("accountName", v.Account)
	e.text("costCenter", v.CostCenter)
	e.text("category", v.Category)
	e.situation(!v.IsInactive)
	e.deleted(v.IsDeleted || gone)
}

func (s *store) writeBoleto(e *row, x *world.AgencyReceivable, gone bool) {
	e.id("id", Boletos, x.Boleto.ID)
	e.id("receivableId", Receivables, x.ID)
	e.id("invoiceId", Invoices, x.Invoice)
	s.party(e, x.ClientID)
	e.text("ourNumber", x.Boleto.OurNumber)
	e.text("boletoUrl", x.Boleto.URL)
	e.instant("issueDate", x.Issued)
	e.day("dueDate", x.Due)
	e.instant("paymentDate", x.PaidOn)
	e.amount("amount", x.Amount)
	e.amount("paidAmount", x.Paid)
	e.text("currency", "BRL")
	e.status(x.Status)
	e.deleted(x.IsDeleted || gone)
}

// writePayment writes money received; a payment cannot be marked as deleted.
func (s *store) writePayment(e *row, k int, _ bool) {
	x := s.payments[k].of
	p := &x.Payments[s.payments[k].k]
	e.id("id", Payments, p.ID)
	e.id("receivableId", Receivables, x.ID)
	e.id("invoiceId", Invoices, x.Invoice)
	s.party(e, x.ClientID)
	e.day("dueDate", x.Due)
	e.instant("paymentDate", p.Date)
	e.amount("amount", p.Amount)
	e.text("currency", "BRL")
	e.text("method", p.Method)
	e.text("accountName", x.Account)
}
