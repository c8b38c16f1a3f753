// Package data makes the deterministic data set of the benchmark: customers,
// their tickets, quotes, orders (with lines) and invoices. Everything is a
// function of the customer's number, so that every process that imports the
// package (the upstream server, an in-process subgraph, a test) agrees on it.
package data

import (
	"strconv"
	"strings"
)

// N is the number of customers.
const N = 100_000

// Customer is a customer of the CRM, as its system writes it.
type Customer struct {
	ID          string `json:"id"`
	Code        string `json:"code"`
	Name        string `json:"name"`
	TaxID       string `json:"taxId"`
	Email       string `json:"email"`
	City        string `json:"city"`
	Segment     string `json:"segment"`
	ManagerName string `json:"managerName"`
	ModifiedAt  string `json:"modifiedAt"`
}

// Ticket is a ticket of the help desk, as its system writes it.
type Ticket struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Title      string `json:"title"`
	State      string `json:"state"`
	Priority   string `json:"priority"`
	Queue      string `json:"queue"`
	CreatedAt  string `json:"createdAt"`
	CustomerID string `json:"customerId"`
}

// Quote is a quote of the ERP, as its system writes it.
type Quote struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Status     string `json:"status"`
	Total      Cents  `json:"total"`
	Currency   string `json:"currency"`
	CreatedAt  string `json:"createdAt"`
	CustomerID string `json:"customerId"`
}

// Line is a line of an order, as its system writes it.
type Line struct {
	ArticleCode string `json:"articleCode"`
	Label       string `json:"label"`
	Qty         int    `json:"qty"`
	UnitPrice   Cents  `json:"unitPrice"`
}

// Order is an order of the ERP, as its system writes it.
type Order struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Status     string `json:"status"`
	Total      Cents  `json:"total"`
	Currency   string `json:"currency"`
	CreatedAt  string `json:"createdAt"`
	CustomerID string `json:"customerId"`
	Lines      []Line `json:"lines"`
}

// Invoice is an invoice of accounting, as its system writes it.
type Invoice struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Status     string `json:"status"`
	Total      Cents  `json:"total"`
	Paid       Cents  `json:"paid"`
	DueDate    string `json:"dueDate"`
	CustomerID string `json:"customerId"`
	OrderID    string `json:"orderId"`
	// OrderNumber is the number printed on the invoice: what accounting knows of
	// another system's order.
	OrderNumber string `json:"orderNumber"`
}

var (
	cities   = []string{"Almaty", "Berlin", "Kraków", "Madrid", "Novi Sad", "Oslo", "Porto", "Tbilisi"}
	segments = []string{"enterprise", "mid-market", "smb", "public"}
	managers = []string{"Anna Weber", "Ivan Petrov", "Maria Silva", "Tom \"TJ\" Jones", "Olga Koval"}
	states   = []string{"new", "open", "pending reminder", "closed successful"}
	prios    = []string{"1 very low", "2 low", "3 normal", "4 high", "5 very high"}
	queues   = []string{"Raw", "Support::L1", "Support::L2", "Billing"}
	titles   = []string{"Printer does not answer", "Invoice total differs from the order", "Zugang gesperrt: Müller", "VPN drops every 30 minutes", "Need a quote for 20 more seats"}
	qstat    = []string{"draft", "sent", "accepted", "rejected"}
	ostat    = []string{"open", "picking", "shipped", "closed"}
	istat    = []string{"open", "partly paid", "paid", "overdue"}
	labels   = []string{"Cable CAT6 5 m", "Switch 24p PoE", "Support hour", "Licence seat, annual", "Rack rail 19\""}
)

// h is a small deterministic mixer (splitmix64).
func h(i, salt int) int {
	x := uint64(i)*0x9E3779B97F4A7C15 + uint64(salt)*0xBF58476D1CE4E5B9
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	x ^= x >> 31
	return int(x >> 2)
}

func pick(s []string, i, salt int) string { return s[h(i, salt)%len(s)] }

func pad(n, w int) string {
	s := strconv.Itoa(n)
	if len(s) < w {
		s = strings.Repeat("0", w-len(s)) + s
	}
	return s
}

func date(i, salt int) string {
	v := h(i, salt)
	return "2026-" + pad(v%12+1, 2) + "-" + pad(v/16%28+1, 2) + "T" + pad(v/512%24, 2) + ":" + pad(v/16384%60, 2) + ":00Z"
}

// CustomerID gives the id of customer number i (0-based).
func CustomerID(i int) string { return "C" + pad(i, 6) }

// CustomerIndex is the reverse of CustomerID; -1 if there is none.
func CustomerIndex(id string) int {
	if len(id) != 7 || id[0] != 'C' {
		return -1
	}
	return num(id[1:])
}

func num(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return -1
		}
		n = n*10 + int(d)
	}
	if n >= N {
		return -1
	}
	return n
}

