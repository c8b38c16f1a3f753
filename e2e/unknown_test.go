package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// stranger is a system no connector was written for, with the file of docs/examples
// that plugs it in.
type stranger struct {
	name   string // of the source
	file   string // in docs/examples
	swap   []string
	faults *faults.Switch
	// What its rows stand for in the world.
	partners, orders, invoices []unknown.Record
	statuses                   map[world.OrderStatus]string // as the file shows them
}

// newShop is the shop of docs/examples/rest.yaml.
func newShop(t testing.TB, w *world.World, o unknown.ShopOptions) *stranger {
	t.Helper()
	shop := unknown.NewShop(w, o)
	x := &stranger{
		name: "shop", file: "rest.yaml",
		partners: shop.Records("thirdparties"), orders: shop.Records("orders"), invoices: shop.Records("invoices"),
		statuses: map[world.OrderStatus]string{
			world.OrderDraft: "draft", world.OrderConfirmed: "validated", world.OrderInProgress: "in process", world.OrderDelivered: "delivered", world.OrderCancelled: "cancelled",
		},
	}
	t.Setenv("SHOP_KEY", unknown.ShopKey)
	url := x.listen(t, shop, `{"error":{"code":500,"message":"Internal Server Error: CU2401-0001"}}`)
	x.swap = []string{"https://shop.example.com/api/index.php", url + unknown.ShopBase, "rate: {per_minute: 600}           # what was agreed with whoever runs it", "timeout: 2s"}
	return x
}

// newLedger is the ledger of docs/examples/odata.yaml.
func newLedger(t testing.TB, w *world.World, o unknown.LedgerOptions) *stranger {
	t.Helper()
	ledger := unknown.NewLedger(w, o)
	x := &stranger{
		name: "ledger", file: "odata.yaml",
		partners: ledger.Records("BusinessPartners"), orders: ledger.Records("SalesOrders"), invoices: ledger.Records("SalesInvoices"),
		statuses: map[world.OrderStatus]string{
			world.OrderDraft: "open", world.OrderConfirmed: "confirmed", world.OrderInProgress: "in process", world.OrderDelivered: "delivered", world.OrderCancelled: "cancelled",
		},
	}
	t.Setenv("LEDGER_PASSWORD", unknown.LedgerPassword)
	url := x.listen(t, ledger, `{"error":{"code":"","message":"Internal error in D 10001"}}`)
	x.swap = []string{"https://ledger.example.com/ledger.svc/", url + unknown.LedgerBase, "    zone: UTC ", "    timeout: 2s\n    zone: UTC "}
	return x
}

func (x *stranger) listen(t testing.TB, h http.Handler, failure string) string {
	x.faults = faults.New(faults.Options{ErrorBody: func(*http.Request) (string, []byte) { return "application/json", []byte(failure) }})
	server := httptest.NewServer(x.faults.Wrap(h))
	t.Cleanup(func() { x.faults.Close(); server.Close() })
	return server.URL
}

// configuration is the file with the addresses filled in, without a cache.
func (x *stranger) configuration(t testing.TB, box *sandbox.Sandbox, swap ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "examples", x.file))
	if err != nil {
		t.Fatal(err)
	}
	crm := box.Source("crm")
	t.Setenv("CRM_PASSWORD", crm.Password)
	yaml := string(text)
	all := slices.Concat(x.swap, []string{"https://crm.example.com", crm.URL, "user: trama", "user: " + crm.User, "listen: 127.0.0.1:8080\n", "", "store: {url: \"sqlite:trama.db\"}\n", ""}, swap)
	for i := 0; i < len(all); i += 2 {
		if !strings.Contains(yaml, all[i]) {
			t.Fatalf("%s has no %q", x.file, all[i])
		}
		yaml = strings.Replace(yaml, all[i], all[i+1], 1)
	}
	return yaml + "cache: {ttl: 0s}\ndirectory: {every: 1h}\n"
}

func crmOnly(t testing.TB, customers int) *sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: customers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

const strangersQuestion = `{ customers(first: 200) { nodes { name members { source recordId rule }
	orders(first: 60) { totalCount missing nodes { number source status total { amount currency } lines { sku quantity } invoices(first: 20) { totalCount nodes { number source } } } }
	invoices(first: 60) { totalCount missing nodes { number source order { number source } } } } } }`

