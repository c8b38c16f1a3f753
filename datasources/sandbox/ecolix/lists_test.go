package ecolix_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
)

func TestPaging(t *testing.T) {
	orders := len(ecolix.New(demo, ecolix.Options{}).ERP().Orders)
	type page struct {
		params string
		from   int // position of the first row
		rows   int
	}
	for _, c := range []struct {
		name  string
		d     ecolix.Dialect
		pages []page
	}{
		{"pages from 0", ecolix.Dialect{MaxSize: 20}, []page{{"", 0, 20}, {"limit=5&page=2", 10, 5}, {"limit=500&page=1", 20, 20}, {"limit=20&page=2", 40, orders - 40}, {"page=9", 0, 0}}},
		{"pages from 1", ecolix.Dialect{MaxSize: 20, FirstPage: 1, PageParam: "p", SizeParam: "nb"}, []page{{"", 0, 20}, {"p=1&nb=7", 0, 7}, {"p=2&nb=7", 7, 7}, {"p=2", 20, 20}}},
		{"offset", ecolix.Dialect{MaxSize: 20, Paging: ecolix.PagingOffset, OffsetParam: "debut"}, []page{{"debut=33&limit=4", 33, 4}, {"debut=33&limit=400", 33, orders - 33}, {"debut=1000", 0, 0}}},
		{"none", ecolix.Dialect{MaxSize: 20, Paging: ecolix.PagingNone}, []page{{"limit=5&page=7", 0, orders}}},
		{"ignored", ecolix.Dialect{MaxSize: 20, IgnorePaging: true}, []page{{"page=2", 0, 20}, {"page=3&limit=5", 0, 5}}},
		{"unknown parameters are ignored", ecolix.Dialect{MaxSize: 20}, []page{{"offset=5&dateModification=2099-01-01&codes=CL00042", 0, 20}}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			client := start(t, ecolix.Options{Dialect: c.d})
			for _, p := range c.pages {
				rows := client.rows(client.get("/crm/commandes?" + p.params))
				if len(rows) != p.rows {
					t.Errorf("%s: %d rows, want %d", p.params, len(rows), p.rows)
				}
				if len(rows) > 0 {
					if got, want := rows[0]["numero"], client.erp.ERP().Order(p.from).ERP; got != want {
						t.Errorf("%s: first %v, want %s", p.params, got, want)
					}
				}
			}
		})
	}
	t.Run("case=bad values are refused", func(t *testing.T) {
		client := start(t, ecolix.Options{})
		for _, params := range []string{"page=-1", "page=x", "limit=0", "limit=1e3", "page=99999999999999999999"} {
			client.failure(client.get("/crm/commandes?"+params), http.StatusBadRequest)
		}
	})
	t.Run("case=what the envelope says of the page", func(t *testing.T) {
		client := start(t, ecolix.Options{})
		want := fmt.Sprintf(`"pagination":{"total":%d,"page":2,"page_count":%d,"limit":20}}`, orders, (orders+19)/20)
		if a := client.get("/crm/commandes?limit=20&page=2"); !strings.HasSuffix(a.body, want) {
			t.Errorf("%s\nends not in %s", a.body[len(a.body)-200:], want)
		}
		client = start(t, ecolix.Options{Dialect: ecolix.Dialect{Envelope: ecolix.EnvelopeMetadata}})
		if a := client.get("/crm/commandes?limit=3"); !strings.HasSuffix(a.body, `,"metadata":{"rowcount":3,"issuccess":true},"error":null}`) {
			t.Error(a.body)
		}
	})
}

func TestEmptyList(t *testing.T) {
	client := start(t, ecolix.Options{})
	if got := client.rows(client.get("/crm/commandes?page=100")); len(got) != 0 {
		t.Error(got)
	}
	for _, d := range []ecolix.Dialect{{EmptyIs404: true}, {EmptyIs404: true, ErrorsInBody: true}} {
		client = start(t, ecolix.Options{Dialect: d})
		client.failure(client.get("/crm/commandes?page=100"), http.StatusNotFound)
		client.rows(client.get("/crm/commandes?page=0"))
	}
}

func TestReadsByPOST(t *testing.T) {
	client := start(t, ecolix.Options{Dialect: ecolix.Dialect{Reads: ecolix.ReadsPOST, SinceParam: "depuis"}})
	for _, path := range dirs() {
		if a := client.get(path); a.status != http.StatusMethodNotAllowed || !strings.Contains(a.header.Get("Allow"), "POST") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		for body, want := range map[string]int{"": 100, "{}": 100, `{"limit":3,"page":0}`: 3, `{"limit":"3","page":"0","depuis":null}`: 3} {
			if got := len(client.rows(client.send(http.MethodPost, path, body, key))); got != min(want, len(client.all(path))) {
				t.Errorf("%s %s: %d rows", path, body, got)
			}
		}
	}
	for _, body := range []string{"[]", "x", `{"limit":{}}`, `{} {}`, `{"limit":3.5}`} {
		client.failure(client.send(http.MethodPost, "/crm/commandes", body, key), http.StatusBadRequest)
	}
	if n := len(client.erp.Imports()); n != 0 {
		t.Errorf("%d reads were taken for imports", n)
	}
	// The same address takes imports.
	if a := client.send(http.MethodPost, "/crm/clients", `{"raisonSociale":"NOUVEAU SARL"}`, key); a.status != http.StatusCreated {
		t.Error(a)
	}
	if a := client.get("/crm/clients/" + client.erp.ERP().Client(0).ERP.Code); a.status != http.StatusOK {
		t.Error(a)
	}
}

