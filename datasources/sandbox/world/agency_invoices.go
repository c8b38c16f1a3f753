package world

import (
	"strconv"
	"time"
)

// AgencyStatus is how far a finance entry is paid. Overdue is never sent: whoever reads computes it (wire/operand.md §3).
type AgencyStatus uint8

// The states.
const (
	AgencyOpen AgencyStatus = iota
	AgencyPaid
	AgencyPartial
	AgencyCancelled
)

// AgencyLink says where an agency invoice names its order.
type AgencyLink uint8

// The places.
const (
	AgencyLinkNone   AgencyLink = iota // nowhere
	AgencyLinkField                    // in OrderNumber
	AgencyLinkText                     // in Description: «… Pedido SO-2026-000123 …»
	AgencyLinkBroken                   // in OrderNumber, but no such order exists
)

// AgencyInvoice is a Fatura with its nota fiscal. Days (Competence, Due) are midnights UTC that stand for a calendar day in São
// Paulo; Issued is an instant.
type AgencyInvoice struct {
	ID              int // Customer × 100 + Index
	Customer, Index int
	ClientID        int
	Number          string // of the nota fiscal
	Document        string // FAT-2026-0040300: the agency's own number, unique
	Order           int    // index of the order it truly belongs to, −1 if none: the answer, which is never sent
	Link            AgencyLink
	OrderNumber     string // "" unless AgencyLinkField or AgencyLinkBroken
	Description     string
	Issued          time.Time
	Competence, Due time.Time
	Total, Paid     Money // BRL; Total is the order's, Paid what was paid for the order
	Status          AgencyStatus
	Account         string // bank account
	CostCenter      string
	Category        string
	IsInactive      bool // of a cancelled one
	IsDeleted       bool // issued by mistake; another one replaces it
	Receivables     []AgencyReceivable
}

// AgencyReceivable is one Receita: an instalment of an invoice. The instalments of an invoice add up to its total.
type AgencyReceivable struct {
	ID                   int // invoice's ID × 10 + instalment
	Invoice              int // ID; 0 if it has none
	ClientID             int
	InvoiceNumber        string
	Description          string
	Instalment, Of       int // from 1
	Issued               time.Time
	Competence, Due      time.Time
	PaidOn               time.Time // the last payment; zero if none
	Amount, Paid         Money
	Status               AgencyStatus
	Account              string
	CostCenter, Category string
	IsInactive           bool
	IsDeleted            bool
	Boleto               *AgencyBoleto // nil if it is paid in another way
	Payments             []AgencyPayment
}

// AgencyBoleto is the payment slip of a receivable; its amount and due day are the receivable's.
type AgencyBoleto struct {
	ID        int
	OurNumber string // nosso número, with its check digit
	URL       string // of a host that does not exist; who has it can read the slip
}

// AgencyPayment is money received for a receivable.
type AgencyPayment struct {
	ID     int
	Date   time.Time
	Amount Money
	Method string
}

// AgencyInvoices returns the agency's invoices to a customer, the ones of his orders first; nil if he is no client of the agency.
func (w *World) AgencyInvoices(i int) []AgencyInvoice {
	client, ok := w.agencyAccount(i)
	if !ok {
		return nil
	}
	var list []AgencyInvoice
	add := func(v AgencyInvoice) { list = append(list, v) }
	for _, o := range w.Orders(i) {
		r := w.rng(topicAgencyInvoice, i, o.Index)
		if o.Status == OrderDraft || !r.chance(94) {
			continue
		}
		if r.chance(6) {
			gone := w.agencyInvoice(&r, client.ID, len(list), &o)
			gone.IsDeleted = true
			gone.settle(&r, nil)
			add(gone)
		}
		v := w.agencyInvoice(&r, client.ID, len(list), &o)
		v.IsInactive = o.Status == OrderCancelled
		v.settle(&r, o.Payments)
		add(v)
	}
	r := w.rng(topicAgencyFee, i, 0)
	for range r.weighted(60, 20, 12, 8) {
		v := w.agencyFee(&r, i, client.ID, len(list))
		v.settle(&r, w.agencyFeeMoney(&r, &v))
		add(v)
	}
	return list
}

// AgencyInvoice returns the agency's invoice of an id.
func (w *World) AgencyInvoice(id int) (AgencyInvoice, bool) {
	list := w.AgencyInvoices(id / 100)
	if k := id % 100; 0 <= k && k < len(list) {
		return list[k], true
	}
	return AgencyInvoice{}, false
}

// AgencyOrder returns the order to which the agency's invoice of an id truly belongs; ok is false if it belongs to none.
// Whether the invoice says so, and whether its number leads there alone, is another question: AgencyInvoice.Link, Order.IsTwin.
func (w *World) AgencyOrder(invoice int) (Ref, bool) {
	v, ok := w.AgencyInvoice(invoice)
	return Ref{v.Customer, v.Order}, ok && v.Order >= 0
}

// saoPaulo shifts an instant to São Paulo's wall clock. Brazil has had no summer time since 2019, before the world begins.
func saoPaulo(t time.Time) time.Time { return t.Add(-3 * time.Hour) }

func (w *World) blankAgencyInvoice(r *rng, i, client, k int, on time.Time) AgencyInvoice {
	v := AgencyInvoice{
		ID: i*100 + k, Customer: i, Index: k, ClientID: client, Order: -1, Issued: on.Truncate(time.Second),
		Account: pick(r, agencyAccounts), CostCenter: pick(r, agencyCenters), Category: pick(r, agencyIncome),
	}
	v.Number = pad(v.ID, 8)
	v.Document = "FAT-" + itoa(saoPaulo(on).Year()) + "-" + pad(v.ID, 7)
	local := day(saoPaulo(on))
	v.Competence = local.AddDate(0, 0, 1-local.Day())
	v.Due = local.AddDate(0, 0, 5+5*r.n(9))
	return v
}

