package world

import "time"

// ERPSupplier is a supplier of the company.
type ERPSupplier struct {
	Code   string // F0001
	Name   string
	Fiscal Fiscal // a SIRET with valid check digits that no customer has
}

// suppliers returns the suppliers; their names are invented.
func suppliers() []ERPSupplier {
	names := []string{
		"CÂBLERIE DU FOREZ SAS", "Réseaux & Fibres de l'Ouest SARL", "DISTRIB'INFO GRAND EST SAS", "Composants Dauphiné SA", "Imprimatech Lorraine SARL",
		"PAPETERIES DE LA VIENNE SAS", "Énergie Secours Onduleurs SARL", "MICRO-GROSSISTE DE LA LOIRE SAS", "Librairie Technique Berthier SARL",
		"Électro-Fournitures Béarnaises SARL", "STOCKAGE & SERVEURS D'ALSACE SAS", "Comptoir Numérique du Midi SA",
	}
	list := make([]ERPSupplier, len(names))
	for k, name := range names {
		list[k] = ERPSupplier{Code: "F" + pad(k+1, 4), Name: name, Fiscal: fiscal(FR, 4_900_000+k, false, false)} // customers end at 2^22
	}
	return list
}

// PurchaseStatus is how far an order to a supplier has come.
type PurchaseStatus uint8

// The states of an order to a supplier.
const (
	PurchaseSent PurchaseStatus = iota
	PurchaseConfirmed
	PurchaseReceived
	PurchaseInvoiced
	PurchaseCancelled
)

// ERPPurchase is an order to a supplier. All amounts are in euros.
type ERPPurchase struct {
	Serial          int    // from 1
	Number          string // CF2603-00042
	Supplier        int    // index into ERP.Suppliers
	Status          PurchaseStatus
	Date            time.Time
	Expected        time.Time // midnight UTC of the promised delivery; zero if the supplier has promised nothing
	Lines           []Line
	Net, VAT, Total Money
	Modified        time.Time
}

// Purchase returns one order to a supplier, 0 … Purchases−1, in order of their dates.
func (e *ERP) Purchase(k int) *ERPPurchase {
	r := e.w.rng(topicERPPurchase, k, 0)
	span := End.AddDate(0, 0, -2).Sub(Begin) / time.Duration(e.Purchases)
	p := &ERPPurchase{Serial: k + 1, Supplier: r.n(len(e.Suppliers))}
	p.Date = Begin.Add(time.Duration(k)*span + time.Duration(r.n(int(span/time.Second)))*time.Second)
	p.Number = erpNumber("CF", p.Date, k+1)
	switch age := End.Sub(p.Date); {
	case age < 30*24*time.Hour:
		p.Status = PurchaseStatus(r.weighted(40, 55, 0, 0, 5))
	case age < 90*24*time.Hour:
		p.Status = PurchaseStatus(r.weighted(5, 25, 40, 25, 5))
	default:
		p.Status = PurchaseStatus(r.weighted(0, 1, 8, 86, 5))
	}
	if p.Status != PurchaseSent || r.chance(40) {
		p.Expected = day(p.Date.AddDate(0, 0, 4+r.n(25)))
	}
	p.Lines = make([]Line, 1+r.weighted(20, 30, 25, 15, 10))
	for j := range p.Lines {
		p.Lines[j] = e.purchaseLine(&r, j, p.Date)
	}
	p.Net, p.VAT, p.Total = sum(p.Lines)
	p.Modified = modified(&r, p.Date)
	return p
}

func (e *ERP) purchaseLine(r *rng, j int, on time.Time) Line {
	var p *Product
	for p == nil || p.IsService { // nobody buys hours from a wholesaler
		p = &e.w.Products[r.n(len(e.w.Products))]
	}
	l := Line{
		Index: j, Product: p.Index, SKU: p.SKU, Name: p.NameFR, Unit: p.Unit, Quantity: Qty(5*(1+r.n(30))) * 1000,
		Price: Money(divRound(int64(p.Price)*int64(60+r.n(20)), 100)), VATRate: vatRate(FR, p.Reduced, on),
	}
	l.Net = Money(divRound(int64(l.Price)*int64(l.Quantity), 1000))
	l.VAT = Money(divRound(int64(l.Net)*int64(l.VATRate), 100))
	l.Total = l.Net + l.VAT
	return l
}

// PurchasePos returns the position of the order to a supplier with a number, CF2603-00042.
func (e *ERP) PurchasePos(number string) (int, bool) {
	k := numberSerial(number, "CF") - 1
	return k, k >= 0 && k < e.Purchases && e.Purchase(k).Number == number
}
