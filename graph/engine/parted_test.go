package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

const partsQuery = `{ version customers(first: 9000) { totalCount nodes { id name level tickets(first: 2) { nodes { id title } } manager { id } } pageInfo { hasNextPage startCursor endCursor } __typename } }`

// partRig has a list of n rows that comes in parts; the returned list says where each
// further part began.
func partRig(tb testing.TB, n, window, ahead int) (*rig, *windows, *[]int) {
	tb.Helper()
	r, w := streamRig(tb, n, window, ahead)
	from := new([]int)
	r.root.OnPart = func(_ context.Context, i int) error {
		*from = append(*from, i)
		return nil
	}
	return r, w, from
}

// whole is the answer in one piece.
func (r *rig) whole(ctx context.Context, tb testing.TB, query string) []byte {
	tb.Helper()
	oc, p := r.ready(tb, query, nil)
	return r.engine.Run(ctx, oc, p).AppendJSON(nil)
}

// TestParts holds that a list which can be given in parts is got, joined and let go part
// by part, and reads as if it had been whole.
func TestParts(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		n, ahead    int
	}{
		{"a part ahead", partsQuery, 25, 1},
		{"three parts ahead", partsQuery, 25, 3},
		{"parts that are full", partsQuery, 24, 1},
		{"parts that are full, three ahead", partsQuery, 24, 3},
		{"edges", `{ customers(first: 9000) { edges { cursor node { id level tickets { nodes { id } } manager { id } } } totalCount pageInfo { endCursor } } }`, 25, 1},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			r, w, from := partRig(t, tt.n, 4, tt.ahead)
			res := r.stream(t.Context(), t, tt.query, 0, time.Minute)
			if !res.Streaming() || len(*from) != 0 {
				t.Fatalf("streaming %t, parts got %v", res.Streaming(), *from)
			}
			var got bytes.Buffer
			if err := res.Write(&got, nil); err != nil {
				t.Fatal(err)
			}
			parts := (tt.n + 3) / 4
			if len(*from) != parts-1 || (*from)[parts-2] != 4*(parts-1) {
				t.Errorf("parts begin at %v", *from)
			}
			if w.begun < parts || w.ended < w.begun || w.most > tt.ahead+1 {
				t.Errorf("%d windows began, %d ended, %d were held", w.begun, w.ended, w.most)
			}
			for k, n := range w.calls {
				if n > 3 || k > parts+tt.ahead {
					t.Errorf("window %d has %d calls", k, n)
				}
			}
			rows := res.Rows()
			if want := r.whole(t.Context(), t, tt.query); got.String() != string(want) {
				t.Errorf("got %s\nwant %s", got.String(), want)
			}
			if pages := res.Pages(); len(pages) != 2 || pages[0].Rows != tt.n || pages[0].Most != tt.n || pages[0].Parents != 1 || pages[1].Parents != tt.n || rows < int64(tt.n) {
				t.Errorf("%d rows, pages are %+v", rows, pages)
			}
		})
	}
}

// TestWhatIsNotGivenInParts holds which lists are wanted whole: what is asked of them
// cannot be said before all rows are there.
func TestWhatIsNotGivenInParts(t *testing.T) {
	for name, query := range map[string]string{
		"the end before the rows": `{ customers(first: 9000) { pageInfo { endCursor } nodes { id manager { id } } } }`,
		"two lists":               `{ customers(first: 9000) { nodes { id manager { id } } edges { cursor } } }`,
		"a list twice":            `{ customers(first: 9000) { nodes { id manager { id } } more: nodes { name } } }`,
		"no list":                 `{ customers(first: 9000) { totalCount } }`,
		"a short page":            `{ customers(first: 4) { nodes { id } } }`,
	} {
		t.Run("case="+name, func(t *testing.T) {
			r, _, from := partRig(t, 25, 4, 1)
			asked := false
			on := r.root.On
			r.root.On = func(ctx context.Context, field string, parents int) {
				asked = asked || plan.Part(ctx) != 0
				on(ctx, field, parents)
			}
			got := r.stream(t.Context(), t, query, 0, time.Minute).AppendJSON(nil)
			if want := r.whole(t.Context(), t, query); !bytes.Equal(got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if len(*from) > 0 || asked {
				t.Errorf("parts were got from %v", *from)
			}
		})
	}
}

// TestAPartThatFails holds that an answer is broken off where its list ends too early or
// a null would take with it what is written.
func TestAPartThatFails(t *testing.T) {
	lost := errors.New("lost")
	for _, tt := range []struct {
		name   string
		onPart func(ctx context.Context, from int) error
		force  map[string]int
		max    int
		want   func(error) bool
	}{
		{"an error", func(_ context.Context, from int) error {
			if from == 12 {
				return lost
			}
			return nil
		}, nil, 0, func(err error) bool { return errors.Is(err, lost) }},
		{"a panic", func(_ context.Context, from int) error {
			if from == 12 {
				panic("torn")
			}
			return nil
		}, nil, 0, func(err error) bool { return err.Error() == "torn" }},
		{"a null where none may be", nil, map[string]int{"Customer.level/c13": int(world.Fails)}, 0, func(err error) bool { return strings.Contains(err.Error(), "written in part") }},
		{"too many rows", nil, nil, 40, func(err error) bool { return schema.CodeOf(err) == schema.Limited }},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			r, w, _ := partRig(t, 25, 4, 1)
			r.root.OnPart, r.root.World.Force = tt.onPart, tt.force
			var got bytes.Buffer
			res := r.stream(t.Context(), t, partsQuery, tt.max, time.Minute)
			err := res.Write(&got, nil)
			if err == nil || !tt.want(err) || res.Streaming() {
				t.Fatalf("%v: %s", err, got.String())
			}
			if w.ended < w.begun || w.begun > 5 {
				t.Errorf("%d windows began, %d ended", w.begun, w.ended)
			}
		})
	}
}

