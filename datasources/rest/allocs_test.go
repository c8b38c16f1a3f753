package rest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/heaptest"
	"github.com/trama-graph/trama/datasources/rest"
)

// canned is a transport that answers without a network, so that what is counted is
// the connector's.
type canned struct {
	body   []byte
	header http.Header
}

func (c *canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: c.header, ContentLength: int64(len(c.body)), Body: io.NopCloser(bytes.NewReader(c.body)),
	}, nil
}

// TestAllocationsOfACall holds what asking for the orders of 50 parents takes from
// the heap beside net/http: the call, the rows and their order.
func TestAllocationsOfACall(t *testing.T) {
	const parents, most, size = 50, 86, 132 << 10
	c := rest.DefaultConfig()
	c.Name, c.URL, c.Retries = "erp", "http://erp.invalid", 1
	c.Entities = map[string]rest.Entity{"Order": {
		Path: "/orders",
		Fields: rest.Fields{
			"id": at("id"), "number": at("number"), "status": at("status"), "total": at("total"), "currency": at("currency"),
			"createdAt": at("createdAt"), "customer": at("customerId"),
			"lines": {At: []string{"lines"}, Fields: rest.Fields{"sku": at("articleCode"), "quantity": at("qty"), "unitPrice": at("unitPrice")}},
		},
		Keys:      rest.Keys{Param: "ids", Batch: 1000},
		Relations: map[string]rest.Keys{"customer": {Param: "customerIds", Pattern: "^C[0-9]{6}$", Batch: 1000}},
	}}
	src, err := rest.Open(t.Context(), c, rest.Deps{Transport: &canned{manyOrders(parents), http.Header{"Content-Type": {"application/json"}, "Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	keys := make([]string, parents)
	for i := range keys {
		keys[i] = fmt.Sprintf("C%06d", i)
	}
	r := orders(src)
	q := datasources.Query{Fields: datasources.NewFields("number", "status", "total", "lines"), First: 100}
	ask := func() {
		rows, err := r.ByParent(t.Context(), "customer", keys, q)
		if err != nil || len(rows.Items) != 2*parents {
			t.Fatal(len(rows.Items), err)
		}
	}
	ask()
	count, taken := heaptest.Least(t, ask)
	if n := count; n > most {
		t.Errorf("%v allocations, want at most %d", n, most)
	} else {
		t.Logf("%v allocations", n)
	}
	if n := taken; n > size && !heaptest.IsRace {
		t.Errorf("%d bytes, want at most %d", n, size)
	} else {
		t.Logf("%d bytes", n)
	}
}
