package operand_test

import (
	"strconv"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/operand"
	"github.com/trama-graph/trama/datasources/rest"
	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// owed reads receivables as what is owed, whenever it is due: amount and due day
// are where the sandbox's dirt is.
func owed(c *operand.Config) {
	e := c.Entities["Payment"]
	e.Window = rest.Window{}
	e.Fields["amount"], e.Fields["date"] = rest.Field{At: []string{"amount"}}, rest.Field{At: []string{"dueDate"}}
	e.Fields["status"] = rest.Field{At: []string{"status"}, Map: map[string]string{"OPEN": "open", "PAID": "paid", "PARTIAL": "partly paid", "CANCELLED": "cancelled"}}
	c.Entities["Payment"] = e
}

// TestDirt follows every dirty record of the sandbox to where it ends: null and
// counted, or kept and counted. None is dropped for it.
func TestDirt(t *testing.T) {
	f := fake.New(w300(), fake.Options{})
	cfg := config(serve(t, f).URL, fake.DefaultToken)
	owed(&cfg)
	a := copied(t, cfg)
	mustSync(t, a)
	page, err := datasources.ReaderOf[schema.Payment](a.Source(), "Payment").List(t.Context(), datasources.Query{First: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]*schema.Payment{}
	for i := range page.Items {
		id, err := strconv.Atoi(page.Items[i].Key)
		if err != nil {
			t.Fatal(err)
		}
		rows[id] = &page.Items[i]
	}
	deleted := 0
	for _, c := range w300().AgencyClients() {
		if c.Customer == 0 {
			continue
		}
		for _, v := range w300().AgencyInvoices(c.Customer) {
			for i := range v.Receivables {
				x := &v.Receivables[i]
				if x.IsDeleted {
					deleted++
				} else if rows[x.ID] == nil {
					t.Errorf("receivable %d is missing", x.ID)
				}
			}
		}
	}
	if len(rows) != f.Count(fake.Receivables)-deleted || deleted == 0 {
		t.Errorf("%d receivables of %d, of which %d are deleted", len(rows), f.Count(fake.Receivables), deleted)
	}
	clients := map[string]datasources.CustomerRecord{}
	if err := a.Customers().IndexCustomers(t.Context(), func(list []datasources.CustomerRecord) error {
		for _, c := range list {
			clients[c.ID] = c
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	seen := map[world.AgencyDirtKind]bool{}
	for _, d := range w300().AgencyDirt() {
		seen[d.Kind] = true
		x, c := rows[d.ID], clients[strconv.Itoa(d.ID)]
		ok := false
		switch {
		case d.Kind == world.AgencyNoDocument:
			ok = c.ID != "" && c.TaxID == "" && c.Name != ""
		case x == nil:
		case d.Kind == world.AgencyAmbiguousAmount, d.Kind == world.AgencyNullAmount:
			ok = x.Amount == nil && x.CustomerKey != ""
		case d.Kind == world.AgencyThreeDecimals:
			ok = x.Amount.Amount.String() == "1234.007"
		case d.Kind == world.AgencyImpossibleDay, d.Kind == world.AgencyNoDue:
			ok = x.Date.IsZero() && x.Amount != nil
		case d.Kind == world.AgencyUnknownStatus:
			ok = x.Status == d.Text
		case d.Kind == world.AgencyMissingFields:
			ok = x.CustomerKey == "" && x.Status == "" && x.Amount != nil
		case d.Kind == world.AgencyGhostParty:
			_, known := clients[x.CustomerKey]
			ok = x.CustomerKey == strconv.Itoa(world.AgencyGhostID) && !known
		}
		if !ok {
			t.Errorf("dirt of kind %d ends as %+v %+v", d.Kind, x, c)
		}
	}
	if len(seen) != int(world.AgencyNoDocument)+1 {
		t.Errorf("%d kinds of dirt", len(seen))
	}
	want := map[[2]string]int{
		{"amount", mapping.AmbiguousDecimal}: 1, {"amount", mapping.TooExact}: 1, {"date", mapping.NoSuchDay}: 1, {"status", mapping.Undeclared}: 1,
	}
	for _, p := range a.Problems() {
		if p.Entity != "Payment" {
			continue
		}
		at := [2]string{p.Field, p.Kind}
		if p.Count != want[at] {
			t.Errorf("%s, %s: counted %d times, want %d", p.Field, p.Kind, p.Count, want[at])
		}
		delete(want, at)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}

// TestWindow leaves out what is due outside of it, and what has no due day: that is
// what a window is for, and taking it out gives everything.
func TestWindow(t *testing.T) {
	url := serve(t, fake.New(w300(), fake.Options{})).URL
	narrow := copied(t, config(url, fake.DefaultToken))
	mustSync(t, narrow)
	cfg := config(url, fake.DefaultToken)
	for _, entity := range []string{"Payment", "Payable"} {
		e := cfg.Entities[entity]
		e.Window.FromParam, e.Window.ToParam = "", ""
		cfg.Entities[entity] = e
	}
	wide := copied(t, cfg)
	mustSync(t, wide)
	if n, w := narrow.rows()["Payment"], wide.rows()["Payment"]; n >= w {
		t.Errorf("%d payments within the window, %d without one", n, w)
	}
}
