package ecolix_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func Example() {
	erp := httptest.NewServer(ecolix.New(world.New(1, 500), ecolix.Options{Dialect: ecolix.Dialect{Envelope: ecolix.EnvelopeBare}}))
	defer erp.Close()

	r, _ := http.NewRequest(http.MethodGet, erp.URL+ecolix.Base+"/ecommerce/articles/CAB-100", http.NoBody)
	r.Header.Set("X-API-KEY", ecolix.DefaultKey)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(string(body))
	// Output: {"reference":"CAB-100","designation":"Câble de brassage Cat6","ean":"4841000000005","prixHT":3.36,"tauxTva":20.0,"unite":"U","actif":true,"dateModification":"2024-09-21T04:00:00+02:00"}
}
