package rest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
)

func TestValidate(t *testing.T) {
	good := func() rest.Config {
		c := dolibarr("https://erp.example.com")
		return c
	}
	for name, c := range map[string]struct {
		set  func(c *rest.Config)
		want []string
	}{
		"good":      {func(*rest.Config) {}, nil},
		"nothing":   {func(c *rest.Config) { *c = rest.Config{} }, []string{"name: missing", "url: missing", "entities: missing"}},
		"addresses": {func(c *rest.Config) { c.URL = "https://u:" + secret + "@host/api" }, []string{"url: may not hold a login"}},
		"no host":   {func(c *rest.Config) { c.URL = "erp.example.com" }, []string{"url: expected an address"}},
		"a query":   {func(c *rest.Config) { c.URL = "https://h/?key=" + secret }, []string{"url: may not have a query"}},
		"auth":      {func(c *rest.Config) { c.Auth.Kind, c.Auth.Value = "oauth2", secret }, []string{"auth.kind: unknown", "auth.name: is of no use", "auth.value: is of no use"}},
		"headers":   {func(c *rest.Config) { c.Headers = map[string]string{"X Y": secret, "Z": "a\r\nb"} }, []string{"headers.X Y: is no header", "headers.Z: is no header"}},
		"bounds": {func(c *rest.Config) {
			c.Concurrency, c.Retries, c.Timeout, c.MaxBody, c.LocalBound, c.Rate.PerMinute = 65, 11, -1, 5, -1, -1
		}, []string{"concurrency:", "retries:", "timeout:", "max_body:", "local_bound:", "rate.per_minute:"}},
		"reply": {func(c *rest.Config) {
			c.Reply.ListAt, c.Reply.EmptyStatuses = []string{"a..b"}, []int{200, 401, 403, 500}
		}, []string{"reply.list_at[0]: a step", "reply.empty_statuses[0]: 200 cannot", "reply.empty_statuses[1]: 401 cannot", "reply.empty_statuses[2]: 403 means two things", "reply.empty_statuses[3]: 500 cannot"}},
		"paging": {func(c *rest.Config) { c.Paging = rest.Paging{Style: "pages", First: 7, Size: -1} }, []string{
			"paging.style: unknown", "paging.first: 7", "paging.size: -1", "entities.Customer.paging.style", "entities.Order.paging.style",
			"entities.Customer.paging.first", "entities.Order.paging.first", "entities.Customer.paging.size", "entities.Order.paging.size",
		}},
		"a page without its parameter": {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Paging = rest.Paging{Style: "page"} }) }, []string{"entities.Order.paging.page_param: missing for the style page"}},
		"an offset without":            {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Paging = rest.Paging{Style: "offset"} }) }, []string{"entities.Order.paging.offset_param: missing"}},
		"a cursor without":             {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Paging = rest.Paging{Style: "cursor"} }) }, []string{"entities.Order.paging.cursor_param: missing", "entities.Order.paging.cursor_at: missing"}},
		"locale":                       {func(c *rest.Config) { c.Locale = rest.Locale{Decimals: "x", Zone: "y", Dates: []string{"z"}} }, []string{"locale.decimals:", "locale.zone:", "locale.dates[0]:"}},
		"places":                       {func(c *rest.Config) { c.Currency, c.Country = "EURO", "fr" }, []string{"currency: expected", "country: expected"}},
		"unknown entity":               {func(c *rest.Config) { c.Entities["Ordr"] = c.Entities["Order"] }, []string{"entities.Ordr: unknown entity, did you mean Order?"}},
		"unknown column":               {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Fields["totl"] = at("x") }) }, []string{"entities.Order.fields.totl: unknown column, did you mean total?"}},
		"no fields":                    {func(c *rest.Config) { order(c, func(e *rest.Entity) { *e = rest.Entity{Path: "/x"} }) }, []string{"entities.Order.fields.id: missing"}},
		"path":                         {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Path = "/orders/{id}?x=1" }) }, []string{"entities.Order.path: expected a path"}},
		"another host":                 {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Path = "https://evil.example/" }) }, []string{"entities.Order.path: expected a path"}},
		"method":                       {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Method = "DELETE" }) }, []string{"entities.Order.method: expected GET or POST"}},
		"body of a GET": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) { e.Body, e.ParamsIn = map[string]any{"a": 1}, "body" })
		}, []string{"entities.Order.body: a GET has none", "entities.Order.params_in: a GET has no body"}},
		"body": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.Method, e.Body = "POST", map[string]any{"a": 1, "a.b": 2, "c": []string{"x"}}
			})
		}, []string{"entities.Order.body: a.b cannot be nested", "entities.Order.body.c: expected a single value"}},
		"keys": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) { e.Keys = rest.Keys{Style: "list", Template: "x", Quote: "''", Batch: 5000} })
		}, []string{"entities.Order.keys.param: missing", "entities.Order.keys.style: unknown", "entities.Order.keys.quote: expected one quote", "entities.Order.keys.batch: 5000"}},
		"template": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) { e.Keys = rest.Keys{Param: "f", Style: "template", Template: "id in ()"} })
		}, []string{"entities.Order.keys.template: does not say where {keys} go"}},
		"relations": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.Relations = map[string]rest.Keys{"custmer": {Param: "x"}, "quote": {Param: "y"}}
			})
		}, []string{"entities.Order.relations.custmer: unknown relation, did you mean customer?", "entities.Order.relations.quote: fields.quote is not set"}},
		"orders": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.Orders = map[string]rest.Order{"status": {Asc: map[string]string{"a": "b"}, Desc: map[string]string{"a": "c"}}, "date": {Asc: map[string]string{"a": "b"}}}
			})
		}, []string{"entities.Order.orders.date: needs the parameters", "entities.Order.orders.status: rows cannot be sorted by it"}},
		"window": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.Window = rest.Window{FromParam: "a", ToParam: "b", From: 5, To: 5, Format: "x"}
			})
		}, []string{"entities.Order.window.from: is not before to", "entities.Order.window.format: expected"}},
		"more": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.More = []rest.Entity{{Path: "/b", Keys: rest.Keys{Param: "x"}, Fields: rest.Fields{"id": at("id")}}, {Package: "p", Disabled: true}}
			})
		}, []string{"entities.Order.more[0]: a further resource has no", "entities.Order.more[0].fields.number: missing"}},
		"stock": {func(c *rest.Config) {
			order(c, func(e *rest.Entity) { e.Stock = rest.Stock{Path: "/s"} })
			c.Entities["Product"] = rest.Entity{Path: "/p", Fields: rest.Fields{"id": at("id")}, Stock: rest.Stock{Path: "/s", Fields: rest.Fields{"qty": at("q")}}}
		}, []string{"entities.Order.stock: only products", "entities.Product.fields.sku: missing", "entities.Product.stock.fields.qty: unknown column", "entities.Product.stock.fields.sku: missing"}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			cfg := good()
			c.set(&cfg)
			err := cfg.Validate()
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(c.want) {
				t.Errorf("%d mistakes instead of %d:\n%v", len(got), len(c.want), err)
			}
			for _, w := range c.want {
				if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, w) }) {
					t.Errorf("nothing says %q:\n%v", w, err)
				}
			}
			if strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
}

