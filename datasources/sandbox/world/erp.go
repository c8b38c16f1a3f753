package world

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// The streams of the ERP. They start far above the topics of rand.go, so that a topic added there never moves them, and are never
// drawn from by anything else: what the other systems have does not change because an ERP exists.
const (
	topicERPQuote topic = 0xec0000 + iota
	topicERPNote
	topicERPPurchase
	topicERPStock
	topicERPWeight
	topicERPFlaw
	topicERPShop
)

// ERPEntry points to a record of the ERP without holding it.
type ERPEntry struct {
	Customer, Index int32 // Customer number and the index of the order or quote; Index is 0 for a client
	Modified        int64 // Unix seconds of the last change
}

// ERP is the part of a world that lies in the French ERP (wire/ecolix.md): which customers it knows as clients, which of their
// orders and quotes it has, and what only it has: delivery notes, stock by depot, suppliers and the orders to them.
//
// It is an index of small entries in ascending order of customer and document; the records are computed when asked. An ERP is
// read-only and safe for concurrent use.
type ERP struct {
	Clients []ERPEntry // customers with Customer.ERP.Code, all French
	Orders  []ERPEntry // their orders with Order.ERP
	Quotes  []ERPEntry // the share of their quotes that was typed into the ERP
	Notes   []ERPEntry // the orders of Orders that were delivered by a carrier
	Stock   []ERPStock // by product and depot

	Suppliers []ERPSupplier
	Purchases int // number of orders to suppliers

	w     *World
	flaws []ERPFlaw
}

// NewERP builds the index; for 100,000 customers that takes well under a second. Whoever needs it twice keeps it.
//
// Order.ERP is also set on orders of French customers who have no Customer.ERP; those are not in the ERP.
func NewERP(w *World) *ERP {
	e := &ERP{w: w, Suppliers: suppliers()}
	for i := 1; i <= w.n; i++ {
		id := w.identity(i)
		if id.country != FR {
			continue
		}
		c := w.Customer(i)
		if c.ERP.Code == "" {
			continue
		}
		e.Clients = append(e.Clients, ERPEntry{int32(i), 0, c.Modified.Unix()})
		numbers := make([]string, int(w.orders[i+1]-w.orders[i]))
		for k := range numbers {
			var o Order
			w.order(&o, i, k, id)
			if numbers[k] = o.ERP; o.ERP == "" {
				continue
			}
			e.Orders = append(e.Orders, ERPEntry{int32(i), int32(k), o.ModifiedOn.Unix()})
			if w.isShipped(&o) {
				e.Notes = append(e.Notes, ERPEntry{int32(i), int32(k), o.Delivered.Unix()})
			}
		}
		for k, q := range w.Quotes(i) {
			if w.isTyped(&q, numbers) {
				e.Quotes = append(e.Quotes, ERPEntry{int32(i), int32(k), q.ModifiedOn.Unix()})
			}
		}
	}
	e.Stock = w.erpStock()
	e.Purchases = 30 + w.n/20
	e.flaws = e.makeFlaws()
	return e
}

// World returns the world the ERP is part of.
func (e *ERP) World() *World { return e.w }

// isTyped says whether a quote was entered into the ERP. An accepted quote is there only if its order is, so that it can name it;
// a quote that is still a mere lead seldom is.
func (w *World) isTyped(q *Quote, orders []string) bool {
	r := w.rng(topicERPQuote, q.Customer, q.Index)
	switch q.Stage {
	case QuoteWon:
		return orders[q.Order] != "" && r.chance(85)
	case QuoteQualification:
		return r.chance(15)
	case QuoteProposal, QuoteNegotiation:
		return r.chance(75)
	default:
		return r.chance(60)
	}
}

// ERPQuote is a quote as the ERP has it (Devis).
type ERPQuote struct {
	Quote
	ERP        string    // the ERP's number, DV2603-00042
	ERPOrder   string    // the ERP's number of the order that came of it, "" if none
	ValidUntil time.Time // midnight UTC; zero if nobody entered one
	Shop       string    // one of ShopNames, "" if nobody entered one; that of its order, if one came of it
}

// Quote returns the quote at a position of Quotes.
func (e *ERP) Quote(k int) *ERPQuote { return e.QuoteOf(k, e.w.Quotes(int(e.Quotes[k].Customer))) }

