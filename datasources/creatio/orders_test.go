package creatio_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// world has 5 accounts with n orders together, dealt out in turn.
func world(t *testing.T, n int) *fake {
	f := newFake(t).lookups()
	for i := 1; i <= n; i++ {
		f.add("Order", order(i, id("b", i%5)))
	}
	return f
}

func TestByKeysBatchesChains(t *testing.T) {
	f := world(t, 100)
	o := f.open(nil)
	o.warm(f)
	keys := []string{"no-guid", id("f", 404), zero}
	for i := 1; i <= 100; i++ {
		keys = append(keys, id("a", i))
	}
	rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, sortedCopy(keysIn[schema.Order](rows.Items)), keys[3:])
	wantCalls(t, f, "POST $batch")
	if x := rows.Items[0]; x.Source != "crm" || x.Status != "New" || x.Total.Currency != "MDL" || x.CustomerKey == "" || x.Notes != "" {
		t.Errorf("got %+v", x)
	}
}

func TestManyKeysTakeManyBatches(t *testing.T) {
	f := world(t, 10)
	o := f.open(nil)
	o.warm(f)
	var keys []string
	for i := range 3100 {
		keys = append(keys, id("a", i))
	}
	rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
	if err != nil || len(rows.Items) != 10 {
		t.Fatalf("got %d rows, %v", len(rows.Items), err)
	}
	wantCalls(t, f, "POST $batch", "POST $batch")
}

func TestBouncedPartBouncesTheBatch(t *testing.T) {
	f := world(t, 60)
	o := f.open(nil)
	o.warm(f)
	var once sync.Once
	f.partHook = func(string) (status int, body string, ok bool) {
		once.Do(func() { status, body, ok = 401, "null", true })
		return status, body, ok
	}
	var keys []string
	for i := range 60 {
		keys = append(keys, id("a", i+1))
	}
	rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
	if err != nil || len(rows.Items) != 60 || f.loginCount() != 2 {
		t.Errorf("got %d rows after %d logins, %v", len(rows.Items), f.loginCount(), err)
	}
}

func TestOneChainIsOneGet(t *testing.T) {
	f := world(t, 30)
	o := f.open(nil)
	o.warm(f)
	var keys []string
	for i := 1; i <= 30; i++ {
		keys = append(keys, id("a", i))
	}
	rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
	if err != nil || len(rows.Items) != 30 {
		t.Fatalf("got %d rows, %v", len(rows.Items), err)
	}
	wantCalls(t, f, "GET Order")
}

func TestWithoutBatchFallsBackAndRemembers(t *testing.T) {
	f := world(t, 100)
	f.noBatch = true
	o := f.open(nil)
	o.warm(f)
	var keys []string
	for i := 1; i <= 100; i++ {
		keys = append(keys, id("a", i))
	}
	for range 2 {
		rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
		if err != nil || len(rows.Items) != 100 {
			t.Fatalf("got %d rows, %v", len(rows.Items), err)
		}
	}
	calls := f.took()
	if n := len(slices.DeleteFunc(slices.Clone(calls), func(c string) bool { return c != "POST $batch" })); n != 1 || len(calls) != 9 {
		t.Errorf("got calls %v, want one $batch and twice four chains", calls)
	}
}

func TestByParent(t *testing.T) {
	f := world(t, 100)
	f.oneByOne = true
	o := f.open(nil)
	o.warm(f)
	parents := []string{id("b", 3), id("f", 1), "not a guid", id("b", 1)}
	for i := range 60 {
		parents = append(parents, id("e", i)) // no orders, several chains
	}
	q := datasources.Query{Fields: usual, First: 3, Order: schema.Sort{Column: "date", Desc: true}, Total: true}
	rows, err := orders(t, o).ByParent(t.Context(), "customer", parents, q)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, keysIn[schema.Order](rows.Parent(0)), []string{id("a", 98), id("a", 93), id("a", 88)})
	wantKeys(t, keysIn[schema.Order](rows.Parent(3)), []string{id("a", 96), id("a", 91), id("a", 86)})
	if len(rows.Offsets) != len(parents)+1 || !rows.More[0] || rows.Totals[0] != 20 || len(rows.Parent(1)) != 0 || len(rows.Parent(2)) != 0 {
		t.Errorf("got offsets %v more %v totals %v", rows.Offsets, rows.More, rows.Totals)
	}
	wantCalls(t, f, "POST $batch")
}

