package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// joined is the README's question for n customers.
func joined(n int) string {
	return fmt.Sprintf(`{ customers(first: %d) { nodes { id name taxId
		tickets { nodes { number title state priority } }
		quotes { nodes { number status total { amount currency } } }
		orders { nodes { number status total { amount currency } lines { sku quantity unitPrice { amount } }
			invoices { nodes { number status total { amount } paid { amount } } } } } } } }`, n)
}

// difference returns what b has more than a.
func difference(a, b map[string]int) map[string]int {
	out := map[string]int{}
	for k, v := range b {
		if v != a[k] {
			out[k] = v - a[k]
		}
	}
	return out
}

// TestUpstreamCalls holds the number of calls each source gets for the joined
// question, without a cache: the same for each of them, whoever asks beside.
func TestUpstreamCalls(t *testing.T) {
	s := demo(t, "--cache", "0s", "--timeout", "10m") // 64 at once queue on a slow machine
	s.ask(t, joined(50), nil)                         // lookup tables are read once
	for _, c := range []struct {
		customers int
		want      map[string]int
	}{
		{50, callsFor50},
		{200, callsFor200},
	} {
		for _, concurrency := range []int{1, 16, 64} {
			t.Run(fmt.Sprintf("customers=%d/c=%d", c.customers, concurrency), func(t *testing.T) {
				before, detail := s.calls(t), s.metrics(t)
				var wait sync.WaitGroup
				for range concurrency {
					wait.Go(func() {
						if a := s.ask(t, joined(c.customers), nil); len(a.Errors) > 0 {
							t.Errorf("%v", a.Errors[0])
						}
					})
				}
				wait.Wait()
				got := difference(before, s.calls(t))
				want := map[string]int{}
				for k, v := range c.want {
					want[k] = v * concurrency
				}
				if !maps.Equal(got, want) {
					t.Errorf("got %v calls, want %v", got, want)
					for series, n := range s.metrics(t) {
						if strings.HasPrefix(series, "trama_upstream_call_seconds_count") && n != detail[series] {
							t.Logf("%s %v", series, n-detail[series])
						}
					}
				}
			})
		}
	}
}

// The calls are arithmetic, not accidents: docs/performance.md derives them.
var (
	callsFor50  = map[string]int{"crm": 3, "helpdesk": 2, "books": 46}
	callsFor200 = map[string]int{"crm": 4, "helpdesk": 11, "books": 166}
)

// TestLoadersAndCacheCarryTheTraffic counts, in the built binary, the batches of
// the data loaders and the writes through go-redis/cache.
func TestLoadersAndCacheCarryTheTraffic(t *testing.T) {
	s := demo(t)
	before := s.metrics(t)
	s.ask(t, joined(50), nil)
	after := s.metrics(t)
	for series, least := range map[string]float64{
		`trama_loader_batches_total{entity="Ticket",relation="customer",source="helpdesk"}`: 1,
		`trama_loader_batches_total{entity="Quote",relation="customer",source="crm"}`:       1,
		`trama_loader_batches_total{entity="Order",relation="customer",source="crm"}`:       1,
		`trama_loader_batches_total{entity="Order",relation="customer",source="books"}`:     1,
		`trama_loader_batches_total{entity="Invoice",relation="customer",source="books"}`:   1,
	} {
		if got := after[series] - before[series]; got != least {
			t.Errorf("%s went up by %v, want %v: one batch for each relation and source", series, got, least)
		}
	}
	if keys := after[`trama_loader_keys_total{entity="Ticket",relation="customer",source="helpdesk"}`]; keys < 30 {
		t.Errorf("the batch of tickets had %v keys", keys)
	}
	if got := after["trama_cache_misses_total"] - before["trama_cache_misses_total"]; got < 100 {
		t.Errorf("%v cache misses on the first question", got)
	}
	calls := s.calls(t)
	s.ask(t, joined(50), nil)
	if more := difference(calls, s.calls(t)); len(more) > 0 {
		t.Errorf("the same question a second time made calls: %v", more)
	}
	warm := s.metrics(t)
	if hits := warm["trama_cache_l1_hits_total"] - after["trama_cache_l1_hits_total"]; hits < 100 {
		t.Errorf("%v cache hits on the second question", hits)
	}
	if writes := warm["trama_cache_writes_total"]; writes < 100 {
		t.Errorf("%v writes through go-redis/cache", writes)
	}
}

