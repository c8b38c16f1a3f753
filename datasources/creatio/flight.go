package creatio

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// jobs are the goroutines that outlive the call which started them, because
// others wait for the same result. Close ends them and waits.
type jobs struct {
	ctx    context.Context //nolint:containedctx // the lifetime of the source, not of a request
	cancel context.CancelFunc

	mu     sync.Mutex // guards closed against a start during stop
	closed bool
	wait   sync.WaitGroup
}

func newJobs() *jobs {
	ctx, cancel := context.WithCancel(datasources.WithFlow(context.Background(), datasources.SharedFlow))
	return &jobs{ctx: ctx, cancel: cancel}
}

var errClosed = errors.New("creatio: closed")

// start runs f with a deadline of its own. It reports false after stop.
func (j *jobs) start(limit time.Duration, f func(ctx context.Context)) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return false
	}
	j.wait.Go(func() {
		ctx, cancel := context.WithTimeout(j.ctx, limit)
		defer cancel()
		f(ctx)
	})
	return true
}

func (j *jobs) stop() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	j.wait.Wait()
}

// flight runs one load at a time and gives its result to all who wait. Each
// waiter honours his own context; one who leaves fails nobody else. It keeps no
// result.
type flight[T any] struct {
	jobs  *jobs
	limit time.Duration
	load  func(ctx context.Context) (T, error)

	mu      sync.Mutex // guards pending
	pending *landing[T]
}

// landing's fields are set before done is closed.
type landing[T any] struct {
	done chan struct{}
	val  T
	err  error
}

func (f *flight[T]) get(ctx context.Context) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	f.mu.Lock()
	l := f.pending
	if l == nil {
		l = &landing[T]{done: make(chan struct{})}
		if !f.jobs.start(f.limit, func(ctx context.Context) { f.run(ctx, l) }) {
			f.mu.Unlock()
			return none, errClosed
		}
		f.pending = l
	}
	f.mu.Unlock()
	select {
	case <-l.done:
		return l.val, l.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (f *flight[T]) run(ctx context.Context, l *landing[T]) {
	defer func() {
		f.mu.Lock()
		f.pending = nil
		f.mu.Unlock()
		close(l.done)
	}()
	l.val, l.err = f.load(ctx)
}
