package engine_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
)

// TestOneCallPerRelationAndLevel counts: however many parents there are, a
// relation is called once at each place it has, with all of them.
func TestOneCallPerRelationAndLevel(t *testing.T) {
	w := world.New(11, 40, 0)
	r := newRig(t, w)
	var mu sync.Mutex
	parents := map[string][]int{}
	r.root.On = func(_ context.Context, field string, n int) {
		mu.Lock()
		defer mu.Unlock()
		parents[field] = append(parents[field], n)
	}
	oc, err := r.prepare(`{ customers(first: 50) {
		nodes { tickets(first: 3) { nodes { customer { manager { name } } } edges { node { watchers { name } } } } boss { level } }
	} }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.runEngine(t.Context(), oc); err != nil || len(got.errors) > 0 {
		t.Fatal(got.errors, err)
	}
	want := []string{"Customer.boss", "Customer.level", "Customer.manager", "Customer.tickets", "Ticket.customer", "Ticket.watchers"}
	if got := slices.Sorted(maps.Keys(parents)); !slices.Equal(got, want) {
		t.Errorf("called %v, want %v", got, want)
	}
	for field, calls := range parents {
		if len(calls) != 1 {
			t.Errorf("%s was called %d times, with %v parents", field, len(calls), calls)
		}
	}
	if parents["Customer.boss"][0] != 40 || parents["Customer.level"][0] != 40 {
		t.Errorf("not all parents came at once: %v", parents)
	}
}

// TestSiblingsRunInParallel lets two relations wait for each other: one after
// the other they would never end.
func TestSiblingsRunInParallel(t *testing.T) {
	r := newRig(t, plainWorld())
	var both sync.WaitGroup
	both.Add(2)
	r.root.On = func(ctx context.Context, _ string, _ int) {
		both.Done()
		met := make(chan struct{})
		go func() { both.Wait(); close(met) }()
		select {
		case <-met:
		case <-ctx.Done():
			t.Error("the sibling did not come")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	oc, err := r.prepare(`{ customer(id: 1) { name manager { name } parts { sku } boss { name } } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.runEngine(ctx, oc); err != nil {
		t.Fatal(err)
	}
}

// TestParallelIsBounded counts the calls under way.
func TestParallelIsBounded(t *testing.T) {
	root := &testgraph.Root{World: plainWorld()}
	es := testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root})
	opts := options()
	opts.Parallel = 1
	e, err := engine.New(es, root, opts)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, root.World)
	r.engine, r.root = e, root
	var now, most atomic.Int32
	root.On = func(context.Context, string, int) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		for range 200 { // a second call may begin now, if it may at all
			runtime.Gosched()
		}
		now.Add(-1)
	}
	oc, err := r.prepare(`{ customer(id: 1) { a: manager { name } b: manager { name } c: boss { name } level } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.runEngine(t.Context(), oc); err != nil {
		t.Fatal(err)
	}
	if most.Load() != 1 {
		t.Errorf("%d calls were under way at once", most.Load())
	}
}

// TestContextOfACall looks at what a resolver can ask its context for.
func TestContextOfACall(t *testing.T) {
	r := newRig(t, plainWorld())
	r.root.On = func(ctx context.Context, field string, _ int) {
		if field != "Customer.tickets" {
			return
		}
		n := plan.From(ctx)
		if n == nil || n.Field != "tickets" || n.Page != 2 || !plan.Total(ctx) {
			t.Errorf("node is %+v", n)
		}
		if got, want := plan.Columns(ctx), []string{"customer", "id"}; !slices.Equal(got, want) {
			t.Errorf("columns are %v, want %v", got, want)
		}
		fc := graphql.GetFieldContext(ctx)
		if got := fc.Path().String(); got != "customer.boss.t" {
			t.Errorf("path is %s", got)
		}
		if first, ok := fc.Args["first"].(*int); !ok || *first != 2 {
			t.Errorf("arguments are %v", fc.Args)
		}
		if graphql.GetOperationContext(ctx).RawQuery == "" {
			t.Error("no operation context")
		}
		graphql.AddError(ctx, gqlerror.Errorf("a warning"))
		graphql.RegisterExtension(ctx, "seen", true)
	}
	oc, p := r.ready(t, `{ customer(id: 1) { boss { t: tickets { totalCount nodes { __typename id customer { name } } } } } }`, nil)
	res := r.engine.Run(t.Context(), oc, p)
	if got := res.Errors(); len(got) != 1 || got[0].Path.String() != "customer.boss.t" || got[0].Message != "a warning" {
		t.Errorf("errors are %v", got)
	}
	if res.Extensions()["seen"] != true {
		t.Errorf("extensions are %v", res.Extensions())
	}
}
