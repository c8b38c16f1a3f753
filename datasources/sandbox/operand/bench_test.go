package operand_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// large is a world of the size the product is made for; it is built once, by whoever runs a benchmark.
var large = sync.OnceValue(func() *world.World { return world.New(7, 100_000) })

func BenchmarkNew(b *testing.B) {
	large()
	b.ReportAllocs()
	for b.Loop() {
		operand.New(large(), operand.Options{})
	}
}

func BenchmarkPage(b *testing.B) {
	s := operand.New(large(), operand.Options{Dialect: operand.Dialect{Login: operand.LoginPlain}})
	login := httptest.NewRecorder()
	s.ServeHTTP(login, httptest.NewRequest(http.MethodGet, "/login?tokenAccess="+operand.DefaultToken, nil))
	session := login.Body.String()[:login.Body.Len()-1]
	for _, v := range []struct{ name, path string }{
		{"receivables", "/v1/financeiro/receitas?limit=100&offset=0"},
		{"receivables far", "/v1/financeiro/receitas?limit=100&offset=9000"},
		{"receivables of a month", "/v1/financeiro/receitas?dueDateStart=2026-01-01&dueDateEnd=2026-01-31"},
		{"clients", "/beta/entity/clients?offset=3000"},
		{"persons", "/beta/entity/persons?offset=3000"},
		{"jobs of a client", "/beta/jobs?clientIds[]=486"},
	} {
		b.Run("case="+v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, v.path, nil)
				r.Header.Set("Op-Auth-Token", session)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body.String())
				}
			}
		})
	}
}
