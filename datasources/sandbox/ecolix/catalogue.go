package ecolix

import (
	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// unit is the unit as the ERP abbreviates it.
func unit(u string) string {
	switch u {
	case "hour":
		return "H"
	case "m":
		return "ML" // mètre linéaire
	case "pack":
		return "PAQ"
	}
	return "U"
}

// frenchVAT returns the rate of an article in per cent, as the lines of the world's French documents have it.
func frenchVAT(p *world.Product) int {
	if p.Reduced {
		return 10
	}
	return 20
}

func (e *encoder) article(p *world.Product) {
	e.open('{')
	e.text("article.id", p.SKU)
	e.text("article.label", p.NameFR)
	e.text("article.barcode", p.EAN) // services have none: blank
	e.price("article.priceHT", p.PriceIn(world.FR))
	e.percent("article.vatRate", frenchVAT(p))
	e.text("article.unit", unit(p.Unit))
	e.boolean("article.active", p.IsActive != (e.names["article.active"] == "sommeil"))
	e.moment("article.updatedAt", p.Modified)
	e.close('}')
}

func (e *encoder) stock(v *view, i int) {
	row := &v.erp.Stock[i]
	e.open('{')
	e.text("stock.article", v.erp.World().Products[row.Product].SKU)
	e.text("stock.depot", row.Depot)
	e.quantity("stock.available", row.Physical-row.Reserved)
	e.quantity("stock.physical", row.Physical)
	e.quantity("stock.reserved", row.Reserved)
	if f := v.flaw("stock", i); f != nil {
		e.field("stock.expected")
		e.b = odatafake.AppendString(e.b, f.Text)
	} else {
		e.quantity("stock.expected", row.Expected)
	}
	e.moment("stock.updatedAt", row.AsOf)
	e.close('}')
}

// articlePos returns the position of an article by its reference.
func (v *view) articlePos(ref string) (int, bool) {
	for k := range v.erp.World().Products { // some hundreds
		if v.erp.World().Products[k].SKU == ref {
			return k, true
		}
	}
	return 0, false
}
