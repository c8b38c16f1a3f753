package creatio

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bench is a source without a site, and the site of testdata/metadata.xml.
func bench(t testing.TB, change func(*Config)) (*source, *site) {
	t.Helper()
	cfg := Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.BaseCurrency, cfg.Cases, cfg.Zone = "crm", "http://127.0.0.1:1", "svc", "x", "MDL", true, "Europe/Chisinau"
	if change != nil {
		change(&cfg)
	}
	links := map[string]datasources.LinkRules{"Invoice.order": {{Field: "UsrOrderNo"}}}
	open, err := Open(t.Context(), cfg, Deps{Links: links, Now: func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { open.Close() })
	s, ok := open.(*source)
	if !ok {
		t.Fatal("not our source")
	}
	m, err := parseModel(read(t, "metadata.xml"), s.wanted)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.settle("0/odata", m)
}

func someNames() names {
	rows := func(list ...string) *lookupTable {
		t := &lookupTable{rows: map[string]lookupRow{}}
		for i := 0; i < len(list); i += 2 {
			t.rows[list[i]] = lookupRow{text: list[i+1]}
		}
		return t
	}
	status := func(n string) string { return "dddd0000-0000-4000-8000-00000000000" + n }
	twenty := decimal.MustParse("20")
	return names{
		"OrderStatus": rows(status("1"), "În lucru"), "OrderPaymentStatus": rows(status("2"), "Plătit"), "OrderDeliveryStatus": rows(status("3"), "Livrat"),
		"InvoicePaymentStatus": rows(status("2"), "Plătit parțial"), "OpportunityStage": rows(status("4"), "Proposal"), "Unit": rows(status("5"), "m"),
		"Tax":             {rows: map[string]lookupRow{status("6"): {text: "TVA", percent: &twenty}}},
		"ProductCategory": rows(status("7"), "Cabluri"), "CaseStatus": rows(status("8"), "New"), "CasePriority": rows(status("9"), "High"),
		"Currency": {rows: map[string]lookupRow{
			"cccc0000-0000-4000-8000-000000000001": {text: "Leu", currency: "MDL"},
			"cccc0000-0000-4000-8000-000000000002": {text: "Euro", currency: "EUR"},
		}},
	}
}

// mapped maps a recorded page of an entity.
func mapped[T any](t *testing.T, s *source, st *site, entity, file string, build func(*builder, *record) T) []T {
	t.Helper()
	v := st.views[entity]
	sel := v.choose(nil, nil, "")
	out, err := decodeReply(read(t, file), &sel, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	b := &builder{s: s, v: v, names: someNames()}
	items := make([]T, len(out.records))
	for i := range out.records {
		items[i] = build(b, &out.records[i])
	}
	return items
}

func TestMappingGoldens(t *testing.T) {
	s, st := bench(t, nil)
	orders := mapped(t, s, st, "Order", "orders.json", buildOrder)
	sel := &selection{columns: append(lineColumns(), column{field: "sku", up: "Product/Code"})}
	lines, err := decodeReply(read(t, "lines.json"), sel, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	buildLines(&builder{s: s, names: someNames()}, orders, lines.records)
	for name, rows := range map[string]any{
		"contacts": mapped(t, s, st, "Contact", "contacts.json", buildContact),
		"quotes":   mapped(t, s, st, "Quote", "quotes.json", buildQuote),
		"orders":   orders,
		"invoices": mapped(t, s, st, "Invoice", "invoices.json", buildInvoice),
		"products": mapped(t, s, st, "Product", "products.json", buildProduct),
		"tickets":  mapped(t, s, st, "Ticket", "tickets.json", buildTicket),
	} {
		t.Run("case="+name, func(t *testing.T) {
			got, err := json.MarshalIndent(rows, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, name+".golden"); !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestNoBaseCurrencyNoMoney(t *testing.T) {
	s, st := bench(t, func(c *Config) { c.BaseCurrency = "" })
	if q := mapped(t, s, st, "Quote", "quotes.json", buildQuote); q[0].Total != nil {
		t.Errorf("got %+v, a number without a currency", q[0].Total)
	}
}

func TestConfiguredColumnsFitTheSite(t *testing.T) {
	// Order.status is a plain text here, Order.notes a lookup.
	s, st := bench(t, func(c *Config) {
		c.Columns = map[string]string{"Order.status": "Notes", "Order.customerReference": "StatusId", "Quote.currency": "Title"}
	})
	o := mapped(t, s, st, "Order", "orders.json", buildOrder)
	if o[0].Status != "Livrare\nla depozit" || o[0].CustomerReference != "În lucru" {
		t.Errorf("got %+v", o[0])
	}
	if q := mapped(t, s, st, "Quote", "quotes.json", buildQuote); q[0].Total != nil {
		t.Errorf("a title passed for a currency: %+v", q[0].Total)
	}
}

func TestCountries(t *testing.T) {
	s, _ := bench(t, func(c *Config) { c.Countries = map[string]string{"Chez nous": "FR"} })
	for _, c := range []struct{ name, code, want string }{
		{"Moldova", "", "MD"},
		{"Молдова", "", "MD"},
		{"Republica Moldova", "", "MD"},
		{"România", "", "RO"},
		{"Россия", "", "RU"},
		{"Alemanha", "", "DE"},
		{"whatever", "br", "BR"},
		{"Chez nous", "DE", "FR"},
		{"Atlantis", "", ""},
		{"", "", ""},
		{"Atlantis", "XX", ""},
		{" france ", "123", "FR"},
	} {
		if got := s.countryOf(c.name, c.code); got != c.want {
			t.Errorf("%q %q: got %q, want %q", c.name, c.code, got, c.want)
		}
	}
}

func TestCurrencies(t *testing.T) {
	s, _ := bench(t, func(c *Config) { c.Currencies = map[string]string{"руб.": "RUB", "$": "USD"} })
	for _, c := range []struct{ short, code, name, want string }{
		{"MDL", "498", "Leu", "MDL"}, {"eur ", "", "", "EUR"}, {"€", "978", "Euro", "EUR"}, {"руб.", "", "", "RUB"}, {"", "", "USD", "USD"}, {"x", "999999", "Leu nou", ""}, {"ZZZ", "", "", ""},
	} {
		if got := s.currencyOf(c.short, c.code, c.name); got != c.want {
			t.Errorf("%v: got %q", c, got)
		}
	}
}

func TestTaxColumn(t *testing.T) {
	m := &model{sets: map[string]*table{
		setAccount: {columns: map[string]property{"UsrTaxId": {}}},
		setBilling: {columns: map[string]property{"VatId": {}}},
	}}
	for configured, want := range map[string]string{"": "AccountBillingInfo.VatId", "UsrTaxId": "Account.UsrTaxId", "Account.UsrTaxId": "Account.UsrTaxId", "AccountBillingInfo.INN": "."} {
		if set, col := taxColumn(configured, m); set+"."+col != want {
			t.Errorf("%q: got %s.%s", configured, set, col)
		}
	}
}