// TestAnswersAreTheWorlds compares every customer's documents with the world the
// fake systems were made from: nothing missing, nothing of somebody else.
func TestAnswersAreTheWorlds(t *testing.T) {
	const size = 150
	s := demo(t, "--customers", fmt.Sprint(size))
	s.compareWithWorld(t, newAnswers(1, size))
}

// compareWithWorld asks for everything of every customer.
func (s *server) compareWithWorld(t *testing.T, w *answers) {
	t.Helper()
	size := w.world.Customers()
	a := s.ask(t, `{ customers(first: 1000) { totalCount pageInfo { hasNextPage } nodes { id name members { source recordId code }
		tickets(first: 500) { totalCount nodes { number } }
		quotes(first: 100) { nodes { number source } }
		orders(first: 200) { totalCount nodes { number source total { amount currency } customer { id } } }
		invoices(first: 200) { totalCount nodes { number source total { amount currency } order { number source } } } } } }`, nil)
	if len(a.Errors) > 0 {
		for _, e := range a.Errors {
			if e.Extensions["code"] != "AMBIGUOUS" {
				t.Fatalf("%v", e)
			}
		}
	}
	var got struct {
		Customers struct {
			TotalCount int
			Nodes      []goldenAnswer
		}
	}
	b, _ := json.Marshal(a.Data)
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Customers.TotalCount != len(got.Customers.Nodes) {
		t.Fatalf("%d of %d customers", len(got.Customers.Nodes), got.Customers.TotalCount)
	}
	again := s.ask(t, `{ customers(first: 1000) { nodes { coverage { source state } } } }`, nil)
	linked := 0
	for i, c := range got.Customers.Nodes {
		states, _ := json.Marshal(at(t, again.Data, fmt.Sprintf("customers.nodes.%d.coverage", i)))
		if is := strings.Contains(string(states), `{"source":"helpdesk","state":"LINKED"}`); is != (c.Tickets.TotalCount > 0) {
			t.Errorf("%s has %d tickets and coverage %s", c.Name, c.Tickets.TotalCount, states)
		} else if is {
			linked++
		}
	}
	if linked == 0 {
		t.Error("nobody is linked to the help desk")
	}
	split := map[int]int{}
	for _, c := range got.Customers.Nodes {
		for number := range w.compare(t, c) {
			split[number]++
		}
	}
	for i := 1; i <= size; i++ {
		c := w.world.Customer(i)
		joinable := c.Case == world.ByFiscalNumber || c.Case == world.ByForeignID || c.Case == world.BrokenForeignID
		if joinable && split[i] != 1 {
			t.Errorf("customer %d (%s, case %d) is %d customers", i, c.LegalName, c.Case, split[i])
		}
	}
}

type goldenAnswer struct {
	ID      string
	Name    string
	Members []struct{ Source, RecordID, Code string }
	Tickets struct {
		TotalCount int
		Nodes      []struct{ Number string }
	}
	Quotes struct {
		Nodes []struct{ Number, Source string }
	}
	Orders struct {
		TotalCount int
		Nodes      []struct {
			Number, Source string
			Total          struct{ Amount, Currency string }
			Customer       struct{ ID string }
		}
	}
	Invoices struct {
		TotalCount int
		Nodes      []struct {
			Number, Source string
			Total          struct{ Amount, Currency string }
			Order          *struct{ Number, Source string }
		}
	}
}

// answers is what the world says should come back.
type answers struct {
	world   *world.World
	account map[string]world.Ref // CRM account id → customer and index
	books   map[string]world.Ref
	tickets map[string][]string  // by the help desk's customer id
	erp     map[int][]string     // orders of the ERP by customer
	billed  map[string]world.Ref // the order an agency's invoice truly belongs to, by its number
	// booksWithoutOrders: this kind of base has no such document.
	booksWithoutOrders bool
}

