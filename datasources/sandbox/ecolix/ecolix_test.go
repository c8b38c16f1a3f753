package ecolix_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// dirs are the packages with the first segment of their paths and a list of each.
func dirs() map[ecolix.Package]string {
	return map[ecolix.Package]string{
		ecolix.Ecommerce: "/ecommerce/articles", ecolix.EcommercePlus: "/ecommerceplus/devis", ecolix.CRM: "/crm/clients",
		ecolix.Transporteurs: "/transporteurs/bl", ecolix.Fournisseurs: "/fournisseurs/commandes",
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		d    ecolix.Dialect
		want string // WWW-Authenticate
	}{
		{"header", ecolix.Dialect{}, ""},
		{"named header", ecolix.Dialect{AuthName: "DOLAPIKEY"}, ""},
		{"bearer", ecolix.Dialect{Auth: ecolix.AuthBearer}, "Bearer"},
		{"basic", ecolix.Dialect{Auth: ecolix.AuthBasic}, `Basic realm="Ecolix"`},
		{"query", ecolix.Dialect{Auth: ecolix.AuthQuery, AuthName: "token"}, ""},
		{"even where failures have status 200", ecolix.Dialect{ErrorsInBody: true}, ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			client := start(t, ecolix.Options{Dialect: c.d, Keys: map[ecolix.Package]string{ecolix.CRM: "crm-only", ecolix.Fournisseurs: ""}})
			for _, k := range []string{"", "wrong", key, key + " "} {
				a := client.send(http.MethodGet, "/crm/clients", "", k)
				if text := client.failure(a, http.StatusUnauthorized); strings.Contains(text, "crm-only") {
					t.Error(text)
				}
				if got := a.header.Get("WWW-Authenticate"); got != c.want {
					t.Errorf("WWW-Authenticate %q", got)
				}
			}
			client.rows(client.send(http.MethodGet, "/crm/clients", "", "crm-only"))
			client.rows(client.get("/ecommerce/articles"))
			if c.d.Auth == ecolix.AuthBasic {
				stranger := *client
				stranger.d.AuthName = "somebody"
				client.failure(stranger.get("/ecommerce/articles"), http.StatusUnauthorized)
			}
			client.failure(client.send(http.MethodGet, "/ecommerce/articles", "", "crm-only"), http.StatusUnauthorized)
			if got := client.erp.Calls(); got[ecolix.CRM] != 1 || got[ecolix.Ecommerce] != 1 {
				t.Errorf("calls: %v", got)
			}
		})
	}
}

func TestNotBought(t *testing.T) {
	for _, c := range []struct {
		name   string
		d      ecolix.Dialect
		status int
	}{
		{"forbidden", ecolix.Dialect{}, http.StatusForbidden},
		{"forbidden where failures have status 200", ecolix.Dialect{ErrorsInBody: true}, http.StatusForbidden},
		{"missing", ecolix.Dialect{NotBought: ecolix.NotBoughtMissing}, http.StatusNotFound},
		{"in the body", ecolix.Dialect{NotBought: ecolix.NotBoughtBody}, http.StatusOK},
		{"under another name", ecolix.Dialect{NotBought: ecolix.NotBoughtBody, ErrorField: "message"}, http.StatusOK},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for _, off := range ecolix.Packages() {
				client := start(t, ecolix.Options{Dialect: c.d, NotBought: []ecolix.Package{off}})
				for p, path := range dirs() {
					if a := client.get(path); p == off {
						client.failure(a, c.status)
					} else {
						client.rows(a)
					}
				}
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 22, 10, 0, 18, 500_000_000, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	client := start(t, ecolix.Options{PerMinute: 3, Now: clock, Dialect: ecolix.Dialect{ErrorsInBody: true}}) // which is no matter here
	for range 3 {
		client.rows(client.get("/crm/clients"))
	}
	a := client.get("/crm/clients")
	client.failure(a, http.StatusTooManyRequests)
	if got := a.header.Get("Retry-After"); got != "42" {
		t.Errorf("Retry-After %q, want 42", got)
	}
	client.rows(client.get("/ecommerce/articles")) // each package has its own
	client.failure(client.send(http.MethodGet, "/crm/clients", "", "wrong"), http.StatusUnauthorized)
	mu.Lock()
	now = now.Add(42 * time.Second)
	mu.Unlock()
	client.rows(client.get("/crm/clients"))
	if got := client.erp.Calls(); got[ecolix.CRM] != 5 || got[ecolix.Ecommerce] != 1 {
		t.Errorf("calls: %v", got)
	}
	t.Run("case=no limit", func(t *testing.T) {
		client := start(t, ecolix.Options{PerMinute: -1, Now: clock})
		for range 20 {
			client.rows(client.get("/crm/clients?limit=1"))
		}
	})
}

func TestStrangers(t *testing.T) {
	client := start(t, ecolix.Options{})
	for _, path := range []string{"/", "/unknown", "/ecommerce_plus/devis", "/crm/stocks", "/crm/clients/CL00008/commandes", "/crm/clients/", "/ecommerce/stocks/CAB-100", "/crm/clients/:id/x"} {
		if a := client.get(path); a.status != http.StatusNotFound && path != "/crm/clients/" {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodDelete, "/crm/clients/CL00008", "GET, POST, PUT, PATCH"},
		{http.MethodPut, "/crm/clients", "GET, POST"},
		{http.MethodGet, "/ecommerce/clients", "POST"},
		{http.MethodPost, "/crm/commandes", "GET"},
		{http.MethodGet, "/ecommerceplus/devis/DV2512-00104/validation", "POST"},
		{http.MethodHead, "/crm/clients", "GET, POST"},
	} {
		a := client.send(c.method, c.path, "", key)
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %q", c.method, c.path, a.status, a.header.Get("Allow"))
		}
	}
	if a := client.send(http.MethodPost, "/crm/clients", strings.Repeat(" ", 1<<20+1), key); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", a.status)
	}
}

