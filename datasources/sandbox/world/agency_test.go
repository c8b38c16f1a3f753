package world_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// validDocument checks a CNPJ or CPF after wire/identity.md §2, not by the generator's code.
func validDocument(s string) bool {
	s = strings.NewReplacer(".", "", "/", "", "-", "", " ", "").Replace(s)
	var weights [2][]int
	switch len(s) {
	case 14:
		weights = [2][]int{{5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2}, {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2}}
	case 11:
		weights = [2][]int{{10, 9, 8, 7, 6, 5, 4, 3, 2}, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}}
	default:
		return false
	}
	for _, ws := range weights {
		sum := 0
		for i, weight := range ws {
			sum += int(s[i]-'0') * weight
		}
		want := 11 - sum%11
		if want > 9 {
			want = 0
		}
		if int(s[len(ws)]-'0') != want {
			return false
		}
	}
	return true
}

func TestAgencyClients(t *testing.T) {
	w := world.New(1, 3000)
	clients := w.AgencyClients()
	documents := map[string]int{}
	of := map[int]bool{}
	blank := 0
	for k, a := range clients {
		if k > 0 && clients[k-1].ID >= a.ID {
			t.Errorf("client %d follows %d", a.ID, clients[k-1].ID)
		}
		if a.NationalDocument == "" {
			blank++
		} else {
			if !validDocument(a.NationalDocument) {
				t.Errorf("client %d: %q is not valid", a.ID, a.NationalDocument)
			}
			documents[strings.NewReplacer(".", "", "/", "", "-", "", " ", "").Replace(a.NationalDocument)]++
		}
		if customer, ok := w.AgencyClient(a.ID); ok != (a.Customer != 0) || ok && customer != a.Customer {
			t.Errorf("client %d leads to %d, %v", a.ID, customer, ok)
		}
		if a.Customer == 0 {
			continue
		}
		of[a.Customer] = true
		c := w.Customer(a.Customer)
		if c.Country != world.BR || c.Agency.ID != a.ID || c.Agency.Name != a.Name {
			t.Errorf("client %+v of %+v", a, c.Agency)
		}
	}
	for i := 1; i <= w.Customers(); i++ {
		if of[i] != (w.Customer(i).Agency.ID != 0) {
			t.Errorf("customer %d: agency %+v", i, w.Customer(i).Agency)
		}
		if !of[i] && (w.AgencyInvoices(i) != nil || w.AgencyJobs(i) != nil) {
			t.Errorf("customer %d is no client and has rows", i)
		}
	}
	for document, n := range documents {
		if n > 1 {
			t.Errorf("%s is shared by %d", document, n)
		}
	}
	if blank < 3 || len(of) < 100 {
		t.Errorf("%d clients of the world, %d without a document", len(of), blank)
	}
	for _, id := range []int{world.AgencyGhostID, 0, -400, 399 + w.Customers() + 2} {
		if _, ok := w.AgencyClient(id); ok {
			t.Errorf("client %d exists", id)
		}
	}
}