func TestSingle(t *testing.T) {
	for _, d := range []ecolix.Dialect{{}, {NumericIDs: true, DocumentIDs: true}, {Envelope: ecolix.EnvelopeBare, DocumentIDs: true}, {ErrorsInBody: true}} {
		t.Run(fmt.Sprint("case=", d), func(t *testing.T) {
			client := start(t, ecolix.Options{Dialect: d})
			r := newReader(t, client.d)
			want := worldTruth(t, client.erp.ERP())
			one := func(path string) record {
				t.Helper()
				a := client.get(path)
				v := decode(t, a.body).(record)
				if d.Envelope != ecolix.EnvelopeBare {
					v, _ = v["data"].(record)
				}
				if a.status != http.StatusOK || v == nil {
					t.Fatalf("%s: %d %s", path, a.status, a.body)
				}
				return v
			}
			for path, kind := range lists() {
				if kind == "stock" || kind == "bl" || kind == "etat" {
					continue
				}
				for k, m := range client.all(path) {
					if k%9 != 0 {
						continue
					}
					id := map[string]string{
						"client": "client.id", "article": "article.id", "devis": "devis.number", "commande": "commande.number",
						"fournisseur_commande": "fournisseur_commande.number",
					}[kind]
					got := one(path + "/" + fmt.Sprint(r.value(m, id)))
					compare(t, path, []string{r.line(kind, got)}, want[kind][k:k+1])
					if id, ok := m["id"]; ok && d.DocumentIDs {
						compare(t, path, []string{r.line(kind, one(path+"/"+fmt.Sprint(id)))}, want[kind][k:k+1])
					}
				}
			}
			status := http.StatusNotFound
			if d.ErrorsInBody {
				status = http.StatusOK
			}
			for _, path := range []string{
				"/crm/clients/CL00001", "/crm/clients/CL00900", "/crm/clients/0", "/crm/clients/CL99999999999999", "/crm/commandes/CC2511-00103", "/crm/commandes/CC2510-00102",
				"/crm/commandes/0", "/crm/commandes/99999999", "/crm/devis/DV2511-00104x", "/ecommerce/articles/cab-100", "/fournisseurs/commandes/CF2401-00000",
			} {
				client.failure(client.get(path), status)
			}
			if !d.DocumentIDs {
				client.failure(client.get("/crm/commandes/102"), status)
			}
		})
	}
}

func TestSince(t *testing.T) {
	client := start(t, ecolix.Options{Dialect: ecolix.Dialect{SinceParam: "dateModification", MaxSize: 7}})
	r := newReader(t, client.d)
	field := map[string]string{"article": "article.updatedAt", "stock": "stock.updatedAt", "devis": "devis.updatedAt", "commande": "commande.updatedAt", "etat": "commande.updatedAt", "client": "client.updatedAt", "bl": "bl.updatedAt", "fournisseur_commande": "fournisseur_commande.updatedAt"}
	for path, kind := range lists() {
		everything := client.all(path)
		// The bound is a time that a row has, so that «from then on» and «after» differ.
		at, err := strconv.ParseInt(r.moment(everything[len(everything)/2], field[kind]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, m := range everything {
			if n, _ := strconv.ParseInt(r.moment(m, field[kind]), 10, 64); n >= at {
				want = append(want, r.line(kind, m))
			}
		}
		if len(want) == 0 || len(want) == len(everything) && kind != "stock" {
			t.Fatalf("%s: a poor bound: %d of %d", path, len(want), len(everything))
		}
		stamp := time.Unix(at, 0)
		for _, text := range []string{
			stamp.UTC().Format(time.RFC3339), stamp.In(zone(t)).Format(time.RFC3339), stamp.In(zone(t)).Format("2006-01-02T15:04:05"), fmt.Sprint(at),
		} {
			var got []string
			for n := 0; ; n++ {
				rows := client.rows(client.page(path, map[string]string{"dateModification": text, "page": strconv.Itoa(n)}))
				for _, m := range rows {
					got = append(got, r.line(kind, m))
				}
				if len(rows) == 0 {
					break
				}
			}
			compare(t, path+" since "+text, got, want)
		}
	}
	client.failure(client.get("/crm/clients?dateModification=hier"), http.StatusBadRequest)
}
