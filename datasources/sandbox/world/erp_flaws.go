package world

import "sort"

// FlawKind is something wrong with a record of the ERP, as in real systems: the tables are kept by people.
type FlawKind uint8

// The flaws.
const (
	// FlawNoTotal is an order without totalTTC: it has to be computed from totalHT and totalTVA.
	FlawNoTotal FlawKind = iota
	// FlawUnknownStatus is an order whose etat is a text of no list.
	FlawUnknownStatus
	// FlawUnknownClient is an order whose client code no client has.
	FlawUnknownClient
	// FlawThreeDecimals is an order whose totalTVA was never rounded and has a third decimal.
	FlawThreeDecimals
	// FlawNoReference is an order whose refClient is blank though the order is in the CRM, too.
	FlawNoReference
	// FlawImpossibleDate is a quote that is valid until 31 February.
	FlawImpossibleDate
	// FlawNoSIRET is a client without SIRET and SIREN; the VAT number is there.
	FlawNoSIRET
	// FlawBlankEmail is a client whose e-mail address is an empty text.
	FlawBlankEmail
	// FlawMissingPhone is a client whose record has no phone field at all.
	FlawMissingPhone
	// FlawAmbiguousNumber is the expected quantity of a stock row: 1,234 pieces, written as the text 1.234.
	FlawAmbiguousNumber
)

// String returns the kind in words.
func (k FlawKind) String() string {
	return [...]string{
		"no total", "unknown status", "unknown client", "three decimals", "no reference", "impossible date", "no SIRET", "blank e-mail",
		"missing phone", "ambiguous number",
	}[k]
}

// ERPFlaw is one flaw.
type ERPFlaw struct {
	Kind   FlawKind
	Record string // client, commande, devis or stock
	Key    string // its code or number; of a stock row, reference and depot with a slash between
	Pos    int    // its position in ERP.Clients, .Orders, .Quotes or .Stock
	// Text is what the record has instead of the truth: the status, the client code, the number. "" where something is left out, and
	// for FlawImpossibleDate, which is written in whatever way dates are.
	Text string
}

// Flaws returns all flaws, those of one kind together. A record has one at most. A world of a few dozen customers may be too small to have each.
func (e *ERP) Flaws() []ERPFlaw { return append([]ERPFlaw(nil), e.flaws...) }

func (e *ERP) makeFlaws() []ERPFlaw {
	var list []ERPFlaw
	orders := e.shuffled(e.Orders, 0)
	take := func(from *[]int, n int) []int {
		n = min(n, len(*from))
		taken := (*from)[:n]
		*from = (*from)[n:]
		return taken
	}
	// The single ones first: in a small world the few are fewer.
	for _, k := range take(&orders, 1) {
		o := e.Order(k)
		list = append(list, ERPFlaw{FlawThreeDecimals, "commande", o.ERP, k, itoa(int(o.VAT/100)) + "." + pad(int(o.VAT%100), 2) + "4"})
	}
	for _, k := range take(&orders, 1) {
		// Customer 1 is never French and so never a client: the code looks like all others.
		list = append(list, ERPFlaw{FlawUnknownClient, "commande", e.Order(k).ERP, k, "CL" + pad(1, 5)})
	}
	texts := []string{"A VOIR AVEC PAUL", "Bloquée compta", "EN ATTENTE ACOMPTE ?"}
	some := 2 + len(e.Orders)/400
	for j, k := range take(&orders, some) {
		list = append(list, ERPFlaw{FlawUnknownStatus, "commande", e.Order(k).ERP, k, texts[j%len(texts)]})
	}
	for _, k := range take(&orders, some) {
		list = append(list, ERPFlaw{FlawNoTotal, "commande", e.Order(k).ERP, k, ""})
	}
	for _, k := range take(&orders, some) {
		list = append(list, ERPFlaw{FlawNoReference, "commande", e.Order(k).ERP, k, ""})
	}
	quotes := e.shuffled(e.Quotes, 1)
	for _, k := range take(&quotes, 1) {
		list = append(list, ERPFlaw{FlawImpossibleDate, "devis", e.Quote(k).ERP, k, ""})
	}
	clients := e.shuffled(e.Clients, 2)
	for _, k := range take(&clients, 1) {
		list = append(list, ERPFlaw{FlawNoSIRET, "client", e.Client(k).ERP.Code, k, ""})
	}
	some = 1 + len(e.Clients)/100
	for _, k := range take(&clients, some) {
		list = append(list, ERPFlaw{FlawBlankEmail, "client", e.Client(k).ERP.Code, k, ""})
	}
	for _, k := range take(&clients, some) {
		list = append(list, ERPFlaw{FlawMissingPhone, "client", e.Client(k).ERP.Code, k, ""})
	}
	k := e.w.thousands(len(e.Stock))
	row := &e.Stock[k]
	return append(list, ERPFlaw{FlawAmbiguousNumber, "stock", e.w.Products[row.Product].SKU + "/" + row.Depot, k, "1.234"})
}

// shuffled returns the positions of a list in an order that depends on the seed alone.
func (e *ERP) shuffled(list []ERPEntry, which int) []int {
	keys := make([]uint64, len(list))
	order := make([]int, len(list))
	for k, at := range list {
		r := e.w.rng(topicERPFlaw+topic(which), int(at.Customer), int(at.Index))
		keys[k], order[k] = r.next(), k
	}
	sort.Slice(order, func(a, b int) bool { return keys[order[a]] < keys[order[b]] })
	return order
}