func TestByParentByNumberAndQuote(t *testing.T) {
	f := world(t, 10)
	quoted := order(50, id("b", 1))
	quoted["Number"], quoted["OpportunityId"] = "O'Neil & Co #1", id("e", 7)
	f.add("Order", quoted)
	o := f.open(nil)
	o.warm(f)
	r := orders(t, o)
	// The fake compares texts without regard to case, as databases do: ord-3 is
	// found there and is not what was asked for.
	rows, err := r.ByParent(t.Context(), "number", []string{"ORD-2", "ord-3", "O'Neil & Co #1"}, datasources.Query{Fields: usual, First: 5})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, keysIn[schema.Order](rows.Items), []string{id("a", 2), id("a", 50)})
	rows, err = r.ByParent(t.Context(), "quote", []string{id("e", 7)}, datasources.Query{Fields: usual, First: 5})
	if err != nil || len(rows.Items) != 1 || rows.Items[0].QuoteKey != id("e", 7) {
		t.Fatalf("got %+v, %v", rows.Items, err)
	}
	_, err = r.ByParent(t.Context(), "ticket", []string{"1"}, datasources.Query{First: 5})
	wantCode(t, err, schema.UnsupportedFilter)
}

func TestLinkRules(t *testing.T) {
	f := newFake(t).lookups()
	f.columns["Invoice"] = append(f.columns["Invoice"], "UsrOrderNo", "UsrOld")
	for i, no := range []string{"ORD-1", " ORD-2", "", "ORD-1"} {
		f.add("Invoice", row{
			"Id": id("e", i), "CreatedOn": stamp(i), "ModifiedOn": stamp(i), "StartDate": stamp(i), "Number": fmt.Sprint("I", i), "AccountId": id("b", 1),
			"UsrOrderNo": no, "UsrOld": "X", "CurrencyId": mdl, "Amount": num("5"), "OrderId": id("a", i), "PaymentStatusId": paid,
		})
	}
	o := f.open(func(_ *creatio.Config, d *creatio.Deps) {
		d.Links = map[string]datasources.LinkRules{"Invoice.order": {{Field: "UsrOrderNo"}, {Field: "UsrOld"}, {Field: "UsrMissing"}}}
	})
	r := readerOf[schema.Invoice](t, o, "Invoice")
	rows, err := r.ByParent(t.Context(), "orderNumber", []string{"ORD-1"}, datasources.Query{Fields: datasources.NewFields("order"), First: 5, Order: byUpdate})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, keysIn[schema.Invoice](rows.Items), []string{id("e", 0), id("e", 3)})
	if x := rows.Items[0]; !slices.Equal(x.OrderNumbers, []string{"ORD-1", "X"}) || x.OrderKey != id("a", 0) || x.Kind != schema.InvoiceBill {
		t.Errorf("got %+v", x)
	}
	d := o.Describe()
	if a := d.Entity("Invoice").Relation("orderNumber"); a == nil || a.Upstream != "UsrOrderNo, UsrOld, UsrMissing" {
		t.Errorf("got ability %+v", a)
	}
	f.took()
	if _, err := r.List(t.Context(), datasources.Query{Fields: datasources.NewFields("number"), First: 5}); err != nil {
		t.Fatal(err)
	}
	for _, a := range f.addresses() {
		if strings.Contains(a, "UsrOrderNo") {
			t.Errorf("the link's columns are read although nobody asked: %s", a)
		}
	}
}

