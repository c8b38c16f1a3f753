package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
)

// TestAgainstGenerated holds the engine against gqlgen's executor on the same
// resolvers: the same bytes of data and the same errors, but for what the
// normaliser hides.
func TestAgainstGenerated(t *testing.T) {
	r := newRig(t, world.New(1, 3, 0))
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	manyTimes(t, 8, func(t *rapid.T) {
		op := makeOperation(t, s)
		seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
		faults := []float64{0, 0.02, 0.1, 0.3}[rapid.IntRange(0, 3).Draw(t, "faults")]
		r.root.World = world.New(seed, rapid.IntRange(0, 4).Draw(t, "size"), faults)
		oc, err := r.prepare(op.text, op.vars)
		if err != nil {
			t.Fatalf("%s\n%s", op.text, err)
		}
		want, err := r.runGenerated(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		r.root.World.Calls()
		oc, _ = r.prepare(op.text, op.vars)
		got, err := r.runEngine(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		if got.data != want.data {
			t.Fatalf("%s\n%v\n got %s\nwant %s", op.text, op.vars, got.data, want.data)
		}
		checkCalls(t, r, oc, op.text)
		if a, b := strings.Join(got.errors, "\n"), strings.Join(want.errors, "\n"); a != b {
			t.Fatalf("%s\n%v\n got\n%s\nwant\n%s\ndata %s", op.text, op.vars, a, b, want.data)
		}
	})
}

// checkCalls holds that each batch field was called at most once for each place
// it has in the operation.
func checkCalls(t *rapid.T, r *rig, oc *graphql.OperationContext, text string) {
	p, err := r.plan(oc)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]int{}
	var count func(nodes []*plan.Node)
	count = func(nodes []*plan.Node) {
		for _, n := range nodes {
			places[n.Type+"."+n.Field]++
			count(n.Children)
		}
	}
	count(p.Roots)
	for field, calls := range r.root.World.Calls() {
		if field == "Customer.comment" || field == "Customer.friend" {
			continue // these take one parent at a time
		}
		if calls > places[field] {
			t.Fatalf("%s\n%s was called %d times for %d places", text, field, calls, places[field])
		}
	}
}

// TestJoinAgainstGenerated compares the operation that is measured.
func TestJoinAgainstGenerated(t *testing.T) {
	r, oc := leanRig(t)
	want, err := r.runGenerated(t.Context(), oc)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.runEngine(t.Context(), oc)
	if err != nil {
		t.Fatal(err)
	}
	if got.data != want.data || len(got.data) < 100_000 || len(got.errors)+len(want.errors) > 0 {
		t.Errorf("the answers differ: %d and %d bytes, errors %v and %v", len(got.data), len(want.data), got.errors, want.errors)
	}
}
