package world

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/schema"
)

// World is the data behind the test graph. What a resolver answers follows from
// the seed, the field and the object alone, whoever asks and however often.
type World struct {
	Seed      uint64
	Faults    float64 // how often something is wrong, 0 to 1
	Customers []*Customer
	Tickets   []*Ticket
	Gadgets   []*Gadget

	// Force decides single outcomes instead of the dice: by "Type.field/id" an
	// Outcome, by "Type.field" the Whole of a batch.
	Force map[string]int

	mu    sync.Mutex
	calls map[string]int
}

// New makes a world with n objects of each kind.
func New(seed uint64, n int, faults float64) *World {
	w := &World{Seed: seed, Faults: faults, calls: map[string]int{}}
	for i := range n {
		w.Customers = append(w.Customers, w.customer(fmt.Sprintf("c%d", i)))
		w.Tickets = append(w.Tickets, w.ticket(fmt.Sprintf("t%d", i)))
		w.Gadgets = append(w.Gadgets, w.gadget(fmt.Sprintf("g%d", i)))
	}
	return w
}

// Calls returns how often each resolver was called, and forgets it.
func (w *World) Calls() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.calls
	w.calls = map[string]int{}
	return c
}

// Count notes a call of a resolver.
func (w *World) Count(field string) {
	w.mu.Lock()
	w.calls[field]++
	w.mu.Unlock()
}

// Roll returns the dice for one decision.
func (w *World) Roll(parts ...string) *Dice {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return &Dice{rand.New(rand.NewPCG(w.Seed, h.Sum64())), w.Faults} //nolint:gosec // test data
}

// Dice decide.
type Dice struct {
	*rand.Rand
	faults float64
}

// Fault reports whether something goes wrong now.
func (d *Dice) Fault() bool { return d.Float64() < d.faults }

// Outcome is what happens to one object.
func (d *Dice) Outcome() Outcome {
	if !d.Fault() {
		return Fine
	}
	return Outcome(1 + d.IntN(3))
}

func some[T any](d *Dice, v T) *T {
	if d.Float64() < 0.2 {
		return nil
	}
	return &v
}

func must[T any](d *Dice, v T) *T {
	if d.Fault() {
		return nil
	}
	return &v
}

var texts = []string{"Ana", "", "Ștefan \"Co\"", "tab\tline\n\x01", "日本", "back\\slash", "x"}

func (d *Dice) text() string { return texts[d.IntN(len(texts))] }

func (d *Dice) status() Status { return []Status{Open, Closed, Pending}[d.IntN(3)] }

func (d *Dice) color() Color { return []Color{"RED", "GREEN", "BLUE"}[d.IntN(3)] }

func (d *Dice) money() *Money {
	return &Money{Amount: must(d, decimal.MustNew(d.Int64N(100000), 2)), Currency: must(d, "MDL")}
}

func (d *Dice) cell() *Cell { return &Cell{Value: must(d, d.IntN(9)), Label: some(d, d.text())} }

// list makes a list of 0 to 3, nil at times.
func list[T any](d *Dice, f func() T) []T {
	if d.Float64() < 0.15 {
		return nil
	}
	out := make([]T, d.IntN(4))
	for i := range out {
		out[i] = f()
	}
	return out
}

func (w *World) customer(id string) *Customer {
	d := w.Roll("customer", id)
	part := func() *Part {
		p := &Part{SKU: d.text(), Price: d.money(), Boss: d.IntN(3) - 1}
		if d.Fault() {
			p.Price = nil
		}
		return p
	}
	c := &Customer{
		Base:        Base{ID: id, CreatedAt: some(d, "2026")},
		Name:        some(d, d.text()),
		Label:       must(d, d.text()),
		Status:      some(d, d.status()),
		MustStatus:  must(d, d.status()),
		Color:       some(d, d.color()),
		Statuses:    list(d, d.status),
		Score:       some(d, []float64{0, 1.5, 1e6, -2.25e-9, 123456789}[d.IntN(5)]),
		MustScore:   d.Float64(),
		Rank:        must(d, d.IntN(100)-50),
		Big:         some(d, d.Int64()),
		Active:      d.IntN(2) == 0,
		MaybeActive: some(d, d.IntN(2) == 0),
		Born:        some(d, time.Unix(d.Int64N(1e9), d.Int64N(1e9)).UTC()),
		Balance:     some(d, decimal.MustNew(d.Int64N(1e6), 3)),
		Code:        some(d, Upper("abc")),
		MustCode:    must(d, Upper("X")),
		MustMoney:   d.money(),
		Tags:        list(d, d.text),
		Notes:       list(d, func() *string { return some(d, d.text()) }),
		MustNotes:   list(d, func() *string { return must(d, d.text()) }),
		Matrix:      list(d, func() []*int { return list(d, func() *int { return must(d, d.IntN(9)) }) }),
		Grid: list(d, func() []*Cell {
			return list(d, func() *Cell {
				if d.Float64() < 0.2 {
					return nil
				}
				return d.cell()
			})
		}),
		MustGrid: list(d, func() []*Cell {
			return list(d, func() *Cell {
				if d.Fault() {
					return nil
				}
				return d.cell()
			})
		}),
		Parts: list(d, func() *Part {
			if d.Float64() < 0.2 {
				return nil
			}
			return part()
		}),
		PartValues: list(d, func() Part { return *part() }),
		risky:      d.Outcome(),
		mustRisky:  d.Outcome(),
		riskyMoney: d.Outcome(),
		present:    d.Outcome(),
		riches:     d.money(),
	}
	if !d.Fault() {
		c.Joined = time.Unix(d.Int64N(1e9), 0).UTC()
	}
	if d.IntN(2) == 0 {
		c.Money = d.money()
	}
	if d.Fault() {
		c.MustMoney = nil
	}
	return c
}

