package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/bench/data"
)

// systems serve what the floor asks for, from the records themselves.
func systems(t *testing.T) string {
	t.Helper()
	of := func(r *http.Request, each func(i int)) {
		for _, id := range strings.Split(r.URL.Query().Get("customerIds"), ",") {
			each(data.CustomerIndex(id))
		}
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /crm/customers", func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		var rows []data.Customer
		for i := range limit {
			rows = append(rows, data.MakeCustomer(offset+i))
		}
		json.NewEncoder(w).Encode(rows)
	})
	m.HandleFunc("GET /helpdesk/tickets", func(w http.ResponseWriter, r *http.Request) {
		var rows []data.Ticket
		of(r, func(i int) { rows = append(rows, data.MakeTickets(i)...) })
		json.NewEncoder(w).Encode(rows)
	})
	m.HandleFunc("GET /erp/quotes", func(w http.ResponseWriter, r *http.Request) {
		var rows []data.Quote
		of(r, func(i int) { rows = append(rows, data.MakeQuotes(i)...) })
		json.NewEncoder(w).Encode(rows)
	})
	m.HandleFunc("GET /erp/orders", func(w http.ResponseWriter, r *http.Request) {
		var rows []data.Order
		of(r, func(i int) { rows = append(rows, data.MakeOrders(i)...) })
		json.NewEncoder(w).Encode(rows)
	})
	m.HandleFunc("GET /acc/invoices", func(w http.ResponseWriter, r *http.Request) {
		var rows []data.Invoice
		of(r, func(i int) { rows = append(rows, data.MakeInvoices(i)...) })
		json.NewEncoder(w).Encode(rows)
	})
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

type money struct{ Amount string }

// customer is one of an answer.
type customer struct {
	Name, TaxID string
	Tickets     struct{ Nodes []struct{ Number string } }
	Orders      struct {
		Nodes []struct {
			Number string
			Total  money
			Lines  []struct {
				Sku       string
				Quantity  string
				UnitPrice money
			}
			Invoices struct {
				Nodes []struct {
					Number string
					Paid   money
				}
			}
		}
	}
}

func TestFloor(t *testing.T) {
	up := systems(t)
	f := newFloor(up, 3, 2)
	t.Cleanup(f.client.CloseIdleConnections)
	for _, tc := range []struct {
		name     string
		answer   http.HandlerFunc
		question string
		count    int
		isJoined bool
	}{
		{"small", f.graphql, "{ customers(first: 5) { nodes { name taxId } } }", 5, false},
		{"joined", f.graphql, "{ customers(first: 2) { nodes { tickets } } }", 2, true},
		{"joined in pages", f.graphql, "{ customers(first: 10) { nodes { tickets } } }", 10, true},
		{"remembered", f.static, "{ customers(first: 2) { nodes { tickets } } }", 2, true},
		{"remembered again", f.static, "{ customers(first: 2) { nodes { tickets } } }", 2, true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			tc.answer(w, httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(tc.question)))
			var got struct {
				Data struct{ Customers struct{ Nodes []customer } }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("status %d, %v: %.200s", w.Code, err, w.Body)
			}
			rows := got.Data.Customers.Nodes
			if len(rows) != tc.count {
				t.Fatalf("got %d customers, want %d", len(rows), tc.count)
			}
			for i := range rows {
				same(t, i, &rows[i], tc.isJoined)
			}
		})
	}
}

// same holds a customer of an answer against the records it is made of.
func same(t *testing.T, i int, got *customer, isJoined bool) {
	t.Helper()
	want := data.MakeCustomer(i)
	if got.Name != want.Name || "DE"+got.TaxID != want.TaxID {
		t.Errorf("got customer %q %q, want %q %q", got.Name, got.TaxID, want.Name, want.TaxID)
	}
	if !isJoined {
		return
	}
	tickets := data.MakeTickets(i)
	slices.SortStableFunc(tickets, func(a, b data.Ticket) int { return strings.Compare(b.CreatedAt, a.CreatedAt) })
	if len(got.Tickets.Nodes) != len(tickets) {
		t.Fatalf("got %d tickets, want %d", len(got.Tickets.Nodes), len(tickets))
	}
	for k := range tickets {
		if got.Tickets.Nodes[k].Number != tickets[k].Number {
			t.Errorf("got ticket %s, want %s", got.Tickets.Nodes[k].Number, tickets[k].Number)
		}
	}
	orders := data.MakeOrders(i)
	slices.SortStableFunc(orders, func(a, b data.Order) int { return strings.Compare(b.CreatedAt, a.CreatedAt) })
	two := func(v data.Cents) string { return fmt.Sprintf("%d.%02d", v/100, v%100) }
	for k, o := range orders {
		g := got.Orders.Nodes[k]
		if g.Number != o.Number || g.Total.Amount != two(o.Total) || len(g.Lines) != len(o.Lines) {
			t.Errorf("got order %+v, want %+v", g, o)
			continue
		}
		for l := range o.Lines {
			if g.Lines[l].Sku != o.Lines[l].ArticleCode || g.Lines[l].Quantity != strconv.Itoa(o.Lines[l].Qty) || g.Lines[l].UnitPrice.Amount != two(o.Lines[l].UnitPrice) {
				t.Errorf("got line %+v, want %+v", g.Lines[l], o.Lines[l])
			}
		}
		for _, v := range data.MakeInvoices(i) {
			if v.OrderNumber == o.Number && (len(g.Invoices.Nodes) != 1 || g.Invoices.Nodes[0].Number != v.Number || g.Invoices.Nodes[0].Paid.Amount != two(v.Paid)) {
				t.Errorf("got invoices %+v, want %+v", g.Invoices.Nodes, v)
			}
		}
	}
}

func TestFloorTellsAFailure(t *testing.T) {
	for _, tc := range []struct{ name, reply string }{
		{"no list", `{"error": 1}`},
		{"cut off", `[{"id":"C000000","name":`},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(tc.reply)) }))
			defer srv.Close()
			f := newFloor(srv.Listener.Addr().String(), 500, 3)
			defer f.client.CloseIdleConnections()
			w := httptest.NewRecorder()
			f.graphql(w, httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("{ customers(first: 2) { nodes { tickets } } }")))
			if w.Code != http.StatusBadGateway {
				t.Errorf("got %d, want 502", w.Code)
			}
		})
	}
}
