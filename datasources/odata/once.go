package odata

import (
	"context"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// failedFor is how long a failed reading of $metadata is remembered, so that a
// system in trouble is not asked for megabytes by every query.
const failedFor = 5 * time.Second

// once reads something once, for all who wait, and keeps it when that succeeded.
// The reading belongs to no caller: one who leaves fails nobody else.
type once[T any] struct {
	source  string
	timeout time.Duration
	now     func() time.Time
	load    func(ctx context.Context) (T, error)

	mu      sync.Mutex // guards the rest
	val     *T
	err     error
	retryAt time.Time
	pending chan struct{} // closed when the reading under way has ended
	stop    context.CancelFunc
	closed  bool
	wait    sync.WaitGroup
}

// get returns the value, reads it when there is none, or waits for who does.
func (o *once[T]) get(ctx context.Context) (T, error) {
	var none T
	for {
		if err := ctx.Err(); err != nil {
			return none, asError(o.source, err)
		}
		o.mu.Lock()
		switch {
		case o.val != nil:
			val := *o.val
			o.mu.Unlock()
			return val, nil
		case o.closed:
			o.mu.Unlock()
			return none, schema.SourceErrorf(schema.SourceUnavailable, o.source, "%s is closed", o.source)
		case o.err != nil && o.now().Before(o.retryAt):
			err := o.err
			o.mu.Unlock()
			return none, err
		}
		if o.pending == nil {
			o.begin()
		}
		pending := o.pending
		o.mu.Unlock()
		select {
		case <-pending:
		case <-ctx.Done():
		}
	}
}

// begin is called with mu held.
func (o *once[T]) begin() {
	ctx, cancel := context.WithTimeout(datasources.WithFlow(context.Background(), datasources.SharedFlow), o.timeout)
	o.pending, o.stop = make(chan struct{}), cancel
	o.wait.Go(func() {
		defer cancel()
		val, err := o.load(ctx)
		o.mu.Lock()
		defer o.mu.Unlock()
		if err == nil {
			o.val, o.err = &val, nil
		} else {
			o.err, o.retryAt = asError(o.source, err), o.now().Add(failedFor)
		}
		close(o.pending)
		o.pending = nil
	})
}

// close ends a reading under way and waits for it.
func (o *once[T]) close() {
	o.mu.Lock()
	o.closed = true
	if o.stop != nil {
		o.stop()
	}
	o.mu.Unlock()
	o.wait.Wait()
}
