package odata_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

func TestValidate(t *testing.T) {
	good := func() odata.Config {
		c := odata.DefaultConfig()
		c.Name, c.URL = "shop", "https://erp.example.com/odata/v4"
		c.Entities = map[string]odata.Entity{"Order": {Set: "SalesOrders", Fields: mapping.Fields{"number": at1("OrderNo")}}}
		return c
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	entity := func(change func(*odata.Entity)) func(*odata.Config) {
		return func(c *odata.Config) {
			e := c.Entities["Order"]
			change(&e)
			c.Entities = map[string]odata.Entity{"Order": e}
		}
	}
	for _, x := range []struct {
		change func(*odata.Config)
		want   string
	}{
		{func(c *odata.Config) { c.Name = "" }, "name: missing"},
		{func(c *odata.Config) { c.URL = "" }, "url: missing"},
		{func(c *odata.Config) { c.URL = "ftp://x" }, "url: expected an address"},
		{func(c *odata.Config) { c.URL = "https://u:geheim@h/x" }, "url: may not hold a login"},
		{func(c *odata.Config) { c.URL = "https://h/x?a=b" }, "url: may not have a query"},
		{func(c *odata.Config) { c.URL = "https://geheim%zz" }, "url: is not an address"},
		{func(c *odata.Config) { c.Version = 5 }, "version: expected 2, 3 or 4"},
		{func(c *odata.Config) { c.Auth.Kind = "basic" }, "auth.user: missing"},
		{func(c *odata.Config) { c.Headers = map[string]string{"X y": "geheim"} }, "headers.X y: is no header"},
		{func(c *odata.Config) { c.Headers = map[string]string{"X": "a\r\nb"} }, "headers.X: is no header"},
		{func(c *odata.Config) { c.Rate.PerMinute = -1 }, "rate.per_minute"},
		{func(c *odata.Config) { c.Timeout = -time.Second }, "timeout: is negative"},
		{func(c *odata.Config) { c.MaxURL = 100 }, "max_url: 100 is not between 600 and 32000"},
		{func(c *odata.Config) { c.Batch = -1 }, "batch: -1"},
		{func(c *odata.Config) { c.Page = 1_000_000 }, "page: 1000000"},
		{func(c *odata.Config) { c.LocalBound = -5 }, "local_bound: -5"},
		{func(c *odata.Config) { c.MaxBody = 1 }, "max_body"},
		{func(c *odata.Config) { c.In = "atuo" }, "in: expected auto, yes, no, did you mean auto?"},
		{func(c *odata.Config) { c.In, c.Version = "yes", 2 }, "in: version 2 has no such operator"},
		{func(c *odata.Config) { c.Collation = "x" }, "collation: expected"},
		{func(c *odata.Config) { c.Search = "x" }, "search: expected"},
		{func(c *odata.Config) { c.Search, c.Collation = "plain", "exact" }, "search: plain needs"},
		{func(c *odata.Config) { c.Nulls = "x" }, "nulls: expected"},
		{func(c *odata.Config) { c.Metadata = "x" }, "metadata: expected"},
		{func(c *odata.Config) { c.Metadata = "no" }, "version: missing"},
		{func(c *odata.Config) { c.Metadata = "no" }, "entities.Order.types: missing"},
		{func(c *odata.Config) { c.Metadata = "no" }, "entities.Order.key: missing"},
		{func(c *odata.Config) { c.Zone = "Mars/Base" }, "zone: unknown"},
		{func(c *odata.Config) { c.Locale.Decimals = "x" }, "locale.decimals"},
		{func(c *odata.Config) { c.Currency = "QQQ" }, "currency: expected"},
		{func(c *odata.Config) { c.Country = "Moldova" }, "country: expected"},
		{func(c *odata.Config) { c.Entities = nil }, "entities: missing"},
		{func(c *odata.Config) { c.Entities = map[string]odata.Entity{"Ordre": {Set: "x"}} }, "entities.Ordre: is no entity that can be mapped, did you mean Order?"},
		{entity(func(e *odata.Entity) { e.Set = "" }), "entities.Order.set: expected"},
		{entity(func(e *odata.Entity) { e.Set = "../admin" }), "entities.Order.set: expected"},
		{entity(func(e *odata.Entity) { e.Set = "A?x=1" }), "entities.Order.set: expected"},
		{entity(func(e *odata.Entity) { e.Key = []string{"A/B"} }), "entities.Order.key[0]: expected"},
		{entity(func(e *odata.Entity) { e.Key = []string{"A", "A"} }), "entities.Order.key[1]: is there twice"},
		{entity(func(e *odata.Entity) { e.Filter = "A eq 'x" }), "entities.Order.filter"},
		{entity(func(e *odata.Entity) { e.Filter = "A eq 1&$top=1" }), "entities.Order.filter"},
		{entity(func(e *odata.Entity) { e.Types = map[string]string{"A": "Strnig"} }), "entities.Order.types.A: expected an EDM type"},
		{entity(func(e *odata.Entity) { e.Fields = mapping.Fields{"nubmer": at1("X")} }), "entities.Order.fields.nubmer: unknown column, did you mean number?"},
		{entity(func(e *odata.Entity) { e.Fields = mapping.Fields{"number": at1("a b")} }), "entities.Order.fields.number.at[0]: expected a path"},
		{entity(func(e *odata.Entity) { e.Fields = mapping.Fields{"lines": at1("Items")} }), "entities.Order.fields.lines.fields: missing"},
		{entity(func(e *odata.Entity) { e.Key = []string{"A"}; e.Fields = mapping.Fields{"id": at1("X")} }), "entities.Order.fields.id: and key exclude"},
	} {
		t.Run("case="+x.want, func(t *testing.T) {
			c := good()
			x.change(&c)
			err := c.Validate()
			if err == nil || !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.HasPrefix(line, x.want) }) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Error("a secret is shown")
			}
			if _, err := odata.Open(t.Context(), c, odata.Deps{}); err == nil {
				t.Error("it was opened all the same")
			}
		})
	}
	c := good()
	c.Auth.Kind, c.Auth.Value = "bearer", "geheim"
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %s %+v", c, c, &c), c.LogValue().String()} {
		if strings.Contains(text, "geheim") {
			t.Errorf("a secret is shown in %s", text)
		}
	}
}