func TestAgencyInvoices(t *testing.T) {
	w := world.New(1, 5000)
	pattern := regexp.MustCompile(`Pedido ([A-Z0-9-]+)`)
	links := map[world.AgencyLink]int{}
	states := map[world.AgencyStatus]int{}
	seen := map[int]bool{}
	fees, gone, split, boletos, outside := 0, 0, 0, 0, 0
	for _, a := range w.AgencyClients() {
		if a.Customer == 0 {
			continue
		}
		orders := w.Orders(a.Customer)
		live := map[int]int{}
		for k, v := range w.AgencyInvoices(a.Customer) {
			if again, ok := w.AgencyInvoice(v.ID); !ok || !reflect.DeepEqual(again, v) || v.Index != k || v.ClientID != a.ID || seen[v.ID] {
				t.Errorf("invoice %+v is not what its id says", v)
			}
			seen[v.ID] = true
			ref, ok := w.AgencyOrder(v.ID)
			if ok != (v.Order >= 0) || ok && ref != (world.Ref{Customer: a.Customer, Index: v.Order}) {
				t.Errorf("invoice %d: order %v %v", v.ID, ref, ok)
			}
			var amount, paid world.Money
			for n, x := range v.Receivables {
				amount, paid = amount+x.Amount, paid+x.Paid
				var money world.Money
				for _, p := range x.Payments {
					money += p.Amount
					if p.Amount <= 0 || p.Date.Before(v.Issued) || seen[p.ID] {
						t.Errorf("payment %+v", p)
					}
					seen[p.ID] = true
				}
				if money != x.Paid || x.Paid > x.Amount || x.Amount <= 0 || x.Instalment != n+1 || x.Of != len(v.Receivables) || x.Invoice != v.ID || seen[x.ID] {
					t.Errorf("receivable %+v", x)
				}
				if x.PaidOn.IsZero() != (x.Paid == 0) {
					t.Errorf("receivable %d paid %d on %v", x.ID, x.Paid, x.PaidOn)
				}
				if x.Boleto != nil {
					boletos++
				}
				seen[x.ID] = true
			}
			if len(v.Receivables) > 1 {
				split++
			}
			if amount != v.Total || paid != v.Paid {
				t.Errorf("invoice %d: instalments %d of %d, paid %d of %d", v.ID, amount, v.Total, paid, v.Paid)
			}
			if v.IsDeleted {
				gone++
				if v.Paid != 0 {
					t.Errorf("deleted invoice %d was paid", v.ID)
				}
			}
			states[v.Status]++
			links[v.Link]++
			text := pattern.FindStringSubmatch(v.Description)
			if v.Order < 0 {
				fees++
				if v.OrderNumber != "" || text != nil {
					t.Errorf("a fee names an order: %+v", v)
				}
				continue
			}
			o := orders[v.Order]
			if o.Currency != "BRL" || v.Total != o.Total || !v.IsDeleted && v.Paid != o.Paid || o.Status == world.OrderDraft || (v.Status == world.AgencyCancelled) != (o.Status == world.OrderCancelled) {
				t.Errorf("invoice %+v of order %+v", v, o)
			}
			if !v.IsDeleted {
				live[v.Order]++
			}
			switch v.Link {
			case world.AgencyLinkNone:
				if v.OrderNumber != "" || text != nil {
					t.Errorf("invoice %d is linked", v.ID)
				}
			case world.AgencyLinkField:
				if v.OrderNumber != o.Number || text != nil || !o.InCRM {
					t.Errorf("invoice %d: %q of %q", v.ID, v.OrderNumber, o.Number)
				}
			case world.AgencyLinkText:
				if v.OrderNumber != "" || len(text) != 2 || text[1] != o.Number {
					t.Errorf("invoice %d: %q of %q", v.ID, v.Description, o.Number)
				}
			case world.AgencyLinkBroken:
				if v.OrderNumber == "" || w.OrdersByNumber(v.OrderNumber) != nil {
					t.Errorf("invoice %d: %q exists", v.ID, v.OrderNumber)
				}
			}
			if v.Due.After(world.End.AddDate(0, 12, 0)) {
				outside++
			}
		}
		for k, n := range live {
			if n != 1 {
				t.Errorf("customer %d: %d invoices of order %d", a.Customer, n, k)
			}
		}
	}
	for l := world.AgencyLinkNone; l <= world.AgencyLinkBroken; l++ {
		if links[l] < 5 {
			t.Errorf("link %d: %d invoices", l, links[l])
		}
	}
	for s := world.AgencyOpen; s <= world.AgencyCancelled; s++ {
		if states[s] < 5 {
			t.Errorf("status %d: %d invoices", s, states[s])
		}
	}
	if links[world.AgencyLinkField] < len(seen)/20 || fees < 5 || gone < 5 || split < 5 || boletos < 5 || outside > 0 {
		t.Errorf("links %v, fees %d, deleted %d, split %d, boletos %d, too late %d", links, fees, gone, split, boletos, outside)
	}
	for _, id := range []int{0, -5, 99, 1 << 40} {
		if _, ok := w.AgencyInvoice(id); ok {
			t.Errorf("invoice %d exists", id)
		}
	}
}

func TestAgencyPayables(t *testing.T) {
	w := world.New(1, 12)
	suppliers := w.AgencySuppliers()
	for _, s := range suppliers {
		if !validDocument(s.Document) || s.Name == "" || s.Category == "" {
			t.Errorf("supplier %+v", s)
		}
		for _, c := range w.AgencyClients() {
			if c.NationalDocument == s.Document {
				t.Errorf("supplier %s is a client", s.Name)
			}
		}
	}
	seen := map[int]bool{}
	states := map[world.AgencyStatus]int{}
	for _, p := range w.AgencyPayables() {
		if seen[p.ID] || p.Supplier >= len(suppliers) || p.Amount <= 0 || p.Paid > p.Amount || (p.Status == world.AgencyPaid) != (p.Paid == p.Amount) || p.PaidOn.IsZero() != (p.Paid == 0) || p.PaidOn.After(world.End) {
			t.Errorf("payable %+v", p)
		}
		seen[p.ID] = true
		states[p.Status]++
	}
	if len(states) != 4 || len(seen) < 100 {
		t.Errorf("%d payables, %v", len(seen), states)
	}
	if other := world.New(2, 12).AgencyPayables(); reflect.DeepEqual(other, w.AgencyPayables()) {
		t.Error("another seed has the same payables")
	}
}

func TestAgencyDirt(t *testing.T) {
	w := world.New(1, 1000)
	seen := map[world.AgencyDirtKind]int{}
	for _, d := range w.AgencyDirt() {
		seen[d.Kind]++
		if (d.Receivable == nil) != (d.Kind == world.AgencyNoDocument) {
			t.Errorf("dirt %+v", d)
		}
	}
	for kind := world.AgencyAmbiguousAmount; kind <= world.AgencyNoDocument; kind++ {
		if seen[kind] == 0 {
			t.Errorf("no dirt of kind %d", kind)
		}
	}
}

func BenchmarkAgencyClients(b *testing.B) {
	w := world.New(1, 100_000)
	for b.Loop() {
		w.AgencyClients()
	}
}
