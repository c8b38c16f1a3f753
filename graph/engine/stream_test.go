package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// windows counts what is under way.
type windows struct {
	mu           sync.Mutex
	calls        map[int]int // calls of a relation by window
	parents      int
	begun, ended int
	most         int // windows under way at the same time
}

func (w *windows) call(ctx context.Context, _ string, parents int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := plan.Window(ctx)
	if w.calls[n]++; w.calls[n] == 1 && n > 0 {
		w.begun++
	}
	w.parents += parents
	w.most = max(w.most, w.begun-w.ended)
}

func (w *windows) forget(_ context.Context, _ int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended++
}

// streamRig has a list of n rows that is joined in windows.
func streamRig(tb testing.TB, n, window, ahead int) (*rig, *windows) {
	tb.Helper()
	r := newRig(tb, world.New(7, n, 0))
	w := &windows{calls: map[int]int{}}
	r.root.On = w.call
	o := options()
	o.Window, o.WindowsAhead, o.Forget = window, ahead, w.forget
	var err error
	if r.engine, err = engine.New(r.es, r.root, o); err != nil {
		tb.Fatal(err)
	}
	return r, w
}

func (r *rig) stream(ctx context.Context, tb testing.TB, query string, maxRows int, limit time.Duration) *engine.Result {
	tb.Helper()
	oc, p := r.ready(tb, query, nil)
	own := *p
	own.MaxRows = maxRows
	return r.engine.Stream(ctx, oc, &own, limit)
}

const listQuery = `{ list(first: 9000) { id name level tickets(first: 2) { nodes { id title } } manager { id } } }`

// TestWindows holds that a long list is joined in parts, a bounded number of which is
// held at a time, and that each is let go.
func TestWindows(t *testing.T) {
	for _, ahead := range []int{1, 2} {
		t.Run(fmt.Sprintf("case=%d ahead", ahead), func(t *testing.T) {
			r, w := streamRig(t, 25, 4, ahead)
			res := r.stream(t.Context(), t, listQuery, 0, 0)
			if !res.Streaming() {
				t.Fatal("it is not streamed")
			}
			var got bytes.Buffer
			finished := false
			if err := res.Write(&got, func() {
				finished = true
				res.SetExtension("rows", res.Rows())
			}); err != nil || !finished || res.Streaming() {
				t.Fatalf("finished %t, streaming %t: %v", finished, res.Streaming(), err)
			}
			if w.calls[0] != 1 || len(w.calls) != 1+7 || w.calls[1] != 2 || w.calls[7] != 2 || w.parents != 3*25 {
				t.Errorf("calls by window are %v for %d parents", w.calls, w.parents)
			}
			if w.begun != 7 || w.ended != 7 || w.most > ahead+1 {
				t.Errorf("%d windows began, %d ended, %d were held", w.begun, w.ended, w.most)
			}
			r.root.On = nil
			whole := r.stream(t.Context(), t, listQuery, 0, 0)
			r.engine, _ = engine.New(r.es, r.root, options())
			oc, _ := r.prepare(listQuery, nil)
			p, _ := r.plan(oc)
			want := r.engine.Run(t.Context(), oc, p)
			want.SetExtension("rows", want.Rows())
			if text := string(want.AppendJSON(nil)); got.String() != text {
				t.Errorf("got %s\nwant %s", got.String(), text)
			}
			whole.SetExtension("rows", want.Rows())
			if text := whole.AppendData(nil); !bytes.Equal(text, want.AppendData(nil)) {
				t.Errorf("appended %s", text)
			}
		})
	}
}

// TestWhatIsNotStreamed holds that short answers are whole at once.
func TestWhatIsNotStreamed(t *testing.T) {
	for name, query := range map[string]string{
		"short":             `{ list(first: 3) { id manager { id } } }`,
		"below another row": `{ customer(id: "c1") { ticketList { id watchers { manager { id } } } } }`,
		"no rows":           `{ version }`,
		"refused":           `mutation { rename(id: 1, name: "x") { id } }`,
	} {
		t.Run("case="+name, func(t *testing.T) {
			r, _ := streamRig(t, 25, 4, 1)
			res := r.stream(t.Context(), t, query, 0, time.Minute)
			if res.Streaming() {
				t.Errorf("it is streamed: %s", res.AppendJSON(nil))
			}
		})
	}
}

