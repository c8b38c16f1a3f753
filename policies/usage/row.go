package usage

import (
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Other is the subject of operations beyond the number that is kept apart.
const Other = "other"

// Row is what one token did within one hour with one subject.
type Row struct {
	Hour    time.Time // its first moment, UTC
	By      schema.UsageBy
	Token   string
	Account string
	Subject string // of FIELD: Type.field; of OPERATION: the hash, or Other; of TOKEN: ""
	Name    string // of OPERATION, where it has one
	Counts
}

// Counts are sums over calls, but for Most.
type Counts struct {
	Calls  int64
	Errors int64 // calls with errors
	Rows   int64 // of the calls in whole: a field's are those of the operations that read it
	Cost   int64
	Took   time.Duration
	Most   time.Duration // the longest call
	Spread [Buckets]int64
}

// Buckets is how many ranges of time calls are counted in.
const Buckets = 8

// Bound returns the longest time that belongs into a bucket; the last has none, 0.
func Bound(bucket int) time.Duration {
	bounds := [Buckets]time.Duration{
		10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond,
		time.Second, 3 * time.Second, 10 * time.Second,
	}
	return bounds[bucket]
}

// bucket returns where a time is counted.
func bucket(d time.Duration) int {
	for i := range Buckets - 1 {
		if d <= Bound(i) {
			return i
		}
	}
	return Buckets - 1
}

func (c *Counts) add(o *Counts) {
	c.Calls += o.Calls
	c.Errors += o.Errors
	c.Rows += o.Rows
	c.Cost += o.Cost
	c.Took += o.Took
	c.Most = max(c.Most, o.Most)
	for i, n := range o.Spread {
		c.Spread[i] += n
	}
}

// Usage returns the row as the graph has it.
func (r *Row) Usage() *schema.Usage {
	cost := decimal.MustNew(r.Cost, 0)
	out := &schema.Usage{
		Hour: r.Hour, Token: r.Token, Account: r.Account, Subject: r.Subject, Name: r.Name,
		Calls: number(r.Calls), Errors: number(r.Errors), Rows: number(r.Rows), Cost: &cost, MaxMs: milliseconds(r.Most),
	}
	if r.Calls > 0 {
		out.MeanMs = milliseconds(r.Took / time.Duration(r.Calls))
	}
	return out
}

func number(n int64) *int {
	v := int(n)
	return &v
}

// milliseconds keeps three digits: microseconds are what is stored.
func milliseconds(d time.Duration) *decimal.Decimal {
	v := decimal.MustNew(d.Microseconds(), 3)
	return &v
}

// Habit is what was seen within one hour of one way of asking. What its numbers
// mean depends on its Kind.
type Habit struct {
	Hour      time.Time
	Kind      string // IDByID, Polling, UnusedPage
	Token     string
	Account   string
	Operation string // hash
	Name      string
	Subject   string // of IDByID: Root.Field, the key, the type; of Polling: the first root field; of UnusedPage: the path
	// Calls, Hits and Amount add up; Least and Most are the extremes.
	//
	//	IDByID      calls; -; records asked; -; calls within a minute
	//	Polling     repeated calls; those with the same answer; milliseconds between calls; -; -
	//	UnusedPage  calls; those that read no row; rows declared that did not come; smallest page declared; rows of the fullest page
	Calls, Hits, Amount, Least, Most int64
}

// The kinds of habits.
const (
	IDByID     = "ID_BY_ID"
	Polling    = "POLLING"
	UnusedPage = "UNUSED_PAGE"
)

func (h *Habit) add(o *Habit) {
	h.Calls += o.Calls
	h.Hits += o.Hits
	h.Amount += o.Amount
	h.Least = min(h.Least, o.Least)
	h.Most = max(h.Most, o.Most)
	if o.Hour.After(h.Hour) {
		h.Hour = o.Hour
	}
	if h.Name == "" {
		h.Name = o.Name
	}
}
