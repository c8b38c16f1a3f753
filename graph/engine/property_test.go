package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
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
	rapid.Check(t, func(t *rapid.T) {
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

// TestStreamAgainstGenerated does the same with lists of root fields that are joined
// in windows of one to three rows while the answer is written.
func TestStreamAgainstGenerated(t *testing.T) {
	w := world.New(1, 3, 0)
	rigs := make([]*rig, 4)
	for size := 1; size <= 3; size++ {
		r := newRig(t, w)
		o := options()
		o.Window, o.WindowsAhead = size, size
		var err error
		if r.engine, err = engine.New(r.es, r.root, o); err != nil {
			t.Fatal(err)
		}
		rigs[size] = r
	}
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	streamed, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := rigs[rapid.IntRange(1, 3).Draw(t, "window")]
		op := makeLists(t, s)
		seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
		faults := []float64{0, 0.02, 0.1, 0.3}[rapid.IntRange(0, 3).Draw(t, "faults")]
		r.root.World = world.New(seed, rapid.IntRange(2, 6).Draw(t, "size"), faults)
		oc, err := r.prepare(op.text, op.vars)
		if err != nil {
			t.Fatalf("%s\n%s", op.text, err)
		}
		want, err := r.runGenerated(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		oc, _ = r.prepare(op.text, op.vars)
		p, err := r.plan(oc)
		if err != nil {
			t.Fatal(err)
		}
		res := r.engine.Stream(context.Background(), oc, p, time.Minute)
		if all++; res.Streaming() {
			streamed++
		}
		whole := r.engine.Run(context.Background(), oc, p)
		var text bytes.Buffer
		if err := res.Write(&text, nil); err != nil {
			t.Fatal(err)
		}
		var got struct{ Data json.RawMessage }
		if err := json.Unmarshal(text.Bytes(), &got); err != nil {
			t.Fatalf("%s\n%s", err, text.Bytes())
		}
		if string(got.Data) != want.data {
			t.Fatalf("%s\n%v\n got %s\nwant %s", op.text, op.vars, got.Data, want.data)
		}
		if a, b := strings.Join(normal(p, res.Errors()), "\n"), strings.Join(want.errors, "\n"); a != b {
			t.Fatalf("%s\n%v\n got\n%s\nwant\n%s\ndata %s", op.text, op.vars, a, b, want.data)
		}
		if res.Rows() != whole.Rows() || !reflect.DeepEqual(res.Pages(), whole.Pages()) {
			t.Fatalf("%s\n%v\n got %d rows %+v\nwant %d rows %+v", op.text, op.vars, res.Rows(), res.Pages(), whole.Rows(), whole.Pages())
		}
	})
	if streamed < all/6 {
		t.Errorf("only %d answers were streamed", streamed)
	}
	t.Logf("%d of %d answers were streamed", streamed, all)
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