func TestLinesOnlyWhenAsked(t *testing.T) {
	f := world(t, 40)
	f.add("Product", row{"Id": id("e", 1), "Code": "SKU-1", "Name": "Cable"})
	for i := 1; i <= 40; i++ {
		f.add("OrderProduct",
			row{"Id": id("e", 2*i), "CreatedOn": stamp(2), "OrderId": id("a", i), "ProductId": id("e", 1), "Name": "Cable", "Quantity": num("2.000"), "UnitId": id("d", 8), "Price": num("50.00"), "DiscountPercent": num("5"), "TaxId": id("d", 9), "TaxAmount": num("19"), "TotalAmount": num("114.00")},
			row{"Id": id("e", 2*i+1), "CreatedOn": stamp(1), "OrderId": id("a", i), "ProductId": zero, "CustomProduct": "Work"})
	}
	o := f.open(nil)
	o.warm(f)
	q := datasources.Query{Fields: datasources.NewFields("lines", "number"), First: 40, Order: byUpdate}
	rows, err := orders(t, o).List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "GET Order", "POST $batch", "GET Unit", "GET Tax")
	lines := rows.Items[7].Lines
	if len(lines) != 2 || lines[0].Name != "Work" || lines[0].SKU != "" || *lines[1].Position != 2 {
		t.Fatalf("got lines %+v", lines)
	}
	l := lines[1]
	if l.SKU != "SKU-1" || l.Unit != "pcs" || l.UnitPrice.Amount.String() != "50.00" || l.UnitPrice.Currency != "MDL" || l.TaxRate.String() != "20" || l.Quantity.String() != "2" || l.Total.Amount.String() != "114.00" {
		t.Errorf("got line %+v", l)
	}
	q.Fields = usual
	if rows, err = orders(t, o).List(t.Context(), q); err != nil || rows.Items[0].Lines != nil {
		t.Fatalf("got %v, %v", rows.Items, err)
	}
	wantCalls(t, f, "GET Order")
}

func TestListPagesWithCursor(t *testing.T) {
	f := newFake(t).lookups()
	var want []string
	for i := 1; i <= 57; i++ {
		r := order(i, id("b", 1))
		r["ModifiedOn"] = stamp(i / 10) // ties
		f.add("Order", r)
		want = append(want, id("a", i))
	}
	for _, desc := range []bool{false, true} {
		for _, links := range []int{0, 4} {
			f.pageSize = links
			o := f.open(nil)
			q := datasources.Query{Fields: usual, First: 7, Order: schema.Sort{Column: "updatedAt", Desc: desc}, Total: true}
			var got []string
			for {
				rows, err := orders(t, o).List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if rows.Totals[0] != 57 {
					t.Errorf("got total %d", rows.Totals[0])
				}
				keys := keysIn[schema.Order](rows.Items)
				got = append(got, keys...)
				if !rows.More[0] {
					break
				}
				last := &rows.Items[len(keys)-1]
				q.After = &datasources.After{Value: last.Column("updatedAt"), ID: last.Key}
			}
			wantKeys(t, sortedCopy(got), sortedCopy(want))
		}
	}
}

func TestDescendingListKeepsRowsWithoutADate(t *testing.T) {
	f := newFake(t).lookups()
	for i := 1; i <= 6; i++ {
		r := order(i, id("b", 1))
		if i > 4 {
			r["Date"] = nil
		}
		f.add("Order", r)
	}
	o := f.open(nil)
	q := datasources.Query{Fields: usual, First: 2}
	var got []string
	for {
		rows, err := orders(t, o).List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, keysIn[schema.Order](rows.Items)...)
		if !rows.More[0] {
			break
		}
		last := &rows.Items[len(rows.Items)-1]
		q.After = &datasources.After{Value: last.Column("date"), ID: last.Key}
	}
	wantKeys(t, got, []string{id("a", 4), id("a", 3), id("a", 2), id("a", 1), id("a", 5), id("a", 6)})
}

func dec(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }

