package mapping_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// contact maps a contact, whose columns are plain texts.
func contact() mapping.Options {
	return mapping.Options{Entity: "Contact", Source: "shop", Fields: mapping.Fields{
		"id": at("id"), "name": at("name"), "email": at("mail", "email"), "customer": at("customer"), "orderNumbers": at("orders.ref", "orders"), "createdAt": at("made"),
	}}
}

// noName is a contact whose name cannot be read.
func noName(c *schema.Contact) bool { return c.Name == "" && c.Faults.Has("name") }

func TestHostileRecords(t *testing.T) {
	big := strings.Repeat("é", mapping.MaxText)
	for name, c := range map[string]struct {
		record  string
		check   func(c *schema.Contact) bool
		problem string
		isLost  bool
	}{
		"a megabyte of text":        {`{"id":1,"name":"` + big + `"}`, noName, "Contact.name: text cut: 1", false},
		"bytes that are no UTF-8":   {"{\"id\":1,\"name\":\"a\xffb\"}", noName, "Contact.name: text that is not UTF-8, repaired: 1", false},
		"a zero byte":               {`{"id":1,"name":"a\u0000b"}`, noName, "Contact.name: text that is not UTF-8, repaired: 1", false},
		"half a surrogate":          {`{"id":1,"name":"a\ud800b"}`, noName, "Contact.name: text that is not UTF-8, repaired: 1", false},
		"a list for a text":         {`{"id":1,"name":["a"]}`, noName, "Contact.name: not of the expected type: 1", false},
		"an empty list for a text":  {`{"id":1,"name":[]}`, func(c *schema.Contact) bool { return c.Name == "" }, "", false},
		"a truth value for a text":  {`{"id":1,"name":true}`, noName, "Contact.name: not of the expected type: 1", false},
		"a key of a kilobyte":       {`{"id":"` + strings.Repeat("k", 1024) + `"}`, nil, "Contact.id: key too long, record left out: 1", true},
		"a reference of a kilobyte": {`{"id":1,"customer":"` + strings.Repeat("k", 1024) + `"}`, func(c *schema.Contact) bool { return c.CustomerKey == "" && c.Faults.Has("customer") }, "Contact.customer: text cut: 1", false},
		"a blank key":               {`{"id":"  "}`, nil, "Contact.id: record without a key, left out: 1", true},
		"a null key":                {`{"id":null,"name":"x"}`, nil, "Contact.id: record without a key, left out: 1", true},
		"a key that was repaired":   {"{\"id\":\"a\xff\"}", nil, "Contact.id: record without a key, left out: 1", true},
		"a key that is there twice": {`{"id":1,"id":2}`, nil, "Contact.id: record without a key, left out: 1", true},
		"a key that is an object":   {`{"id":{"a":1}}`, nil, "Contact.id: not of the expected type: 1", true},
		"a whole key as a float":    {`{"id":486.0}`, func(c *schema.Contact) bool { return c.Key == "486" }, "", false},
		"a key of 30 digits":        {`{"id":123456789012345678901234567890}`, func(c *schema.Contact) bool { return c.Key == "123456789012345678901234567890" }, "", false},
		"many numbers":              {`{"id":1,"orders":[` + strings.TrimSuffix(strings.Repeat(`{"ref":"A"},{"ref":"B"},{"ref":null},`, 500), ",") + `]}`, func(c *schema.Contact) bool { return slices.Equal(c.OrderNumbers, []string{"A", "B"}) }, "", false},
		"numbers as texts":          {`{"id":1,"orders":["A",7]}`, func(c *schema.Contact) bool { return slices.Equal(c.OrderNumbers, []string{"A", "7"}) }, "", false},
		"numbers and an object": {`{"id":1,"orders":["A",{}]}`, func(c *schema.Contact) bool {
			return c.OrderNumbers == nil && c.Faults.Has("orderNumber") && c.Faults.Has("order")
		}, "Contact.orderNumbers: not of the expected type: 1", false},
		"a wrong candidate first": {`{"id":1,"mail":"","email":"a@b.c"}`, func(c *schema.Contact) bool { return c.Email == "a@b.c" }, "", false},
		"no record":               {`17`, nil, "Contact.: not a record: 1", true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			out := run[schema.Contact](t, contact(), parse(t, "["+c.record+"]"))
			if c.isLost {
				if out.Lost != 1 || len(out.Rows) != 0 {
					t.Fatalf("%d rows, %d lost", len(out.Rows), out.Lost)
				}
			} else if len(out.Rows) != 1 || !c.check(&out.Rows[0]) {
				t.Fatalf("got %.200v", out.Rows)
			} else if isSound := out.Rows[0].Faults == nil; isSound != (c.problem == "") {
				t.Errorf("faults %+v", out.Rows[0].Faults)
			}
			if c.problem != "" && !slices.Contains(out.Problems, c.problem) {
				t.Errorf("problems %q, want %q", out.Problems, c.problem)
			}
			if c.problem == "" {
				for _, p := range out.Problems {
					if !strings.Contains(p, mapping.NeverThere) {
						t.Errorf("problem %q of a good record", p)
					}
				}
			}
		})
	}
}