// TestWithoutMetadata is told everything by the config.
func TestWithoutMetadata(t *testing.T) {
	for _, version := range []int{2, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			f.noMetadata = true
			c := shopConfig(f)
			c.Metadata, c.Version = "no", version
			e := c.Entities["Order"]
			e.Key = []string{"OrderID"}
			moment := map[int]string{2: "Edm.DateTime", 4: "DateTimeOffset"}[version]
			e.Types = map[string]string{
				"OrderID": "Edm.Guid", "OrderNo": "Edm.String", "PartnerID": "Edm.Int32", "Created": moment, "Amount": "Edm.Decimal", "Curr": "Edm.String",
				"State": "Edm.String", "Remark": "Edm.String", "Gone": "Edm.Boolean", "Partner/Name": "Edm.String",
				"Items/Qty": "Edm.Decimal", "Items/Price": "Edm.Decimal", "Items/Product/SKU": "Edm.String", "Items/Product/Name": "String",
			}
			c.Entities = map[string]odata.Entity{"Order": e}
			src := open(t, c)
			got, err := orders(src).ByKeys(t.Context(), ids(f, 7, 8), nil)
			if err != nil || len(got.Items) != 1 || len(got.Items[0].Lines) != 3 || got.Items[0].Lines[0].SKU != "P-07'7" || got.Items[0].CustomerReference != "Partner 1 S.R.L." {
				t.Fatalf("%+v, %v", got.Items, err)
			}
			if _, err := orders(src).List(t.Context(), datasources.Query{First: 5, Where: schema.Compare("total", schema.Gt, schema.Int(5))}); err != nil {
				t.Error(err)
			}
			if f.metas != 0 {
				t.Error("$metadata was asked for")
			}
		})
	}
}

