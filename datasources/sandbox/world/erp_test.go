package world_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// What the ERP has is exactly what the other systems' records say it has.
func TestERPIsWhatTheOthersSay(t *testing.T) {
	w := world.New(3, 2000)
	e := world.NewERP(w)
	clients, orders := 0, 0
	for i := 1; i <= w.Customers(); i++ {
		c := w.Customer(i)
		pos, ok := e.ClientPos(c.ERP.Code)
		if ok != (c.ERP.Code != "") {
			t.Fatalf("client %q: %v", c.ERP.Code, ok)
		}
		if !ok {
			continue
		}
		clients++
		if got := e.Client(pos); got.Number != i {
			t.Fatalf("client %s is customer %d, want %d", c.ERP.Code, got.Number, i)
		}
		for _, o := range w.Orders(i) {
			if o.ERP == "" {
				continue
			}
			orders++
			pos, ok := e.OrderPos(o.ERP)
			if !ok || !reflect.DeepEqual(*e.Order(pos), o) {
				t.Fatalf("order %s: %v", o.ERP, ok)
			}
			if pos2, ok := e.OrderPosBySerial(e.OrderSerial(e.Orders[pos])); !ok || pos2 != pos {
				t.Fatalf("order %s: serial gives %d", o.ERP, pos2)
			}
		}
	}
	if len(e.Clients) != clients || len(e.Orders) != orders || clients < 100 || orders < 100 {
		t.Errorf("%d clients and %d orders, want %d and %d", len(e.Clients), len(e.Orders), clients, orders)
	}
}

func TestERPQuotes(t *testing.T) {
	w := world.New(3, 2000)
	e := world.NewERP(w)
	all, accepted, blank := 0, 0, 0
	for k := range e.Clients {
		all += len(w.Quotes(int(e.Clients[k].Customer)))
	}
	for k := range e.Quotes {
		q := e.Quote(k)
		if pos, ok := e.QuotePos(q.ERP); !ok || pos != k {
			t.Fatalf("quote %s is at %d, want %d", q.ERP, pos, k)
		}
		if (q.Stage == world.QuoteWon) != (q.ERPOrder != "") {
			t.Errorf("quote %s in stage %d names order %q", q.ERP, q.Stage, q.ERPOrder)
		}
		if q.ERPOrder != "" {
			accepted++
			pos, ok := e.OrderPos(q.ERPOrder)
			if o := e.Order(pos); !ok || o.Customer != q.Customer || o.Quote != q.Index || o.Total != q.Total {
				t.Errorf("quote %s became order %s: %+v", q.ERP, q.ERPOrder, o)
			}
		}
		if q.ValidUntil.IsZero() {
			blank++
		}
	}
	if n := len(e.Quotes); n < all*4/10 || n > all*8/10 || accepted < n/10 || blank == 0 {
		t.Errorf("%d of %d quotes, %d accepted, %d without end", n, all, accepted, blank)
	}
}

// Every shop has orders, a quote came through the shop of its order, and the names offered for tokens have rows.
func TestERPShops(t *testing.T) {
	e := world.NewERP(world.New(3, 2000))
	orders := map[string]int{}
	for k := range e.Orders {
		orders[e.OrderShop(k)]++
	}
	for _, shop := range append(world.ShopNames(), "") {
		if orders[shop] < len(e.Orders)/20 {
			t.Errorf("%d of %d orders came through %q", orders[shop], len(e.Orders), shop)
		}
	}
	none := 0
	for k := range e.Quotes {
		q := e.Quote(k)
		if q.Shop == "" {
			none++
		}
		if pos, ok := e.OrderPos(q.ERPOrder); ok && e.OrderShop(pos) != q.Shop {
			t.Errorf("quote %s came through %q, its order through %q", q.ERP, q.Shop, e.OrderShop(pos))
		}
	}
	if none == 0 || none > len(e.Quotes)/2 {
		t.Errorf("%d of %d quotes came through no shop", none, len(e.Quotes))
	}
	if got := e.Shops(); len(got) != len(world.ShopNames()) {
		t.Errorf("shops with orders: %q", got)
	}
	if got := e.Carriers(); len(got) != 5 || got[0] != e.Note(0).Carrier {
		t.Errorf("carriers with delivery notes: %q", got)
	}
	if got := e.SupplierNames(); len(got) != len(e.Suppliers) || got[0] != e.Suppliers[e.Purchase(0).Supplier].Name {
		t.Errorf("suppliers with orders: %q", got)
	}
}