func (w *World) ticket(id string) *Ticket {
	d := w.Roll("ticket", id)
	return &Ticket{ID: id, Title: some(d, d.text()), Open: must(d, d.IntN(2) == 0), Status: some(d, d.status())}
}

func (w *World) gadget(id string) *Gadget {
	d := w.Roll("gadget", id)
	return &Gadget{Name: some(d, d.text()), Label: must(d, d.text()), Weight: must(d, d.Float64()), key: id}
}

// Key names an object for the dice; "" for none.
func Key(v any) string {
	switch v := v.(type) {
	case *Customer:
		if v != nil {
			return v.ID
		}
	case *Ticket:
		if v != nil {
			return v.ID
		}
	case *Gadget:
		if v != nil {
			return v.key
		}
	case *Part:
		if v != nil {
			return fmt.Sprint(v.SKU, v.Boss)
		}
	}
	return ""
}

// Customer returns any customer, or nil when something is wrong.
func (w *World) Customer(d *Dice) *Customer {
	if d.Fault() || len(w.Customers) == 0 {
		return nil
	}
	return w.Customers[d.IntN(len(w.Customers))]
}

// Ticket returns any ticket, or nil when something is wrong.
func (w *World) Ticket(d *Dice) *Ticket {
	if d.Fault() || len(w.Tickets) == 0 {
		return nil
	}
	return w.Tickets[d.IntN(len(w.Tickets))]
}

// Thing returns any object, or nil when something is wrong.
func (w *World) Thing(d *Dice) Thing {
	switch d.IntN(4) {
	case 3:
		return &Scrap{some(d, d.IntN(9))}
	case 0:
		if c := w.Customer(d); c != nil {
			return c
		}
	case 1:
		if t := w.Ticket(d); t != nil {
			return t
		}
	case 2:
		if len(w.Gadgets) > 0 && !d.Fault() {
			return w.Gadgets[d.IntN(len(w.Gadgets))]
		}
	}
	return nil
}

// Many makes a list of 0 to 3 of f.
func Many[T any](d *Dice, f func(*Dice) T) []T { return list(d, func() T { return f(d) }) }

// Page makes a page of at most n of f.
func Page[T any](d *Dice, n int, f func(*Dice) *T) *schema.Page[T] {
	p := &schema.Page[T]{Nodes: make([]*T, d.IntN(max(n, 0)+1))}
	for i := range p.Nodes {
		p.Nodes[i] = f(d)
	}
	p.TotalCount = some(d, d.IntN(100))
	p.HasNext = d.IntN(2) == 0
	p.CursorOf = CursorIn(p.Nodes)
	return p
}

// CursorIn gives the cursor of a node by its first place in a list.
func CursorIn[T any](nodes []*T) func(*T) string {
	return func(x *T) string { return fmt.Sprint("cursor ", slices.Index(nodes, x)) }
}

// Fail makes an error of one of the kinds that resolvers return.
func (d *Dice) Fail(field string) error {
	switch d.IntN(5) {
	case 0:
		return errors.New(field + " failed plainly")
	case 1:
		return &gqlerror.Error{Message: field + " failed", Extensions: map[string]any{"code": "LIMITED"}}
	case 2:
		return gqlerror.List{gqlerror.Errorf("%s failed once", field), gqlerror.Errorf("%s failed twice", field)}
	case 3:
		return fmt.Errorf("wrapped: %w", Failure(field))
	}
	return Failure(field)
}

// What can be wrong with a whole batch.
const (
	WholeFails = iota
	WholePanics
	TooFew
	TooMany
	TooManyErrors
	TooManyBeside
)

func (w *World) outcome(d *Dice, field, key string) Outcome {
	rolled := d.Outcome()
	if o, ok := w.Force[field+"/"+key]; ok {
		return Outcome(o)
	}
	return rolled
}

// One is a plain resolver.
func One[R any](w *World, field, key string, get func(*Dice) R) (R, error) {
	w.Count(field)
	d := w.Roll(field, key)
	var none R
	switch w.outcome(d, field, key) {
	case Fails:
		return none, d.Fail(field)
	case Panics:
		panic(field + " panicked")
	case Missing:
		return none, nil
	}
	return get(d), nil
}

// Batch is a batch resolver. It fails as a whole, or with too few or too many
// results or errors, or for single objects.
func Batch[P comparable, R any](w *World, field string, objs []P, get func(*Dice, P) R) ([]R, error) {
	w.Count(field)
	whole := w.Roll(field)
	how, forced := w.Force[field]
	if !forced {
		how = whole.IntN(6)
	}
	if forced || whole.Fault() {
		switch how {
		case WholeFails:
			return nil, whole.Fail(field)
		case WholePanics:
			panic(field + " panicked")
		case TooFew:
			return make([]R, len(objs)-1), nil
		case TooMany:
			return make([]R, len(objs)+1), nil
		case TooManyErrors:
			return make([]R, len(objs)), make(graphql.BatchErrorList, len(objs)+1)
		case TooManyBeside:
			return make([]R, len(objs)+2), make(graphql.BatchErrorList, len(objs))
		}
	}
	results := make([]R, len(objs))
	var errs graphql.BatchErrorList
	for i, p := range objs {
		key := Key(p)
		if key == "" {
			continue // gqlgen hands in the nulls of a list as well
		}
		d := w.Roll(field, key)
		switch w.outcome(d, field, key) {
		case Missing:
		case Fails, Panics:
			if errs == nil {
				errs = make(graphql.BatchErrorList, len(objs))
			}
			errs[i] = d.Fail(field)
		default:
			results[i] = get(d, p)
		}
	}
	if errs != nil {
		return results, errs
	}
	return results, nil
}
