package rest_test

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// dolishop is a shop in the manner of Dolibarr, as the page "Ecolix", §2 describes
// it: a key in a header, pages from 0, many by key, unix times, and 404 for an
// empty list.
type dolishop struct {
	clients, orders []map[string]any
}

func newDolishop(clients, orders int) *dolishop {
	d := &dolishop{}
	for i := range clients {
		d.clients = append(d.clients, map[string]any{
			"id": strconv.Itoa(i + 1), "name": fmt.Sprintf("Client %d", i+1), "code_client": fmt.Sprintf("CU%05d", i+1), "idprof2": fmt.Sprintf("%014d", i),
			"tva_intra": "", "email": fmt.Sprintf("c%d@example.org", i), "country_code": "FR", "zip": "69001", "town": "Lyon", "date_modification": 1772582400 + i,
		})
	}
	for i := range orders {
		d.orders = append(d.orders, map[string]any{
			"id": strconv.Itoa(1000 + i), "ref": fmt.Sprintf("CO2603-%04d", i+1), "ref_client": nil, "socid": strconv.Itoa(i%clients + 1),
			"date": 1772582400 + 3600*(i/2), "statut": strconv.Itoa(i % 4), "total_ht": fmt.Sprintf("%d.00000000", 100+i), "total_tva": fmt.Sprintf("%d.00000000", 20),
			"total_ttc": fmt.Sprintf("%d.00000000", 120+i), "multicurrency_code": "EUR",
			"lines": []map[string]any{{"ref": "ART-1", "desc": "Câble", "qty": "2", "subprice": "50.12340000", "tva_tx": "20.0000", "total_ht": "100.25"}},
		})
	}
	return d
}

func (d *dolishop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var list []map[string]any
	switch {
	case r.Header.Get("DOLAPIKEY") != "dol-key":
		http.Error(w, `{"error":{"code":401,"message":"Unauthorized"}}`, http.StatusUnauthorized)
		return
	case r.URL.Path == "/api/index.php/thirdparties":
		list = slices.Clone(d.clients)
	case r.URL.Path == "/api/index.php/orders":
		list = slices.Clone(d.orders)
	default:
		http.Error(w, `<html><h1>Not Found</h1></html>`, 404)
		return
	}
	if ids := q.Get("thirdparty_ids"); ids != "" {
		list = keep(list, "socid", strings.Split(ids, ","))
	}
	if f := q.Get("sqlfilters"); f != "" {
		m := regexp.MustCompile(`^\(t\.(rowid|ref):in:([^()]*)\)$`).FindStringSubmatch(f)
		if m == nil {
			http.Error(w, `{"error":{"code":400,"message":"bad filter"}}`, 400)
			return
		}
		list = keep(list, map[string]string{"rowid": "id", "ref": "ref"}[m[1]], strings.Split(strings.ReplaceAll(m[2], "'", ""), ","))
	}
	field := map[string]string{"t.rowid": "id", "t.date_commande": "date"}[q.Get("sortfield")]
	slices.SortStableFunc(list, func(a, b map[string]any) int {
		var c int
		if field == "date" {
			c = cmp.Compare(a["date"].(int), b["date"].(int))
		}
		if field == "id" || c == 0 {
			x, _ := strconv.Atoi(a["id"].(string))
			y, _ := strconv.Atoi(b["id"].(string))
			c = cmp.Or(c, cmp.Compare(x, y))
		}
		if q.Get("sortorder") == "DESC" {
			c = -c
		}
		return c
	})
	limit, _ := strconv.Atoi(cmp.Or(q.Get("limit"), "100"))
	page, _ := strconv.Atoi(q.Get("page"))
	from := min(page*limit, len(list))
	list = list[from:min(from+limit, len(list))]
	if len(list) == 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(404)
		fmt.Fprint(w, `{"error":{"code":404,"message":"Not Found: No record found"}}`)
		return
	}
	write(w, list)
}

func keep(list []map[string]any, field string, values []string) []map[string]any {
	return slices.DeleteFunc(list, func(m map[string]any) bool { return !slices.Contains(values, m[field].(string)) })
}

// dolibarr is its configuration.
func dolibarr(url string) rest.Config {
	c := rest.DefaultConfig()
	c.Name, c.URL, c.Currency, c.Country = "erp", url+"/api/index.php", "EUR", "FR"
	c.Auth = rest.Auth{Kind: "header", Name: "DOLAPIKEY", Value: "dol-key"}
	c.Reply = rest.Reply{ListAt: []string{"data", "$"}, ErrorAt: []string{"error"}, EmptyStatuses: []int{404}, NotEnabledStatuses: []int{403}}
	c.Paging = rest.Paging{Style: "page", PageParam: "page", SizeParam: "limit", First: 0, Size: 50}
	c.Locale = rest.Locale{Decimals: "dot", Dates: []string{"unix"}, Zone: "Europe/Paris", BlankDates: []string{"0"}}
	c.Entities = map[string]rest.Entity{
		"Customer": {
			Path: "/thirdparties", Query: map[string]string{"sortfield": "t.rowid", "sortorder": "ASC"},
			Fields: rest.Fields{
				"id": at("id"), "code": at("code_client"), "name": at("name"), "taxId": at("idprof2", "idprof1", "tva_intra"), "country": at("country_code"),
				"email": at("email"), "postalCode": at("zip"), "city": at("town"), "updatedAt": at("date_modification"),
			},
		},
		"Order": {
			Path: "/orders", Query: map[string]string{},
			Fields: rest.Fields{
				"id": at("id"), "number": at("ref"), "customer": at("socid"), "customerReference": at("ref_client"), "date": at("date"),
				"status": {At: []string{"statut"}, Map: map[string]string{"-1": "cancelled", "0": "draft", "1": "validated", "2": "shipped", "3": "delivered"}},
				"total":  at("total_ttc"), "net": at("total_ht"), "tax": at("total_tva"), "currency": at("multicurrency_code"),
				"lines": {At: []string{"lines"}, Fields: rest.Fields{
					"sku": at("ref"), "name": at("desc"), "quantity": at("qty"), "unitPrice": at("subprice"), "taxRate": at("tva_tx"), "net": at("total_ht"),
				}},
			},
			Keys: rest.Keys{Param: "sqlfilters", Style: "template", Template: "(t.rowid:in:{keys})", Batch: 50},
			Relations: map[string]rest.Keys{
				"customer": {Param: "thirdparty_ids", Batch: 50},
				"number":   {Param: "sqlfilters", Style: "template", Template: "(t.ref:in:{keys})", Quote: "'"},
			},
			Orders: map[string]rest.Order{"date": {
				Asc:  map[string]string{"sortfield": "t.date_commande", "sortorder": "ASC"},
				Desc: map[string]string{"sortfield": "t.date_commande", "sortorder": "DESC"},
			}},
		},
	}
	return c
}

// TestSource runs the suite of every connector in front of the shop.
func TestSource(t *testing.T) {
	s := serve(t, newDolishop(40, 230).ServeHTTP)
	cfg := dolibarr(s.URL)
	cfg.Retries, cfg.Timeout = 2, 5*time.Second
	if err := cfg.CanLive(); err != nil {
		t.Error(err)
	}
	src := open(t, s, cfg)
	sourcetest.Run(t, sourcetest.Subject{
		Source: src, Name: "erp", Lists: []string{"Order"}, Secrets: []string{"dol-key"}, Down: s.Close,
	})
}
