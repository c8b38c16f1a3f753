package world

import (
	"sort"
	"sync"
	"time"
)

// The customers of which every world has one, so that tests and demos can name them.
const (
	// BusyCustomer has several hundred tickets and two dozen orders.
	BusyCustomer = 3
	// TwinCustomer has two orders with the same number.
	TwinCustomer = 4
	// AwkwardCustomer has the code [AwkwardCode], which OTRS's query language cannot find (wire/otrs.md, TicketSearch).
	AwkwardCustomer = 5
	// LowercaseCustomer is known to the help desk under its CRM code in lower case: CustomerIDRaw with the code finds nothing.
	LowercaseCustomer = 8
	// QuietCustomer has neither tickets nor orders.
	QuietCustomer = 6

	// AwkwardCode is the Account.Code and CustomerID of AwkwardCustomer.
	AwkwardCode = "R&D+Co"
)

// The span of all dates.
var (
	// Begin is before everything that ever happened in the world.
	Begin = time.Date(2024, 1, 8, 7, 0, 0, 0, time.UTC)
	// End is after everything that ever happened in the world; it is the world's "now".
	End = time.Date(2026, 10, 31, 18, 0, 0, 0, time.UTC)
)

// World is one demo world. It is read-only after New and safe for concurrent use.
type World struct {
	Staff    []Person  // the company's own people: account managers, agents
	Products []Product // the shared catalogue
	Queues   []Queue   // OTRS queues
	States   []State   // OTRS states

	seed    uint64
	guidKey uint64
	n       int

	// Prefix sums: x[i] is the number of documents of the customers before i, so that a document's serial is x[i]+index+1.
	// tickets starts with the strays of customer 0.
	tickets, orders, quotes, invoices, crmInvoices []int32

	heads      []TicketHead // by TicketID − firstTicketID
	ticketIDs  []int32      // by tickets[customer] + index
	articleIDs []int32      // by TicketID − firstTicketID: number of articles of the tickets before

	deskKeys map[string]int32 // help desk keys that are not a plain account code

	fiscalOnce             sync.Once
	fiscalCRM, fiscalBooks map[string][]Ref
}

// Ref points to a customer's document or record by its index.
type Ref struct{ Customer, Index int }

// New builds the world of a seed. customers below 12 are raised to 12, so that the named customers exist.
func New(seed uint64, customers int) *World {
	w := &World{seed: seed, guidKey: mix(seed ^ 0x7472616d61), n: min(max(customers, 12), 1<<22)}
	w.Queues, w.States = queues, states
	w.Staff = w.makeStaff()
	w.Products = w.makeProducts()
	w.tickets = make([]int32, w.n+2)
	w.orders = make([]int32, w.n+2)
	w.quotes = make([]int32, w.n+2)
	w.invoices = make([]int32, w.n+2)
	w.crmInvoices = make([]int32, w.n+2)
	w.deskKeys = map[string]int32{}
	for i := 0; i <= w.n; i++ {
		c := w.count(i)
		w.tickets[i+1] = w.tickets[i] + int32(c.tickets)
		w.orders[i+1] = w.orders[i] + int32(c.orders)
		w.quotes[i+1] = w.quotes[i] + int32(c.quotes)
	}
	for i := 1; i <= w.n; i++ {
		bills, crmBills := w.countInvoices(i)
		w.invoices[i+1] = w.invoices[i] + int32(bills)
		w.crmInvoices[i+1] = w.crmInvoices[i] + int32(crmBills)
		if key := w.deskKey(i); key != "" && (key != code(i) || i == AwkwardCustomer) {
			w.deskKeys[key] = int32(i)
		}
	}
	w.makeHeads()
	return w
}

// Seed returns the seed the world was built with.
func (w *World) Seed() uint64 { return w.seed }

// Customers returns the number of customers; they are numbered from 1.
func (w *World) Customers() int { return w.n }

// Has says whether a customer of that number exists.
func (w *World) Has(i int) bool { return i >= 1 && i <= w.n }

// counts are the numbers of a customer's documents.
type counts struct{ tickets, orders, quotes int }

