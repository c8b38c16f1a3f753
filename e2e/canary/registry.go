package canary

import (
	"fmt"
	"time"
)

// Field is a field of the graph.
type Field struct{ Type, Name string }

func (f Field) String() string { return f.Type + "." + f.Name }

// Path is one way to a cell: the row it begins at, and every field that must be
// readable whole on the way.
type Path struct {
	Row    *Row // nil: no row has to be visible
	Fields []Field
}

// Cell is what one canary stands for. It may be seen by whoever may go one of its
// paths; with none, by nobody.
type Cell struct {
	Canary string // as the source wrote it
	Label  string // for the failing test: "Order.number of order-a1"
	Paths  []Path
}

// Registry is every canary of a world.
type Registry struct {
	n     int
	texts map[string]*Cell // by "canary-0001"
	times map[string]*Cell // by second and by day
	codes map[string]*Cell // currencies
	runs  map[string]*Cell // by the first digits of a number, see number
}

func newRegistry() *Registry {
	return &Registry{texts: map[string]*Cell{}, times: map[string]*Cell{}, codes: map[string]*Cell{}, runs: map[string]*Cell{}}
}

// Cells returns every canary.
func (r *Registry) Cells() []*Cell {
	seen := map[*Cell]bool{}
	var out []*Cell
	for _, m := range []map[string]*Cell{r.texts, r.times, r.codes, r.runs} {
		for _, c := range m {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// text makes a text. What stands before and after it is no part of what is looked
// for: an address has a domain that every row shares, so that it may be shown.
func (r *Registry) text(label, after string) *Cell {
	r.n++
	name := fmt.Sprintf("canary-%04d", r.n)
	c := &Cell{Canary: fmt.Sprintf("%s-%s%s", name, lower(label), after), Label: label}
	r.texts[name] = c
	return c
}

// digits is how many leading digits make a number a canary.
const digits = 10

// number makes ten digits that no clock, counter or duration shows: 19, the serial
// number, and four that follow from it. They fit an Int of GraphQL.
func (r *Registry) number(label string) *Cell {
	r.n++
	c := &Cell{Canary: fmt.Sprintf("19%04d%04d", r.n, (r.n*7919+13)%10000), Label: label}
	r.runs[c.Canary] = c
	return c
}

// taxID makes a fiscal number of Moldova with a valid check digit.
func (r *Registry) taxID(label string) *Cell {
	r.n++
	s, sum := fmt.Sprintf("1019%04d%04d", r.n, (r.n*7919+13)%10000), 0
	for i, d := range s {
		sum += int(d-'0') * [3]int{7, 3, 1}[i%3]
	}
	c := &Cell{Canary: s + fmt.Sprint(sum%10), Label: label}
	r.runs[c.Canary[:digits]] = c
	return c
}

// moment makes a second of a day that no other canary has, in a year no clock
// shows yet.
func (r *Registry) moment(label string) *Cell {
	r.n++
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.n) * (24*time.Hour + 61*time.Second))
	c := &Cell{Canary: at.Format(time.RFC3339), Label: label}
	r.times[at.Format("2006-01-02T15:04:05")], r.times[at.Format(time.DateOnly)] = c, c
	return c
}

// currencies have two decimals, and stand for nothing else in an answer.
const currencies = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD SAR SBD SCR SEK SGD"

// currency hands out each currency once.
func (r *Registry) currency(label string) *Cell {
	k := len(r.codes)
	if 4*k+3 > len(currencies) {
		panic("canary: no currency is left")
	}
	c := &Cell{Canary: currencies[4*k : 4*k+3], Label: label}
	r.codes[c.Canary] = c
	return c
}
