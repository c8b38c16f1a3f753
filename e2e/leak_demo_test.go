package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// TestDemoTokens uses the token that the demo hands out for each package: each sees
// rows, and those of its scope only, as the world has them.
func TestDemoTokens(t *testing.T) {
	const customers = 400
	file := filepath.Join(t.TempDir(), "demo.json")
	s := &server{log: &lockedBuffer{}}
	s.start(t, "demo", "--listen", "127.0.0.1:0", "--json", file, "--customers", fmt.Sprint(customers), "--log", "info")
	var ready struct {
		URL, GraphQL string
		Tokens       map[string]string
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &ready) == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the demo did not become ready:\n%s", s.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.URL = ready.URL
	w := world.New(1, customers)
	erp := world.NewERP(w)
	as := func(t *testing.T, name string) *server {
		t.Helper()
		if ready.Tokens[name] == "" {
			t.Fatalf("no token of %s among %d", name, len(ready.Tokens))
		}
		return &server{URL: ready.URL, Token: ready.Tokens[name], log: s.log}
	}
	claim := func(t *testing.T, s *server, name string) string {
		t.Helper()
		for _, c := range at(t, s.ask(t, "{ me { claims { name value } } }", nil).Data, "me.claims").([]any) {
			if at(t, c, "name") == name {
				return at(t, c, "value").(string)
			}
		}
		t.Fatalf("the token has no claim %s", name)
		return ""
	}
	// numbers reads a whole list.
	numbers := func(t *testing.T, s *server, list, fields string) (found []string, rows []any) {
		t.Helper()
		a := s.ask(t, "{ "+list+"(first: 1000) { totalCount nodes { number "+fields+" } } }", nil)
		if len(a.Errors) > 0 {
			t.Fatalf("%s: %v", list, a.Errors)
		}
		rows = at(t, a.Data, list+".nodes").([]any)
		for _, r := range rows {
			found = append(found, at(t, r, "number").(string))
		}
		if total := at(t, a.Data, list+".totalCount"); total != nil && int(total.(float64)) != len(found) {
			t.Errorf("%s: a total of %v, and %d rows", list, total, len(found))
		}
		return found, rows
	}
	t.Run("case=carrier", func(t *testing.T) {
		s := as(t, "carrier")
		carrier := claim(t, s, "carrier")
		var want []string
		for k := range erp.Notes {
			if n := erp.Note(k); n.Carrier == carrier {
				want = append(want, n.Number)
			}
		}
		got, _ := numbers(t, s, "deliveryNotes", "carrier")
		some(t, "delivery notes of "+carrier, got, want, len(erp.Notes))
	})
	t.Run("case=supplier", func(t *testing.T) {
		s := as(t, "supplier")
		supplier := claim(t, s, "supplier")
		var want []string
		for k := range erp.Purchases {
			if p := erp.Purchase(k); erp.Suppliers[p.Supplier].Name == supplier {
				want = append(want, p.Number)
			}
		}
		got, _ := numbers(t, s, "purchaseOrders", "supplier")
		some(t, "purchase orders of "+supplier, got, want, erp.Purchases)
	})
	t.Run("case=ecommerce-plus", func(t *testing.T) {
		s := as(t, "ecommerce-plus")
		shop := claim(t, s, "shop")
		var orders, quotes []string
		for k := range erp.Orders {
			if erp.OrderShop(k) == shop {
				orders = append(orders, erp.Order(k).ERP)
			}
		}
		for k := range erp.Quotes {
			if q := erp.Quote(k); q.Shop == shop {
				quotes = append(quotes, q.ERP)
			}
		}
		got, _ := numbers(t, s, "orders", "shop customer { name }")
		some(t, "orders through "+shop, got, orders, len(erp.Orders))
		got, _ = numbers(t, s, "quotes", "shop")
		some(t, "quotes through "+shop, got, quotes, len(erp.Quotes))
	})
	t.Run("case=ecommerce", func(t *testing.T) {
		s := as(t, "ecommerce")
		a := s.ask(t, "{ products(first: 5) { nodes { sku stock { warehouse available } } } }", nil)
		if len(a.Errors) > 0 || len(at(t, a.Data, "products.nodes").([]any)) == 0 {
			t.Errorf("no products: %v", a.Errors)
		}
		if status, body := s.post(t, "{ orders { totalCount } }", nil); status != 400 {
			t.Errorf("orders: %d %s", status, body)
		}
	})
	for _, name := range []string{"admin", "dashboard", "bi", "crm"} {
		t.Run("case="+name, func(t *testing.T) {
			s := as(t, name)
			a := s.ask(t, "{ customers(first: 500) { totalCount nodes { name orders(first: 1) { totalCount } } } }", nil)
			nodes := at(t, a.Data, "customers.nodes").([]any)
			all := as(t, "admin").ask(t, "{ customers { totalCount } }", nil)
			if total := at(t, all.Data, "customers.totalCount"); len(a.Errors) > 0 || len(nodes) == 0 || at(t, a.Data, "customers.totalCount") != total {
				t.Errorf("%d customers of %v: %v", len(nodes), total, a.Errors)
			}
		})
	}
	t.Run("case=bi sees no address", func(t *testing.T) {
		whole := as(t, "dashboard").ask(t, "{ customers(first: 50) { nodes { id email taxId } } }", nil)
		masked := as(t, "bi").ask(t, "{ customers(first: 50) { nodes { id email taxId } } }", nil)
		seen := 0
		for i, c := range at(t, whole.Data, "customers.nodes").([]any) {
			m := at(t, masked.Data, "customers.nodes").([]any)[i]
			for _, f := range []string{"email", "taxId"} {
				if at(t, c, "id") != at(t, m, "id") || at(t, c, f) != nil && at(t, c, f) == at(t, m, f) {
					t.Errorf("%s is not masked", f)
				}
				if at(t, m, f) != nil {
					seen++
				}
			}
		}
		if seen == 0 {
			t.Error("the masks show nothing at all")
		}
	})
}

// some wants exactly some of all rows: not none, and not all.
func some(t *testing.T, what string, got, want []string, all int) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || len(want) >= all {
		t.Fatalf("the world has %d of %d %s", len(want), all, what)
	}
	same(t, what, got, want)
}
