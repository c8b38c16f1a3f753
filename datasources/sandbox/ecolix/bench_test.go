package ecolix_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func BenchmarkIndex(b *testing.B) {
	w := world.New(1, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		world.NewERP(w)
	}
}

// BenchmarkPage reads a page of a hundred from the middle of each list of 100,000 customers.
func BenchmarkPage(b *testing.B) {
	s := ecolix.New(world.New(1, 100_000), ecolix.Options{PerMinute: -1, Dialect: ecolix.Dialect{SinceParam: "depuis"}})
	s.ERP()
	for _, path := range []string{"/crm/clients?page=40", "/crm/commandes?page=40", "/crm/devis?page=40", "/transporteurs/bl?page=40", "/fournisseurs/commandes?page=20", "/crm/commandes?depuis=2025-01-01&page=40"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, ecolix.Base+path, http.NoBody)
				r.Header.Set("X-API-KEY", ecolix.DefaultKey)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
