package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestServer(t *testing.T) {
	s, err := newServer(20)
	if err != nil {
		t.Fatal(err)
	}
	h := s.routes()
	s.maxIDs.Store(3)
	for _, tc := range []struct {
		name, address string
		status        int
		ids           []string
	}{
		{"a page of customers", "/crm/customers?limit=2&offset=18", 200, []string{"C000018", "C000019"}},
		{"behind the last", "/crm/customers?limit=2&offset=20", 200, nil},
		{"customers by id", "/crm/customers?ids=C000003,C000099,x", 200, []string{"C000003"}},
		{"quotes of customers", "/erp/quotes?customerIds=C000001%2CC000000", 200, []string{"Q000001-1", "Q000001-2", "Q000000-1", "Q000000-2"}},
		{"repeated", "/erp/quotes?customerIds[]=C000001&customerIds[]=C000000", 200, []string{"Q000001-1", "Q000001-2", "Q000000-1", "Q000000-2"}},
		{"invoices of orders", "/acc/invoices?orderIds=O000001-2,O000002-1,O000002-9", 200, []string{"I000001-2", "I000002-1"}},
		{"invoices by number", "/acc/invoices?orderNumbers=SO-0000009,SO-0000007", 200, []string{"I000001-2"}},
		{"nobody's", "/acc/invoices?orderNumbers=SO-0999999", 200, nil},
		{"too many keys", "/erp/quotes?customerIds=a,b,c,d", 414, nil},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			var got []struct{ ID string }
			ask(t, h, tc.address, tc.status, &got)
			if len(got) != len(tc.ids) {
				t.Fatalf("got %v, want %v", got, tc.ids)
			}
			for i := range got {
				if got[i].ID != tc.ids[i] {
					t.Errorf("got %v, want %v", got, tc.ids)
				}
			}
		})
	}
}

// A copy reads every kind whole: by pages of at most the limit, each record once.
func TestPages(t *testing.T) {
	s, err := newServer(20)
	if err != nil {
		t.Fatal(err)
	}
	h := s.routes()
	for _, limit := range []string{"1", "7", "1000"} {
		t.Run("case=limit "+limit, func(t *testing.T) {
			seen, cursor := map[string]bool{}, "0"
			for pages := 0; cursor != "null"; pages++ {
				var page struct {
					Items []struct{ ID string }
					Next  json.RawMessage
				}
				ask(t, h, "/helpdesk/tickets?limit="+limit+"&cursor="+cursor, 200, &page)
				for _, row := range page.Items {
					if seen[row.ID] {
						t.Fatalf("%s comes twice", row.ID)
					}
					seen[row.ID] = true
				}
				if cursor = string(page.Next); pages > 20 {
					t.Fatal("the pages do not end")
				}
			}
			want := 0
			for _, n := range s.tickets.rows {
				want += int(n)
			}
			if len(seen) != want {
				t.Errorf("got %d tickets, want %d", len(seen), want)
			}
		})
	}
	var stats map[string]counts
	ask(t, h, "/stats?reset=1", 200, &stats)
	if stats["tickets"].Requests == 0 || stats["all"] != stats["tickets"] {
		t.Errorf("got %+v", stats)
	}
	ask(t, h, "/stats", 200, &stats)
	if stats["all"] != (counts{}) {
		t.Errorf("after a reset: %+v", stats)
	}
}

func ask(t *testing.T, h http.Handler, address string, status int, into any) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, http.NoBody))
	if w.Code != status {
		t.Fatalf("got status %d, want %d", w.Code, status)
	}
	if status != http.StatusOK {
		return
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}
