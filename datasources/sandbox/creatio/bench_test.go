package creatio_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// large is a world of the size the product is made for; it is built once, by whoever runs a benchmark.
var large = sync.OnceValue(func() *world.World { return world.New(7, 100000) })

func BenchmarkRequests(b *testing.B) {
	s := creatio.New(large(), creatio.Options{ClientID: "a", ClientSecret: "b", QueryLimit: -1})
	tok := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/connect/token", strings.NewReader("grant_type=client_credentials&client_id=a&client_secret=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.ServeHTTP(tok, r)
	token, _, _ := strings.Cut(strings.TrimPrefix(tok.Body.String(), `{"access_token":"`), `"`)
	keys := func(path string, n int) string {
		var terms []string
		for i := range n {
			if c := large().Customer(i*991 + 1); len(c.CRM) > 0 {
				terms = append(terms, path+" eq "+c.CRM[0].ID.String())
			}
		}
		return strings.Join(terms, " or ")
	}
	for _, v := range []struct{ name, path string }{
		{"Id 30", "Account?$select=Id,Name,Code,ModifiedOn&$filter=" + keys("Id", 30)},
		{"Account-Id 30", "Order?$select=Id,Number,Amount,AccountId,StatusId&$filter=" + keys("Account/Id", 30)},
		{"Account-Id 100", "Order?$select=Id,Number,Amount,AccountId,StatusId&$filter=" + keys("Account/Id", 100)},
		{"page of accounts", "Account?$select=Id,Name,Code,Phone,Web,ModifiedOn&$orderby=ModifiedOn,Id&$top=500&$skip=50000"},
		{"page of orders", "Order?$select=Id,Number,Amount&$orderby=ModifiedOn,Id&$top=500&$skip=50000"},
		{"changed since", "Order?$select=Id,Number&$filter=ModifiedOn gt 2026-10-20T00:00:00Z&$orderby=ModifiedOn,Id&$top=500"},
	} {
		path := "/0/odata/" + strings.NewReplacer(" ", "%20").Replace(v.path)
		if _, err := url.Parse(path); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("case=%s", v.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body.String())
				}
			}
		})
	}
}
