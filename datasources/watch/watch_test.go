package watch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var books = watch.Segment{Source: "books", Entity: "Invoice"}

// world is what a watcher looks at.
type world struct {
	*watch.Watcher
	now   time.Time
	state map[watch.Segment]watch.State
	told  []string
	down  error
	kept  map[watch.Segment]watch.State
}

func newWorld() *world {
	x := &world{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), state: map[watch.Segment]watch.State{books: watch.Fine}}
	x.open()
	return x
}

// open is also what a restart does.
func (x *world) open() {
	x.Watcher = watch.New(watch.Config{
		Now: func() time.Time { return x.now }, Memory: x,
		Readings: func() []watch.Reading {
			var out []watch.Reading
			for s, state := range x.state {
				out = append(out, watch.Reading{Segment: s, State: state})
			}
			return out
		},
		Tell: func(_ context.Context, changed, all []watch.Watched) error {
			if x.down != nil {
				return x.down
			}
			var texts []string
			for _, c := range changed {
				texts = append(texts, c.Source+"="+string(c.Raised))
			}
			open := 0
			for _, a := range all {
				if a.Raised != watch.Fine {
					open++
				}
			}
			x.told = append(x.told, fmt.Sprintf("%s (%d open)", strings.Join(texts, " "), open))
			return nil
		},
	})
	x.Look(context.Background())
	x.Recall(context.Background())
	x.Tell(context.Background())
}

func (x *world) LoadTold(context.Context) (map[watch.Segment]watch.State, error) { return x.kept, nil }

func (x *world) SaveTold(_ context.Context, told map[watch.Segment]watch.State) error {
	x.kept = told
	return nil
}

// pass lets time go by in a state, with a look every 15 s.
func (x *world) pass(d time.Duration, state watch.State) {
	x.state[books] = state
	for end := x.now.Add(d); x.now.Before(end); {
		x.now = x.now.Add(15 * time.Second)
		x.Look(context.Background())
		x.Tell(context.Background())
	}
}

func (x *world) tells(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(x.told, "; "); got != strings.Join(want, "; ") {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestHysteresis(t *testing.T) {
	t.Run("case=short trouble is not told", func(t *testing.T) {
		x := newWorld()
		for range 20 {
			x.pass(45*time.Second, watch.Failing)
			x.pass(15*time.Second, watch.Fine)
		}
		x.tells(t)
	})
	t.Run("case=lasting trouble is told once", func(t *testing.T) {
		x := newWorld()
		x.pass(time.Hour, watch.Failing)
		x.tells(t, "books=FAILING (1 open)")
		if w, ok := x.Segment(books); !ok || w.Raised != watch.Failing || w.Since != time.Date(2026, 1, 1, 0, 0, 15, 0, time.UTC) {
			t.Errorf("the segment is %+v", w)
		}
	})
	t.Run("case=it must stay away to be over", func(t *testing.T) {
		x := newWorld()
		x.pass(5*time.Minute, watch.Failing)
		for range 10 {
			x.pass(4*time.Minute, watch.Fine)
			x.pass(time.Minute, watch.Failing)
		}
		x.tells(t, "books=FAILING (1 open)")
		x.pass(6*time.Minute, watch.Fine)
		x.tells(t, "books=FAILING (1 open)", "books=OK (0 open)")
	})
	t.Run("case=trouble that changes its name lasts all the same", func(t *testing.T) {
		x := newWorld()
		for range 3 {
			x.pass(30*time.Second, watch.Overloaded)
			x.pass(30*time.Second, watch.Failing)
		}
		if len(x.told) != 1 {
			t.Errorf("told %q", x.told)
		}
	})
	t.Run("case=filling is no trouble", func(t *testing.T) {
		x := newWorld()
		x.pass(time.Hour, watch.Filling)
		x.tells(t)
	})
	t.Run("case=a clock set back raises nothing early and hangs nothing", func(t *testing.T) {
		x := newWorld()
		x.pass(30*time.Second, watch.Failing)
		x.now = x.now.Add(-time.Hour)
		x.pass(2*time.Minute, watch.Failing)
		x.tells(t, "books=FAILING (1 open)")
	})
}

func TestNobodyToTell(t *testing.T) {
	x := newWorld()
	x.down = errors.New("away")
	x.pass(5*time.Minute, watch.Failing)
	x.pass(10*time.Minute, watch.Fine)
	x.down = nil
	x.pass(time.Minute, watch.Fine)
	x.tells(t) // it came and went meanwhile
	x.down = errors.New("away")
	x.pass(5*time.Minute, watch.Stale)
	x.down = nil
	x.pass(time.Minute, watch.Stale)
	x.tells(t, "books=STALE (1 open)")
}

func TestRestart(t *testing.T) {
	x := newWorld()
	x.pass(5*time.Minute, watch.Failing)
	x.open()
	x.pass(5*time.Minute, watch.Failing)
	x.tells(t, "books=FAILING (1 open)")
	x.open()
	x.pass(10*time.Minute, watch.Fine)
	x.tells(t, "books=FAILING (1 open)", "books=OK (0 open)")
	x.pass(5*time.Minute, watch.Failing)
	delete(x.state, books) // the source was taken out of the configuration
	x.open()
	x.tells(t, "books=FAILING (1 open)", "books=OK (0 open)", "books=FAILING (1 open)", "books=OK (0 open)")
	if len(x.Segments()) != 0 || len(x.kept) != 0 {
		t.Errorf("kept %v %v", x.Segments(), x.kept)
	}
}
