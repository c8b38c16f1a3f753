package unknown_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func eight(m world.Money) string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d000000", sign, m/100, m%100)
}

func TestShopTellsTheWorld(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	s, c := shop(t, unknown.ShopOptions{Zone: zone})
	t.Run("case=orders", func(t *testing.T) {
		var drafts, linked, second int
		for _, rec := range s.Records("orders") {
			got := as[row](t, c.get("/orders/"+rec.ID).want(t, 200))
			o := demo.Order(rec.Customer, rec.Index)
			equal(t, "id", got["id"], rec.ID)
			equal(t, "ref", got["ref"], rec.Number)
			equal(t, "ref_client", got["ref_client"], o.Number)
			equal(t, "socid", got["socid"], rec.Owner)
			owner, _ := s.Record("thirdparties", rec.Owner)
			equal(t, "third party", fmt.Sprint(owner.Customer, owner.Index), fmt.Sprint(rec.Customer, o.Counterparty))
			second += o.Counterparty
			equal(t, "total_ht", got["total_ht"], eight(o.Net))
			equal(t, "total_ttc", got["total_ttc"], eight(o.Total))
			equal(t, "modified", got["date_modification"], o.ModifiedOn.Unix())
			y, m, d := o.Date.In(zone).Date()
			equal(t, "date", got["date"], time.Date(y, m, d, 0, 0, 0, 0, zone).Unix())
			lines := got["lines"].([]any)
			equal(t, "lines", len(lines), len(o.Lines))
			for i, raw := range lines {
				line := raw.(row)
				product, _ := s.Record("products", line["fk_product"].(string))
				equal(t, "product", product.Index, o.Lines[i].Product)
				equal(t, "line total", line["total_ht"], eight(o.Lines[i].Net))
			}
			if o.Status == world.OrderDraft {
				drafts++
				equal(t, "ref", got["ref"], "(PROV"+rec.ID+")")
			}
			if o.Quote >= 0 {
				linked++
				equal(t, "links", len(got["linkedObjectsIds"].(row)["propal"].(row)), 1)
			} else {
				equal(t, "links", got["linkedObjectsIds"], "[]") // PHP's empty array
			}
		}
		if drafts == 0 || linked == 0 || second == 0 {
			t.Errorf("%d drafts, %d linked orders and %d of a customer's second record prove nothing", drafts, linked, second)
		}
	})
	t.Run("case=invoices", func(t *testing.T) {
		paid := 0
		for _, rec := range s.Records("invoices") {
			a := c.get("/invoices/"+rec.ID).want(t, 200)
			got := as[row](t, a)
			v := demo.Invoice(rec.Customer, rec.Index)
			equal(t, "total", got["total_ttc"], eight(v.Total))
			owner, _ := s.Record("thirdparties", rec.Owner)
			equal(t, "third party", fmt.Sprint(owner.Customer, owner.Index), fmt.Sprint(rec.Customer, v.Counterparty))
			equal(t, "remaining", got["remaintopay"], eight(v.Total-v.Paid))
			if _, ok := got["totalpaid"].(json.Number); !ok {
				t.Errorf("totalpaid is a %T", got["totalpaid"])
			}
			equal(t, "paye", got["paye"], map[bool]string{true: "1", false: "0"}[v.State == world.InvoicePaid])
			if v.Order >= 0 {
				order, ok := s.Record("orders", rec.Of)
				equal(t, "order", fmt.Sprint(ok, order.Index), fmt.Sprint(true, v.Order))
			}
			payments := as[[]row](t, c.get("/invoices/"+rec.ID+"/payments").want(t, 200))
			paid += len(payments)
			equal(t, "payments", len(payments), len(v.Payments))
			for i, p := range payments {
				equal(t, "payment", p["amount"], eight(v.Payments[i].Amount))
				equal(t, "paid on", p["date"], v.Payments[i].Date.In(zone).Format(time.DateTime))
			}
		}
		if paid == 0 {
			t.Error("no payment at all")
		}
	})
	t.Run("case=third parties", func(t *testing.T) {
		french, twice := 0, map[int]int{}
		for _, rec := range s.Records("thirdparties") {
			got := as[row](t, c.get("/thirdparties/"+rec.ID).want(t, 200))
			cu := demo.Customer(rec.Customer)
			twice[rec.Customer]++
			equal(t, "name", got["name"], cu.Books[rec.Index].Description)
			if cu.Country == world.FR {
				french++
				equal(t, "SIREN", got["idprof1"], cu.Fiscal.Number[:9])
				equal(t, "SIRET", got["idprof2"], cu.Fiscal.Number)
				equal(t, "VAT", got["tva_intra"], cu.Fiscal.VAT)
			} else {
				equal(t, "fiscal number", got["idprof1"], cu.Fiscal.Number)
			}
		}
		if french == 0 {
			t.Error("no French customer")
		}
		for i := 1; i <= demo.Customers(); i++ {
			equal(t, "third parties", twice[i], len(demo.Customer(i).Books))
		}
	})
	t.Run("case=products", func(t *testing.T) {
		for _, r := range as[[]row](t, c.get("/products", "limit", "0").want(t, 200)) {
			rec, _ := s.Record("products", r["id"].(string))
			p := &demo.Products[rec.Index]
			equal(t, "ref", r["ref"], p.SKU)
			equal(t, "price", r["price"], eight(p.Price))
		}
	})
	t.Run("case=shipments follow delivered orders", func(t *testing.T) {
		for _, r := range as[[]row](t, c.get("/shipments", "limit", "0").want(t, 200)) {
			rec, _ := s.Record("shipments", r["id"].(string))
			o := demo.Order(rec.Customer, rec.Index)
			equal(t, "delivered", r["date_delivery"], o.Delivered.Unix())
			equal(t, "order", r["origin_id"], rec.Of)
			equal(t, "third party", r["socid"], rec.Owner)
		}
	})
	t.Run("case=quotes", func(t *testing.T) {
		for _, r := range as[[]row](t, c.get("/proposals", "limit", "0").want(t, 200)) {
			rec, _ := s.Record("proposals", r["id"].(string))
			q := demo.Quote(rec.Customer, rec.Index)
			equal(t, "total", r["total_ht"], eight(q.Net))
			if r["linkedObjectsIds"] != nil {
				t.Fatal("a list loads links only if it is asked to")
			}
		}
		rows := as[[]row](t, c.get("/proposals", "limit", "0", "loadlinkedobjects", "1").want(t, 200))
		if !slices.ContainsFunc(rows, func(r row) bool { return r["linkedObjectsIds"] != nil }) {
			t.Error("no link was loaded")
		}
	})
}
