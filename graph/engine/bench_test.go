package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/model"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

// lean is a resolver root whose answers lie ready: what is measured is the
// executor alone.
type lean struct {
	*testgraph.Root
	page     *world.CustomerPage
	pages    map[*world.Customer]*world.TicketPage
	owner    map[*world.Ticket]*world.Customer
	watchers map[*world.Ticket][]*world.Customer
	calls    map[string]int
}

func newLean() *lean {
	w := world.New(7, 50, 0)
	l := &lean{
		Root: &testgraph.Root{World: w}, page: &world.CustomerPage{Nodes: w.Customers},
		pages: map[*world.Customer]*world.TicketPage{}, owner: map[*world.Ticket]*world.Customer{},
		watchers: map[*world.Ticket][]*world.Customer{}, calls: map[string]int{},
	}
	for i, c := range w.Customers {
		p := &world.TicketPage{}
		for j := range 5 {
			t := &world.Ticket{ID: fmt.Sprintf("t%d-%d", i, j), Title: new(string), Open: new(bool)}
			*t.Title = "a ticket with a title of usual length"
			p.Nodes = append(p.Nodes, t)
			l.owner[t] = c
			l.watchers[t] = []*world.Customer{w.Customers[(i+j)%50], w.Customers[(i+j+7)%50]}
		}
		l.pages[c] = p
	}
	return l
}

type leanCustomers struct {
	testgraph.CustomerResolver
	l *lean
}

type leanTickets struct {
	testgraph.TicketResolver
	l *lean
}

type leanQueries struct {
	testgraph.QueryResolver
	l *lean
}

func (l *lean) Customer() testgraph.CustomerResolver { return leanCustomers{l.Root.Customer(), l} }
func (l *lean) Ticket() testgraph.TicketResolver     { return leanTickets{l.Root.Ticket(), l} }
func (l *lean) Query() testgraph.QueryResolver       { return leanQueries{l.Root.Query(), l} }

func (r leanQueries) Customers(context.Context, *int, *model.Filter) (*world.CustomerPage, error) {
	return r.l.page, nil
}

func (r leanCustomers) Tickets(_ context.Context, objs []*world.Customer, _ *int, _ *world.Status, _ *model.Filter) ([]*world.TicketPage, error) {
	out := make([]*world.TicketPage, len(objs))
	for i, o := range objs {
		out[i] = r.l.pages[o]
	}
	return out, nil
}

func (r leanTickets) Customer(_ context.Context, objs []*world.Ticket) ([]*world.Customer, error) {
	out := make([]*world.Customer, len(objs))
	for i, o := range objs {
		out[i] = r.l.owner[o]
	}
	return out, nil
}

func (r leanTickets) Watchers(_ context.Context, objs []*world.Ticket) ([][]*world.Customer, error) {
	out := make([][]*world.Customer, len(objs))
	for i, o := range objs {
		out[i] = r.l.watchers[o]
	}
	return out, nil
}

const joinQuery = `{ customers(first: 50) { totalCount nodes {
	id name label status rank active joined created_at
	tickets(first: 5) { totalCount nodes { id title open
		customer { id name }
		watchers { id name label rank tickets(first: 5) { nodes { id title } } }
	} }
} } }`

func leanRig(tb testing.TB) (*rig, *graphql.OperationContext) {
	tb.Helper()
	l := newLean()
	r := &rig{root: l.Root, es: testgraph.NewExecutableSchema(testgraph.Config{Resolvers: l})}
	r.exec = executor.New(r.es)
	var err error
	if r.engine, err = engine.New(r.es, l, options()); err != nil {
		tb.Fatal(err)
	}
	oc, err := r.prepare(joinQuery, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return r, oc
}

func BenchmarkEngine(b *testing.B) {
	r, oc := leanRig(b)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		p, err := r.plan(oc)
		if err != nil {
			b.Fatal(err)
		}
		buf = r.engine.Run(b.Context(), oc, p).AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkGenerated(b *testing.B) {
	r, oc := leanRig(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		handler, ctx := r.exec.DispatchOperation(b.Context(), oc)
		n = len(handler(ctx).Data)
	}
	b.SetBytes(int64(n))
}

// BenchmarkEngineSmall is an operation of a few fields: what a query costs at
// least, its plan included.
func BenchmarkEngineSmall(b *testing.B) {
	r, _ := leanRig(b)
	oc, err := r.prepare(`{ customers(first: 5) { nodes { id name } } }`, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		p, err := r.plan(oc)
		if err != nil {
			b.Fatal(err)
		}
		buf = r.engine.Run(b.Context(), oc, p).AppendJSON(buf[:0])
	}
}