// OrderIndex splits an order's id "O000001-2" into customer and ordinal.
func OrderIndex(id string) (cust, ord int) {
	if len(id) != 9 || id[0] != 'O' || id[7] != '-' {
		return -1, 0
	}
	ord = int(id[8] - '1')
	if ord < 0 || ord >= OrdersPer {
		return -1, 0
	}
	return num(id[1:7]), ord
}

// OrderOfNumber splits an order's number "SO-0000009" into customer and ordinal;
// customer -1 if there is none.
func OrderOfNumber(number string) (cust, ord int) {
	if len(number) != 10 || number[:3] != "SO-" {
		return -1, 0
	}
	n := 0
	for _, d := range []byte(number[3:]) {
		if d < '0' || d > '9' {
			return -1, 0
		}
		n = n*10 + int(d-'0')
	}
	cust, ord = n/perCustomer, n%perCustomer
	if cust >= N || ord >= OrdersPer {
		return -1, 0
	}
	return cust, ord
}

// perCustomer is how many numbers of each kind of record are set aside for a
// customer.
const perCustomer = 8

// How many a customer has; lines are those of an order.
const (
	QuotesPer = 2
	OrdersPer = 2
	LinesPer  = 3
)

// TicketsOf is the number of tickets of customer i: 2, 3 or 4, 3 on average.
func TicketsOf(i int) int { return 2 + h(i, 7)%3 }

// MakeCustomer gives customer number i (0-based).
func MakeCustomer(i int) Customer {
	c := pad(i, 6)
	return Customer{
		ID: "C" + c, Code: "CUST-" + c, Name: "Customer " + c + " & Söhne GmbH", TaxID: "DE" + pad(h(i, 1)%1_000_000_000, 9),
		Email: "office@c" + c + ".example", City: pick(cities, i, 2), Segment: pick(segments, i, 3),
		ManagerName: pick(managers, i, 4), ModifiedAt: date(i, 5),
	}
}

// MakeTickets gives the tickets of customer i.
func MakeTickets(i int) []Ticket {
	out := make([]Ticket, TicketsOf(i))
	c := pad(i, 6)
	for k := range out {
		s := i*perCustomer + k
		out[k] = Ticket{
			ID: "T" + c + "-" + strconv.Itoa(k+1), Number: "2026" + pad(s, 8), Title: pick(titles, s, 11),
			State: pick(states, s, 12), Priority: pick(prios, s, 13), Queue: pick(queues, s, 14), CreatedAt: date(s, 15), CustomerID: "C" + c,
		}
	}
	return out
}

// MakeQuotes gives the quotes of customer i.
func MakeQuotes(i int) []Quote {
	out := make([]Quote, QuotesPer)
	c := pad(i, 6)
	for k := range out {
		s := i*perCustomer + k
		out[k] = Quote{
			ID: "Q" + c + "-" + strconv.Itoa(k+1), Number: "QT-" + pad(s, 7), Status: pick(qstat, s, 21),
			Total: Cents(h(s, 22) % 1_000_000), Currency: "EUR", CreatedAt: date(s, 23), CustomerID: "C" + c,
		}
	}
	return out
}

// MakeOrders gives the orders of customer i.
func MakeOrders(i int) []Order {
	out := make([]Order, OrdersPer)
	c := pad(i, 6)
	for k := range out {
		s := i*perCustomer + k
		o := Order{
			ID: "O" + c + "-" + strconv.Itoa(k+1), Number: "SO-" + pad(s, 7), Status: pick(ostat, s, 31),
			Currency: "EUR", CreatedAt: date(s, 33), CustomerID: "C" + c, Lines: make([]Line, LinesPer),
		}
		for l := range o.Lines {
			a := s*4 + l
			o.Lines[l] = Line{
				ArticleCode: "ART-" + pad(h(a, 34)%10000, 5), Label: pick(labels, a, 35), Qty: 1 + h(a, 36)%20,
				UnitPrice: Cents(h(a, 37) % 100_000),
			}
			o.Total += Cents(o.Lines[l].Qty) * o.Lines[l].UnitPrice
		}
		out[k] = o
	}
	return out
}

// MakeInvoices gives one invoice for each order of customer i.
func MakeInvoices(i int) []Invoice {
	os := MakeOrders(i)
	out := make([]Invoice, len(os))
	for k, o := range os {
		s := i*perCustomer + k
		st := pick(istat, s, 41)
		paid := Cents(0)
		switch st {
		case "paid":
			paid = o.Total
		case "partly paid":
			paid = (o.Total + 1) / 2
		}
		out[k] = Invoice{
			ID: "I" + o.ID[1:], Number: "INV-" + pad(s, 7), Status: st, Total: o.Total, Paid: paid,
			DueDate: date(s, 42)[:10], CustomerID: o.CustomerID, OrderID: o.ID, OrderNumber: o.Number,
		}
	}
	return out
}
