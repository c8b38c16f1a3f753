package otrs_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/schema"
)

func TestValidate(t *testing.T) {
	good := config("https://desk.example.com/otrs/nph-genericinterface.pl/Webservice/Trama")
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	minimal := otrs.Config{Name: "helpdesk", URL: good.URL, User: "api", Password: "apipw"}
	if err := minimal.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*otrs.Config)
		want   []string
	}{
		{"empty", func(c *otrs.Config) { *c = otrs.Config{} }, []string{"name: missing", "url: missing", "user: missing", "password: missing"}},
		{"address", func(c *otrs.Config) { c.URL = "desk.example.com" }, []string{"url: expected an address"}},
		{"query", func(c *otrs.Config) { c.URL += "?a=b" }, []string{"url: may not have a query"}},
		{"unreadable address", func(c *otrs.Config) { c.URL = "https://u:topsecret@%zz" }, []string{"url: is not an address"}},
		{"zone", func(c *otrs.Config) { c.Zone = "Moon" }, []string{"zone: unknown"}},
		{"local zone", func(c *otrs.Config) { c.Zone = "Local" }, []string{"zone: unknown"}},
		{"auth", func(c *otrs.Config) { c.Auth = "basic" }, []string{"auth: expected session, password or header"}},
		{"numbers", func(c *otrs.Config) {
			c.Batch, c.ArticleBatch, c.FoundBound, c.LocalBound, c.TotalBound, c.SyncPage, c.Concurrency = -1, 999, -1, -1, -1, -1, 99
			c.Rate.PerMinute, c.Rate.Burst, c.Timeout = -1, -1, -1
		}, []string{"batch:", "article_batch:", "found_bound:", "local_bound:", "total_bound:", "sync_page:", "concurrency:", "rate.per_minute:", "rate.burst:", "timeout:"}},
		{"routes", func(c *otrs.Config) {
			c.Routes = otrs.Routes{Session: "Session", Search: "/a?b", Get: "/Get/", SearchGet: "/x/:TicketID", GetGet: "/:Other"}
		}, []string{"routes.session:", "routes.search:", "routes.get:", "routes.search_get:", "routes.get_get:"}},
		{"no routes", func(c *otrs.Config) {
			c.Routes = otrs.Routes{Session: "-", Search: "-", Get: "-", SearchGet: "-", GetGet: "-"}
		}, []string{
			"routes.session: missing", "routes.search: missing", "routes.get: missing",
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			err := cfg.Validate()
			if err == nil {
				t.Fatal("it is valid")
			}
			for _, w := range c.want {
				if !strings.Contains("\n"+err.Error(), "\n"+w) {
					t.Errorf("no %q in\n%v", w, err)
				}
			}
			if n := strings.Count(err.Error(), "\n") + 1; n != len(c.want) {
				t.Errorf("%d mistakes, want %d:\n%v", n, len(c.want), err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Error("the address is repeated")
			}
			if _, err := otrs.Open(t.Context(), cfg, otrs.Deps{}); err == nil {
				t.Error("it was opened")
			}
		})
	}
}

// Every setting has a key, so that the strict loader knows it.
func TestKeys(t *testing.T) {
	for _, x := range []any{otrs.Config{}, otrs.Routes{}, otrs.Rate{}} {
		for i := range reflect.TypeOf(x).NumField() {
			if f := reflect.TypeOf(x).Field(i); f.Tag.Get("yaml") == "" {
				t.Errorf("%T.%s has no key", x, f.Name)
			}
		}
	}
}

func TestOpen(t *testing.T) {
	cfg := config("http://127.0.0.1:1/otrs/nph-genericinterface.pl/Webservice/Trama")
	calls := 0
	s, err := otrs.Open(t.Context(), cfg, otrs.Deps{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		return nil, http.ErrServerClosed
	})})
	if err != nil || calls != 0 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	defer s.Close()
	if s.Reader("Order") != nil || s.Reader("Ticket") == nil || s.Reader("Article") == nil {
		t.Error("readers")
	}
	_, err = s.Probe(t.Context())
	wantCode(t, err, schema.SourceUnavailable)
	if st := s.Status(); st.Calls == 0 || st.Failures == 0 {
		t.Errorf("status %+v", st)
	}
	if _, err := otrs.Open(t.Context(), cfg, otrs.Deps{Links: orderLinks("Betreff")}); err == nil || !strings.Contains(err.Error(), "Ticket.order") {
		t.Errorf("got %v", err)
	}
}

func TestDescribe(t *testing.T) {
	cfg := config("https://desk.example.com/x")
	cfg.Zone = "Europe/Chisinau"
	d := otrs.Describe(cfg, orderLinks("DynamicField.OrderNumber"))
	e := d.Entity("Ticket")
	if d.Zone.String() != "Europe/Chisinau" || e.Default != (schema.Sort{Column: "createdAt", Desc: true}) || e.Relation("orderNumber") == nil || e.KeyBatch != 100 {
		t.Errorf("got %+v", d)
	}
	if p := otrs.Describe(cfg, orderLinks("Title")); p.Entity("Ticket").Relation("orderNumber") != nil {
		t.Error("the title cannot be searched for a number")
	}
	if p := otrs.Describe(cfg, nil); p.Entity("Ticket").Relation("orderNumber") != nil || p.Entity("Ticket").Column("order") != nil {
		t.Error("there are no links")
	}
	// Whatever the schema knows of a ticket is described.
	x := schema.Ticket{Record: schema.Record{Source: "s", Key: "1"}}
	for _, c := range e.Columns {
		if slices.Contains([]string{"service", "lock", "responsible", "customerUser"}, c.Name) {
			continue
		}
		_ = x.Column(c.Name)
	}
	for _, c := range datasources.NewFields("id", "number", "state", "stateType", "priority", "queue", "type", "customerNumber", "createdAt", "updatedAt") {
		if col := e.Column(c); col == nil || len(col.Ops) == 0 {
			t.Errorf("%s cannot be filtered", c)
		}
	}
}
