package creatio_test

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
)

func TestConfigFromYAML(t *testing.T) {
	cfg := creatio.Default()
	d := yaml.NewDecoder(strings.NewReader(`
name: crm
url: https://crm.example.com
user: svc
password: s3cret-Pa55word
tax_id: AccountBillingInfo.INN
columns: {Order.number: UsrNumber, Order.customerReference: UsrRef, Quote.currency: UsrCurrencyId}
foreign_ids: {Uid1C: onec}
rate: {per_minute: 60}
cases: true
`))
	d.KnownFields(true)
	if err := d.Decode(&cfg); err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), slog.AnyValue(cfg).Resolve().String()} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("the printed config holds the password: %s", text)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	good := func() creatio.Config {
		c := creatio.Default()
		c.Name, c.URL, c.User, c.Password = "crm", "https://crm.example.com", "svc", "x"
		return c
	}
	for name, c := range map[string]struct {
		change func(*creatio.Config)
		want   []string
	}{
		"empty":        {func(c *creatio.Config) { *c = creatio.Config{} }, []string{"name: missing", "url: missing", "user: missing", "password: missing", "page_size: ", "timeout: ", "quote_number: "}},
		"url with 0":   {func(c *creatio.Config) { c.URL = "https://crm.example.com/0/" }, []string{"url: leave out /0"}},
		"url with pw":  {func(c *creatio.Config) { c.URL = "https://a:b@crm.example.com" }, []string{"url: must have neither"}},
		"not http":     {func(c *creatio.Config) { c.URL = "ftp://crm" }, []string{"url: not an http"}},
		"both logins":  {func(c *creatio.Config) { c.ClientID = "x" }, []string{"client_id: set either"}},
		"half a login": {func(c *creatio.Config) { c.User, c.Password, c.ClientID, c.TokenURL = "", "", "x", "nonsense" }, []string{"client_secret: missing", "token_url: not an http"}},
		"zone":         {func(c *creatio.Config) { c.Zone = "Mars/Phobos" }, []string{"zone: unknown"}},
		"currency":     {func(c *creatio.Config) { c.BaseCurrency = "lei" }, []string{"base_currency: "}},
		"columns":      {func(c *creatio.Config) { c.Columns = map[string]string{"Order.nothing": "X", "Order.number": "a b"} }, []string{"columns.Order.nothing: unknown", "columns.Order.number: \"a b\""}},
		"tax id":       {func(c *creatio.Config) { c.TaxID = "Contact.INN" }, []string{"tax_id: "}},
		"foreign ids":  {func(c *creatio.Config) { c.ForeignIDs = map[string]string{"A-B": "x", "C": ""} }, []string{"foreign_ids.A-B: ", "foreign_ids.C: missing"}},
		"words": {func(c *creatio.Config) {
			c.Currencies, c.Countries = map[string]string{"lei": "LEI"}, map[string]string{"X": "x"}
		}, []string{"currencies.lei: ", "countries.X: "}},
		"numbers": {func(c *creatio.Config) {
			c.PageSize, c.Concurrency, c.Rate.PerMinute, c.Overlap = 20001, 0, -1, -time.Second
		}, []string{"page_size: must be from 1 to 20000", "concurrency: ", "rate.per_minute: ", "overlap: "}},
		"odata path": {func(c *creatio.Config) { c.ODataPath = "/0/odata?x" }, []string{"odata_path: "}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			cfg := good()
			c.change(&cfg)
			err := cfg.Validate()
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if _, e := creatio.Open(t.Context(), cfg, creatio.Deps{}); e == nil {
				t.Error("it was opened")
			}
		})
	}
	if err := good().Validate(); err != nil {
		t.Error(err)
	}
	links := map[string]datasources.LinkRules{"Invoice.order": {{Field: "A eq 1 or B", Pattern: regexp.MustCompile("x")}}}
	if _, err := creatio.Open(t.Context(), good(), creatio.Deps{Links: links}); err == nil || !strings.Contains(err.Error(), "Invoice.order") {
		t.Errorf("got %v", err)
	}
}

func TestOpenNeedsNoNetwork(t *testing.T) {
	cfg := creatio.Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password = "crm", "http://127.0.0.1:1", "svc", "x"
	s, err := creatio.Open(t.Context(), cfg, creatio.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.State != "unknown" {
		t.Errorf("got %+v", st)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