func TestProbe(t *testing.T) {
	f := newShop(t, 2)
	c := shopConfig(f)
	c.Entities["Payment"] = odata.Entity{Set: "NoSuchSet", Fields: mapping.Fields{"number": at1("No")}}
	e := c.Entities["Order"]
	e.Fields["paymentStatus"] = mapping.Field{At: []string{"State"}, Map: map[string]string{"O": "open"}}
	src := open(t, c)
	list, err := src.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]datasources.Finding{}
	for _, x := range list {
		found[x.Subject] = x
		if strings.Contains(x.Result, "SO'0") || strings.Contains(x.Result, "hunter2") {
			t.Errorf("a value is shown: %+v", x)
		}
	}
	for subject, want := range map[string]datasources.Finding{
		"version":             {Result: "OData 2, many keys by or", Level: datasources.OK},
		"Order SalesOrders":   {Result: "key OrderID Edm.Guid, 20 records", Level: datasources.OK},
		"Order.total":         {Result: "Amount, Edm.Decimal, in 20 of 20", Level: datasources.OK},
		"Order.lines.sku":     {Result: "Product/SKU, Edm.String, in ", Level: datasources.OK},
		"Order.dueDate":       {Result: "none of its candidates exists: NoSuch, Partner/NoSuch", Level: datasources.Warn},
		"Order.paymentStatus": {Result: "State, Edm.String, in 20 of 20; value that is not in its map: ", Level: datasources.Warn},
		"Payment NoSuchSet":   {Result: "shop has no set for Payment", Level: datasources.Fail},
		"Customer Partners":   {Result: "key ID Edm.Int32, 7 records", Level: datasources.OK},
	} {
		if got := found[subject]; !strings.HasPrefix(got.Result, want.Result) || got.Level != want.Level {
			t.Errorf("%s: %+v", subject, got)
		}
	}
	if _, err := src.Reader("Payment").(datasources.Reader[schema.Payment]).List(t.Context(), datasources.Query{First: 1}); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("a set that is not there: %v", err)
	}
	if u := src.(datasources.Meter).Usage(); len(u) != 1 || u[0].LastMinute != 5 || u[0].Today != 5 {
		t.Errorf("usage %+v", u)
	}
}

// TestLogin replays a call after a new login when the session has ended, and says
// what to do when the login is refused.
func TestLogin(t *testing.T) {
	f := newShop(t, 4)
	token, logins := "t1", 0
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/svc/login" {
			logins++
			if token == "" {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			fmt.Fprintf(w, `{"token":%q}`, token)
			return true
		}
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	c := shopConfig(f)
	c.Auth.Kind, c.Auth.User, c.Auth.Password = "session", "", ""
	c.Auth.Login.Path, c.Auth.Login.Body = "login", map[string]string{"key": "hunter2-secret"}
	c.Auth.Login.TokenAt, c.Auth.Login.Header, c.Auth.Login.Prefix = []string{"token"}, "Authorization", "Bearer "
	src := open(t, c)
	read := func() error {
		_, err := orders(src).List(t.Context(), datasources.Query{First: 1})
		return err
	}
	if err := read(); err != nil || logins != 1 {
		t.Fatalf("%v after %d logins", err, logins)
	}
	token = "t2"
	if err := read(); err != nil || logins != 2 {
		t.Errorf("%v after %d logins", err, logins)
	}
	token = ""
	if err := read(); schema.CodeOf(err) != schema.SourceUnavailable || src.Status().Note == "" || src.Status().State != "down" {
		t.Errorf("%v, status %+v", err, src.Status())
	}
}
