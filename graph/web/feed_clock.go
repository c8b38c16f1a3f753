package web

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/trama-graph/trama/schema"
)

// clock ends the making of an answer when it has taken its time: all of its operations
// together, and all that is done with their rows. The time its client takes to read is
// not counted.
type clock struct {
	limit time.Duration
	stop  context.CancelCauseFunc
	timer *time.Timer

	mu      sync.Mutex // guards the rest
	start   time.Time
	waited  time.Duration // for the client, so far
	waiting time.Time     // since when, zero while nobody waits
}

// startClock returns a context that ends when the answer has taken its time. end is
// called once.
func startClock(ctx context.Context, limit time.Duration) (_ context.Context, c *clock, end func()) {
	ctx, stop := context.WithCancelCause(ctx)
	c = &clock{limit: limit, stop: stop, start: time.Now()}
	c.mu.Lock()
	c.timer = time.AfterFunc(limit, c.look)
	c.mu.Unlock()
	return ctx, c, func() {
		c.timer.Stop()
		stop(context.Canceled)
	}
}

// look ends the answer, or looks again when the rest of its time is over.
func (c *clock) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	waited := c.waited
	if !c.waiting.IsZero() {
		waited += now.Sub(c.waiting)
	}
	if left := c.limit - now.Sub(c.start) + waited; left > 0 {
		c.timer.Reset(left)
		return
	}
	c.stop(tooLong(c.limit))
}

// pause and resume stand around what the client is waited for.
func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = time.Now()
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited += time.Since(c.waiting)
	c.waiting = time.Time{}
}

// tooLong is told when an answer has taken its time. It is no limit of the account: who
// asks again gets no further.
func tooLong(limit time.Duration) error {
	return schema.Errorf(schema.SourceTimeout, "the answer took longer than %s: ask for less, filter by a column of the list, or aggregate", limit)
}

// waiter is a client whose time is not counted.
type waiter struct {
	io.Writer
	clock *clock
}

func (w waiter) Write(b []byte) (int, error) {
	w.clock.pause()
	defer w.clock.resume()
	return w.Writer.Write(b)
}
