package unknown_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// A shop with cursors and a bearer key: what its orders stand for in the world is told by Records.
func ExampleNewShop() {
	w := world.New(1, 40)
	shop := unknown.NewShop(w, unknown.ShopOptions{Auth: unknown.BearerKey, Paging: unknown.Cursor})
	server := httptest.NewServer(shop)
	defer server.Close()

	rec := shop.Records("orders")[4]
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+unknown.ShopBase+"/orders?properties=id,total_ht&sqlfilters=(t.rowid:in:"+rec.ID+")", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+unknown.ShopKey)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(string(body))
	fmt.Println(w.Order(rec.Customer, rec.Index).Net, "hundredths of customer", rec.Customer)
	// Output:
	// {"data":[{"id":"113","total_ht":"29347.88000000"}],"has_more":false,"next_cursor":null}
	// 2934788 hundredths of customer 3
}

// A ledger of version 2: decimals are texts, times are /Date(…)/, and the count is a text, too.
func ExampleNewLedger() {
	w := world.New(1, 40)
	ledger := unknown.NewLedger(w, unknown.LedgerOptions{Version: 2})
	server := httptest.NewServer(ledger)
	defer server.Close()

	rec := ledger.Records("SalesInvoices")[4]
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet,
		server.URL+unknown.LedgerBase+"SalesInvoices?$select=DocEntry,GrossAmount&$inlinecount=allpages&$format=json&$filter=DocEntry%20eq%20"+rec.ID+"L", http.NoBody)
	r.SetBasicAuth(unknown.LedgerUser, unknown.LedgerPassword)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var got struct {
		D struct {
			Results []struct{ DocEntry, GrossAmount string }
			Count   string `json:"__count"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.D.Results, got.D.Count)
	fmt.Println(w.Invoice(rec.Customer, rec.Index).Total, "hundredths of customer", rec.Customer)
	// Output:
	// [{9007199254740997 45907.58}] 1
	// 4590758 hundredths of customer 2
}
