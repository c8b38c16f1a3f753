package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

func TestAHerdMakesOneCall(t *testing.T) {
	for name := range (&stage{}).ways() {
		t.Run("case="+name, func(t *testing.T) {
			s := play(t, cache.Config{})
			ask := s.ways()[name]
			release := s.src.hold()
			defer release()
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					if got := ask(t.Context(), "a"); got.version != 0 || got.isStale || got.err != nil {
						t.Errorf("got %+v", got)
					}
				})
			}
			eventually(t, "99 who wait", func() bool { return s.c.Stats().Joined == 99 })
			release()
			wait.Wait()
			if s.src.called() != 1 {
				t.Errorf("%d calls for one question", s.src.called())
			}
		})
	}
}

// Questions that overlap ask for each key once.
func TestOverlappingQuestionsAskEachKeyOnce(t *testing.T) {
	s := play(t, cache.Config{})
	release := s.src.hold()
	defer release()
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			keys := []string{fmt.Sprint(i), fmt.Sprint(i + 1), fmt.Sprint(i + 2)}
			rows, err := s.r.ByKeys(t.Context(), keys, nil)
			if err != nil || len(rows.Items) != 3 {
				t.Errorf("got %d rows, %v", len(rows.Items), err)
			}
		})
	}
	eventually(t, "all", func() bool { n := s.c.Stats(); return n.Joined == 60-22 })
	release()
	wait.Wait()
	if s.src.asked != 22 {
		t.Errorf("%d keys asked, want 22", s.src.asked)
	}
}

func TestTheFirstMayGiveUp(t *testing.T) {
	s := play(t, cache.Config{})
	release := s.src.hold()
	defer release()
	first, cancel := context.WithCancel(t.Context())
	gone := make(chan seen)
	go func() { gone <- s.key(first, "a") }()
	eventually(t, "the call", func() bool { return s.src.inside() == 1 })
	var wait sync.WaitGroup
	wait.Go(func() {
		if got := s.key(t.Context(), "a"); got.err != nil || got.version != 0 {
			t.Errorf("got %+v", got)
		}
	})
	eventually(t, "the second", func() bool { return s.c.Stats().Joined == 1 })
	cancel()
	if got := <-gone; !errors.Is(got.err, context.Canceled) || schema.CodeOf(got.err) != schema.SourceUnavailable {
		t.Errorf("got %v", got.err)
	}
	release()
	wait.Wait()
	if s.src.called() != 1 {
		t.Errorf("%d calls", s.src.called())
	}
}

// Nobody waits any more: the call ends, and the next question makes its own.
func TestAbandonedReadingsEnd(t *testing.T) {
	s := play(t, cache.Config{})
	release := s.src.hold()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() { s.key(ctx, "a") })
	}
	eventually(t, "the others", func() bool { return s.c.Stats().Joined == 4 })
	cancel()
	wait.Wait()
	eventually(t, "its end", func() bool { return s.src.inside() == 0 })
	release()
	if got := s.key(t.Context(), "a"); got.err != nil || s.src.called() != 2 {
		t.Errorf("got %+v after %d calls", got, s.src.called())
	}
}

// Each waits as long as he can: who has little time is told so, who joined a
// reading of little time gets one of his own.
func TestEachHasHisOwnDeadline(t *testing.T) {
	s := play(t, cache.Config{})
	release := s.src.hold()
	defer release()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	first := make(chan seen)
	go func() { first <- s.key(short, "a") }()
	eventually(t, "the call", func() bool { return s.src.inside() == 1 })
	second := make(chan seen)
	go func() { second <- s.key(t.Context(), "a") }()
	if got := <-first; schema.CodeOf(got.err) != schema.SourceTimeout {
		t.Errorf("got %v", got.err)
	}
	eventually(t, "a second call", func() bool { return s.src.called() == 2 })
	release()
	if got := <-second; got.err != nil || got.version != 0 {
		t.Errorf("got %+v", got)
	}
}

// A deadline that passes while the source is asked is no reason to have nothing.
func TestADeadlineIsStoodInFor(t *testing.T) {
	s := play(t, cache.Config{})
	s.key(t.Context(), "a")
	s.clk.add(2 * time.Hour)
	defer s.src.hold()()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := s.key(ctx, "a"); got.err != nil || !got.isStale || got.version != 0 {
		t.Errorf("got %+v", got)
	}
}

// deaf does not look at its context.
type deaf struct {
	script
	gate chan struct{}
}

func (d *deaf) Reader(string) any { return datasources.Reader[schema.Order](d) }

func (d *deaf) ByKeys(context.Context, []string, datasources.Fields) (datasources.Rows[schema.Order], error) {
	<-d.gate
	panic("a connector's mistake")
}

func TestADeafAndPanickingConnector(t *testing.T) {
	c, err := cache.New(cache.Config{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d := &deaf{gate: make(chan struct{})}
	r := datasources.ReaderOf[schema.Order](c.Wrap("crm", d), "Order")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.ByKeys(ctx, []string{"a"}, nil); schema.CodeOf(err) != schema.SourceTimeout {
		t.Errorf("got %v", err)
	}
	close(d.gate)
	if _, err := r.ByKeys(t.Context(), []string{"a"}, nil); err == nil || !strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "mistake") {
		t.Errorf("got %v", err)
	}
}

func TestAClosedCacheAsksTheSource(t *testing.T) {
	c, err := cache.New(cache.Config{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	src := &script{version: map[string]int{}}
	r := datasources.ReaderOf[schema.Order](c.Wrap("crm", src), "Order")
	gone := make(chan error)
	release := src.hold()
	defer release()
	go func() {
		_, err := r.ByKeys(context.Background(), []string{"a"}, nil)
		gone <- err
	}()
	eventually(t, "the call", func() bool { return src.inside() == 1 })
	c.Close() // ends what is under way
	// He has all the time he wants, and asks again by himself.
	eventually(t, "his own call", func() bool { return src.called() == 2 })
	release()
	if err := <-gone; err != nil {
		t.Error(err)
	}
}