func TestERPNotes(t *testing.T) {
	w := world.New(3, 2000)
	e := world.NewERP(w)
	at := 0
	for k := range e.Orders {
		o, goods := e.Order(k), false
		for _, l := range o.Lines {
			goods = goods || !w.Products[l.Product].IsService
		}
		if o.Status != world.OrderDelivered || !goods {
			continue
		}
		n := e.Note(at)
		if n.Order.ERP != o.ERP || n.Shipped.After(o.Delivered) || n.Parcels < 1 || n.Weight <= 0 || n.Weight%100 != 0 || n.Carrier == "" || len(n.Lines) == 0 {
			t.Fatalf("note of %s: %+v", o.ERP, n)
		}
		if !n.Appointment.IsZero() && o.Delivered.Sub(n.Appointment).Minutes() >= 30 {
			t.Errorf("note of %s: appointment %s, delivered %s", o.ERP, n.Appointment, o.Delivered)
		}
		if pos, ok := e.NotePos(n.Number); !ok || pos != at {
			t.Errorf("note %s is at %d, want %d", n.Number, pos, at)
		}
		at++
	}
	if at != len(e.Notes) || at == 0 {
		t.Errorf("%d notes, want %d", len(e.Notes), at)
	}
}

func TestERPStockAddsUp(t *testing.T) {
	w := world.New(3, 12)
	type sums struct {
		physical, reserved world.Qty
		depots             int
	}
	got := map[int]sums{}
	for _, s := range world.NewERP(w).Stock {
		if s.Reserved > s.Physical || s.Physical < 0 || s.Reserved < 0 || s.Expected < 0 || s.AsOf.After(world.End) {
			t.Errorf("%+v", s)
		}
		x := got[s.Product]
		got[s.Product] = sums{x.physical + s.Physical, x.reserved + s.Reserved, x.depots + 1}
	}
	for k, p := range w.Products {
		x, ok := got[k]
		if ok == p.IsService || x.physical != p.Stock || x.reserved != p.Reserved || ok && (x.depots < 2 || x.depots > 3) {
			t.Errorf("%s: %+v, want stock %d and reserved %d", p.SKU, x, p.Stock, p.Reserved)
		}
	}
}

func TestERPPurchases(t *testing.T) {
	w := world.New(3, 2000)
	e := world.NewERP(w)
	for _, s := range e.Suppliers {
		if !valid("SIRET", s.Fiscal.Number) {
			t.Errorf("supplier %s has SIRET %s", s.Name, s.Fiscal.Number)
		}
	}
	for k := range e.Purchases {
		p := e.Purchase(k)
		var net, vat world.Money
		for _, l := range p.Lines {
			if w.Products[l.Product].IsService || l.Net*1000 != l.Price*world.Money(l.Quantity) {
				t.Errorf("%s: %+v", p.Number, l)
			}
			net, vat = net+l.Net, vat+l.VAT
		}
		if net != p.Net || vat != p.VAT || net+vat != p.Total || p.Date.After(world.End) || p.Modified.After(world.End) || len(p.Lines) == 0 {
			t.Errorf("%+v", p)
		}
		if !p.Expected.IsZero() && p.Expected.Before(p.Date) {
			t.Errorf("%s is expected before it was sent", p.Number)
		}
		if k > 0 && p.Date.Before(e.Purchase(k-1).Date) {
			t.Errorf("%s is out of order", p.Number)
		}
		if pos, ok := e.PurchasePos(p.Number); !ok || pos != k {
			t.Errorf("%s is at %d, want %d", p.Number, pos, k)
		}
	}
}

func TestERPIsDeterministic(t *testing.T) {
	a, b := world.NewERP(world.New(5, 300)), world.NewERP(world.New(5, 300))
	print := func(e *world.ERP) (s string) {
		for k := range e.Quotes {
			s += fmt.Sprintln(*e.Quote(k))
		}
		for k := range e.Notes {
			s += fmt.Sprintln(e.Note(k).Number, e.Note(k).Weight)
		}
		for k := range e.Purchases {
			s += fmt.Sprintln(*e.Purchase(k))
		}
		return s + fmt.Sprintln(e.Clients, e.Orders, e.Stock, e.Flaws())
	}
	if print(a) != print(b) {
		t.Error("two worlds of one seed differ")
	}
	if print(a) == print(world.NewERP(world.New(6, 300))) {
		t.Error("two seeds give one world")
	}
}

func TestERPLookupsRefuseStrangers(t *testing.T) {
	e := world.NewERP(world.New(5, 300))
	for _, s := range []string{"", "CL", "CL00001", "CL-0001", "CL99999999999", "CC", "CC2601-", "CC2601-00001x", "CC2601-99999", "DV2601-00000", "BL2601-99999", "CF2601-00000", "CF2601-99999", "CC260100001"} {
		for name, find := range map[string]func(string) (int, bool){"client": e.ClientPos, "order": e.OrderPos, "quote": e.QuotePos, "note": e.NotePos, "purchase": e.PurchasePos} {
			if _, ok := find(s); ok {
				t.Errorf("%s %q was found", name, s)
			}
		}
	}
	for k := range e.Orders { // the right serial under another month
		n := e.Order(k).ERP
		if _, ok := e.OrderPos("CC9901" + n[6:]); ok {
			t.Errorf("CC9901%s was found", n[6:])
		}
	}
}