// QuoteOf is Quote for a caller that already has all quotes of its customer: the world makes them together.
func (e *ERP) QuoteOf(pos int, all []Quote) *ERPQuote {
	i, k := int(e.Quotes[pos].Customer), int(e.Quotes[pos].Index)
	q := &ERPQuote{Quote: all[k], ERP: erpNumber("DV", all[k].Date, int(e.w.quotes[i])+k+1), ValidUntil: all[k].DueDate, Shop: e.w.quoteShop(i, k)}
	if q.Order >= 0 {
		q.ERPOrder, q.Shop = e.w.Order(i, q.Order).ERP, e.w.orderShop(i, q.Order)
	}
	r := e.w.rng(topicERPQuote, i, k)
	r.n(100) // the draw of isTyped
	if r.chance(12) {
		q.ValidUntil = time.Time{}
	}
	return q
}

// Order returns the order at a position of Orders.
func (e *ERP) Order(k int) *Order {
	return e.w.Order(int(e.Orders[k].Customer), int(e.Orders[k].Index))
}

// Client returns the customer at a position of Clients.
func (e *ERP) Client(k int) *Customer { return e.w.Customer(int(e.Clients[k].Customer)) }

// OrderSerial returns the technical id of the order or delivery note of an entry, counted over all orders of the world from 1.
func (e *ERP) OrderSerial(at ERPEntry) int { return int(e.w.orders[at.Customer]) + int(at.Index) + 1 }

// QuoteSerial returns the technical id of the quote of an entry, counted over all quotes of the world from 1.
func (e *ERP) QuoteSerial(at ERPEntry) int { return int(e.w.quotes[at.Customer]) + int(at.Index) + 1 }

// ClientPos returns the position of the client with a code, CL00042.
func (e *ERP) ClientPos(code string) (int, bool) {
	i, ok := serialOf(code, "CL", 5)
	if !ok {
		return 0, false
	}
	return find(e.Clients, Ref{Customer: i})
}

// OrderPos returns the position of the order with an ERP number, CC2603-00042.
func (e *ERP) OrderPos(number string) (int, bool) {
	k, ok := e.OrderPosBySerial(numberSerial(number, "CC"))
	return k, ok && e.Order(k).ERP == number
}

// OrderPosBySerial returns the position of the order with a technical id.
func (e *ERP) OrderPosBySerial(serial int) (int, bool) {
	ref, ok := at(e.w.orders, serial-1)
	if !ok {
		return 0, false
	}
	return find(e.Orders, ref)
}

// QuotePos returns the position of the quote with an ERP number, DV2603-00042.
func (e *ERP) QuotePos(number string) (int, bool) {
	k, ok := e.QuotePosBySerial(numberSerial(number, "DV"))
	return k, ok && e.Quote(k).ERP == number
}

// QuotePosBySerial returns the position of the quote with a technical id.
func (e *ERP) QuotePosBySerial(serial int) (int, bool) {
	ref, ok := at(e.w.quotes, serial-1)
	if !ok {
		return 0, false
	}
	return find(e.Quotes, ref)
}

// find returns the position of a document in a list that ascends by customer and index.
func find(list []ERPEntry, ref Ref) (int, bool) {
	k := sort.Search(len(list), func(k int) bool {
		c := int(list[k].Customer)
		return c > ref.Customer || c == ref.Customer && int(list[k].Index) >= ref.Index
	})
	return k, k < len(list) && int(list[k].Customer) == ref.Customer && int(list[k].Index) == ref.Index
}

// erpNumber is a number as the ERP gives it: kind, year and month, serial.
func erpNumber(prefix string, on time.Time, serial int) string {
	return fmt.Sprintf("%s%02d%02d-%05d", prefix, on.Year()%100, on.Month(), serial)
}

// numberSerial reads the serial of such a number; 0 if it is none.
func numberSerial(number, prefix string) int {
	rest, ok := strings.CutPrefix(number, prefix)
	if !ok || len(rest) < 10 || rest[4] != '-' {
		return 0
	}
	n, ok := serialOf(rest[5:], "", 5)
	if !ok {
		return 0
	}
	return n
}