func TestFilters(t *testing.T) {
	f := world(t, 30)
	for i := range 4 {
		r := order(40+i, id("b", 9))
		r["StatusId"], r["CurrencyId"] = done, usd
		f.add("Order", r)
	}
	str := schema.String
	all := f.open(nil)
	everyone, err := orders(t, all).List(t.Context(), datasources.Query{First: 1000})
	if err != nil {
		t.Fatal(err)
	}
	many := make([]schema.Value, 200)
	for i := range many {
		many[i] = str(id("b", i))
	}
	cases := map[string]struct {
		where schema.Predicate
		pages string // in the address, "" = whatever
	}{
		"id":         {schema.Compare("id", schema.In, str(id("a", 3)), str("rubbish"), str(id("a", 4))), "(Id eq " + id("a", 3) + " or Id eq "},
		"number":     {schema.Compare("number", schema.Eq, str("ORD-7")), "Number eq 'ORD-7'"},
		"prefix":     {schema.Compare("number", schema.Prefix, str("ord-4")), "startswith(tolower(Number),'ord-4')"},
		"contains":   {schema.Compare("number", schema.Contains, str("D-2")), "contains(tolower(Number),'d-2')"},
		"status":     {schema.Compare("status", schema.Eq, str("Done")), "Status/Id eq " + done},
		"status in":  {schema.Compare("status", schema.In, str("Done"), str("New")), "(Status/Id eq " + fresh + " or Status/Id eq " + done},
		"no status":  {schema.Compare("status", schema.Eq, str("Never")), ""},
		"not status": {schema.Negate(schema.Compare("status", schema.Eq, str("New"))), ""},
		"currency":   {schema.Compare("currency", schema.Eq, str("USD")), "Currency/Id eq " + usd},
		"total":      {schema.AllOf(schema.Compare("total", schema.Gt, dec("105.50")), schema.Compare("total", schema.Le, schema.Int(120))), "Amount gt 105.50 and Amount le 120"},
		"time":       {schema.Compare("updatedAt", schema.Ge, schema.Time(everyone.Items[3].UpdatedAt)), "ModifiedOn ge 2026-03-01T"},
		"customer":   {schema.Compare("customer", schema.In, str(id("b", 1)), str(id("b", 2))), "Account/Id eq"},
		"customers":  {schema.AllOf(schema.Compare("customer", schema.In, many...), schema.Compare("status", schema.Eq, str("New"))), ""},
		"or":         {schema.AnyOf(schema.Compare("number", schema.Eq, str("ORD-1")), schema.AllOf(schema.Compare("status", schema.Eq, str("Done")), schema.Compare("total", schema.Lt, dec("142")))), "(Number eq 'ORD-1' or (Status/Id eq"},
		"source":     {schema.Compare("source", schema.Eq, str("crm")), ""},
		"other":      {schema.Compare("source", schema.Eq, str("erp")), ""},
		"local":      {schema.Compare("quoteNumber", schema.IsNull), ""},
		"null":       {schema.Compare("date", schema.IsNull), ""},
		"not or":     {schema.AnyOf(schema.Negate(schema.Compare("number", schema.Contains, str("4"))), schema.Compare("status", schema.Eq, str("Done"))), ""},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, noText := range []bool{false, true} {
			t.Run(fmt.Sprintf("case=%s,noText=%v", name, noText), func(t *testing.T) {
				f.noText = noText
				o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 10 })
				var want []string
				for i := range everyone.Items {
					if cases[name].where.Match(&everyone.Items[i]) {
						want = append(want, everyone.Items[i].Key)
					}
				}
				f.took()
				rows, err := orders(t, o).List(t.Context(), datasources.Query{Fields: datasources.NewFields("number"), Where: cases[name].where, First: 100, Total: true})
				if err != nil {
					t.Fatal(err)
				}
				wantKeys(t, keysIn[schema.Order](rows.Items), want)
				if n := rows.Totals[0]; n != -1 && n != len(want) {
					t.Errorf("got total %d, want %d", n, len(want))
				}
				if part := cases[name].pages; part != "" && !noText && !slices.ContainsFunc(f.addresses(), func(a string) bool { return strings.Contains(a, part) }) {
					t.Errorf("%q was not asked: %v", part, f.addresses())
				}
				byParent, err := orders(t, o).ByParent(t.Context(), "customer", []string{id("b", 1), id("b", 9)}, datasources.Query{Fields: usual, Where: cases[name].where, First: 100})
				if err != nil {
					t.Fatal(err)
				}
				for i := range byParent.Items {
					if !slices.Contains(want, byParent.Items[i].Key) {
						t.Errorf("a child that does not match: %s", byParent.Items[i].Number)
					}
				}
			})
		}
	}
}

