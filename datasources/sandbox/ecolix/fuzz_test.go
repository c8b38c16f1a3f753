package ecolix_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
)

// FuzzImports sends whatever to every import: the answer is always JSON, never a 500, and the lists stay readable.
func FuzzImports(f *testing.F) {
	s := ecolix.New(demo, ecolix.Options{MaxImports: 1 << 30, PerMinute: -1})
	code, order, quote, purchase := s.ERP().Client(0).ERP.Code, s.ERP().Order(0).ERP, s.ERP().Quote(0).ERP, s.ERP().Purchase(0).Number
	paths := []string{
		"/crm/clients", "/crm/clients/" + code, "/ecommerce/clients", "/ecommerce/commandes", "/transporteurs/bl", "/ecommerceplus/devis/" + quote + "/validation",
		"/fournisseurs/commandes/" + purchase + "/confirmation", "/fournisseurs/factures",
	}
	for _, body := range []string{
		``, `{}`, `[]`, `{"raisonSociale":"A","siret":1e3,"email":null}`, `{"numeroCommande":"` + purchase + `"}`,
		`{"codeClient":"` + code + `","date":"2026-03-04","reglementPercu":"1 250,00","lignes":[{"reference":"CAB-100","quantite":"1.234","prixUnitaireHT":1e5,"remise":100}]}`,
		`{"numeroCommande":"` + order + `","transporteur":"A","dateRdv":8589934591,"poids":"9.999.999,5","nbColis":-0}`,
	} {
		for k := range paths {
			f.Add(k, body)
		}
	}
	f.Fuzz(func(t *testing.T, k int, body string) {
		path := paths[uint(k)%uint(len(paths))]
		for _, r := range []*http.Request{
			httptest.NewRequest(http.MethodPost, ecolix.Base+path, strings.NewReader(body)),
			httptest.NewRequest(http.MethodGet, ecolix.Base+"/crm/clients", http.NoBody),
			httptest.NewRequest(http.MethodGet, ecolix.Base+"/transporteurs/bl?page=1", http.NoBody),
		} {
			r.Header.Set("X-API-KEY", ecolix.DefaultKey)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %s %q: %d %s", r.Method, path, body, w.Code, w.Body)
			}
		}
	})
}

// FuzzReads asks for lists and records with whatever in address and body, in many dialects.
func FuzzReads(f *testing.F) {
	for seed, q := range []string{"page=0&limit=10", "offset=5", "dateModification=2026-02-31", "page=%00&limit=", "CL00042", "CC2511-00102", "x/y", "%2e%2e"} {
		f.Add(uint64(seed), q, `{"page":0}`)
	}
	f.Fuzz(func(t *testing.T, seed uint64, q, body string) {
		d := ecolix.RandomDialect(seed % 64)
		d.Auth, d.AuthName = ecolix.AuthHeader, "K"
		s := ecolix.New(demo, ecolix.Options{Dialect: d})
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, ecolix.Base+"/crm/clients", strings.NewReader(body))
			r.URL.RawQuery = q
			if seed%2 == 1 {
				r.URL.Path += "/" + q
			}
			r.Header.Set("K", ecolix.DefaultKey)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %q %q: %d %s", method, q, body, w.Code, w.Body)
			}
		}
	})
}
