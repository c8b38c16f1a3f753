package mapping_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// The bodies of the benchmark's upstream systems, by the formulas of its data set:
// what they hold is a function of the customer's number.

type rigTicket struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Title      string `json:"title"`
	State      string `json:"state"`
	Priority   string `json:"priority"`
	Queue      string `json:"queue"`
	CreatedAt  string `json:"createdAt"`
	CustomerID string `json:"customerId"`
}

type rigQuote struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	Status     string  `json:"status"`
	Total      float64 `json:"total"`
	Currency   string  `json:"currency"`
	CreatedAt  string  `json:"createdAt"`
	CustomerID string  `json:"customerId"`
}

type rigLine struct {
	ArticleCode string  `json:"articleCode"`
	Label       string  `json:"label"`
	Qty         int     `json:"qty"`
	UnitPrice   float64 `json:"unitPrice"`
}

type rigOrder struct {
	ID         string    `json:"id"`
	Number     string    `json:"number"`
	Status     string    `json:"status"`
	Total      float64   `json:"total"`
	Currency   string    `json:"currency"`
	CreatedAt  string    `json:"createdAt"`
	CustomerID string    `json:"customerId"`
	Lines      []rigLine `json:"lines"`
}

type rigInvoice struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	Status     string  `json:"status"`
	Total      float64 `json:"total"`
	Paid       float64 `json:"paid"`
	DueDate    string  `json:"dueDate"`
	CustomerID string  `json:"customerId"`
	OrderID    string  `json:"orderId"`
}

func mix(i, salt int) int {
	x := uint64(i)*0x9E3779B97F4A7C15 + uint64(salt)*0xBF58476D1CE4E5B9
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	x ^= x >> 31
	return int(x >> 2)
}

func one(i, salt int, of ...string) string { return of[mix(i, salt)%len(of)] }

func pad(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

func cents(v float64) float64 { return math.Round(v*100) / 100 }

func rigDate(i, salt int) string {
	v := mix(i, salt)
	return "2026-" + pad(v%12+1, 2) + "-" + pad(v/16%28+1, 2) + "T" + pad(v/512%24, 2) + ":" + pad(v/16384%60, 2) + ":00Z"
}

// rig makes the four bodies that hold what belongs to so many customers.
func rig(customers int) (tickets, quotes, orders, invoices []byte) {
	var (
		ts []rigTicket
		qs []rigQuote
		os []rigOrder
		is []rigInvoice
	)
	for i := range customers {
		c := pad(i, 6)
		for k := range 2 + mix(i, 7)%3 {
			s := i*8 + k
			ts = append(ts, rigTicket{
				ID: "T" + c + "-" + strconv.Itoa(k+1), Number: "2026" + pad(s, 8),
				Title: one(s, 11, "Printer does not answer", "Invoice total differs from the order", "Zugang gesperrt: Müller", "VPN drops every 30 minutes", "Need a quote for 20 more seats"),
				State: one(s, 12, "new", "open", "pending reminder", "closed successful"), Priority: one(s, 13, "1 very low", "2 low", "3 normal", "4 high", "5 very high"),
				Queue: one(s, 14, "Raw", "Support::L1", "Support::L2", "Billing"), CreatedAt: rigDate(s, 15), CustomerID: "C" + c,
			})
		}
		for k := range 2 {
			s := i*8 + k
			qs = append(qs, rigQuote{
				ID: "Q" + c + "-" + strconv.Itoa(k+1), Number: "QT-" + pad(s, 7), Status: one(s, 21, "draft", "sent", "accepted", "rejected"),
				Total: cents(float64(mix(s, 22)%1_000_000) / 100), Currency: "EUR", CreatedAt: rigDate(s, 23), CustomerID: "C" + c,
			})
			o := rigOrder{
				ID: "O" + c + "-" + strconv.Itoa(k+1), Number: "SO-" + pad(s, 7), Status: one(s, 31, "open", "picking", "shipped", "closed"),
				Currency: "EUR", CreatedAt: rigDate(s, 33), CustomerID: "C" + c,
			}
			for l := range 3 {
				a := s*4 + l
				line := rigLine{
					ArticleCode: "ART-" + pad(mix(a, 34)%10000, 5), Label: one(a, 35, "Cable CAT6 5 m", "Switch 24p PoE", "Support hour", "Licence seat, annual", "Rack rail 19\""),
					Qty: 1 + mix(a, 36)%20, UnitPrice: cents(float64(mix(a, 37)%100_000) / 100),
				}
				o.Total += float64(line.Qty) * line.UnitPrice
				o.Lines = append(o.Lines, line)
			}
			o.Total = cents(o.Total)
			os = append(os, o)
			paid, status := 0.0, one(s, 41, "open", "partly paid", "paid", "overdue")
			switch status {
			case "paid":
				paid = o.Total
			case "partly paid":
				paid = cents(o.Total / 2)
			}
			is = append(is, rigInvoice{
				ID: "I" + o.ID[1:], Number: "INV-" + pad(s, 7), Status: status, Total: o.Total, Paid: paid,
				DueDate: rigDate(s, 42)[:10], CustomerID: o.CustomerID, OrderID: o.ID,
			})
		}
	}
	return marshalled(ts), marshalled(qs), marshalled(os), marshalled(is)
}

func marshalled(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs
	}
	return b
}