func TestRoute(t *testing.T) {
	for path, want := range map[string]string{
		"/api/crm/clients": "GET /crm/clients", "/api/crm/clients/CL00042": "GET /crm/clients/:id", "/crm/clients/CL00042": "GET /crm/clients/:id",
		"/api/ecommerceplus/commandes/etats": "GET /ecommerceplus/commandes/etats", "/api/ecommerceplus/commandes/x": "GET /ecommerceplus/commandes/:id",
		"/api/fournisseurs/commandes/x/confirmation": "GET /fournisseurs/commandes/:id/confirmation", "/api/crm/:id": "GET /other",
		"/api/crm/x/y/z": "GET /other", "/": "GET /other",
	} {
		if got := ecolix.Route(httptest.NewRequest(http.MethodGet, path, http.NoBody)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestBehindFaults(t *testing.T) {
	gate := faults.New(faults.Options{Route: ecolix.Route, ErrorBody: ecolix.ErrorBody})
	defer gate.Close()
	h := httptest.NewServer(gate.Wrap(ecolix.New(demo, ecolix.Options{})))
	defer h.Close()
	client := &client{t: t, url: h.URL + ecolix.Base}
	client.d.AuthName, client.d.ErrorField = "X-API-KEY", "error"
	gate.Set(faults.Fault{Mode: faults.ErrorBody, Route: "GET /crm/clients/:id"})
	client.failure(client.get("/crm/clients/CL00008"), http.StatusOK)
	client.rows(client.get("/crm/clients"))
	if got := gate.Calls(); got["GET /crm/clients"] != 1 || got["GET /crm/clients/:id"] != 1 {
		t.Error(got)
	}
}

// The smallest world has hardly any French customer: nothing may depend on there being one.
func TestSmallWorlds(t *testing.T) {
	for seed := range uint64(20) {
		s := ecolix.New(world.New(seed, 1), ecolix.Options{})
		h := httptest.NewServer(s)
		c := &client{t: t, url: h.URL + ecolix.Base, d: s.Dialect(), erp: s}
		for path := range lists() {
			c.all(path)
		}
		h.Close()
	}
}

// TestManyAtOnce reads and imports at the same time; the race detector is the judge, and no number is given twice.
func TestManyAtOnce(t *testing.T) {
	c := start(t, ecolix.Options{Dialect: ecolix.Dialect{SinceParam: "depuis"}})
	code := c.erp.ERP().Client(0).ERP.Code
	numbers := make(chan string, 200)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for range 10 {
				for _, a := range []answer{
					c.send(http.MethodPost, "/ecommerce/clients", `{"raisonSociale":"MÊME CLIENT"}`, key),
					c.send(http.MethodPost, "/ecommerce/commandes", `{"codeClient":"`+code+`","lignes":[{"reference":"CAB-100","quantite":1}]}`, key),
				} {
					var out struct {
						Data struct{ Code, Numero string } `json:"data"`
					}
					if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != http.StatusCreated {
						t.Errorf("%d %s", a.status, a.body)
					}
					numbers <- out.Data.Code + out.Data.Numero
				}
				c.send(http.MethodPut, "/crm/clients/"+code, `{"ville":"Pau"}`, key)
				c.get("/crm/clients?depuis=2026-11-01")
				c.get("/crm/commandes/" + strconv.Itoa(worker))
				c.erp.Calls()
				c.erp.Imports()
			}
		})
	}
	wg.Wait()
	close(numbers)
	seen := map[string]bool{}
	for n := range numbers {
		if n == "" || seen[n] {
			t.Errorf("number %q was given twice", n)
		}
		seen[n] = true
	}
	if got := len(c.erp.Imports()); got != 240 {
		t.Errorf("%d imports, want 240", got)
	}
}
