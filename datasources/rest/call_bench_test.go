package rest_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// manyOrders is a body with two orders of three lines for each customer.
func manyOrders(customers int) []byte {
	var b strings.Builder
	b.WriteByte('[')
	for i := range customers * 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"O%06d-%d","number":"SO-%07d","status":"shipped","total":%d.5,"currency":"EUR","createdAt":"2026-03-04T10:11:12Z","customerId":"C%06d","lines":[`, i/2, i%2, i, i*7, i/2)
		for l := range 3 {
			if l > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"articleCode":"ART-%05d","label":"Cable CAT6 5 m","qty":%d,"unitPrice":%d.25}`, l, l+1, 10+l)
		}
		b.WriteString("]}")
	}
	b.WriteByte(']')
	return []byte(b.String())
}

// BenchmarkByParent asks for the orders of many customers: the connector, beside
// a call of net/http and the reading of the same rows with nothing around.
func BenchmarkByParent(b *testing.B) {
	for _, n := range []int{50, 500} {
		body := manyOrders(n)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json"}
			w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
			_, _ = w.Write(body)
		}))
		parents := make([]string, n)
		for i := range parents {
			parents[i] = fmt.Sprintf("C%06d", i)
		}
		fields := rest.Fields{
			"id": at("id"), "number": at("number"), "status": at("status"), "total": at("total"), "currency": at("currency"),
			"createdAt": at("createdAt"), "customer": at("customerId"),
			"lines": {At: []string{"lines"}, Fields: rest.Fields{"sku": at("articleCode"), "quantity": at("qty"), "unitPrice": at("unitPrice")}},
		}
		asked := datasources.NewFields("number", "status", "total", "lines")
		b.Run(strconv.Itoa(n)+"/connector", func(b *testing.B) {
			c := rest.DefaultConfig()
			c.Name, c.URL, c.Retries = "erp", server.URL, 1
			c.Entities = map[string]rest.Entity{"Order": {
				Path: "/orders", Fields: fields, Keys: rest.Keys{Param: "ids", Batch: 1000},
				Relations: map[string]rest.Keys{"customer": {Param: "customerIds", Batch: 1000}},
			}}
			src, err := rest.Open(b.Context(), c, rest.Deps{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			defer src.Close()
			r := orders(src)
			b.ReportAllocs()
			defer spent(b, processor())
			for b.Loop() {
				rows, err := r.ByParent(b.Context(), "customer", parents, datasources.Query{Fields: asked, First: 100})
				if err != nil || len(rows.Items) != 2*n {
					b.Fatal(len(rows.Items), err)
				}
			}
		})
		b.Run(strconv.Itoa(n)+"/plain", func(b *testing.B) {
			transport := &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			plan, err := mapping.Compile[schema.Order](mapping.Options{Entity: "Order", Source: "erp", Fields: fields})
			if err != nil {
				b.Fatal(err)
			}
			plan = plan.Select(asked.With("customer"))
			address := server.URL + "/orders?customerIds=" + strings.Join(parents, ",")
			b.ReportAllocs()
			defer spent(b, processor())
			buf := make([]byte, len(body))
			for b.Loop() {
				resp, err := client.Get(address)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(resp.Body, buf); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				doc, err := plan.Shape().Parse(buf)
				if err != nil {
					b.Fatal(err)
				}
				rows, _ := plan.Rows(doc.Root(), plan.Tally(), nil)
				if len(rows) != 2*n {
					b.Fatal(len(rows))
				}
				doc.Free()
			}
		})
		server.Close()
	}
}

// processor is the time of all processors the process has taken, that of the
// server included, which is the same for both.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func spent(b *testing.B, since time.Duration) {
	b.ReportMetric(float64(processor()-since)/float64(b.N), "cpu-ns/op")
}