func TestCanLive(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(c *rest.Config)
		want string
	}{
		"good":              {func(*rest.Config) {}, ""},
		"no keys":           {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Keys = rest.Keys{} }) }, "entities.Order.keys is not set: it cannot be asked for many orders at once; write supply: copy"},
		"no relation":       {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.Relations = nil }) }, "entities.Order.relations.customer is not set: it cannot be asked for the orders of many customers at once; write supply: copy"},
		"several resources": {func(c *rest.Config) { order(c, func(e *rest.Entity) { e.More = []rest.Entity{{Disabled: true}} }) }, "entities.Order.more: several resources are only joined when they are read whole; write supply: copy"},
		"a disabled one":    {func(c *rest.Config) { c.Entities["Quote"] = rest.Entity{Disabled: true} }, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			cfg := dolibarr("https://erp.example.com")
			c.set(&cfg)
			got := ""
			if err := cfg.CanLive(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	s := serve(t, shop(1))
	cfg := dolibarr(s.URL)
	order(&cfg, func(e *rest.Entity) { e.Package = "sales" })
	cfg.Entities["Invoice"] = rest.Entity{Path: "/invoices", Fields: rest.Fields{"id": at("id"), "number": at("ref"), "date": at("date")}}
	src := openWith(t, s, cfg, rest.Deps{Kind: "dolibarr", Links: map[string]datasources.LinkRules{
		"Invoice.order": {{Field: "linked.commande", Pattern: regexp.MustCompile(`CO\d+`)}},
	}})
	d := src.Describe()
	if d.Name != "erp" || d.Kind != "dolibarr" || d.Zone.String() != "Europe/Paris" || len(d.Entities) != 2 {
		t.Fatalf("described as %+v", d)
	}
	o := d.Entity("Order")
	if o.Upstream != "sales: GET /orders" || o.RateClass != "sales" || o.KeyBatch != 50 || o.PageLimit != 50 || o.Default.Column != "date" || len(o.Relations) != 2 {
		t.Errorf("orders: %+v", o)
	}
	for column, want := range map[string]string{
		"id": "{id id [5 6] true true}", "customer": "{customer socid [5 6] false false}", "date": "{date date [] true true}", "status": "{status statut [] false false}",
		"total": "{total total_ttc [] true true}", "source": "{source  [5 6] false false}",
	} {
		if got := fmt.Sprint(*o.Column(column)); got != want {
			t.Errorf("column %s is %s", column, got)
		}
	}
	i := d.Entity("Invoice")
	if c := i.Column("orderNumber"); c == nil || c.Upstream != "linked.commande" || i.KeyBatch != 0 || i.Relations != nil || !strings.Contains(i.Notes, "read whole") {
		t.Errorf("invoices: %+v", i)
	}
}

// TestLinksArePaths reads another document's number by the configured rules.
func TestLinksArePaths(t *testing.T) {
	s := serve(t, routes(map[string]any{"/orders": []object{{"id": 1, "extra": object{"devis": "suite DV-7"}, "other": 8}}}))
	links := map[string]datasources.LinkRules{"Order.quote": {{Field: "extra.devis", Pattern: regexp.MustCompile(`DV-\d+`)}, {Field: "other"}}}
	rows, _, err := scanOrders(t, openWith(t, s, config(s), rest.Deps{Links: links}))
	if err != nil || fmt.Sprint(rows[0].QuoteNumbers) != "[DV-7 8]" {
		t.Errorf("got %+v, %v", rows, err)
	}
	cfg := config(s)
	order(&cfg, func(e *rest.Entity) { e.Relations = map[string]rest.Keys{"quoteNumber": {Param: "q"}} })
	if _, err := rest.Open(t.Context(), cfg, rest.Deps{}); err == nil || !strings.Contains(err.Error(), "entities.Order.relations.quoteNumber: neither fields.quoteNumbers nor a link Order.quote is set") {
		t.Errorf("got %v", err)
	}
	if _, err := rest.Open(t.Context(), config(s), rest.Deps{Links: map[string]datasources.LinkRules{"Order.quote": {{Field: "a..b"}}}}); err == nil {
		t.Error("a link that is no path is taken")
	}
}
