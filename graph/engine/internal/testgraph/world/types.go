// Package world holds the Go types and the data of the engine's test graph.
package world

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Color is an enum without marshal methods.
type Color string

// Upper is a scalar with marshal methods. It refuses lower case when read and
// writes the empty text as nothing special.
type Upper string

// MarshalGQL writes the text in upper case.
func (u Upper) MarshalGQL(w io.Writer) {
	if u == "PANIC" {
		panic("upper panicked")
	}
	_, _ = io.WriteString(w, strconv.Quote(strings.ToUpper(string(u))))
}

// UnmarshalGQL reads a text in upper case.
func (u *Upper) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("upper must be a string")
	}
	if s != strings.ToUpper(s) {
		return errors.New("upper must be upper case")
	}
	*u = Upper(s)
	return nil
}

// MarshalDecimal writes a decimal as text.
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+d.String()+`"`) })
}

// UnmarshalDecimal reads a decimal from text or a whole number.
func UnmarshalDecimal(v any) (decimal.Decimal, error) {
	switch v := v.(type) {
	case string:
		d, err := decimal.Parse(v)
		if err != nil {
			return decimal.Decimal{}, errors.New("not a decimal")
		}
		return d, nil
	case int64:
		return decimal.New(v, 0)
	}
	return decimal.Decimal{}, fmt.Errorf("decimal cannot be a %T", v)
}

// Node, Titled, Named and Thing are the abstract types.
type (
	Node   interface{ IsNode() }
	Titled interface {
		Node
		IsTitled()
	}
	Named interface{ IsNamed() }
	Thing interface{ IsThing() }
)

// Pages and edges.
type (
	CustomerPage = schema.Page[Customer]
	CustomerEdge = schema.Edge[Customer]
	TicketPage   = schema.Page[Ticket]
	TicketEdge   = schema.Edge[Ticket]
)

// Money has pointers so that its non-null fields can be missing.
type Money struct {
	Amount   *decimal.Decimal
	Currency *string
}

// Part is used by value and by pointer.
type Part struct {
	SKU   string
	Price *Money
	Boss  int // index of its owner, -1 for none
}

// Cell is an element of a list of lists.
type Cell struct {
	Value *int
	Label *string
}

// Base is embedded.
type Base struct {
	ID        string
	CreatedAt *string
	Faults    *schema.Faults
}

// Customer has a field of every kind.
type Customer struct {
	Base
	Name        *string
	Label       *string
	Status      *Status
	MustStatus  *Status
	Color       *Color
	Statuses    []Status
	Score       *float64
	MustScore   float64
	Rank        *int
	Big         *int64
	Active      bool
	MaybeActive *bool
	Born        *time.Time
	Joined      time.Time
	Balance     *decimal.Decimal
	Code        *Upper
	MustCode    *Upper
	Money       *Money
	MustMoney   *Money
	Tags        []string
	Notes       []*string
	MustNotes   []*string
	Matrix      [][]*int
	Grid        [][]*Cell
	MustGrid    [][]*Cell
	Parts       []*Part
	PartValues  []Part
	risky       Outcome
	mustRisky   Outcome
	riskyMoney  Outcome
	present     Outcome
	riches      *Money
}

// Ticket is a second entity.
type Ticket struct {
	ID     string
	Title  *string
	Open   *bool
	Status *Status
	Faults *schema.Faults
}

// Gadget has no id.
type Gadget struct {
	Name   *string
	Label  *string
	Weight *float64
	key    string
}

// Scrap is met in a union only.
type Scrap struct{ Heft *int }

// IsThing makes it a Thing.
func (*Scrap) IsThing() {}

func (*Customer) IsNode()  {}
func (*Customer) IsNamed() {}
func (*Customer) IsThing() {}
func (*Ticket) IsNode()    {}
func (*Ticket) IsTitled()  {}
func (*Ticket) IsThing()   {}
func (*Gadget) IsNamed()   {}
func (*Gadget) IsThing()   {}

// Greet is a method with arguments.
func (c *Customer) Greet(word *string, times *int) *string { return greet(c.Name, word, times) }

// Greet is a method with arguments.
func (g *Gadget) Greet(word *string, times *int) *string { return greet(g.Name, word, times) }

func greet(name, word *string, times *int) *string {
	if name == nil {
		return nil
	}
	if word == nil {
		word = new(string)
	}
	n := 1
	if times != nil {
		n = min(max(*times, 0), 3)
	}
	s := strings.Repeat(*word+" ", n) + *name
	return &s
}

// Risky is a method with an error.
func (c *Customer) Risky() (*string, error) { return outcome(c.risky, "Customer.risky", c.Name) }

// MustRisky is one that may not be null.
func (c *Customer) MustRisky() (*string, error) {
	return outcome(c.mustRisky, "Customer.mustRisky", c.Name)
}

// RiskyMoney yields an object by a method with an error.
func (c *Customer) RiskyMoney() (*Money, error) {
	return outcome(c.riskyMoney, "Customer.riskyMoney", c.riches)
}

// Present is a method that may say there is nothing.
func (c *Customer) Present() (int, bool) {
	if c.present == Panics {
		panic("present panicked")
	}
	return 7, c.present == Fine
}
