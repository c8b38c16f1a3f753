package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func TestStart(t *testing.T) {
	s, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	desk := s.Source("helpdesk")
	if desk == nil || s.Source("nobody") != nil || !strings.HasPrefix(desk.URL, "http://127.0.0.1:") {
		t.Fatalf("sources: %+v", s.Sources)
	}
	if len(s.Sources) != 5 {
		t.Errorf("%d systems", len(s.Sources))
	}
	for _, source := range s.Sources {
		if source.Name == "" || source.Kind == "" || source.URL == "" || source.User == "" && source.Kind != "operand" || source.Password == "" || source.Faults == nil {
			t.Errorf("source %+v is not complete", source)
		}
	}
	url := fmt.Sprintf("%s/Ticket?UserLogin=%s&Password=%s&CustomerIDRaw=%s&Limit=1000", desk.URL, desk.User, desk.Password, s.World.DeskKey(world.BusyCustomer))
	_, body, err := get(t, url)
	if err != nil {
		t.Fatal(err)
	}
	var reply struct{ TicketID []string }
	if err := json.Unmarshal([]byte(body), &reply); err != nil || len(reply.TicketID) < 300 {
		t.Errorf("got %d tickets, %v", len(reply.TicketID), err)
	}
	if calls := desk.Faults.Calls(); calls["GET /Ticket"] != 1 {
		t.Errorf("calls %v", calls)
	}
	books := s.Source("books")
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, books.URL+"Catalog_Контрагенты/$count", nil)
	r.SetBasicAuth(books.User, books.Password)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if calls := books.Faults.Calls(); res.StatusCode != 200 || calls["GET Catalog_Контрагенты/$count"] != 1 {
		t.Errorf("got %d, calls %v", res.StatusCode, calls)
	}
	crm := s.Source("crm")
	res, err = http.Post(crm.URL+"/ServiceModel/AuthService.svc/Login", "application/json",
		strings.NewReader(fmt.Sprintf(`{"UserName":%q,"UserPassword":%q}`, crm.User, crm.Password)))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if calls := crm.Faults.Calls(); res.StatusCode != 200 || calls["POST Login"] != 1 {
		t.Errorf("got %d, calls %v", res.StatusCode, calls)
	}
	agency := s.Source("agency")
	if status, body, err := get(t, agency.URL+"/login?tokenAccess="+agency.Password); status != 200 || err != nil || !strings.Contains(body, "token") {
		t.Errorf("agency: got %d %s %v", status, body, err)
	}
	for route := range agency.Faults.Calls() {
		if strings.Contains(route, agency.Password) {
			t.Errorf("a route holds the token: %s", route)
		}
	}
	erp := s.Source("erp")
	r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, erp.URL+"/crm/clients?limit=1", nil)
	r.Header.Set("X-API-KEY", erp.Password)
	if res, err = http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("erp: got %d", res.StatusCode)
	}
	desk.Faults.SetMode(faults.ErrorBody)
	if status, body, err := get(t, url); status != 200 || err != nil || !strings.Contains(body, "TicketSearch.NotTicketData") {
		t.Errorf("got %d %s %v", status, body, err)
	}
	desk.Faults.Clear()
	if err := desk.Down(); err != nil {
		t.Error(err)
	}
	if _, _, err := get(t, url); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: got %v", err)
	}
	if err := desk.Up(t.Context()); err != nil {
		t.Error(err)
	}
	if status, _, err := get(t, url); status != 200 || err != nil {
		t.Errorf("up again: got %d %v", status, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := desk.Up(t.Context()); err == nil {
		t.Error("a closed sandbox comes up")
	}
	if _, _, err := get(t, url); err == nil {
		t.Error("a closed sandbox answers")
	}
}

func TestContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{Customers: 20})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, source := range s.Sources {
		for {
			if _, _, err := get(t, source.URL); err != nil {
				break
			}
		}
	}
	_ = s.Close()
}

func TestLoopbackOnly(t *testing.T) {
	for _, host := range []string{"0.0.0.0", "192.168.1.1", "example.com", "::"} {
		if s, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 20, Listen: host}); err == nil {
			s.Close()
			t.Errorf("%s: accepted", host)
		}
	}
}