func (w *World) count(i int) counts {
	if i == 0 {
		return counts{tickets: 3 + w.n/40}
	}
	var c counts
	r := w.rng(topicCounts, i, 0)
	c.tickets = r.weighted(14, 14, 18, 18, 13, 9, 6, 4, 2, 2) // mean about 3
	c.orders = r.weighted(11, 22, 32, 22, 13)                 // mean about 2
	c.quotes = r.weighted(12, 22, 32, 21, 13)
	switch i {
	case BusyCustomer:
		c = counts{tickets: 320, orders: 24, quotes: 30}
	case TwinCustomer:
		c.orders = max(c.orders, 3)
	case QuietCustomer:
		c = counts{}
	case AwkwardCustomer:
		c = counts{tickets: 7, orders: 3, quotes: 3}
	case LowercaseCustomer:
		c.tickets = 4
	}
	if w.deskKey(i) == "" {
		c.tickets = 0
	}
	crm, books := caseOf(i).records()
	if crm == 0 {
		c.quotes = 0
		if books == 0 {
			c.orders = 0
		}
	}
	return c
}

// TicketCount returns the number of all tickets.
func (w *World) TicketCount() int { return len(w.heads) }

// OrderCount returns the number of all orders, in whatever system.
func (w *World) OrderCount() int { return int(w.orders[w.n+1]) }

// QuoteCount returns the number of all quotes.
func (w *World) QuoteCount() int { return int(w.quotes[w.n+1]) }

// InvoiceCount returns the number of all invoices of the books.
func (w *World) InvoiceCount() int { return int(w.invoices[w.n+1]) }

// CRMInvoiceCount returns the number of all invoices of the CRM.
func (w *World) CRMInvoiceCount() int { return int(w.crmInvoices[w.n+1]) }

// OrderAt returns the order with that serial, 0 … OrderCount()−1: a way to walk all orders without building an index.
func (w *World) OrderAt(serial int) (Ref, bool) { return at(w.orders, serial) }

// QuoteAt returns the quote with that serial, 0 … QuoteCount()−1.
func (w *World) QuoteAt(serial int) (Ref, bool) { return at(w.quotes, serial) }

// InvoiceAt returns the books' invoice with that serial, 0 … InvoiceCount()−1.
func (w *World) InvoiceAt(serial int) (Ref, bool) { return at(w.invoices, serial) }

// CRMInvoiceAt returns the CRM's invoice with that serial, 0 … CRMInvoiceCount()−1.
func (w *World) CRMInvoiceAt(serial int) (Ref, bool) { return at(w.crmInvoices, serial) }

func at(prefix []int32, serial int) (Ref, bool) {
	if serial < 0 || serial >= int(prefix[len(prefix)-1]) {
		return Ref{}, false
	}
	i := sort.Search(len(prefix), func(i int) bool { return int(prefix[i]) > serial }) - 1
	return Ref{Customer: i, Index: serial - int(prefix[i])}, true
}

// bulkJobs are the instants at which somebody's import touched many records at once: equal timestamps are common in real
// bases (wire/creatio.md §7) and break a cursor that is made of the time alone.
var bulkJobs = func() []time.Time {
	var jobs []time.Time
	for t := time.Date(2024, 3, 1, 2, 0, 0, 0, time.UTC); t.Before(End); t = t.AddDate(0, 0, 68) {
		jobs = append(jobs, t)
	}
	return jobs
}()

// bulkAfter returns the first bulk job not before t, or t if there is none left.
func bulkAfter(t time.Time) time.Time {
	i := sort.Search(len(bulkJobs), func(i int) bool { return !bulkJobs[i].Before(t) })
	if i == len(bulkJobs) {
		return t
	}
	return bulkJobs[i]
}

// moment returns an instant of a working day in [from, to].
func moment(r *rng, from, to time.Time) time.Time {
	if !from.Before(to) {
		return to
	}
	t := from.Add(time.Duration(r.n(int(to.Sub(from)/time.Second)+1)) * time.Second)
	if h := t.Hour(); h < 6 || h > 17 {
		if moved := t.Truncate(24 * time.Hour).Add(6*time.Hour + time.Duration(r.n(12*3600))*time.Second); !moved.Before(from) && !moved.After(to) {
			return moved
		}
	}
	return t
}

// modified returns a change time not before created: a bulk job's for some, up to three weeks later for others, created for the rest.
func modified(r *rng, created time.Time) time.Time {
	switch r.weighted(40, 35, 25) {
	case 0:
		return bulkAfter(created)
	case 1:
		t := created.Add(time.Duration(1+r.n(21*24*3600)) * time.Second)
		if t.After(End) {
			return End
		}
		return t.Truncate(time.Second).Add(time.Duration(r.n(1000)) * time.Millisecond)
	default:
		return created
	}
}

func day(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
