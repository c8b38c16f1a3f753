package ecolix

// Field is a field of a normalised record and the names it may have on the wire (wire/ecolix.md §3). The first name is the default.
type Field struct {
	Record string // client, article, stock, devis, commande, line, bl or fournisseur_commande
	Field  string
	Names  []string
}

// Key returns "record.field", by which Dialect.Fields names it.
func (f Field) Key() string { return f.Record + "." + f.Field }

// Candidates returns the table of wire/ecolix.md §3, with what the records have beyond it: the change time of each, the CRM's number
// (refClient) and the order that came of it (numeroCommande) of a quote, the sales channel of quotes and orders, and a supplier's name and SIRET. A client's default key is
// code, since a field named id is mostly a technical one.
func Candidates() []Field {
	updated := []string{"dateModification", "dateMaj"}
	list := []Field{
		{"client", "id", []string{"code", "id", "codeClient", "numero", "CT_Num"}},
		{"client", "name", []string{"raisonSociale", "intitule", "nom", "name"}},
		{"client", "siret", []string{"siret", "idprof2"}},
		{"client", "siren", []string{"siren", "idprof1"}},
		{"client", "vat", []string{"tvaIntra", "tva_intra", "numeroTva"}},
		{"client", "email", []string{"email", "mail"}},
		{"client", "phone", []string{"telephone", "tel"}},
		{"client", "street", []string{"adresse"}},
		{"client", "zip", []string{"codePostal", "cp", "zip"}},
		{"client", "town", []string{"ville", "town"}},
		{"client", "country", []string{"pays"}},
		{"client", "updatedAt", updated},

		{"article", "id", []string{"reference", "ref", "codeArticle"}},
		{"article", "label", []string{"designation", "libelle"}},
		{"article", "barcode", []string{"ean", "gencod", "codeBarres"}},
		{"article", "priceHT", []string{"prixHT", "prixVenteHT"}},
		{"article", "vatRate", []string{"tauxTva"}},
		{"article", "unit", []string{"unite"}},
		{"article", "active", []string{"actif", "sommeil"}}, // sommeil says the opposite
		{"article", "updatedAt", updated},

		{"stock", "article", []string{"reference"}},
		{"stock", "depot", []string{"depot"}},
		{"stock", "available", []string{"disponible", "dispo"}},
		{"stock", "physical", []string{"reel", "physique"}},
		{"stock", "reserved", []string{"reserve"}},
		{"stock", "expected", []string{"attendu"}},
		{"stock", "updatedAt", updated}, // when the depot was counted (E11)

		{"devis", "number", []string{"numero"}},
		{"devis", "clientId", []string{"codeClient"}},
		{"devis", "clientRef", []string{"refClient"}},
		{"devis", "date", []string{"date"}},
		{"devis", "validUntil", []string{"dateValidite"}},
		{"devis", "status", []string{"etat", "statut"}},
		{"devis", "orderNumber", []string{"numeroCommande"}},

		{"commande", "number", []string{"numero"}},
		{"commande", "clientId", []string{"codeClient"}},
		{"commande", "clientRef", []string{"refClient"}},
		{"commande", "date", []string{"date"}},
		{"commande", "status", []string{"etat"}},
		{"commande", "paid", []string{"reglementPercu"}},

		{"line", "article", []string{"reference"}},
		{"line", "label", []string{"designation"}},
		{"line", "qty", []string{"quantite", "qte"}},
		{"line", "unitPriceHT", []string{"prixUnitaireHT"}},
		{"line", "discount", []string{"remise"}},
		{"line", "vatRate", []string{"tauxTva"}},
		{"line", "totalHT", []string{"totalHT"}},

		{"bl", "number", []string{"numero"}},
		{"bl", "orderNumber", []string{"numeroCommande"}},
		{"bl", "carrier", []string{"transporteur"}},
		{"bl", "appointment", []string{"dateRdv"}},
		{"bl", "shippedAt", []string{"dateExpedition"}},
		{"bl", "parcels", []string{"nbColis"}},
		{"bl", "weight", []string{"poids"}},
		{"bl", "lines", []string{"lignes"}},
		{"bl", "updatedAt", updated},

		{"fournisseur_commande", "number", []string{"numero"}},
		{"fournisseur_commande", "supplierId", []string{"codeFournisseur"}},
		{"fournisseur_commande", "supplierName", []string{"nomFournisseur"}},
		{"fournisseur_commande", "supplierSiret", []string{"siretFournisseur"}},
		{"fournisseur_commande", "date", []string{"date"}},
		{"fournisseur_commande", "expectedDate", []string{"dateLivraisonPrevue"}},
		{"fournisseur_commande", "status", []string{"etat"}},
	}
	for _, record := range []string{"devis", "commande", "fournisseur_commande"} {
		list = append(list,
			Field{record, "totalHT", []string{"totalHT"}}, Field{record, "totalTVA", []string{"totalTVA"}},
			Field{record, "totalTTC", []string{"totalTTC"}}, Field{record, "lines", []string{"lignes"}}, Field{record, "updatedAt", updated})
	}
	for _, record := range []string{"devis", "commande"} {
		list = append(list, Field{record, "shop", []string{"canal", "boutique"}})
	}
	return list
}

// names resolves the wire name of every field.
func (d *Dialect) names() map[string]string {
	names := map[string]string{}
	for _, f := range Candidates() {
		names[f.Key()] = f.Names[0]
	}
	for key, name := range d.Fields {
		if _, ok := names[key]; !ok {
			panic("ecolix: Dialect.Fields names " + key + ", which is no field of Candidates")
		}
		names[key] = name
	}
	return names
}
