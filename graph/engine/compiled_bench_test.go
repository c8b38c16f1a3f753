package engine_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

const joinQueryVars = `query ($n: Int, $m: Int) { customers(first: $n) { totalCount nodes {
	id name label status rank active joined created_at
	tickets(first: $m) { totalCount nodes { id title open
		customer { id name }
		watchers { id name label rank tickets(first: $m) { nodes { id title } } }
	} }
} } }`

// firstPages are the variables that joinQueryVars is compiled with.
var firstPages = map[string]any{"n": int64(50), "m": int64(5)}

// toFirstCall is everything between a parsed request and the first call of a
// resolver.
type toFirstCall struct {
	*rig
	oc     *graphql.OperationContext
	ctx    context.Context
	view   verdicts
	cond   plan.Conditions
	kept   *plan.Compiled
	policy *guard.Positions
}

func newToFirstCall(tb testing.TB, query string, vars map[string]any, view verdicts) *toFirstCall {
	tb.Helper()
	r, _ := leanRig(tb)
	var err error
	f := &toFirstCall{rig: r, view: view, ctx: tb.Context()}
	if f.oc, err = r.prepare(query, vars); err != nil {
		tb.Fatal(err)
	}
	f.cond = plan.ConditionsOf(f.oc.Operation)
	first := f.oc
	if vars != nil {
		if first, err = r.prepare(query, firstPages); err != nil {
			tb.Fatal(err)
		}
	}
	f.kept, f.policy = r.compiled(tb, first, view)
	return f
}

// compiled compiles an operation in all its parts, for one who has the view.
func (r *rig) compiled(tb interface{ Fatal(args ...any) }, oc *graphql.OperationContext, view verdicts) (*plan.Compiled, *guard.Positions) {
	return r.compiledWith(tb, oc, view, plan.Options{Relations: r.engine.Relation})
}

func (r *rig) compiledWith(tb interface{ Fatal(args ...any) }, oc *graphql.OperationContext, view verdicts, opts plan.Options) (*plan.Compiled, *guard.Positions) {
	c, err := plan.Compile(r.es.Schema(), oc.Operation, oc.Variables, opts)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := guard.Compile(c, view)
	if err != nil {
		tb.Fatal(err)
	}
	prog, err := r.engine.Prepare(c.Plan())
	if err != nil {
		tb.Fatal(err)
	}
	c.Keep(prog)
	return c, g
}

func (f *toFirstCall) fresh() bool {
	p, err := f.plan(f.oc)
	if err == nil {
		err = guard.Check(p, guard.DefaultLimits)
	}
	if err == nil {
		err = guard.Police(p, f.view, nil)
	}
	return err == nil && f.engine.Compile(f.ctx, p) == nil
}

func (f *toFirstCall) bound() bool {
	if _, ok := f.cond.Choice(f.oc.Variables); !ok {
		return false
	}
	p, err := f.kept.Bind(f.oc.Variables)
	if err == nil {
		err = guard.Check(p, guard.DefaultLimits)
	}
	if err == nil {
		err = f.policy.Police(p, f.view)
	}
	return err == nil && f.engine.Compile(f.ctx, p) == nil
}

// joins are the joins of four relations that are measured: under a view that shows
// everything, under one like a package's, and with variables.
var joins = []struct {
	name, query string
	vars        map[string]any
	view        verdicts
	most        float64 // allocations, when it was compiled
}{
	{"allow-all", joinQuery, nil, verdicts{}, 10},
	{"package", joinQuery, nil, verdicts{
		"Customer.name":   {Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: last2},
		"Customer.status": {Verdict: policies.Row, Full: schema.Compare("id", schema.Eq, schema.String("c1")), Masked: schema.Predicate{Op: schema.None}},
	}, 19},
	{"variables", joinQueryVars, firstPages, verdicts{}, 21},
	{"other pages", joinQueryVars, map[string]any{"n": int64(40), "m": int64(4)}, verdicts{}, 21},
}

func BenchmarkToFirstCall(b *testing.B) {
	for _, bb := range joins {
		f := newToFirstCall(b, bb.query, bb.vars, bb.view)
		for name, run := range map[string]func() bool{"fresh": f.fresh, "compiled": f.bound} {
			b.Run(bb.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !run() {
						b.Fatal("not planned")
					}
				}
			})
		}
	}
}
