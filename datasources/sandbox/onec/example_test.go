package onec_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// An interface that publishes nothing looks like a base without objects.
func ExampleNew() {
	books := httptest.NewServer(onec.New(world.New(1, 12), onec.Options{EmptyComposition: true}))
	defer books.Close()
	r, err := http.NewRequest(http.MethodGet, books.URL+onec.Base+"?$format=json", http.NoBody)
	if err != nil {
		fmt.Println(err)
		return
	}
	r.SetBasicAuth(onec.DefaultUser, onec.DefaultPassword)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 200 {"value":[]}
}
