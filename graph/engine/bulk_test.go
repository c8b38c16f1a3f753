package engine_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

// bulky is a resolver root of a long list whose relations are made when they are
// asked for, as a source's rows are.
type bulky struct{ *lean }

type bulkyCustomers struct{ leanCustomers }

func (b bulky) Customer() testgraph.CustomerResolver {
	return bulkyCustomers{leanCustomers{b.Root.Customer(), b.lean}}
}

func (bulkyCustomers) TicketList(_ context.Context, objs []*world.Customer) ([][]*world.Ticket, error) {
	out := make([][]*world.Ticket, len(objs))
	for i := range out {
		rows := make([]world.Ticket, 5)
		title := string(make([]byte, 200))
		for j := range rows {
			rows[j].ID, rows[j].Title, rows[j].Open = "t", &title, new(bool)
			out[i] = append(out[i], &rows[j])
		}
	}
	return out, nil
}

// bulkQuery joins each customer with four relations.
const bulkQuery = `{ customers(first: 5000) { nodes { id rank
	a: ticketList { id open } b: ticketList { id open } c: ticketList { id open } d: ticketList { id open } } } }`

func bulkRig(tb testing.TB, n int) (*rig, *graphql.OperationContext) {
	tb.Helper()
	l := &lean{Root: &testgraph.Root{World: world.New(7, n, 0)}}
	l.page = &world.CustomerPage{Nodes: l.World.Customers}
	for i, c := range l.page.Nodes {
		c.ID = fmt.Sprint(i)
	}
	root := bulky{l}
	r := &rig{root: l.Root, es: testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root})}
	var err error
	if r.engine, err = engine.New(r.es, root, options()); err != nil {
		tb.Fatal(err)
	}
	if r.exec = newRig(tb, l.World).exec; r.exec == nil {
		tb.Fatal("no executor")
	}
	oc, err := r.prepare(bulkQuery, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return r, oc
}

// live is a writer that looks at the heap: what an answer holds while it is written,
// and how much was allocated before its first byte.
type live struct {
	most, first uint64
	pieces      int
}

func (l *live) Write(b []byte) (int, error) {
	var m runtime.MemStats
	if l.pieces == 0 {
		runtime.ReadMemStats(&m)
		l.first = m.TotalAlloc
	}
	if l.pieces++; l.pieces%16 == 1 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		l.most = max(l.most, m.HeapAlloc)
	}
	return len(b), nil
}

// TestBulkHoldsWindowsOnly joins 5,000 rows with four relations, whole and in windows,
// and compares what each holds and makes before its first byte.
func TestBulkHoldsWindowsOnly(t *testing.T) {
	r, oc := bulkRig(t, 5000)
	p, err := r.plan(oc)
	if err != nil {
		t.Fatal(err)
	}
	measure := func(run func() *engine.Result) (held, first uint64) {
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var w live
		if err := run().Write(&w, nil); err != nil {
			t.Fatal(err)
		}
		return w.most - min(w.most, before.HeapAlloc), w.first - before.TotalAlloc
	}
	run := func() *engine.Result { return r.engine.Run(t.Context(), oc, p) }
	stream := func() *engine.Result { return r.engine.Stream(t.Context(), oc, p, 0) }
	measure(run)
	wholeHeld, wholeFirst := measure(run)
	held, first := measure(stream)
	t.Logf("held: %d of %d kB; made before the first byte: %d of %d kB", held>>10, wholeHeld>>10, first>>10, wholeFirst>>10)
	if held*2 > wholeHeld || first*2 > wholeFirst {
		t.Errorf("held %d of %d bytes, made %d of %d before the first byte", held, wholeHeld, first, wholeFirst)
	}
}

func BenchmarkBulk(b *testing.B) {
	r, oc := bulkRig(b, 5000)
	p, err := r.plan(oc)
	if err != nil {
		b.Fatal(err)
	}
	for name, run := range map[string]func() *engine.Result{
		"whole":   func() *engine.Result { return r.engine.Run(b.Context(), oc, p) },
		"windows": func() *engine.Result { return r.engine.Stream(b.Context(), oc, p, 0) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run().Write(io.Discard, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
