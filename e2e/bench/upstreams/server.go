package main

import (
	"errors"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/e2e/bench/data"
)

// kind is one kind of record, and what was asked of it.
type kind struct {
	*fragments
	name string
	counter
}

// server is the four systems.
type server struct {
	latency atomic.Int64 // nanoseconds
	maxIDs  atomic.Int64

	customers, tickets, quotes, orders, invoices kind
	// ofOrder are the invoices once more, by their order's place among the
	// customer's.
	ofOrder [data.OrdersPer]*fragments

	bufs sync.Pool
}

func newServer(customers int) (*server, error) {
	s := &server{}
	s.bufs.New = func() any { b := make([]byte, 0, 64<<10); return &b }
	var errs [5 + data.OrdersPer]error
	s.customers.fragments, errs[0] = build(customers, func(i int) []data.Customer { return []data.Customer{data.MakeCustomer(i)} })
	s.tickets.fragments, errs[1] = build(customers, data.MakeTickets)
	s.quotes.fragments, errs[2] = build(customers, data.MakeQuotes)
	s.orders.fragments, errs[3] = build(customers, data.MakeOrders)
	s.invoices.fragments, errs[4] = build(customers, data.MakeInvoices)
	for k := range s.ofOrder {
		s.ofOrder[k], errs[5+k] = build(customers, func(i int) []data.Invoice { return data.MakeInvoices(i)[k : k+1] })
	}
	s.customers.name, s.tickets.name, s.quotes.name, s.orders.name, s.invoices.name = "customers", "tickets", "quotes", "orders", "invoices"
	runtime.GC() // what the building left behind is no part of a measurement
	return s, errors.Join(errs[:]...)
}

func (s *server) kinds() []*kind {
	return []*kind{&s.customers, &s.tickets, &s.quotes, &s.orders, &s.invoices}
}

// routes are the systems' interfaces; stats, control and profile are the
// benchmark's own.
func (s *server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /crm/customers", s.list(&s.customers))
	m.HandleFunc("GET /helpdesk/tickets", s.list(&s.tickets))
	m.HandleFunc("GET /erp/quotes", s.list(&s.quotes))
	m.HandleFunc("GET /erp/orders", s.list(&s.orders))
	m.HandleFunc("GET /acc/invoices", s.list(&s.invoices))
	m.HandleFunc("GET /stats", s.stats)
	m.HandleFunc("GET /control", s.control)
	m.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return m
}

// list serves the records of the keys that were asked for, as a bare list; or,
// without keys, a page of all of them.
func (s *server) list(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := parse(r.URL.RawQuery)
		if most := s.maxIDs.Load(); most > 0 && int64(len(p.keys)) > most {
			http.Error(w, `{"error":"too many keys"}`, http.StatusRequestURITooLong)
			return
		}
		if wait := s.latency.Load(); wait > 0 {
			time.Sleep(time.Duration(wait))
		}
		held, _ := s.bufs.Get().(*[]byte)
		b, rows := (*held)[:0], 0
		switch {
		case p.keys != nil:
			b, rows = s.keyed(b, k, &p)
		case k == &s.customers:
			b, rows = k.slice(b, &p)
		default:
			b, rows = k.page(b, &p)
		}
		k.count(len(p.keys), rows, len(b))
		h := w.Header()
		h["Content-Type"] = []string{"application/json"}
		h["Content-Length"] = []string{strconv.Itoa(len(b))}
		_, _ = w.Write(b) // a caller that went away needs no answer
		*held = b
		s.bufs.Put(held)
	}
}

// keyed appends the records of keys. A key that is nobody's has none; its own ids
// are known to customers only.
func (s *server) keyed(b []byte, k *kind, p *params) ([]byte, int) {
	rows := 0
	b = append(b, '[')
	for _, key := range p.keys {
		of, i := k.fragments, -1
		switch {
		case k == &s.invoices && p.by == byOrder:
			var place int
			i, place = data.OrderIndex(key)
			of = s.ofOrder[place]
		case k == &s.invoices && p.by == byOrderNumber:
			var place int
			i, place = data.OrderOfNumber(key)
			of = s.ofOrder[place]
		case p.by == byCustomer, k == &s.customers && p.by == byOwn:
			i = data.CustomerIndex(key)
		}
		if i >= 0 && i < len(of.rows) {
			b, rows = of.appendTo(b, i), rows+int(of.rows[i])
		}
	}
	return append(b, ']'), rows
}

// defaultLimit is how many records a page has that names no limit.
const defaultLimit = 100

// slice appends limit customers from offset on, as a bare list.
func (k *kind) slice(b []byte, p *params) ([]byte, int) {
	limit, rows := p.limit, 0
	if limit < 0 {
		limit = defaultLimit
	}
	b = append(b, '[')
	for i := p.offset; i < len(k.rows) && rows < limit; i++ {
		b, rows = k.appendTo(b, i), rows+1
	}
	return append(b, ']'), rows
}

// page appends at most limit records of whole customers, of at least one, and
// the cursor of the next: {"items": […], "next": 1250}.
func (k *kind) page(b []byte, p *params) ([]byte, int) {
	limit, rows := p.limit, 0
	if limit < 0 {
		limit = defaultLimit
	}
	b = append(b, `{"items":[`...)
	i := p.offset
	for ; i < len(k.rows); i++ {
		if n := int(k.rows[i]); rows > 0 && rows+n > limit {
			break
		}
		b, rows = k.appendTo(b, i), rows+int(k.rows[i])
	}
	b = append(b, `],"next":`...)
	if i < len(k.rows) {
		b = strconv.AppendInt(b, int64(i), 10)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}'), rows
}
