package ecolix_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
)

// later is after everything in the world, so that imports are the last changes.
func later() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

// post sends an import and returns the record of the answer.
func (c *client) post(path, body string, status int, header ...string) record {
	c.t.Helper()
	a := c.send(http.MethodPost, path, body, key, header...)
	if a.status != status {
		c.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	v := decode(c.t, a.body).(record)
	if c.d.Envelope == ecolix.EnvelopeBare {
		return v
	}
	return v["data"].(record)
}

// row returns the row of a list whose field has a value.
func (c *client) row(path, field, value string) record {
	c.t.Helper()
	for _, m := range c.all(path) {
		if fmt.Sprint(m[field]) == value {
			return m
		}
	}
	return nil
}

func TestImports(t *testing.T) {
	c := start(t, ecolix.Options{Now: later})
	erp := c.erp.ERP()

	// A client from the shop.
	made := c.post("/ecommerce/clients", `{"raisonSociale":"Épicerie du Port","siret":"73282932000074","email":"port@example.fr","tel":"+33 1"}`, http.StatusCreated)
	code, _ := made["code"].(string)
	if want := "CL00501"; code != want || made["numeroImport"] != decode(t, "1") {
		t.Fatalf("%v, want %s", made, want)
	}
	for _, path := range []string{"/crm/clients", "/transporteurs/clients"} {
		got := c.row(path, "code", code)
		if got["raisonSociale"] != "Épicerie du Port" || got["siren"] != "732829320" || got["telephone"] != "+33 1" || got["dateModification"] != "2026-11-22T10:30:00+01:00" {
			t.Errorf("%s: %v", path, got)
		}
	}

	// An order of that client. HT 2 × 125.00 − 10 % + 3 × 3.36 = 225.00 + 10.08, at 20 and 20 per cent.
	order := c.post("/ecommerce/commandes", `{"codeClient":"`+code+`","refClient":"WEB-77","date":"21/11/2026","reglementPercu":"282,10",
		"lignes":[{"reference":"MON-100","designation":"Écran","qte":"2,000","prixUnitaireHT":"125,00","remise":10,"tauxTva":20.0},{"reference":"CAB-100","quantite":3}]}`, http.StatusCreated)
	number, _ := order["numero"].(string)
	if want := fmt.Sprintf("CC2611-%05d", demo.OrderCount()+2); number != want {
		t.Errorf("order %s, want %s", number, want)
	}
	for _, path := range []string{"/crm/commandes", "/ecommerceplus/commandes", "/transporteurs/commandes"} {
		got := c.row(path, "numero", number)
		if got["codeClient"] != code || got["refClient"] != "WEB-77" || got["date"] != "2026-11-21" || got["etat"] != "SAISIE" || got["totalHT"] != "235,08" ||
			got["totalTVA"] != "47,02" || got["totalTTC"] != "282,10" || got["reglementPercu"] != "282,10" {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := c.row("/ecommerceplus/commandes/etats", "numero", number); got["etat"] != "SAISIE" {
		t.Error(got)
	}
	if a := c.get("/crm/commandes/" + number); a.status != http.StatusOK {
		t.Error(a)
	}

	// A delivery note of an order of the world.
	world := erp.Order(3).ERP
	note := c.post("/transporteurs/bl", `{"numeroCommande":"`+world+`","transporteur":"ACME","dateRdv":"2026-11-24T08:30:00+01:00","nbColis":2,"poids":"12,5",
		"lignes":[{"reference":"CAB-100","quantite":10}]}`, http.StatusCreated)
	got := c.row("/transporteurs/bl", "numero", fmt.Sprint(note["numero"]))
	if got["numeroCommande"] != world || got["transporteur"] != "ACME" || got["dateRdv"] != "2026-11-24T08:30:00+01:00" || got["dateExpedition"] != "" || fmt.Sprint(got["poids"]) != "12.5" {
		t.Error(got)
	}

	// A quote is accepted.
	open := ""
	for k := range erp.Quotes {
		if q := erp.Quote(k); ecolix.QuoteStates()[q.Stage] == "ENVOYE" {
			open = q.ERP
		}
	}
	if got := c.post("/ecommerceplus/devis/"+open+"/validation", "", http.StatusOK); got["numero"] != open {
		t.Error(got)
	}
	if got := c.row("/crm/devis", "numero", open); got["etat"] != "ACCEPTE" || got["dateModification"] != "2026-11-22T10:30:00+01:00" {
		t.Error(got)
	}

	// A supplier confirms, then invoices.
	purchase := erp.Purchase(erp.Purchases - 1)
	confirmation := c.post("/fournisseurs/commandes/"+purchase.Number+"/confirmation", `{"dateLivraisonPrevue":"2026-12-03"}`, http.StatusCreated)
	if got := c.row("/fournisseurs/commandes", "numero", purchase.Number); got["etat"] != "CONFIRMEE" || got["dateLivraisonPrevue"] != "2026-12-03" {
		t.Error(got)
	}
	c.post("/fournisseurs/factures", `{"numeroCommande":"`+purchase.Number+`","totalTTC":"12,00"}`, http.StatusCreated)
	if got := c.row("/fournisseurs/commandes", "numero", purchase.Number); got["etat"] != "FACTUREE" || got["dateLivraisonPrevue"] != "2026-12-03" {
		t.Error(got)
	}

	var kinds []string
	for k, i := range c.erp.Imports() {
		kinds = append(kinds, i.Kind)
		if i.Serial != k+1 || !i.At.Equal(later()) {
			t.Errorf("import %d: %+v", k, i)
		}
	}
	if got := strings.Join(kinds, " "); got != "client commande bl devis confirmation facture" {
		t.Error(got)
	}
	if c.erp.Imports()[4].Number != confirmation["numero"] || c.erp.Imports()[4].Target != purchase.Number {
		t.Errorf("%+v", c.erp.Imports()[4])
	}
}

// E10: there is no de-duplication, whatever the caller says.
func TestImportsAreNotDeduplicated(t *testing.T) {
	c := start(t, ecolix.Options{Now: later})
	before := len(c.all("/transporteurs/bl"))
	body := `{"numeroCommande":"` + c.erp.ERP().Order(3).ERP + `","transporteur":"ACME","dateRdv":"2026-11-24T08:30:00+01:00"}`
	first := c.post("/transporteurs/bl", body, http.StatusCreated, "Idempotency-Key", "bl-1")
	second := c.post("/transporteurs/bl", body, http.StatusCreated, "Idempotency-Key", "bl-1")
	if first["numero"] == second["numero"] {
		t.Errorf("%v twice", first)
	}
	if got := len(c.all("/transporteurs/bl")); got != before+2 {
		t.Errorf("%d delivery notes, want %d", got, before+2)
	}
	for _, i := range c.erp.Imports() {
		if i.Key != "bl-1" {
			t.Errorf("%+v", i)
		}
	}
}

func TestUpdateClient(t *testing.T) {
	for _, d := range []ecolix.Dialect{{SinceParam: "depuis"}, {SinceParam: "depuis", NumericIDs: true, Fields: map[string]string{"client.id": "CT_Num", "client.town": "town"}}} {
		c := start(t, ecolix.Options{Dialect: d, Now: later})
		r := newReader(t, c.d)
		code := c.erp.ERP().Client(2).ERP.Code
		path := "/crm/clients/" + c.d.ClientKey(code)
		before := c.all("/crm/clients")[2]
		for _, step := range []struct{ method, body string }{
			{http.MethodPut, `{"ville":"Pô"}`}, {http.MethodPut, `{"town":"Pau"}`}, {http.MethodPost, `{"codePostal":"64000"}`}, {http.MethodPatch, `{"mail":""}`},
		} {
			if a := c.send(step.method, path, step.body, key); a.status != http.StatusOK || !strings.Contains(a.body, c.d.ClientKey(code)) {
				t.Fatal(a)
			}
		}
		after := c.all("/crm/clients")[2]
		if r.text(after, "client.town") != "Pau" || r.text(after, "client.zip") != "64000" || r.text(after, "client.email") != "" ||
			r.text(after, "client.name") != r.text(before, "client.name") || r.partner(after, "client.id", "CL", 5) != code {
			t.Errorf("%v\nwas %v", after, before)
		}
		if rows := c.rows(c.get("/crm/clients?depuis=2026-11-22T10:30:00")); len(rows) != 1 {
			t.Errorf("%d changed, want 1", len(rows))
		}
		// One that was imported can be changed, too.
		made := c.post("/crm/clients", `{"name":"Nouveau"}`, http.StatusCreated)
		id := fmt.Sprint(r.value(made, "client.id"))
		c.post("/crm/clients/"+id, `{"telephone":"+33 2"}`, http.StatusOK)
		if got := c.row("/crm/clients", r.names["client.id"], id); r.text(got, "client.phone") != "+33 2" || r.text(got, "client.name") != "Nouveau" {
			t.Error(got)
		}
	}
}

func TestRefusedImports(t *testing.T) {
	c := start(t, ecolix.Options{Now: later})
	body := start(t, ecolix.Options{Now: later, Dialect: ecolix.Dialect{ErrorsInBody: true}})
	code, order := c.erp.ERP().Client(0).ERP.Code, c.erp.ERP().Order(0).ERP
	lines := `"lignes":[{"reference":"CAB-100","quantite":1}]`
	for _, x := range []struct {
		name, path, body string
		status           int
	}{
		{"no JSON", "/ecommerce/clients", "raisonSociale=x", 400},
		{"no object", "/ecommerce/clients", "[]", 400},
		{"two objects", "/ecommerce/clients", `{"nom":"a"}{"nom":"b"}`, 400},
		{"no name", "/ecommerce/clients", `{"siret":"1"}`, 422},
		{"no client", "/ecommerce/commandes", `{` + lines + `}`, 422},
		{"unknown client", "/ecommerce/commandes", `{"codeClient":"CL00001",` + lines + `}`, 422},
		{"no lines", "/ecommerce/commandes", `{"codeClient":"` + code + `"}`, 422},
		{"unknown article", "/ecommerce/commandes", `{"codeClient":"` + code + `","lignes":[{"reference":"X","quantite":1}]}`, 422},
		{"no quantity", "/ecommerce/commandes", `{"codeClient":"` + code + `","lignes":[{"reference":"CAB-100"}]}`, 422},
		{"negative quantity", "/ecommerce/commandes", `{"codeClient":"` + code + `","lignes":[{"reference":"CAB-100","quantite":-1}]}`, 422},
		{"huge price", "/ecommerce/commandes", `{"codeClient":"` + code + `","lignes":[{"reference":"CAB-100","quantite":1,"prixUnitaireHT":1e17}]}`, 422},
		{"line that is no object", "/ecommerce/commandes", `{"codeClient":"` + code + `","lignes":[1]}`, 422},
		{"date that is none", "/ecommerce/commandes", `{"codeClient":"` + code + `","date":"31/02/2026",` + lines + `}`, 422},
		{"note of an unknown order", "/transporteurs/bl", `{"numeroCommande":"CC2601-99999","transporteur":"ACME"}`, 422},
		{"note without carrier", "/transporteurs/bl", `{"numeroCommande":"` + order + `"}`, 422},
		{"unknown quote", "/ecommerceplus/devis/DV2601-99999/validation", `{}`, 404},
		{"unknown client to change", "/crm/clients/CL00001", `{"ville":"Pau"}`, 404},
		{"unknown purchase", "/fournisseurs/commandes/CF2601-99999/confirmation", `{}`, 404},
		{"invoice of an unknown purchase", "/fournisseurs/factures", `{}`, 422},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			c.failure(c.send(http.MethodPost, x.path, x.body, key), x.status)
			body.failure(body.send(http.MethodPost, x.path, x.body, key), http.StatusOK)
		})
	}
	if n := len(c.erp.Imports()); n != 0 {
		t.Errorf("%d refused imports were remembered", n)
	}
	c.checkAll(worldTruth(t, c.erp.ERP()))
}

func TestImportsAreBounded(t *testing.T) {
	c := start(t, ecolix.Options{MaxImports: 2})
	for range 2 {
		c.post("/crm/clients", `{"nom":"x"}`, http.StatusCreated)
	}
	c.failure(c.send(http.MethodPost, "/crm/clients", `{"nom":"x"}`, key), http.StatusInsufficientStorage)
	if n := len(c.erp.Imports()); n != 2 {
		t.Error(n)
	}
	t.Run("case=by their bytes", func(t *testing.T) {
		c := start(t, ecolix.Options{})
		large := `{"nom":"x","note":"` + strings.Repeat("x", 1<<20-100) + `"}`
		for n := 0; ; n++ {
			if a := c.send(http.MethodPost, "/crm/clients", large, key); a.status == http.StatusInsufficientStorage {
				if n != 16 {
					t.Errorf("%d imports of a mebibyte were taken, want 16", n)
				}
				return
			} else if a.status != http.StatusCreated || n > 16 {
				t.Fatalf("import %d: %d", n, a.status)
			}
		}
	})
}
