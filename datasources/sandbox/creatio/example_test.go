package creatio_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// A wrong password is not an HTTP error.
func ExampleNew() {
	crm := httptest.NewServer(creatio.New(world.New(1, 12), creatio.Options{User: "svc", Password: "right"}))
	defer crm.Close()
	resp, err := http.Post(crm.URL+"/ServiceModel/AuthService.svc/Login", "application/json", strings.NewReader(`{"UserName":"svc","UserPassword":"wrong"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body[:10]))
	// Output: 200 {"Code":1,
}
