package odata_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

var chisinau = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		panic(err)
	}
	return zone
}()

// newShop is a shop of some dozen orders, with what makes trouble: quotes in
// texts, absent values, equal dates, times between milliseconds.
func newShop(t *testing.T, version int) *fake {
	t.Helper()
	moment := "Edm.DateTimeOffset"
	if version < 4 {
		moment = "Edm.DateTime"
	}
	partners := &fakeSet{typ: "Partner", key: []string{"ID"}, props: []fakeProp{
		{"ID", "Edm.Int32", true}, {"Name", "Edm.String", false}, {"VAT", "Edm.String", false}, {"Mail", "Edm.String", false},
	}}
	for i := range 7 {
		partners.rows = append(partners.rows, row{"ID": i + 1, "Name": fmt.Sprintf("Partner %d S.R.L.", i+1), "VAT": fmt.Sprintf("10036000%05d", i), "Mail": nil})
	}
	products := &fakeSet{typ: "Product", key: []string{"SKU"}, props: []fakeProp{
		{"SKU", "Edm.String", true}, {"Name", "Edm.String", false}, {"Price", "Edm.Decimal", false}, {"Blocked", "Edm.Boolean", false}, {"Stock", "Edm.Int64", false},
	}}
	for i := range 12 {
		products.rows = append(products.rows, row{
			"SKU": fmt.Sprintf("P-%02d'%d", i, i), "Name": fmt.Sprintf("Thing %d", i), "Price": decimal.MustNew(int64(1000+i), 2),
			"Blocked": i%3 == 0, "Stock": i * 1_000_000_000_000,
		})
	}
	items := &fakeSet{typ: "Item", key: []string{"ItemID"}, props: []fakeProp{
		{"ItemID", "Edm.Int32", true}, {"Qty", "Edm.Decimal", false}, {"Price", "Edm.Decimal", false},
	}, navs: []fakeNav{{"Product", "Products", false}}}
	orders := &fakeSet{typ: "Order", key: []string{"OrderID"}, props: []fakeProp{
		{"OrderID", "Edm.Guid", true},
		{"OrderNo", "Edm.String", false},
		{"PartnerID", "Edm.Int32", false},
		{"Created", moment, false},
		{"Amount", "Edm.Decimal", false},
		{"Curr", "Edm.String", false},
		{"State", "Edm.String", false},
		{"Remark", "Edm.String", false},
		{"Gone", "Edm.Boolean", false},
	}, navs: []fakeNav{{"Partner", "Partners", false}, {"Items", "Items", true}}}
	base := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for i := range 60 {
		r := row{
			"OrderID": uid(fmt.Sprintf("%08x-0000-4000-8000-%012x", (i*7919)%1000, i)), "OrderNo": fmt.Sprintf("SO'%03d", i), "PartnerID": i%7 + 1,
			"Created": base.Add(time.Duration(i/4) * 26 * time.Hour), "Amount": decimal.MustNew(int64(i*1250+99), 2), "Curr": "EUR",
			"State": []string{"O", "S", "X"}[i%3], "Remark": fmt.Sprintf("Grüße %d", i%5), "Gone": false,
		}
		if i%11 == 5 {
			r["Created"] = nil
		}
		if i%13 == 4 {
			r["Created"] = base.Add(123456700 * time.Nanosecond)
		}
		if i%17 == 3 {
			r["PartnerID"], r["Remark"], r["Amount"] = nil, nil, nil
		}
		if r["PartnerID"] != nil {
			r["Partner"] = partners.rows[i%7]
		}
		lines := []row{}
		for j := range i % 4 {
			line := row{"ItemID": i*10 + j, "Qty": decimal.MustNew(int64(j+1), 0), "Price": decimal.MustNew(int64(j*100+50), 2), "Product": products.rows[(i+j)%12]}
			items.rows = append(items.rows, line)
			lines = append(lines, line)
		}
		r["Items"] = lines
		orders.rows = append(orders.rows, r)
	}
	orders.rows = append(orders.rows, row{"OrderID": uid("ffffffff-0000-4000-8000-000000000000"), "OrderNo": "SO-GONE", "PartnerID": 1, "Gone": true, "Created": base, "Items": []row{}})
	invoices := &fakeSet{typ: "Invoice", key: []string{"Company", "No"}, props: []fakeProp{
		{"Company", "Edm.String", true},
		{"No", "Edm.Int64", true},
		{"PartnerID", "Edm.Int32", false},
		{"Ref", "Edm.String", false},
		{"Day", map[bool]string{true: "Edm.Date", false: "Edm.DateTime"}[version >= 4], true},
		{"Total", "Edm.Decimal", true},
	}}
	for i := range 25 {
		invoices.rows = append(invoices.rows, row{
			"Company": []string{"A,B", `C\D`}[i%2], "No": 9_000_000_000 + i, "PartnerID": i%7 + 1, "Ref": fmt.Sprintf("SO'%03d", i%20),
			"Day": time.Date(2026, 4, 1+i/3, 0, 0, 0, 0, chisinau), "Total": decimal.MustNew(int64(i*1000+1), 2),
		})
	}
	f := newFake(t, version, map[string]*fakeSet{"Partners": partners, "Products": products, "Items": items, "SalesOrders": orders, "Invoices": invoices})
	f.zone = chisinau
	return f
}

