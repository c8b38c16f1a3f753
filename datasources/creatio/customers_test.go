package creatio_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
)

func index(t *testing.T, o *opened) map[string]datasources.CustomerRecord {
	t.Helper()
	x, ok := o.Source.(datasources.CustomerIndexer)
	if !ok {
		t.Fatal("not an indexer")
	}
	found := map[string]datasources.CustomerRecord{}
	if err := x.IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
		for _, c := range page {
			found[c.ID] = c
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func accounts(t *testing.T) *fake {
	f := newFake(t).lookups()
	f.columns["Account"] = append(f.columns["Account"], "Uid1C", "UsrTaxId")
	f.types["Account.Uid1C"] = "Edm.Guid"
	f.columns["AccountBillingInfo"] = append(f.columns["AccountBillingInfo"], "INN", "IntegrationCode")
	f.add("Country", row{"Id": id("c", 11), "Name": "Молдова"}, row{"Id": id("c", 12), "Name": "Romania"}, row{"Id": id("c", 13), "Name": "Atlantis"})
	f.add("City", row{"Id": id("c", 21), "Name": "Chișinău"})
	f.add("CommunicationType", row{"Id": id("c", 31), "Name": "Email"}, row{"Id": id("c", 32), "Name": "Primary phone"})
	for i := 1; i <= 7; i++ {
		f.add("Account", row{
			"Id": id("b", i), "CreatedOn": stamp(0), "ModifiedOn": stamp(1), "Name": fmt.Sprintf("Client %d SRL", i), "Code": fmt.Sprint("C", i),
			"Phone": "+373 22", "Web": "client.md", "Address": "str. 1", "Zip": "MD-2001", "CityId": id("c", 21), "CountryId": id("c", 11),
			"AlternativeName": "", "Uid1C": strings.ToUpper(id("e", i)), "UsrTaxId": "",
		})
	}
	f.tables["Account"][1]["Uid1C"], f.tables["Account"][1]["CountryId"] = zero, zero
	f.tables["Account"][2]["CountryId"] = id("c", 13)
	bill := func(n, account int, inn, unit string) {
		f.add("AccountBillingInfo", row{"Id": id("f", n), "CreatedOn": stamp(0), "ModifiedOn": stamp(2), "AccountId": id("b", account), "INN": inn, "LegalUnit": unit, "CountryId": id("c", 12), "IntegrationCode": fmt.Sprint("IC-", account)})
	}
	bill(1, 1, "1003600012344", "Client Unu S.R.L.")
	bill(2, 1, "", "")
	bill(3, 2, "111", "B")
	bill(4, 2, "222", "A")
	bill(5, 3, " 333 ", "")
	bill(6, 3, "333", "")
	mail := func(n, account int, kind, text string) {
		f.add("AccountCommunication", row{"Id": id("f", 100+n), "CreatedOn": stamp(0), "ModifiedOn": stamp(2), "AccountId": id("b", account), "CommunicationTypeId": kind, "Number": text})
	}
	mail(1, 1, id("c", 31), "zoe@client.md")
	mail(2, 1, id("c", 31), "ana@client.md")
	mail(3, 1, id("c", 32), "+37322000@x.y")
	mail(4, 2, id("c", 31), "not an address")
	return f
}

func TestIndexCustomers(t *testing.T) {
	f := accounts(t)
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 3 })
	found := index(t, o)
	if len(found) != 7 {
		t.Fatalf("got %d customers", len(found))
	}
	c := found[id("b", 1)]
	if c.TaxID != "1003600012344" || c.LegalName != "Client Unu S.R.L." || c.Email != "ana@client.md" || c.Country != "MD" || c.City != "Chișinău" ||
		c.Code != "C1" || !maps.Equal(c.ForeignIDs, map[string]string{"onec": id("e", 1)}) || c.ModifiedAt.IsZero() || c.PostalCode != "MD-2001" || c.IsPerson || c.Deleted {
		t.Errorf("got %+v", c)
	}
	// Two billing details with two numbers: a guess could join two companies.
	if c = found[id("b", 2)]; c.TaxID != "" || c.LegalName != "A" || c.ForeignIDs != nil || c.Country != "RO" || c.Email != "" {
		t.Errorf("got %+v", c)
	}
	if c = found[id("b", 3)]; c.TaxID != "333" || c.Country != "RO" {
		t.Errorf("got %+v", c)
	}
	for _, a := range f.addresses() {
		if strings.Contains(a, "SearchNumber") {
			t.Errorf("a column nobody needs is read: %s", a)
		}
	}
}

func TestIndexCallsDoNotGrowWithAccounts(t *testing.T) {
	f := accounts(t)
	o := f.open(nil)
	index(t, o)
	wantCalls(t, f, "GET Account", "GET AccountBillingInfo", "GET AccountCommunication", "GET CommunicationType", "GET City", "GET Country")
}

