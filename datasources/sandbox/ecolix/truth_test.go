package ecolix_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// A truth is every record of every list as one line of text, by the path of the list: once made of the world, once read from the wire.
type truth map[string][]string

// lists are the reads of all five packages with the kind of their records.
func lists() map[string]string {
	return map[string]string{
		"/ecommerce/articles": "article", "/ecommerce/stocks": "stock",
		"/ecommerceplus/devis": "devis", "/ecommerceplus/commandes": "commande", "/ecommerceplus/commandes/etats": "etat",
		"/crm/clients": "client", "/crm/devis": "devis", "/crm/commandes": "commande",
		"/transporteurs/clients": "client", "/transporteurs/commandes": "commande", "/transporteurs/articles": "article",
		"/transporteurs/stocks": "stock", "/transporteurs/bl": "bl", "/fournisseurs/commandes": "fournisseur_commande",
	}
}

func zone(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func amount(m world.Money) string { return plain(fmt.Sprintf("%d.%02d", m/100, m%100)) }

func units(q world.Qty) string { return plain(fmt.Sprintf("%d.%03d", q/1000, q%1000)) }

// plain is a number without needless zeros.
func plain(s string) string { return decimal.MustParse(s).Trim(0).String() }

func calendar(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return strconv.FormatInt(t.Unix(), 10)
}

func linesText(lines []world.Line, priced bool) string {
	var out []string
	for _, l := range lines {
		s := l.SKU + " " + l.Name + " " + units(l.Quantity)
		if priced {
			s += fmt.Sprint(" ", amount(l.Price), " ", l.Discount, " ", l.VATRate, " ", amount(l.Net))
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func join(parts ...any) string { return strings.TrimSuffix(fmt.Sprintln(parts...), "\n") }

// shop is how the reader shows a document that came through none.
func shop(name string) string {
	if name == "" {
		return "(missing)"
	}
	return name
}

// worldTruth says what each list must hold. It knows the flaws from the answer sheet.
func worldTruth(t testing.TB, e *world.ERP) truth {
	t.Helper()
	paris := zone(t)
	has := func(kind world.FlawKind, key string) (string, bool) {
		for _, f := range e.Flaws() {
			if f.Kind == kind && f.Key == key {
				return f.Text, true
			}
		}
		return "", false
	}
	by := truth{}
	for k := range e.Clients {
		c := e.Client(k)
		siret, siren, email, phone := c.ERP.SIRET, c.ERP.SIRET[:9], c.Email, c.Phone
		if _, ok := has(world.FlawNoSIRET, c.ERP.Code); ok {
			siret, siren = "", ""
		}
		if _, ok := has(world.FlawBlankEmail, c.ERP.Code); ok {
			email = ""
		}
		if _, ok := has(world.FlawMissingPhone, c.ERP.Code); ok {
			phone = "(missing)"
		}
		by["client"] = append(by["client"], join(c.ERP.Code, c.ERP.Name, siret, siren, c.ERP.TVA, email, phone, c.Address.Street, c.Address.Zip,
			c.Address.City, c.Address.Country, instant(c.Modified)))
	}
	states := ecolix.OrderStates()
	for k := range e.Orders {
		o := e.Order(k)
		state := map[world.OrderStatus]string{
			world.OrderDraft: states[0], world.OrderConfirmed: states[1], world.OrderInProgress: states[2], world.OrderDelivered: states[3],
			world.OrderCancelled: states[5],
		}[o.Status]
		if o.Status == world.OrderDelivered && o.Paid == o.Total {
			state = states[4]
		}
		if text, ok := has(world.FlawUnknownStatus, o.ERP); ok {
			state = text
		}
		code, ref, vat, total := demo.Customer(o.Customer).ERP.Code, o.Number, amount(o.VAT), amount(o.Total)
		if text, ok := has(world.FlawUnknownClient, o.ERP); ok {
			code = text
		}
		if _, ok := has(world.FlawNoReference, o.ERP); ok {
			ref = ""
		}
		if text, ok := has(world.FlawThreeDecimals, o.ERP); ok {
			vat = text
		}
		if _, ok := has(world.FlawNoTotal, o.ERP); ok {
			total = "(missing)"
		}
		by["commande"] = append(by["commande"], join(o.ERP, code, ref, calendar(o.Date.In(paris)), state, shop(e.OrderShop(k)), amount(o.Net), vat, total, amount(o.Paid),
			linesText(o.Lines, true), instant(o.ModifiedOn)))
		by["etat"] = append(by["etat"], join(o.ERP, code, ref, state, instant(o.ModifiedOn)))
	}
	for k := range e.Quotes {
		q := e.Quote(k)
		until, order := calendar(q.ValidUntil), q.ERPOrder
		if _, ok := has(world.FlawImpossibleDate, q.ERP); ok {
			until = "31 February " + strconv.Itoa(q.DueDate.Year())
		}
		if order == "" {
			order = "(missing)"
		}
		by["devis"] = append(by["devis"], join(q.ERP, demo.Customer(q.Customer).ERP.Code, q.Number, calendar(q.Date.In(paris)), until,
			ecolix.QuoteStates()[q.Stage], shop(q.Shop), order, amount(q.Net), amount(q.VAT), amount(q.Total), linesText(q.Lines, true), instant(q.ModifiedOn)))
	}
	for k := range e.Notes {
		n := e.Note(k)
		by["bl"] = append(by["bl"], join(n.Number, n.Order.ERP, n.Carrier, instant(n.Appointment), calendar(n.Shipped), n.Parcels, units(n.Weight),
			linesText(n.Lines, false), instant(n.Order.Delivered)))
	}
	for k := range e.Purchases {
		p := e.Purchase(k)
		s := e.Suppliers[p.Supplier]
		by["fournisseur_commande"] = append(by["fournisseur_commande"], join(p.Number, s.Code, s.Name, s.Fiscal.Number, calendar(p.Date.In(paris)),
			ecolix.PurchaseStates()[p.Status], calendar(p.Expected), amount(p.Net), amount(p.VAT), amount(p.Total), linesText(p.Lines, true), instant(p.Modified)))
	}
	for k := range demo.Products {
		p := &demo.Products[k]
		rate := 20
		if p.Reduced {
			rate = 10
		}
		by["article"] = append(by["article"], join(p.SKU, p.NameFR, p.EAN, amount(p.Price), rate, p.IsActive, instant(p.Modified)))
	}
	for _, s := range e.Stock {
		sku := demo.Products[s.Product].SKU
		expected := units(s.Expected)
		if text, ok := has(world.FlawAmbiguousNumber, sku+"/"+s.Depot); ok {
			expected = "the text " + text
		}
		by["stock"] = append(by["stock"], join(sku, s.Depot, units(s.Physical-s.Reserved), units(s.Physical), units(s.Reserved), expected, instant(s.AsOf)))
	}
	return by
}
