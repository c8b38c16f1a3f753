package ecolix

import (
	"github.com/trama-graph/trama/datasources/rest"
)

// DefaultConfig is the preset: §3 of the wire page as configuration.
func DefaultConfig() Config {
	r := rest.DefaultConfig()
	r.Rate = rest.Rate{PerMinute: 30, Burst: 5}
	r.Reply = rest.Reply{ListAt: []string{"data", "items", "$"}, SuccessAt: []string{"metadata.issuccess"}, ErrorAt: []string{"error", "message"}}
	r.Paging = rest.Paging{Style: rest.PagingPage, PageParam: "page", SizeParam: "limit", Size: 100, TotalAt: []string{"pagination.total"}}
	r.Locale = rest.Locale{
		Decimals: "auto", Zone: "Europe/Paris",
		Dates: []string{"2006-01-02", "02/01/2006", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05"},
	}
	r.Currency, r.Country = "EUR", "FR"
	r.Entities = map[string]rest.Entity{
		"Customer":      joined(clients(), CRM, "/crm/clients", also{Carrier, "/transporteurs/clients"}),
		"Quote":         joined(quotes(), CRM, "/crm/devis", also{EcommercePlus, "/ecommerceplus/devis"}),
		"Order":         ordersAndStates(),
		"Product":       articles(),
		"DeliveryNote":  joined(deliveryNotes(), Carrier, "/transporteurs/bl"),
		"PurchaseOrder": joined(purchaseOrders(), Supplier, "/fournisseurs/commandes"),
	}
	return Config{Config: r}
}

// also is a further resource of the same records.
type also struct{ pkg, path string }

// joined is an entity whose resources have the same fields.
func joined(f rest.Fields, pkg, path string, more ...also) rest.Entity {
	e := rest.Entity{Package: pkg, Path: path, Fields: f}
	for _, m := range more {
		e.More = append(e.More, rest.Entity{Package: m.pkg, Path: m.path, Fields: f})
	}
	return e
}

func at(names ...string) rest.Field { return rest.Field{At: names} }

// clients: the key is the code documents refer to by codeClient; a field named id
// is mostly a technical one, and the last resort.
func clients() rest.Fields {
	code := at("code", "codeClient", "numero", "CT_Num", "id")
	return rest.Fields{
		"id": code, "code": code,
		"name":       at("raisonSociale", "intitule", "nom", "name", "CT_Intitule"),
		"taxId":      at("siret", "idprof2", "CT_Siret", "siren", "idprof1", "tvaIntra", "tva_intra", "numeroTva", "CT_Identifiant"),
		"email":      at("email", "mail"),
		"phone":      at("telephone", "tel", "phone"),
		"street":     at("adresse", "adresse1", "address"),
		"postalCode": at("codePostal", "cp", "zip"),
		"city":       at("ville", "town"),
		"country":    at("pays", "codePays", "country"),
		"updatedAt":  at("dateModification", "dateMaj"),
	}
}

func number() rest.Field { return at("numero", "ref", "DO_Piece") }

// shop is the shop or sales channel a document came through.
func shop() rest.Field { return at("boutique", "shop", "canal", "canalVente", "origine") }

func quotes() rest.Fields {
	return rest.Fields{
		"id": number(), "number": number(),
		"customer":   at("codeClient", "DO_Tiers", "socid"),
		"date":       at("date", "dateDevis", "DO_Date"),
		"validUntil": at("dateValidite"),
		"shop":       shop(),
		"status":     at("etat", "statut"),
		"net":        at("totalHT", "total_ht", "DO_TotalHT"),
		"tax":        at("totalTVA", "total_tva"),
		"total":      at("totalTTC", "total_ttc", "DO_TotalTTC"),
		"updatedAt":  at("dateModification", "dateMaj"),
	}
}

func orders() rest.Fields {
	return rest.Fields{
		"id": number(), "number": number(),
		"customer":          at("codeClient", "DO_Tiers", "socid"),
		"customerReference": at("refClient", "ref_client"),
		"shop":              shop(),
		"date":              at("date", "dateCommande", "DO_Date"),
		"status":            at("etat", "statut"),
		"net":               at("totalHT", "total_ht", "DO_TotalHT"),
		"tax":               at("totalTVA", "total_tva"),
		"total":             at("totalTTC", "total_ttc", "DO_TotalTTC"),
		"paid":              at("reglementPercu"),
		"updatedAt":         at("dateModification", "dateMaj"),
		"lines":             {At: []string{"lignes", "lines"}, Fields: lines()},
	}
}

// ordersAndStates: the list of states knows no more than the state of each order.
func ordersAndStates() rest.Entity {
	e := joined(orders(), CRM, "/crm/commandes", also{EcommercePlus, "/ecommerceplus/commandes"})
	e.More = append(e.More,
		rest.Entity{Package: EcommercePlus, Path: "/ecommerceplus/commandes/etats", Fields: rest.Fields{
			"id": number(), "number": number(), "customer": at("codeClient"), "status": at("etat", "statut"),
		}},
		rest.Entity{Package: Carrier, Path: "/transporteurs/commandes", Fields: orders()})
	return e
}

func lines() rest.Fields {
	return rest.Fields{
		"sku":       at("reference", "ref", "codeArticle", "AR_Ref"),
		"name":      at("designation", "libelle", "AR_Design"),
		"quantity":  at("quantite", "qte", "DL_Qte"),
		"unitPrice": at("prixUnitaireHT", "DL_PrixUnitaire"),
		"discount":  at("remise"),
		"taxRate":   at("tauxTva"),
		"net":       at("totalHT"),
	}
}

// articles: stock is a list of its own, by depot (E11: a snapshot, so its time is
// kept; where there is none, that of the reading stands for it).
func articles() rest.Entity {
	sku := at("reference", "ref", "codeArticle", "AR_Ref")
	f := rest.Fields{
		"id": sku, "sku": sku,
		"name":      at("designation", "libelle", "AR_Design"),
		"barcode":   at("ean", "gencod", "codeBarres"),
		"price":     at("prixHT", "prixVenteHT"),
		"taxRate":   at("tauxTva"),
		"unit":      at("unite"),
		"active":    at("actif", "!sommeil"),
		"updatedAt": at("dateModification", "dateMaj"),
	}
	e := joined(f, Ecommerce, "/ecommerce/articles", also{Carrier, "/transporteurs/articles"})
	e.Stock = rest.Stock{Package: Ecommerce, Path: "/ecommerce/stocks", Fields: rest.Fields{
		"sku":       sku,
		"warehouse": at("depot"),
		"available": at("disponible", "dispo"),
		"physical":  at("reel", "physique"),
		"reserved":  at("reserve"),
		"expected":  at("attendu"),
		"asOf":      at("dateModification", "dateMaj"),
	}}
	return e
}

// deliveryNotes hold the number of their order, which is the order's key here.
// They name no client.
func deliveryNotes() rest.Fields {
	return rest.Fields{
		"id": number(), "number": number(),
		"order":       at("numeroCommande"),
		"carrier":     at("transporteur"),
		"date":        at("date", "dateExpedition"),
		"appointment": at("dateRdv"),
		"shippedAt":   at("dateExpedition"),
		"parcels":     at("nbColis"),
		"weight":      at("poids"),
		"updatedAt":   at("dateModification", "dateMaj"),
		"lines": {At: []string{"lignes", "lines"}, Fields: rest.Fields{
			"sku": at("reference", "ref", "codeArticle"), "name": at("designation", "libelle"), "quantity": at("quantite", "qte"),
		}},
	}
}

func purchaseOrders() rest.Fields {
	return rest.Fields{
		"id": number(), "number": number(),
		"supplier":      at("nomFournisseur", "raisonSociale", "codeFournisseur"),
		"supplierTaxId": at("siretFournisseur"),
		"date":          at("date", "dateCommande"),
		"expectedDate":  at("dateLivraisonPrevue"),
		"status":        at("etat", "statut"),
		"net":           at("totalHT"),
		"tax":           at("totalTVA"),
		"total":         at("totalTTC"),
		"updatedAt":     at("dateModification", "dateMaj"),
		"lines":         {At: []string{"lignes", "lines"}, Fields: lines()},
	}
}