func TestIndexConfiguredColumns(t *testing.T) {
	f := accounts(t)
	f.tables["Account"][0]["UsrTaxId"] = "42"
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) {
		c.TaxID = "UsrTaxId"
		c.ForeignIDs = map[string]string{"AccountBillingInfo.IntegrationCode": "erp", "UsrMissing": "x"}
		c.Countries = map[string]string{"Atlantis": "GR"}
	})
	found := index(t, o)
	if c := found[id("b", 1)]; c.TaxID != "42" || !maps.Equal(c.ForeignIDs, map[string]string{"erp": "IC-1"}) {
		t.Errorf("got %+v", c)
	}
	if c := found[id("b", 3)]; c.Country != "GR" {
		t.Errorf("got %+v", c)
	}
}

func TestIndexOfABareSite(t *testing.T) {
	f := accounts(t)
	f.columns["Account"] = []string{"Id", "Name"}
	delete(f.columns, "AccountBillingInfo")
	delete(f.columns, "AccountCommunication")
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 2 })
	if found := index(t, o); len(found) != 7 || found[id("b", 4)].Name != "Client 4 SRL" || found[id("b", 4)].ForeignIDs != nil {
		t.Errorf("got %+v", found)
	}
	f.pageSize = 1
	if found := index(t, o); len(found) != 7 {
		t.Errorf("got %d by next links", len(found))
	}
}

func TestIndexEndsWithItsCallersError(t *testing.T) {
	f := accounts(t)
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 2 })
	stop := errors.New("enough")
	calls := 0
	err := o.Source.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("got %v after %d pages", err, calls)
	}
}

func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fake)
		config func(*creatio.Config)
		want   []string
		level  datasources.Level // the worst
	}{
		"all": {want: []string{"ok, by forms", "found at /0/odata", "AccountBillingInfo.INN", "Uid1C holds the id in onec", "$batch ok", "Account shows 7 rows"}, level: datasources.Warn},
		"no batch, no tax id": {
			change: func(f *fake) {
				f.noBatch = true
				f.columns["AccountBillingInfo"] = []string{"Id", "AccountId"}
				f.columns["Account"] = []string{"Id", "Name"}
			},
			want: []string{"$batch absent", "set tax_id"}, level: datasources.Warn,
		},
		"cut off":        {change: func(f *fake) { f.maxRows = 3 }, want: []string{"gives 3 rows at once of the 7 asked for: lower page_size"}, level: datasources.Fail},
		"wrong tax path": {config: func(c *creatio.Config) { c.TaxID = "UsrNo" }, want: []string{"the site has no UsrNo"}, level: datasources.Warn},
		"no currency":    {config: func(c *creatio.Config) { c.BaseCurrency = "" }, want: []string{"amounts stay empty"}, level: datasources.Warn},
		"cases":          {config: func(c *creatio.Config) { c.Cases = true }, want: []string{"Case shows no rows"}, level: datasources.Warn},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := accounts(t)
			if c.change != nil {
				c.change(f)
			}
			o := f.open(func(cfg *creatio.Config, _ *creatio.Deps) {
				if c.config != nil {
					c.config(cfg)
				}
			})
			found, err := o.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			worst := datasources.OK
			for _, x := range found {
				lines = append(lines, x.Subject+" "+x.Result)
				if x.Level == datasources.Fail || worst == datasources.OK {
					worst = x.Level
				}
			}
			text := strings.Join(lines, "\n")
			for _, part := range c.want {
				if !strings.Contains(text, part) {
					t.Errorf("missing %q in:\n%s", part, text)
				}
			}
			if worst != c.level {
				t.Errorf("got worst level %s, want %s:\n%s", worst, c.level, text)
			}
			if s := o.Status(); s.State != "up" || s.Calls == 0 {
				t.Errorf("got status %+v", s)
			}
		})
	}
}

func TestTicketsOnlyWhenConfigured(t *testing.T) {
	f := newFake(t)
	if o := f.open(nil); o.Reader("Ticket") != nil || o.Reader("Payment") != nil {
		t.Error("there is a reader nobody asked for")
	}
	if n := f.loginCount(); n != 0 {
		t.Errorf("Open made %d logins", n)
	}
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.Cases = true })
	d := o.Describe()
	if d.Entity("Ticket") == nil || d.Kind != "creatio" || !slices.ContainsFunc(d.Entities, func(e datasources.Entity) bool { return e.Name == "Quote" && e.Upstream == "Opportunity" }) {
		t.Errorf("got %+v", d)
	}
	for _, e := range d.Entities {
		for _, r := range e.Relations {
			if r.Batch < 15 || r.Batch > 30 {
				t.Errorf("%s.%s: batch %d", e.Name, r.Relation, r.Batch)
			}
		}
	}
}