type numbered struct{ Number, Source string }

type strangersAnswer struct {
	Name    string
	Members []struct{ Source, RecordID, Rule string }
	Orders  struct {
		TotalCount int
		Missing    []string
		Nodes      []struct {
			Number, Source, Status string
			Total                  struct{ Amount, Currency string }
			Lines                  []struct{ SKU, Quantity string }
			Invoices               struct {
				TotalCount int
				Nodes      []numbered
			}
		}
	}
	Invoices struct {
		TotalCount int
		Missing    []string
		Nodes      []struct {
			numbered
			Order *numbered
		}
	}
}

// amount is money as the graph writes it.
func amount(m world.Money) string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// compare asks for everything of every customer and compares it with the world:
// nobody is missing, nobody is somebody else, and each link leads both ways.
func (x *stranger) compare(t *testing.T, s *server, w *world.World) {
	t.Helper()
	a := s.ask(t, strangersQuestion, nil)
	if len(a.Errors) > 0 {
		t.Fatalf("%v", a.Errors[0])
	}
	var got struct{ Nodes []strangersAnswer }
	into(t, a.Data["customers"], &got)
	partner, order := map[string]unknown.Record{}, map[string]unknown.Record{}
	ordersOf, invoicesOf, billed := map[string][]unknown.Record{}, map[string][]unknown.Record{}, map[string][]string{}
	for _, r := range x.partners {
		partner[r.ID] = r
	}
	for _, r := range x.orders {
		order[r.Number] = r
		ordersOf[r.Owner] = append(ordersOf[r.Owner], r)
	}
	truth := map[string]string{} // the order of an invoice, by their numbers
	for _, r := range x.invoices {
		invoicesOf[r.Owner] = append(invoicesOf[r.Owner], r)
		if r.Of != "" {
			billed[r.Of] = append(billed[r.Of], r.Number)
		}
	}
	number := map[string]string{}
	for _, r := range x.orders {
		number[r.ID] = r.Number
	}
	for _, r := range x.invoices {
		truth[r.Number] = number[r.Of]
	}
	account := map[string]world.Ref{}
	for i := 1; i <= w.Customers(); i++ {
		for k := range w.Customer(i).CRM {
			account[w.Customer(i).CRM[k].ID.String()] = world.Ref{Customer: i, Index: k}
		}
	}
	joined, reached := 0, 0
	for _, c := range got.Nodes {
		var wantOrders, wantInvoices, haveOrders, haveInvoices []string
		who, in := map[int]bool{}, map[string]bool{}
		for _, m := range c.Members {
			in[m.Source] = true
			switch m.Source {
			case x.name:
				r, ok := partner[m.RecordID]
				if !ok {
					t.Fatalf("%s has no record %s", x.name, m.RecordID)
				}
				reached++
				who[r.Customer] = true
				for _, o := range ordersOf[m.RecordID] {
					wantOrders = append(wantOrders, x.name+" "+o.Number)
				}
				for _, v := range invoicesOf[m.RecordID] {
					wantInvoices = append(wantInvoices, x.name+" "+v.Number)
				}
			case "crm":
				ref := account[m.RecordID]
				who[ref.Customer] = true
				for _, o := range w.Orders(ref.Customer) {
					if o.InCRM && o.Account == ref.Index {
						wantOrders = append(wantOrders, "crm "+o.Number)
					}
				}
			}
		}
		if len(who) != 1 {
			t.Errorf("%s is %d customers of the world", c.Name, len(who))
		}
		if in[x.name] && in["crm"] {
			joined++
		}
		for _, o := range c.Orders.Nodes {
			haveOrders = append(haveOrders, o.Source+" "+o.Number)
			if o.Source != x.name {
				continue
			}
			r := order[o.Number]
			of := w.Order(r.Customer, r.Index)
			if o.Status != x.statuses[of.Status] || o.Total.Amount != amount(of.Total) || o.Total.Currency != of.Currency || len(o.Lines) != len(of.Lines) || o.Lines[0].SKU != of.Lines[0].SKU {
				t.Errorf("order %s is %+v, and should be %s %s", o.Number, o, x.statuses[of.Status], amount(of.Total))
			}
			var invoices []string
			for _, v := range o.Invoices.Nodes {
				invoices = append(invoices, v.Number)
			}
			same(t, "invoices of order "+o.Number, invoices, billed[r.ID])
			if o.Invoices.TotalCount != len(invoices) {
				t.Errorf("order %s: a total of %d invoices, and %d", o.Number, o.Invoices.TotalCount, len(invoices))
			}
		}
		for _, v := range c.Invoices.Nodes {
			haveInvoices = append(haveInvoices, v.Source+" "+v.Number)
			leads := ""
			if v.Order != nil && v.Order.Source == x.name {
				leads = v.Order.Number
			}
			if leads != truth[v.Number] {
				t.Errorf("invoice %s leads to order %q, want %q", v.Number, leads, truth[v.Number])
			}
		}
		same(t, c.Name+" orders", haveOrders, wantOrders)
		same(t, c.Name+" invoices", haveInvoices, wantInvoices)
		if c.Orders.TotalCount != len(wantOrders) || c.Invoices.TotalCount != len(wantInvoices) || len(c.Orders.Missing)+len(c.Invoices.Missing) > 0 {
			t.Errorf("%s: totals %d and %d, want %d and %d", c.Name, c.Orders.TotalCount, c.Invoices.TotalCount, len(wantOrders), len(wantInvoices))
		}
	}
	if reached != len(x.partners) {
		t.Errorf("%d of %d customers of %s are there", reached, len(x.partners), x.name)
	}
	x.recognised(t, w, got.Nodes, joined)
}