func TestFilterBeyondTheBound(t *testing.T) {
	f := newFake(t).lookups()
	for i := 1; i <= 20500; i++ {
		f.add("Order", order(i, id("b", 1)))
	}
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 10000 })
	where := schema.Negate(schema.Compare("number", schema.Prefix, schema.String("ORD")))
	_, err := orders(t, o).List(t.Context(), datasources.Query{Fields: usual, Where: where, First: 10})
	wantCode(t, err, schema.UnsupportedFilter)
	// A parent with more rows than one reply takes is paged by itself.
	f.took()
	rows, err := orders(t, o).ByParent(t.Context(), "customer", []string{id("b", 1), id("b", 2)}, datasources.Query{Fields: usual, First: 3, Order: byUpdate, Total: true})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, keysIn[schema.Order](rows.Items), []string{id("a", 1), id("a", 2), id("a", 3)})
	if rows.Totals[0] != 20500 || !rows.More[0] {
		t.Errorf("got totals %v more %v", rows.Totals, rows.More)
	}
}

func TestMissingColumnsAndTables(t *testing.T) {
	f := world(t, 5)
	f.columns["Order"] = slices.DeleteFunc(f.columns["Order"], func(c string) bool {
		return c == "StatusId" || c == "OpportunityId" || c == "Notes" || c == "CurrencyId"
	})
	delete(f.columns, "Invoice")
	o := f.open(nil)
	rows, err := orders(t, o).List(t.Context(), datasources.Query{First: 10, Where: schema.Compare("status", schema.IsNull)})
	if err != nil || len(rows.Items) != 5 || rows.Items[0].Status != "" || rows.Items[0].Total.Currency != "MDL" {
		t.Fatalf("got %d rows, %v", len(rows.Items), err)
	}
	if rows, err = orders(t, o).List(t.Context(), datasources.Query{First: 10, Where: schema.Compare("status", schema.Eq, schema.String("New"))}); err != nil || len(rows.Items) != 0 {
		t.Fatalf("got %d rows, %v", len(rows.Items), err)
	}
	_, err = orders(t, o).ByParent(t.Context(), "quote", []string{id("e", 1)}, datasources.Query{First: 10})
	wantCode(t, err, schema.NotEnabled)
	_, err = readerOf[schema.Invoice](t, o, "Invoice").List(t.Context(), datasources.Query{First: 10})
	wantCode(t, err, schema.NotEnabled)
	found, err := o.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(found)
	for _, part := range []string{"CurrencyId, Notes, OpportunityId, StatusId", "no table Invoice", "shows 5 rows", "amounts are in MDL"} {
		if !strings.Contains(text, part) {
			t.Errorf("the probe does not say %q: %s", part, text)
		}
	}
}

func TestOnePartOfABatchFails(t *testing.T) {
	for name, reply := range map[string]struct {
		status int
		body   string
		code   schema.Code
	}{
		"refused":     {400, oops("secret customer name"), schema.SourceInvalid},
		"unavailable": {500, oops("deadlock"), schema.SourceUnavailable},
		"garbage":     {200, `{"value":7}`, schema.SourceInvalid},
		"foreign row": {200, `{"value":[{"Id":"` + id("f", 666) + `"}]}`, schema.SourceInvalid},
		"html":        {200, `"<!DOCTYPE html><html></html>"`, schema.SourceInvalid},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := world(t, 60)
			f.partHook = func(u string) (int, string, bool) { return reply.status, reply.body, strings.Contains(u, id("a", 1)) }
			o := f.open(nil)
			o.warm(f)
			var keys []string
			for i := 1; i <= 60; i++ {
				keys = append(keys, id("a", i))
			}
			rows, err := orders(t, o).ByKeys(t.Context(), keys, usual)
			var some *datasources.BatchError
			if !errors.As(err, &some) {
				t.Fatalf("got %v, want a batch error", err)
			}
			wantCode(t, some.ByKey[id("a", 1)], reply.code)
			if len(rows.Items)+len(some.ByKey) != 60 || len(rows.Items) < 30 {
				t.Errorf("got %d rows and %d errors", len(rows.Items), len(some.ByKey))
			}
			if strings.Contains(some.ByKey[id("a", 1)].Error(), "secret") {
				t.Error("the message holds upstream text")
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if !slices.ContainsFunc(o.seen, func(x wire.Observation) bool { return x.Name == "$batch part" }) {
				t.Error("the part was not counted")
			}
		})
	}
}
