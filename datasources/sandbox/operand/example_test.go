package operand_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Once the token was generated again in the panel, the old one is worth nothing.
func ExampleServer_ReplaceToken() {
	agency := operand.New(world.New(1, 12), operand.Options{Token: "old"})
	listening := httptest.NewServer(agency)
	defer listening.Close()
	agency.ReplaceToken("new")
	resp, err := http.Get(listening.URL + "/login?tokenAccess=old")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 403 {"success":false,"message":"Token de acesso inválido: old"}
}
