package onec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// works are the loads a source has under way for all its callers. They end by
// their deadline or with the source.
type works struct {
	stop chan struct{} // closed by end

	mu    sync.Mutex // guards ended and the adding to wait
	ended bool
	wait  sync.WaitGroup
}

func newWorks() *works { return &works{stop: make(chan struct{})} }

// run starts f under a context of its own: it belongs to no caller. It reports
// false when the source is closed.
func (w *works) run(timeout time.Duration, f func(ctx context.Context)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	w.wait.Go(func() {
		ctx, cancel := context.WithTimeout(datasources.WithFlow(context.Background(), datasources.SharedFlow), timeout)
		defer cancel()
		w.wait.Go(func() {
			select {
			case <-w.stop:
				cancel()
			case <-ctx.Done():
			}
		})
		f(ctx)
	})
	return true
}

func (w *works) end() {
	w.mu.Lock()
	if !w.ended {
		w.ended = true
		close(w.stop)
	}
	w.mu.Unlock()
	w.wait.Wait()
}

// shared is one value that all callers share, loaded by one of them for all.
// It is kept until it is older than life (0 = for good) or dropped. A failed load is
// not kept: the next caller tries again, and the breaker protects the source.
type shared[T any] struct {
	source  string
	works   *works
	load    func(ctx context.Context) (T, error)
	timeout time.Duration
	life    time.Duration
	now     func() time.Time

	mu      sync.Mutex // guards the rest
	val     T
	at      time.Time // when val was loaded, zero when there is none
	pending *load[T]
}

// load is one load under way. Its results are set before done is closed.
type load[T any] struct {
	done chan struct{}
	val  T
	err  error
}

// get returns the value and when it was loaded. Each waiter honours its own ctx.
func (s *shared[T]) get(ctx context.Context) (T, time.Time, error) {
	return s.newer(ctx, time.Time{})
}

// newer is get for a caller to whom a value loaded at old or before is of no
// use.
func (s *shared[T]) newer(ctx context.Context, old time.Time) (T, time.Time, error) {
	s.mu.Lock()
	if !s.at.IsZero() && s.at.After(old) && (s.life == 0 || s.now().Sub(s.at) < s.life) {
		val, at := s.val, s.at
		s.mu.Unlock()
		return val, at, nil
	}
	l := s.pending
	if l == nil {
		l = &load[T]{done: make(chan struct{})}
		if !s.works.run(s.timeout, func(ctx context.Context) { s.run(ctx, l) }) {
			s.mu.Unlock()
			return l.val, time.Time{}, schema.SourceErrorf(schema.SourceUnavailable, s.source, "%s is closed", s.source)
		}
		s.pending = l
	}
	s.mu.Unlock()
	select {
	case <-l.done:
		return l.val, s.now(), l.err
	case <-ctx.Done():
		code := schema.SourceUnavailable
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			code = schema.SourceTimeout
		}
		var none T
		return none, time.Time{}, schema.SourceErrorf(code, s.source, "%s did not answer in time", s.source).Because(ctx.Err())
	}
}

func (s *shared[T]) run(ctx context.Context, l *load[T]) {
	func() {
		// It is not a request's goroutine, so nobody above would recover it.
		defer func() {
			if p := recover(); p != nil {
				l.err = schema.SourceErrorf(schema.Internal, s.source, "internal error").Because(fmt.Errorf("onec: load panicked: %v", p))
			}
		}()
		l.val, l.err = s.load(ctx)
	}()
	s.mu.Lock()
	s.pending = nil
	if l.err == nil {
		s.val, s.at = l.val, s.now()
	}
	s.mu.Unlock()
	close(l.done)
}

// drop forgets the value.
func (s *shared[T]) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}