// TestPartsStopWithTheirReader holds that no further part is got for who does not read,
// and none for who has gone.
func TestPartsStopWithTheirReader(t *testing.T) {
	t.Run("case=stuck", func(t *testing.T) {
		r, w, from := partRig(t, 3000, 100, 1)
		ctx, cut := context.WithCancel(t.Context())
		to := &stuck{room: 100 << 10, reached: make(chan struct{}), ctx: ctx}
		ended := make(chan error)
		res := r.stream(t.Context(), t, partsQuery, 0, time.Minute)
		go func() { ended <- res.Write(to, nil) }()
		<-to.reached
		cut()
		if err := <-ended; err == nil || err.Error() != "cut off" {
			t.Errorf("ended with %v", err)
		}
		if len(*from) > 12 || w.most > 2 || w.ended < w.begun {
			t.Errorf("%d parts were got, %d windows held, %d of %d ended", len(*from), w.most, w.ended, w.begun)
		}
	})
	t.Run("case=gone", func(t *testing.T) {
		r, w, _ := partRig(t, 25, 4, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		r.root.OnPart = func(ctx context.Context, from int) error {
			if from == 8 {
				cancel(gone)
				<-ctx.Done()
				return context.Cause(ctx)
			}
			return nil
		}
		if err := r.stream(ctx, t, partsQuery, 0, time.Minute).Write(io.Discard, nil); !errors.Is(err, gone) {
			t.Errorf("ended with %v", err)
		}
		if w.ended < w.begun {
			t.Errorf("%d windows began, %d ended", w.begun, w.ended)
		}
	})
	t.Run("case=closed", func(t *testing.T) {
		r, w, from := partRig(t, 25, 4, 1)
		res := r.stream(t.Context(), t, partsQuery, 0, time.Minute)
		res.Close()
		if res.Streaming() || w.ended != w.begun || len(*from) > 0 {
			t.Errorf("streaming %t, %d of %d ended, got %v", res.Streaming(), w.ended, w.begun, *from)
		}
	})
}

// TestPartsInTime holds that the time limit takes relations away and no rows.
func TestPartsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, from := partRig(t, 25, 4, 1)
		r.root.On = func(ctx context.Context, field string, _ int) {
			if plan.Window(ctx) == 0 || field == "Customer.level" {
				return
			}
			select {
			case <-time.After(3 * time.Second):
			case <-ctx.Done():
			}
		}
		var got bytes.Buffer
		res := r.stream(t.Context(), t, partsQuery, 0, 10*time.Second)
		if err := res.Write(&got, nil); err != nil {
			t.Fatal(err)
		}
		if len(*from) != 6 || len(res.Errors()) == 0 || strings.Count(got.String(), `"level":`) != 25 || !strings.Contains(got.String(), `"manager":null`) {
			t.Errorf("parts %v, %d errors: %s", *from, len(res.Errors()), got.String())
		}
	})
}

// TestPathsInParts holds that errors name the rows by their places in the whole list.
func TestPathsInParts(t *testing.T) {
	r, _, _ := partRig(t, 25, 4, 1)
	force := map[string]int{}
	for _, i := range []int{1, 6, 24} {
		force[fmt.Sprintf("Customer.manager/c%d", i)] = int(world.Fails)
	}
	r.root.World.Force = force
	res := r.stream(t.Context(), t, partsQuery, 0, time.Minute)
	if err := res.Write(io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range res.Errors() {
		seen[e.Path.String()] = true
	}
	if len(seen) != 3 || !seen["customers.nodes[1].manager"] || !seen["customers.nodes[6].manager"] || !seen["customers.nodes[24].manager"] {
		t.Errorf("errors are at %v", seen)
	}
}

// TestTheFirstWindowIsSmall holds that an answer may begin when fewer rows than a window
// are joined, and that a part is got only when those before it are nearly written.
func TestTheFirstWindowIsSmall(t *testing.T) {
	for name, query := range map[string]string{"in parts": partsQuery, "whole": listQuery} {
		t.Run("case="+name, func(t *testing.T) {
			r, w := streamRig(t, 25, 8, 1)
			o := options()
			o.Window, o.FirstWindow, o.Forget = 8, 2, w.forget
			var err error
			if r.engine, err = engine.New(r.es, r.root, o); err != nil {
				t.Fatal(err)
			}
			var parents []int // of the managers, by window
			var mu sync.Mutex
			r.root.On = func(ctx context.Context, field string, n int) {
				w.call(ctx, field, n)
				mu.Lock()
				defer mu.Unlock()
				if field == "Customer.manager" {
					parents = append(parents, n)
				}
			}
			res := r.stream(t.Context(), t, query, 0, time.Minute)
			if len(parents) != 1 || parents[0] != 2 {
				t.Errorf("before the first byte %v managers were asked", parents)
			}
			var got bytes.Buffer
			if err := res.Write(&got, nil); err != nil {
				t.Fatal(err)
			}
			if w.most > 2 || w.ended != w.begun {
				t.Errorf("%d windows were held, %d of %d ended", w.most, w.ended, w.begun)
			}
			want := []int{2, 6, 8, 8, 1}
			if query == listQuery {
				want = []int{2, 8, 8, 7}
			}
			if !slices.Equal(parents, want) {
				t.Errorf("managers were asked for %v, want %v", parents, want)
			}
			r.root.On = nil
			if whole := r.whole(t.Context(), t, query); got.String() != string(whole) {
				t.Errorf("got %s\nwant %s", got.String(), whole)
			}
		})
	}
}
