package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/guard"
)

// TestStreamAgainstGenerated holds answers that are written while they are made, in
// windows and parts of one to three rows, against gqlgen's executor and against the
// engine's answer in one piece: with errors, nulls, panics and results of a wrong
// length, and half of them with random masks and row verdicts.
func TestStreamAgainstGenerated(t *testing.T) {
	w := world.New(1, 3, 0)
	rigs := make([]*rig, 4)
	for size := 1; size <= 3; size++ {
		r := newRig(t, w)
		o := options()
		o.Window, o.WindowsAhead, o.FirstWindow = size, size, (size+1)/2
		var err error
		if r.engine, err = engine.New(r.es, r.root, o); err != nil {
			t.Fatal(err)
		}
		rigs[size] = r
	}
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	var parts atomic.Int64 // lists may come in parts side by side
	rigs[1].root.OnPart = func(context.Context, int) error { parts.Add(1); return nil }
	seen := map[string]int{}
	manyTimes(t, 6, func(t *rapid.T) {
		r := rigs[rapid.IntRange(1, 3).Draw(t, "window")]
		op := makeLists(t, s)
		v := verdicts{}
		if rapid.Bool().Draw(t, "policed") {
			v = drawVerdicts(t, s)
		}
		seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
		faults := []float64{0, 0.02, 0.1, 0.3}[rapid.IntRange(0, 3).Draw(t, "faults")]
		r.root.World = world.New(seed, rapid.IntRange(2, 6).Draw(t, "size"), faults)
		r.root.World.Garble(drawGarbled(t))
		oc, err := r.prepare(op.text, op.vars)
		if err != nil {
			t.Fatalf("%s\n%s", op.text, err)
		}
		oc.ResolverMiddleware = r.engine.Middleware(v).Field
		want, err := r.runGenerated(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		oc, _ = r.prepare(op.text, op.vars)
		p, err := r.plan(oc)
		if err != nil {
			t.Fatal(err)
		}
		if err := guard.Police(p, v, nil); err != nil {
			t.Fatal(err)
		}
		whole := r.engine.Run(context.Background(), oc, p)
		res := r.engine.Stream(context.Background(), oc, p, time.Minute)
		seen["answers"]++
		isStreamed := res.Streaming()
		var text bytes.Buffer
		if err := res.Write(&text, nil); err != nil {
			// A null that would take rows with it which are written.
			if !strings.Contains(err.Error(), "in a list that has been written in part: must not be null") || !hasNullRoot(want.data) {
				t.Fatalf("%s\n%v\n%v\nbroken off: %v\nwant %s", op.text, op.vars, v, err, want.data)
			}
			seen["broken off"]++
			return
		}
		var got struct{ Data json.RawMessage }
		if err := json.Unmarshal(text.Bytes(), &got); err != nil {
			t.Fatalf("%s\n%s", err, text.Bytes())
		}
		if string(got.Data) != want.data {
			t.Fatalf("%s\n%v\n%v\n got %s\nwant %s", op.text, op.vars, v, got.Data, want.data)
		}
		a, b := answer{errors: normal(p, res.Errors())}.withoutMany(), want.withoutMany()
		if a != b {
			t.Fatalf("%s\n%v\n%v\n got\n%s\nwant\n%s\ndata %s", op.text, op.vars, v, a, b, want.data)
		}
		if res.Rows() != whole.Rows() || !reflect.DeepEqual(res.Pages(), whole.Pages()) {
			t.Fatalf("%s\n%v\n%v\n got %d rows %+v\nwant %d rows %+v", op.text, op.vars, v, res.Rows(), res.Pages(), whole.Rows(), whole.Pages())
		}
		if !isStreamed {
			return
		}
		seen["streamed"]++
		for _, what := range []string{"FORBIDDEN_FIELD", "must not be null", "a wrong number of", "panicked", "failed", "SOURCE_INVALID"} {
			seen[what] += strings.Count(a, what)
		}
		seen["masked"] += strings.Count(want.data, "…") + strings.Count(want.data, "-01-01T00:00:00Z")
	})
	t.Logf("%v, %d parts of one row", seen, parts.Load())
	if seen["streamed"] < seen["answers"]/6 || int(parts.Load()) < seen["answers"]/10 || seen["broken off"] > seen["answers"]/10 {
		t.Error("too few are streamed, or too many broken off")
	}
	for _, what := range []string{"FORBIDDEN_FIELD", "must not be null", "a wrong number of", "panicked", "failed", "masked", "SOURCE_INVALID"} {
		if seen[what] < seen["answers"]/100 {
			t.Errorf("%q was met %d times only", what, seen[what])
		}
	}
}

// hasNullRoot reports whether a root field is null.
func hasNullRoot(data string) bool {
	var roots map[string]json.RawMessage
	if json.Unmarshal([]byte(data), &roots) != nil || roots == nil {
		return true
	}
	for _, v := range roots {
		if string(v) == "null" {
			return true
		}
	}
	return false
}