func newAnswers(seed uint64, size int) *answers {
	w := &answers{world: world.New(seed, size), account: map[string]world.Ref{}, books: map[string]world.Ref{}, tickets: map[string][]string{}, erp: map[int][]string{}, billed: map[string]world.Ref{}}
	for i := 1; i <= size; i++ {
		c := w.world.Customer(i)
		for k := range c.CRM {
			w.account[c.CRM[k].ID.String()] = world.Ref{Customer: i, Index: k}
		}
		for k := range c.Books {
			w.books[c.Books[k].Ref.String()] = world.Ref{Customer: i, Index: k}
		}
	}
	erp := world.NewERP(w.world)
	strangers := map[string]bool{} // orders of a client code nobody has
	for _, f := range erp.Flaws() {
		if f.Kind == world.FlawUnknownClient {
			strangers[f.Key] = true
		}
	}
	for i := range erp.Orders {
		if o := erp.Order(i); !strangers[o.ERP] {
			w.erp[o.Customer] = append(w.erp[o.Customer], o.ERP)
		}
	}
	for _, h := range w.world.Heads() {
		if id := w.world.CustomerIDOf(&h); id != nil {
			w.tickets[*id] = append(w.tickets[*id], w.world.Ticket(int(h.ID), false).Number)
		}
	}
	return w
}

// compare checks one golden customer and returns the world's customers in it.
func (w *answers) compare(t *testing.T, c goldenAnswer) map[int]bool {
	t.Helper()
	var orders, invoices, tickets []string
	numbers := map[int]bool{}
	for _, m := range c.Members {
		switch m.Source {
		case "crm":
			ref := w.account[m.RecordID]
			numbers[ref.Customer] = true
			for _, o := range w.world.Orders(ref.Customer) {
				if o.InCRM && o.Account == ref.Index {
					orders = append(orders, "crm "+o.Number)
				}
			}
			tickets = append(tickets, w.tickets[m.Code]...)
		case "erp":
			number, _ := strconv.Atoi(strings.TrimLeft(m.RecordID, "CL"))
			numbers[number] = true
			for _, n := range w.erp[number] {
				orders = append(orders, "erp "+n)
			}
		case "agency":
			id, _ := strconv.Atoi(m.RecordID)
			number, ok := w.world.AgencyClient(id)
			if !ok {
				continue // of the agency alone
			}
			numbers[number] = true
			for _, v := range w.world.AgencyInvoices(number) {
				if v.IsDeleted {
					continue
				}
				invoices = append(invoices, v.Number)
				if v.Order >= 0 {
					w.billed[v.Number] = world.Ref{Customer: number, Index: v.Order}
				}
			}
		case "books":
			ref := w.books[m.RecordID]
			numbers[ref.Customer] = true
			for _, o := range w.world.Orders(ref.Customer) {
				if o.InBooks && !w.booksWithoutOrders && o.Counterparty == ref.Index && !o.Books.DeletionMark {
					orders = append(orders, "books "+o.Books.Number)
				}
			}
			for _, v := range w.world.Invoices(ref.Customer) {
				if v.Counterparty == ref.Index && !v.DeletionMark {
					invoices = append(invoices, v.Number)
				}
			}
		}
	}
	for _, v := range c.Invoices.Nodes {
		if truth, ok := w.billed[v.Number]; ok && v.Source == "agency" && v.Order != nil {
			o := w.world.Orders(truth.Customer)[truth.Index]
			if n := v.Order.Number; n != o.Number && n != o.Books.Number && n != o.ERP {
				t.Errorf("%s: invoice %s leads to order %s, and belongs to %s", c.Name, v.Number, n, o.Number)
			}
		}
	}
	if len(numbers) > 1 {
		t.Errorf("%s is several customers of the world: %v", c.Name, slices.Collect(maps.Keys(numbers)))
	}
	var gotOrders, gotInvoices, gotTickets []string
	for _, o := range c.Orders.Nodes {
		gotOrders = append(gotOrders, o.Source+" "+o.Number)
		if o.Customer.ID != c.ID {
			t.Errorf("%s: an order belongs to another customer", c.Name)
		}
	}
	for _, v := range c.Invoices.Nodes {
		gotInvoices = append(gotInvoices, v.Number)
	}
	for _, k := range c.Tickets.Nodes {
		gotTickets = append(gotTickets, k.Number)
	}
	same(t, c.Name+" orders", gotOrders, orders)
	same(t, c.Name+" invoices", gotInvoices, invoices)
	same(t, c.Name+" tickets", gotTickets, tickets)
	if c.Orders.TotalCount != len(orders) || c.Invoices.TotalCount != len(invoices) || c.Tickets.TotalCount != len(tickets) {
		t.Errorf("%s: totals %d %d %d, want %d %d %d", c.Name, c.Orders.TotalCount, c.Invoices.TotalCount, c.Tickets.TotalCount, len(orders), len(invoices), len(tickets))
	}
	return numbers
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