func at1(paths ...string) mapping.Field { return mapping.Field{At: paths} }

// shopConfig plugs the shop in.
func shopConfig(f *fake) odata.Config {
	c := odata.DefaultConfig()
	c.Name, c.URL, c.Zone, c.Currency, c.Country = "shop", f.root(), "Europe/Chisinau", "MDL", "md"
	c.Auth.Kind, c.Auth.User, c.Auth.Password = "basic", "svc", "hunter2-secret"
	c.Entities = map[string]odata.Entity{
		"Order": {Set: "SalesOrders", Fields: mapping.Fields{
			"number": at1("OrderNo"), "customer": at1("Client", "PartnerID"), "date": at1("Created"), "createdAt": at1("Created"), "total": at1("Amount"), "currency": at1("Curr"),
			"status": {At: []string{"State"}, Map: map[string]string{"O": "open", "S": "shipped", "X": "X"}}, "notes": at1("Remark"),
			"customerReference": at1("Partner/Name"), "dueDate": at1("NoSuch", "Partner/NoSuch"), "deleted": at1("Gone"),
			"lines": {At: []string{"Items"}, Fields: mapping.Fields{"sku": at1("Product/SKU"), "name": at1("Product/Name"), "quantity": at1("Qty"), "unitPrice": at1("Price")}},
		}},
		"Invoice": {Set: "Invoices", Fields: mapping.Fields{
			"number": at1("No"), "customer": at1("PartnerID"), "date": at1("Day"), "total": at1("Total"), "kind": {Value: "BILL"},
		}},
		"Product": {Set: "Products", Fields: mapping.Fields{
			"sku": at1("SKU"), "name": at1("Name"), "price": at1("Price"), "active": {At: []string{"Blocked"}, Inverse: true},
		}},
		"Customer": {Set: "Partners", Fields: mapping.Fields{"name": at1("Name"), "taxId": at1("VAT"), "email": at1("Mail")}},
	}
	return c
}

func links() map[string]datasources.LinkRules {
	return map[string]datasources.LinkRules{"Invoice.order": {{Field: "Ref"}}}
}

func open(t *testing.T, c odata.Config) datasources.Source {
	t.Helper()
	src, err := odata.Open(t.Context(), c, odata.Deps{Links: links()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src
}

func orders(src datasources.Source) datasources.Reader[schema.Order] {
	return src.Reader("Order").(datasources.Reader[schema.Order])
}