// recognised wants every customer whose fiscal number stands in both systems to be
// one.
func (x *stranger) recognised(t *testing.T, w *world.World, got []strangersAnswer, joined int) {
	t.Helper()
	golden := map[string]int{} // by source and record
	for i, c := range got {
		for _, m := range c.Members {
			golden[m.Source+" "+m.RecordID] = i
		}
	}
	want := 0
	for _, r := range x.partners {
		c := w.Customer(r.Customer)
		if c.Case != world.ByFiscalNumber || len(c.CRM) != 1 || len(c.Books) != 1 {
			continue
		}
		want++
		if golden["crm "+c.CRM[0].ID.String()] != golden[x.name+" "+r.ID] {
			t.Errorf("customer %d (%s) is two", r.Customer, c.LegalName)
		}
	}
	if want < 3 || joined < want {
		t.Errorf("%d customers should be one by their fiscal number, %d are joined", want, joined)
	}
}

// TestUnknownSystems plugs in a shop and a ledger nobody wrote a connector for, by
// the files of docs/examples alone, live and as copies.
func TestUnknownSystems(t *testing.T) {
	box := crmOnly(t, 60)
	for name, open := range map[string]func(t testing.TB) *stranger{
		"shop":      func(t testing.TB) *stranger { return newShop(t, box.World, unknown.ShopOptions{}) },
		"ledger v2": func(t testing.TB) *stranger { return newLedger(t, box.World, unknown.LedgerOptions{Version: 2}) },
		"ledger v3": func(t testing.TB) *stranger { return newLedger(t, box.World, unknown.LedgerOptions{Version: 3}) },
		"ledger v4": func(t testing.TB) *stranger { return newLedger(t, box.World, unknown.LedgerOptions{Version: 4}) },
	} {
		t.Run("case="+name+" live", func(t *testing.T) {
			x := open(t)
			s := serve(t, x.configuration(t, box))
			s.filled(t)
			x.compare(t, s, box.World)
			// What the system filters itself is counted; who looks through pages until one
			// is full cannot count.
			uncounted := []string{"currency"}
			if x.name == "shop" {
				uncounted = []string{"currency", "status", "total"}
			}
			x.lists(t, s, box.World, uncounted...)
			x.calls(t, s)
		})
		t.Run("case="+name+" copied", func(t *testing.T) {
			x := open(t)
			s := serve(t, x.configuration(t, box, "supply: live ", "supply: copy "))
			s.copied(t)
			x.compare(t, s, box.World)
			x.lists(t, s, box.World)
		})
	}
}

// into reads a part of an answer into a struct.
func into(t testing.TB, v, target any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, target); err != nil {
		t.Fatal(err)
	}
}
