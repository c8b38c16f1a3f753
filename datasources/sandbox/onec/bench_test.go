package onec_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// large is a world of the size the product is made for; it is built once, by whoever runs a benchmark.
var large = sync.OnceValue(func() *world.World { return world.New(7, 100000) })

func BenchmarkRequests(b *testing.B) {
	s := onec.New(large(), onec.Options{QueryLimit: -1})
	keys := func(path string, n int) string {
		var terms []string
		for i := range n {
			if c := large().Customer(i*991 + 1); len(c.Books) > 0 {
				terms = append(terms, path+" eq guid'"+c.Books[0].Ref.String()+"'")
			}
		}
		return strings.Join(terms, " or ")
	}
	for _, v := range []struct{ name, path string }{
		{"Ref_Key 25", party + "?$select=Ref_Key,Description,ИНН&$filter=" + keys("Ref_Key", 25)},
		{"Контрагент_Key 25", bill + "?$select=Ref_Key,Number,Date,СуммаДокумента,Контрагент_Key&$orderby=Ref_Key&$filter=" + keys("Контрагент_Key", 25)},
		{"Контрагент_Key 100", bill + "?$select=Ref_Key,Number,Date,СуммаДокумента,Контрагент_Key,Товары&$orderby=Ref_Key&$filter=" + keys("Контрагент_Key", 100)},
		{"page of counterparties", party + "?$select=Ref_Key,Description,ИНН,Code&$filter=IsFolder eq false&$orderby=Ref_Key&$top=1000&$skip=50000"},
		{"page of bills", bill + "?$select=Ref_Key,Number,Date,СуммаДокумента&$orderby=Date,Ref_Key&$top=500&$skip=50000"},
		{"window of bills", bill + "?$select=Ref_Key,Number&$filter=Date ge datetime'2026-10-01T00:00:00' and Date lt datetime'2026-10-08T00:00:00' and DeletionMark eq false&$orderby=Date,Ref_Key&$top=500"},
	} {
		path := onec.Base + escape(v.path)
		b.Run("case="+v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header.Set("Accept", nometadata)
				r.SetBasicAuth(onec.DefaultUser, onec.DefaultPassword)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body.String())
				}
			}
		})
	}
}