// TestLongListsAreWrittenInPieces holds that a long list of which nothing can be put off
// is not put together in one buffer either.
func TestLongListsAreWrittenInPieces(t *testing.T) {
	for name, query := range map[string]string{
		"no relations":          `{ list(first: 9000) { id name mustMoney { amount } } }`,
		"no relations in parts": `{ customers(first: 9000) { nodes { id name mustMoney { amount } } } }`,
		"not null":              `{ list(first: 9000) { id boss { id manager { id } } } }`,
		"not null in parts":     `{ customers(first: 9000) { nodes { id boss { id manager { id } } } } }`,
	} {
		t.Run("case="+name, func(t *testing.T) {
			r, _ := streamRig(t, 3000, 100, 1)
			res := r.stream(t.Context(), t, query, 0, time.Minute)
			if !res.Streaming() {
				t.Fatal("it is whole at once")
			}
			var got bytes.Buffer
			longest := 0
			if err := res.Write(writerFunc(func(b []byte) (int, error) {
				longest = max(longest, len(b))
				return got.Write(b)
			}), nil); err != nil {
				t.Fatal(err)
			}
			oc, _ := r.prepare(query, nil)
			p, _ := r.plan(oc)
			if want := r.engine.Run(t.Context(), oc, p).AppendJSON(nil); got.String() != string(want) {
				t.Errorf("got %d bytes, want %d", got.Len(), len(want))
			}
			if longest > 40<<10 || got.Len() < 3*longest {
				t.Errorf("the longest piece of %d bytes has %d", got.Len(), longest)
			}
		})
	}
}

// TestBulk holds that a plan tells by its pages whether there may be windows.
func TestBulk(t *testing.T) {
	for query, want := range map[string]bool{
		`{ customers(first: 4) { nodes { id } } }`:                                      false,
		`{ customers(first: 5) { nodes { id } } }`:                                      true,
		`{ version customers(first: 5) { totalCount } }`:                                true,
		`{ customers(first: 2) { nodes { tickets(first: 100) { nodes { title } } } } }`: false,
		`mutation { rename(id: 1, name: "x") { tickets(first: 100) { totalCount } } }`:  false,
	} {
		r, _ := streamRig(t, 3, 4, 1)
		_, p := r.ready(t, query, nil)
		if got := r.engine.Bulk(p); got != want {
			t.Errorf("%s is bulk: %t", query, got)
		}
	}
}

// TestTooManyRowsInAStream holds that it is refused as long as nothing is written, and
// broken off afterwards.
func TestTooManyRowsInAStream(t *testing.T) {
	for name, tt := range map[string]struct {
		max          int
		data, broken bool
	}{
		"in the list":          {20, false, false},
		"in the first window":  {26, false, false},
		"in a later window":    {60, true, true},
		"as many as there are": {1000, true, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			r, w := streamRig(t, 25, 4, 1)
			res := r.stream(t.Context(), t, listQuery, tt.max, time.Minute)
			var got bytes.Buffer
			err := res.Write(&got, nil)
			if res.HasData() != tt.data || (err != nil) != tt.broken {
				t.Fatalf("data %t, error %v: %s", res.HasData(), err, got.String())
			}
			if tt.broken && schema.CodeOf(err) != schema.Limited {
				t.Errorf("the error is %v", err)
			}
			if !tt.data && !strings.Contains(got.String(), `{"data":null,"errors":[{"message":"the answer has more than `) {
				t.Errorf("got %s", got.String())
			}
			if w.ended < w.begun || w.ended > w.begun+1 || w.begun > 7 {
				t.Errorf("%d windows began, %d ended", w.begun, w.ended)
			}
		})
	}
}

// stuck is a reader that does not take more than some bytes.
type stuck struct {
	room    int
	reached chan struct{}
	ctx     context.Context
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.room -= len(b); s.room >= 0 {
		return len(b), nil
	}
	close(s.reached)
	<-s.ctx.Done()
	return 0, errors.New("cut off")
}