func (w *World) agencyInvoice(r *rng, client, k int, o *Order) AgencyInvoice {
	v := w.blankAgencyInvoice(r, o.Customer, client, k, earlier(o.Date.Add(time.Duration(r.n(4*24*3600))*time.Second), End))
	v.Order, v.Total = o.Index, o.Total
	if o.Status == OrderCancelled {
		v.Status = AgencyCancelled
	}
	v.Description = pick(r, agencyTexts)
	how := AgencyLink(r.weighted(12, 66, 18, 4))
	switch {
	case how == AgencyLinkBroken:
		v.OrderNumber = "SO-2023-" + pad(900_000+r.n(99_999), 6)
	case !o.InCRM: // its number was never told to anybody
		how = AgencyLinkNone
	case how == AgencyLinkField:
		v.OrderNumber = o.Number
	case how == AgencyLinkText:
		v.Description = pick(r, []string{"Pedido " + o.Number, v.Description + " (Pedido " + o.Number + ")", "Ref. Pedido " + o.Number + ", " + v.Description})
	}
	v.Link = how
	return v
}

// agencyFee is an invoice without any order: what an agency takes every month.
func (w *World) agencyFee(r *rng, i, client, k int) AgencyInvoice {
	v := w.blankAgencyInvoice(r, i, client, k, moment(r, w.identity(i).created, End.AddDate(0, 0, -1)))
	v.Total = Money(50_000 + 2_500*r.n(400))
	v.Description = "Fee mensal " + v.Competence.Format("01/2006")
	v.Category = "Honorários"
	return v
}

func (w *World) agencyFeeMoney(r *rng, v *AgencyInvoice) []Payment {
	on := earlier(v.Issued.Add(time.Duration(r.n(30*24*3600))*time.Second), End)
	switch r.weighted(35, 50, 15) {
	case 1:
		return []Payment{{Date: on, Amount: v.Total}}
	case 2:
		return []Payment{{Date: on, Amount: v.Total / 4}}
	}
	return nil
}

// settle splits the invoice into instalments and spreads the money over them in the order of their due days.
func (v *AgencyInvoice) settle(r *rng, money []Payment) {
	n := 1 + r.weighted(60, 25, 15)
	money = append([]Payment(nil), money...)
	v.Receivables = make([]AgencyReceivable, n)
	for k := range v.Receivables {
		amount := v.Total / Money(n)
		if k == n-1 {
			amount = v.Total - amount*Money(n-1)
		}
		x := AgencyReceivable{
			ID: v.ID*10 + k + 1, Invoice: v.ID, ClientID: v.ClientID, InvoiceNumber: v.Number, Instalment: k + 1, Of: n, Issued: v.Issued,
			Description: "Parcela " + itoa(k+1) + "/" + itoa(n), Competence: v.Competence, Due: v.Due.AddDate(0, 0, 30*k), Amount: amount,
			Account: v.Account, CostCenter: v.CostCenter, Category: v.Category, IsInactive: v.IsInactive, IsDeleted: v.IsDeleted,
		}
		for len(money) > 0 && x.Paid < amount {
			part := min(money[0].Amount, amount-x.Paid)
			x.PaidOn = later(money[0].Date, v.Issued).Truncate(time.Second)
			x.Payments = append(x.Payments, AgencyPayment{ID: x.ID*10 + len(x.Payments) + 1, Date: x.PaidOn, Amount: part, Method: pick(r, agencyMethods)})
			x.Paid += part
			if money[0].Amount -= part; money[0].Amount == 0 {
				money = money[1:]
			}
		}
		x.Status = agencyStatus(v.Status, x.Paid, amount)
		v.Paid += x.Paid
		if r.chance(70) {
			x.Boleto = agencyBoleto(r, x.ID)
		}
		v.Receivables[k] = x
	}
	v.Status = agencyStatus(v.Status, v.Paid, v.Total)
}

func agencyStatus(was AgencyStatus, paid, due Money) AgencyStatus {
	switch {
	case was == AgencyCancelled:
		return AgencyCancelled
	case paid == 0:
		return AgencyOpen
	case paid < due:
		return AgencyPartial
	}
	return AgencyPaid
}

// agencyBoleto numbers a slip as Brazilian banks do: eleven digits and a check digit of modulus 11. The address names it by a
// text that cannot be guessed from the number.
func agencyBoleto(r *rng, receivable int) *AgencyBoleto {
	body := pad(receivable, 11)
	return &AgencyBoleto{
		ID: receivable*10 + 7, OurNumber: body + "-" + digit(check11(weighted(body, 7, 6, 5, 4, 3, 2))),
		URL: "https://boleto.operand.example/b/" + strconv.FormatUint(r.next(), 36) + strconv.FormatUint(r.next(), 36),
	}
}

var (
	agencyAccounts = []string{"Itaú 0341-7", "Banco do Brasil 1887-X", "Bradesco 2201-4"}
	agencyCenters  = []string{"Criação", "Mídia", "Produção", "Atendimento"}
	agencyIncome   = []string{"Serviços de agência", "Produção gráfica", "Veiculação", "Honorários"}
	agencyMethods  = []string{"PIX", "Boleto", "Transferência", "Cartão"}
	agencyTexts    = []string{
		"Produção de materiais", "Campanha de lançamento", "Identidade visual", "Gestão de redes sociais", "Fornecimento conforme proposta", "Impressão de \"folders\" & banners",
	}
)
