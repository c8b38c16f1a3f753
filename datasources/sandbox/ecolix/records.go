package ecolix

import (
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// client is a Client, of the world or imported.
type client struct {
	code, name, siret, siren, vat            string
	email, phone, street, zip, town, country string
	modified                                 time.Time
	hasNoPhone                               bool // no field at all
}

// order is a Commande, of the world or imported.
type order struct {
	serial            int
	number, code, ref string // code: of the client; ref: the CRM's number or what the shop sent
	shop              string // the sales channel
	date, modified    time.Time
	state             string
	lines             []world.Line
	net, vat, total   world.Money
	paid              world.Money
	rawVAT            string // written instead of vat: a number with a dot
	hasNoTotal        bool   // no totalTTC at all
}

// note is a BL, of the world or imported.
type note struct {
	serial                 int
	number, order, carrier string
	appointment, shipped   time.Time // shipped is midnight UTC
	parcels                int
	weight                 world.Qty
	lines                  []world.Line
	modified               time.Time
}

// orderState returns the etat of an order: free text for whoever reads it (E12).
func orderState(o *world.Order) string {
	switch o.Status {
	case world.OrderDraft:
		return "SAISIE"
	case world.OrderConfirmed:
		return "CONFIRMEE"
	case world.OrderInProgress:
		return "EN_PREPARATION"
	case world.OrderCancelled:
		return "ANNULEE"
	}
	if o.Paid >= o.Total {
		return "SOLDEE"
	}
	return "LIVREE"
}

// OrderStates returns every etat that orders have, but for the flawed ones.
func OrderStates() []string {
	return []string{"SAISIE", "CONFIRMEE", "EN_PREPARATION", "LIVREE", "SOLDEE", "ANNULEE"}
}

// QuoteStates returns every etat of a devis, by world.QuoteStage.
func QuoteStates() []string {
	return []string{"BROUILLON", "ENVOYE", "EN_NEGOCIATION", "ACCEPTE", "REFUSE"}
}

// PurchaseStates returns every etat of an order to a supplier, by world.PurchaseStatus.
func PurchaseStates() []string {
	return []string{"ENVOYEE", "CONFIRMEE", "RECUE", "FACTUREE", "ANNULEE"}
}

func clientCode(n int) string {
	s := strconv.Itoa(n)
	return "CL" + "00000"[:max(0, 5-len(s))] + s
}

func (v *view) client(i int) client {
	base := v.erp.Clients
	if i >= len(base) {
		return v.memory.clients[i-len(base)]
	}
	c := v.erp.Client(i)
	out := client{
		code: c.ERP.Code, name: c.ERP.Name, siret: c.ERP.SIRET, vat: c.ERP.TVA, email: c.Email, phone: c.Phone, street: c.Address.Street,
		zip: c.Address.Zip, town: c.Address.City, country: c.Address.Country, modified: c.Modified,
	}
	if len(out.siret) >= 9 {
		out.siren = out.siret[:9]
	}
	if f := v.flaw("client", i); f != nil {
		switch f.Kind {
		case world.FlawNoSIRET:
			out.siret, out.siren = "", ""
		case world.FlawBlankEmail:
			out.email = ""
		case world.FlawMissingPhone:
			out.hasNoPhone = true
		}
	}
	if changed, ok := v.memory.updates[i]; ok {
		changed.apply(&out)
	}
	return out
}

func (e *encoder) client(c *client) {
	e.open('{')
	e.partner("client.id", c.code)
	e.text("client.name", c.name)
	e.text("client.siret", c.siret)
	e.text("client.siren", c.siren)
	e.text("client.vat", c.vat)
	e.text("client.email", c.email)
	if !c.hasNoPhone {
		e.text("client.phone", c.phone)
	}
	e.text("client.street", c.street)
	e.text("client.zip", c.zip)
	e.text("client.town", c.town)
	e.text("client.country", c.country)
	e.moment("client.updatedAt", c.modified)
	e.close('}')
}

func (v *view) order(i int) order {
	base := v.erp.Orders
	if i >= len(base) {
		return v.memory.orders[i-len(base)]
	}
	o := v.erp.Order(i)
	out := order{
		serial: v.erp.OrderSerial(base[i]), number: o.ERP, code: clientCode(o.Customer), ref: o.Number, date: o.Date, modified: o.ModifiedOn,
		state: orderState(o), lines: o.Lines, net: o.Net, vat: o.VAT, total: o.Total, paid: o.Paid, shop: v.erp.OrderShop(i),
	}
	if f := v.flaw("commande", i); f != nil {
		switch f.Kind {
		case world.FlawNoTotal:
			out.hasNoTotal = true
		case world.FlawUnknownStatus:
			out.state = f.Text
		case world.FlawUnknownClient:
			out.code = f.Text
		case world.FlawThreeDecimals:
			out.rawVAT = f.Text
		case world.FlawNoReference:
			out.ref = ""
		}
	}
	return out
}

func (e *encoder) order(o *order) {
	e.open('{')
	e.technical(o.serial)
	e.text("commande.number", o.number)
	e.partner("commande.clientId", o.code)
	e.text("commande.clientRef", o.ref)
	e.day("commande.date", o.date)
	e.text("commande.status", o.state)
	e.channel("commande.shop", o.shop)
	e.total("commande.totalHT", o.net)
	if o.rawVAT != "" {
		e.thousandths("commande.totalTVA", o.rawVAT)
	} else {
		e.total("commande.totalTVA", o.vat)
	}
	if !o.hasNoTotal {
		e.total("commande.totalTTC", o.total)
	}
	e.total("commande.paid", o.paid)
	e.lines("commande.lines", o.lines, true)
	e.moment("commande.updatedAt", o.modified)
	e.close('}')
}

// channel writes the sales channel of a document; one without has no such field.
func (e *encoder) channel(key, shop string) {
	if shop != "" {
		e.text(key, shop)
	}
}

// orderState writes what the list of states has of an order.
func (e *encoder) orderState(o *order) {
	e.open('{')
	e.technical(o.serial)
	e.text("commande.number", o.number)
	e.partner("commande.clientId", o.code)
	e.text("commande.clientRef", o.ref)
	e.text("commande.status", o.state)
	e.moment("commande.updatedAt", o.modified)
	e.close('}')
}

// thousandths writes a number that has three decimals, in the style of the totals.
func (e *encoder) thousandths(key, number string) {
	v, _ := strconv.ParseInt(number[:len(number)-4]+number[len(number)-3:], 10, 64) // the world wrote it
	e.decimal(key, v, 3, 3, true)
}

func (e *encoder) lines(key string, lines []world.Line, priced bool) {
	e.field(key)
	e.b = append(e.b, '[')
	for k := range lines {
		l := &lines[k]
		e.open('{')
		e.text("line.article", l.SKU)
		e.text("line.label", l.Name)
		e.quantity("line.qty", l.Quantity)
		if priced {
			e.price("line.unitPriceHT", l.Price)
			if l.Discount > 0 {
				e.percent("line.discount", l.Discount)
			}
			e.percent("line.vatRate", l.VATRate)
			e.price("line.totalHT", l.Net)
		}
		e.close('}')
	}
	e.b = append(e.b, ']')
}

func (e *encoder) quote(v *view, i int) {
	q := v.quote(i)
	state, modified := QuoteStates()[q.Stage], q.ModifiedOn
	if at, ok := v.memory.accepted[i]; ok {
		state, modified = QuoteStates()[world.QuoteWon], at
	}
	e.open('{')
	e.technical(v.erp.QuoteSerial(v.erp.Quotes[i]))
	e.text("devis.number", q.ERP)
	e.partner("devis.clientId", clientCode(q.Customer))
	e.text("devis.clientRef", q.Number)
	e.day("devis.date", q.Date)
	if v.flaw("devis", i) != nil {
		e.impossible("devis.validUntil", q.DueDate.Year())
	} else {
		e.calendar("devis.validUntil", q.ValidUntil)
	}
	e.text("devis.status", state)
	e.channel("devis.shop", q.Shop)
	if q.ERPOrder != "" {
		e.text("devis.orderNumber", q.ERPOrder)
	}
	e.total("devis.totalHT", q.Net)
	e.total("devis.totalTVA", q.VAT)
	e.total("devis.totalTTC", q.Total)
	e.lines("devis.lines", q.Lines, true)
	e.moment("devis.updatedAt", modified)
	e.close('}')
}

func (v *view) note(i int) note {
	base := v.erp.Notes
	if i >= len(base) {
		return v.memory.notes[i-len(base)]
	}
	n := v.erp.Note(i)
	return note{
		serial: v.erp.OrderSerial(base[i]), number: n.Number, order: n.Order.ERP, carrier: n.Carrier, appointment: n.Appointment, shipped: n.Shipped,
		parcels: n.Parcels, weight: n.Weight, lines: n.Lines, modified: n.Order.Delivered,
	}
}

func (e *encoder) note(n *note) {
	e.open('{')
	e.technical(n.serial)
	e.text("bl.number", n.number)
	e.text("bl.orderNumber", n.order)
	e.text("bl.carrier", n.carrier)
	e.moment("bl.appointment", n.appointment)
	e.calendar("bl.shippedAt", n.shipped)
	e.integer("bl.parcels", n.parcels)
	e.quantity("bl.weight", n.weight)
	e.lines("bl.lines", n.lines, false)
	e.moment("bl.updatedAt", n.modified)
	e.close('}')
}

func (e *encoder) purchase(v *view, i int) {
	p := v.erp.Purchase(i)
	supplier := &v.erp.Suppliers[p.Supplier]
	state, expected, modified := PurchaseStates()[p.Status], p.Expected, p.Modified
	if c, ok := v.memory.purchases[i]; ok {
		state, modified = c.state, c.modified
		if !c.expected.IsZero() {
			expected = c.expected
		}
	}
	e.open('{')
	e.technical(p.Serial)
	e.text("fournisseur_commande.number", p.Number)
	e.partner("fournisseur_commande.supplierId", supplier.Code)
	e.text("fournisseur_commande.supplierName", supplier.Name)
	e.text("fournisseur_commande.supplierSiret", supplier.Fiscal.Number)
	e.day("fournisseur_commande.date", p.Date)
	e.text("fournisseur_commande.status", state)
	e.calendar("fournisseur_commande.expectedDate", expected)
	e.total("fournisseur_commande.totalHT", p.Net)
	e.total("fournisseur_commande.totalTVA", p.VAT)
	e.total("fournisseur_commande.totalTTC", p.Total)
	e.lines("fournisseur_commande.lines", p.Lines, true)
	e.moment("fournisseur_commande.updatedAt", modified)
	e.close('}')
}