// TestAStuckReaderStopsTheMaking holds that no more is made than the windows under
// way while nobody reads, and that all ends when the reader is cut off.
func TestAStuckReaderStopsTheMaking(t *testing.T) {
	r, w := streamRig(t, 3000, 100, 1)
	res := r.stream(t.Context(), t, listQuery, 0, time.Minute)
	ctx, cut := context.WithCancel(t.Context())
	to := &stuck{room: 100 << 10, reached: make(chan struct{}), ctx: ctx}
	ended := make(chan error)
	go func() { ended <- res.Write(to, nil) }()
	<-to.reached
	w.mu.Lock()
	begun := w.begun
	w.mu.Unlock()
	cut()
	if err := <-ended; err == nil || err.Error() != "cut off" {
		t.Errorf("ended with %v", err)
	}
	if begun > 14 || w.begun > begun+1 || w.ended < w.begun || w.ended > w.begun+1 || w.most > 2 {
		t.Errorf("%d windows began, then %d, %d ended, %d were held", begun, w.begun, w.ended, w.most)
	}
}

// TestEndOfAStream holds that the end of the context, a panic, a closed result and the
// operation's time limit leave nothing behind; the package's TestMain looks for
// goroutines.
func TestEndOfAStream(t *testing.T) {
	t.Run("case=cancelled while a window is made", func(t *testing.T) {
		r, w := streamRig(t, 25, 4, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		count := w.call
		r.root.On = func(ctx context.Context, field string, parents int) {
			count(ctx, field, parents)
			if plan.Window(ctx) == 3 {
				cancel(gone)
				<-ctx.Done() // a source sees the end as well
			}
		}
		err := r.stream(ctx, t, listQuery, 0, time.Minute).Write(io.Discard, nil)
		if !errors.Is(err, gone) {
			t.Errorf("ended with %v", err)
		}
		if w.begun > 4 || w.ended < w.begun || w.ended > w.begun+1 {
			t.Errorf("%d windows began, %d ended", w.begun, w.ended)
		}
	})
	t.Run("case=closed", func(t *testing.T) {
		r, w := streamRig(t, 25, 4, 1)
		res := r.stream(t.Context(), t, listQuery, 0, time.Minute)
		res.Close()
		res.Close()
		if res.Streaming() || w.begun != 1 || w.ended != 1 {
			t.Errorf("streaming %t, %d windows began, %d ended", res.Streaming(), w.begun, w.ended)
		}
	})
	t.Run("case=the time is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, w := streamRig(t, 25, 4, 1)
			count := w.call
			r.root.On = func(ctx context.Context, field string, parents int) {
				count(ctx, field, parents)
				if plan.Window(ctx) > 0 {
					select {
					case <-time.After(3 * time.Second):
					case <-ctx.Done():
					}
				}
			}
			res := r.stream(t.Context(), t, listQuery, 0, 10*time.Second)
			slow := writerFunc(func(b []byte) (int, error) { return len(b), nil })
			if err := res.Write(slow, func() {}); err != nil {
				t.Error(err)
			}
			if n := len(res.Errors()); n == 0 || !res.HasData() {
				t.Errorf("%d errors, data %t", n, res.HasData())
			}
		})
	})
	t.Run("case=a slow reader does not use up the time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := streamRig(t, 2000, 200, 1)
			res := r.stream(t.Context(), t, listQuery, 0, 5*time.Second)
			var pieces atomic.Int32
			slow := writerFunc(func(b []byte) (int, error) {
				pieces.Add(1)
				time.Sleep(time.Minute) // the test's clock
				return len(b), nil
			})
			if err := res.Write(slow, nil); err != nil || len(res.Errors()) > 0 || pieces.Load() < 2 {
				t.Errorf("%v, %d errors, %d pieces, %d rows", err, len(res.Errors()), pieces.Load(), res.Rows())
			}
		})
	})
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestErrorsOfAStreamAreBounded holds that thousands of failures are a thousand errors
// and their number.
func TestErrorsOfAStreamAreBounded(t *testing.T) {
	r, _ := streamRig(t, 3000, 100, 1)
	r.root.World.Force = map[string]int{}
	for i := range 3000 {
		r.root.World.Force[fmt.Sprintf("Customer.manager/c%d", i)] = int(world.Fails)
	}
	res := r.stream(t.Context(), t, `{ list(first: 5000) { id manager { id } } }`, 0, time.Minute)
	if err := res.Write(io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	errs := res.Errors()
	oc, _ := r.prepare(`{ list(first: 5000) { id manager { id } } }`, nil)
	p, _ := r.plan(oc)
	all := len(r.engine.Run(t.Context(), oc, p).Errors()) // some fail with several
	if want := fmt.Sprintf("%d more errors are not shown", all-1000); len(errs) != 1001 || errs[1000].Message != want {
		t.Errorf("%d of %d errors, the last is %v", len(errs), all, errs[len(errs)-1])
	}
}