// TestCurrencies: an amount of an unknown currency is not one of the configured.
func TestCurrencies(t *testing.T) {
	for name, c := range map[string]struct{ record, configured, want, problem string }{
		"its own":         {`{"id":1,"n":"5.0","c":"usd"}`, "EUR", "5.00 USD", ""},
		"configured":      {`{"id":1,"n":"5.0","c":""}`, "EUR", "5.00 EUR", ""},
		"unknown":         {`{"id":1,"n":"5.0","c":"Ecu"}`, "EUR", "5.00 XXX", "Payment.currency: unknown currency: 1"},
		"none":            {`{"id":1,"n":"5.0"}`, "", "5.00 XXX", "Payment.amount: amount without a currency: 1"},
		"yen with cents":  {`{"id":1,"n":"5.5","c":"JPY"}`, "", "5.50 JPY", "Payment.amount: more decimals than the currency has: 1"},
		"dinar, 3":        {`{"id":1,"n":5.125,"c":"KWD"}`, "", "5.125 KWD", ""},
		"euro, 3":         {`{"id":1,"n":5.125,"c":"EUR"}`, "", "5.125 EUR", "Payment.amount: more decimals than the currency has: 1"},
		"euro, padded":    {`{"id":1,"n":"5.12000000","c":"EUR"}`, "", "5.12 EUR", ""},
		"a float's noise": {`{"id":1,"n":5.1200000000000001,"c":"EUR"}`, "", "5.1200000000000001 EUR", "Payment.amount: more decimals than the currency has: 1"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			out := run[schema.Payment](t, mapping.Options{Entity: "Payment", Source: "s", Currency: c.configured, Fields: mapping.Fields{"id": at("id"), "amount": at("n"), "currency": at("c")}}, parse(t, "["+c.record+"]"))
			m := out.Rows[0].Amount
			if got := m.Amount.String() + " " + m.Currency; got != c.want {
				t.Errorf("got %s", got)
			}
			if c.problem != "" && !slices.Contains(out.Problems, c.problem) || c.problem == "" && slices.ContainsFunc(out.Problems, func(p string) bool { return !strings.Contains(p, mapping.NeverThere) }) {
				t.Errorf("problems %q", out.Problems)
			}
		})
	}
}

func TestManyLinesAreCut(t *testing.T) {
	o := commande()
	out := run[schema.Order](t, o, parse(t, `[{"numero":"1","lignes":[`+strings.Repeat(`{"reference":"A"},`, mapping.MaxNested)+`{"reference":"B"}]}]`))
	if n := len(out.Rows[0].Lines); n != 0 || !out.Rows[0].Faults.Has("lines") || !slices.Contains(out.Problems, "Order.lines: list cut: 1") {
		t.Errorf("%d lines, problems %q", n, out.Problems)
	}
}

// FuzzRecord maps any records: nothing panics, every row has a key, texts are
// bounded and whole, and each record is a row or counted.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		`[{"numero":"1","totalHT":"1,5","totalTVA":2,"lignes":[{"quantite":1}]}]`, `[{"id":1e400,"date":"31/02/2026"}]`, `[[],{},null,1,"x"]`,
		`[{"numero":"\u0000","etat":true,"devis":{"numero":[1]},"commentaire":"DV-1"}]`,
	} {
		f.Add([]byte(s))
	}
	plan, err := mapping.Compile[schema.Order](commande())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := mapping.Parse(body)
		if err != nil {
			return
		}
		tally := plan.Tally()
		n, lost := 0, 0
		for rec := range doc.Root().Items() {
			var row schema.Order
			n++
			if plan.Row(rec, tally, &row) != mapping.Kept {
				lost++
				continue
			}
			if row.Key == "" || row.Source != "erp" || !utf8.ValidString(row.Key) || !utf8.ValidString(row.Status) || strings.ContainsRune(row.Key, 0) {
				t.Fatalf("row %+v", row)
			}
			if !row.Date.IsZero() {
				if _, err := row.Date.MarshalJSON(); err != nil {
					t.Fatal(err)
				}
			}
		}
		counted := 0
		for _, c := range tally.Coverage() {
			for _, kind := range []string{mapping.NotARecord, mapping.NoKey, mapping.KeyTooLong} {
				counted += c.Problems[kind]
			}
		}
		if counted != lost || tally.Records() != n {
			t.Fatalf("%d of %d records were lost, %d of %d counted", lost, n, counted, tally.Records())
		}
	})
}
