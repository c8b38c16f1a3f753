package creatio_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/schema"
)

func TestLookupsAreRefreshedSlowly(t *testing.T) {
	f := world(t, 2)
	var mu sync.Mutex
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	broken := false
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if broken && r.URL.Path == "/0/odata/OrderStatus" {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	}
	o := f.open(func(c *creatio.Config, d *creatio.Deps) {
		c.LookupRefresh = time.Hour
		d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	o.warm(f)
	at := func(later time.Duration, isBroken bool, want string, reads int) {
		t.Helper()
		mu.Lock()
		now, broken = now.Add(later), isBroken
		mu.Unlock()
		rows, err := orders(t, o).ByKeys(t.Context(), []string{id("a", 1)}, usual)
		if err != nil {
			t.Fatal(err)
		}
		if got := rows.Items[0].Status; got != want {
			t.Errorf("got status %q, want %q", got, want)
		}
		calls := f.took()
		if n := len(slices.DeleteFunc(calls, func(c string) bool { return c != "GET OrderStatus" })); n != reads {
			t.Errorf("got %d reads of the table, want %d", n, reads)
		}
	}
	at(2*time.Minute, false, "New", 0)
	f.mu.Lock()
	f.tables["Order"][0]["StatusId"] = id("d", 77)
	f.mu.Unlock()
	at(0, false, "", 1) // not there: looked for again
	at(30*time.Second, false, "", 0)
	at(time.Minute, false, "", 1)
	f.add("OrderStatus", row{"Id": id("d", 77), "Name": "Brand new"})
	at(30*time.Second, false, "", 0)
	at(time.Minute, false, "Brand new", 1)
	at(59*time.Minute, false, "Brand new", 0)
	at(2*time.Minute, true, "Brand new", 0) // old, but it cannot be read now
	at(2*time.Minute, false, "Brand new", 1)
	// A filter by a text nobody knows looks once more as well.
	f.add("OrderStatus", row{"Id": id("d", 78), "Name": "Newest"})
	f.add("Order", func() row { r := order(9, id("b", 1)); r["StatusId"] = id("d", 78); return r }())
	mu.Lock()
	now = now.Add(2 * time.Minute)
	mu.Unlock()
	rows, err := orders(t, o).List(t.Context(), datasources.Query{Fields: usual, First: 5, Where: schema.Compare("status", schema.Eq, schema.String("Newest"))})
	if err != nil || len(rows.Items) != 1 {
		t.Errorf("got %d rows, %v", len(rows.Items), err)
	}
}

func TestRefusedLookupLeavesTextsAbsent(t *testing.T) {
	f := world(t, 2)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/0/odata/OrderStatus" {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	}
	o := f.open(nil)
	rows, err := orders(t, o).ByKeys(t.Context(), []string{id("a", 1)}, usual)
	if err != nil || rows.Items[0].Status != "" || rows.Items[0].Total == nil {
		t.Errorf("got %+v, %v", rows.Items, err)
	}
}

func TestOtherEntities(t *testing.T) {
	f := newFake(t).lookups()
	for i := range 6 {
		f.add("Contact", row{"Id": id("a", i), "CreatedOn": stamp(i), "ModifiedOn": stamp(i), "AccountId": id("b", i%2), "Name": "Ana Pop", "GivenName": "Ana", "Email": "ana@x.md"})
		f.add("Opportunity", row{"Id": id("a", i), "CreatedOn": stamp(i), "ModifiedOn": stamp(i), "AccountId": id("b", i%2), "Title": "Deal", "StageId": fresh, "Amount": num("10")})
		f.add("Product", row{"Id": id("a", i), "CreatedOn": stamp(i), "ModifiedOn": stamp(i), "Code": "P" + stamp(i), "Name": "Cable", "Active": i%2 == 0, "IsArchive": i > 3, "CategoryId": id("d", 7), "Price": num("1.5"), "CurrencyId": usd})
		f.add("Case", row{"Id": id("a", i), "CreatedOn": stamp(i), "ModifiedOn": stamp(i), "AccountId": id("b", i%2), "Number": "SR1", "Subject": "Help", "StatusId": fresh, "PriorityId": fresh})
	}
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.Cases = true })
	q := datasources.Query{First: 10, Order: byUpdate, Total: true}

	contacts, err := readerOf[schema.Contact](t, o, "Contact").ByParent(t.Context(), "customer", []string{id("b", 1)}, q)
	if err != nil || len(contacts.Items) != 3 || contacts.Items[0].FirstName != "Ana" {
		t.Errorf("got %+v, %v", contacts.Items, err)
	}
	quotes, err := readerOf[schema.Quote](t, o, "Quote").ByParent(t.Context(), "number", []string{"Deal"}, q)
	if err != nil || len(quotes.Items) != 6 || quotes.Items[0].Status != "Proposal" || quotes.Items[0].Total.Currency != "MDL" {
		t.Errorf("got %+v, %v", quotes.Items, err)
	}
	for currency, want := range map[string]int{"MDL": 6, "EUR": 0} {
		q := q
		q.Where = schema.Compare("currency", schema.Eq, schema.String(currency))
		if quotes, err = readerOf[schema.Quote](t, o, "Quote").List(t.Context(), q); err != nil || len(quotes.Items) != want {
			t.Errorf("%s: got %d, %v", currency, len(quotes.Items), err)
		}
	}
	products := readerOf[schema.Product](t, o, "Product")
	for active, want := range map[bool][]string{true: {id("a", 0), id("a", 2)}, false: {id("a", 1), id("a", 3), id("a", 4), id("a", 5)}} {
		q := q
		q.Where = schema.Compare("active", schema.Eq, schema.Bool(active))
		rows, err := products.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		wantKeys(t, keysIn[schema.Product](rows.Items), want)
		if rows.Totals[0] != len(want) {
			t.Errorf("got total %d", rows.Totals[0])
		}
	}
	bySKU, err := products.ByParent(t.Context(), "number", []string{"P" + stamp(3)}, datasources.Query{Fields: datasources.NewFields("category"), First: 1})
	if err != nil || len(bySKU.Items) != 1 || bySKU.Items[0].Category != "Cables" {
		t.Errorf("got %+v, %v", bySKU.Items, err)
	}
	tickets, err := readerOf[schema.Ticket](t, o, "Ticket").List(t.Context(), datasources.Query{First: 2, Where: schema.Compare("stateType", schema.In, schema.String("UNKNOWN"), schema.String("OPEN"))})
	if err != nil || len(tickets.Items) != 2 || tickets.Items[0].Priority != "High" || tickets.Items[0].Key != id("a", 5) {
		t.Errorf("got %+v, %v", tickets.Items, err)
	}
	none, err := readerOf[schema.Ticket](t, o, "Ticket").List(t.Context(), datasources.Query{First: 2, Where: schema.Compare("stateType", schema.Eq, schema.String("OPEN"))})
	if err != nil || len(none.Items) != 0 {
		t.Errorf("got %+v, %v", none.Items, err)
	}
}
