package wire

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// attempt is one attempt's end.
type attempt struct {
	outcome Outcome
	final   bool // of no use to repeat
	wait    time.Duration
	err     *schema.Error // nil for success

	again bool // decided by repeated
	delay time.Duration
}

// once makes one attempt: breaker, queue for the rate and a place, call, verdict.
// The order is such that nobody waits for a source that is left alone, that a wait
// which cannot fit is refused before it begins, and that a trial of the breaker is
// not spent in the queue.
func (c *Client) once(ctx context.Context, call *Call, n int) *attempt {
	o := Observation{Source: c.cfg.Source, Name: call.Name, Attempt: n}
	turnedAway := func(v *verdict) *attempt { return c.settle(ctx, call, nil, v, v, unknown, &o) }

	if c.closed.Load() {
		return turnedAway(&verdict{outcome: OutcomeUnavailable, final: true, text: "client closed"})
	}
	if err := ctx.Err(); err != nil {
		return turnedAway(ctxVerdict(err))
	}
	if d := c.breaker.openFor(); d > 0 {
		return turnedAway(openVerdict(d))
	}
	slot, v := c.queue.enter(ctx, datasources.FlowOf(ctx), c.patience(ctx, call))
	if v != nil {
		return turnedAway(v)
	}
	defer c.queue.leave(slot)
	p, wait, ok := c.breaker.try()
	for !ok {
		trial := c.breaker.trial()
		if trial == nil {
			p, wait, ok = c.breaker.try() // it may have ended in between
			break
		}
		select {
		case <-trial:
		case <-ctx.Done():
			trial = nil
		}
		if p, wait, ok = c.breaker.try(); trial == nil {
			break
		}
	}
	if !ok {
		slot.undo()
		return turnedAway(openVerdict(wait))
	}
	learned := unknown
	// Also when a Decode panics: a lost trial would keep the breaker open for ever.
	defer func() { c.noteState(ctx, c.breaker.done(p, learned)) }()

	start := time.Now()
	attemptCtx, cancel := context.WithTimeout(ctx, call.Timeout)
	defer cancel()
	req, v := c.request(attemptCtx, call)
	if v != nil {
		slot.undo()
		return turnedAway(v)
	}
	err := c.exchange(ctx, call, req, &o)
	o.Took = time.Since(start)
	if err == nil {
		learned = succeeded
		return c.settle(ctx, call, req, nil, nil, learned, &o)
	}
	v = classify(ctx, err)
	learned = v.effect(o.Took, call.Timeout)
	if v.outcome == OutcomeLimited {
		c.gate.pause(v.wait)
	}
	return c.settle(ctx, call, req, v, err, learned, &o)
}

// patience is how long a call may wait before it is sent.
func (c *Client) patience(ctx context.Context, call *Call) time.Duration {
	if d, ok := ctx.Deadline(); ok {
		return time.Until(d)
	}
	return call.Timeout
}

// settle turns an attempt's end into what is returned, logged and measured.
// req is nil when nothing was sent, v nil for success; err is what Decode
// returned, or v itself.
func (c *Client) settle(ctx context.Context, call *Call, req *http.Request, v *verdict, err error, learned effect, o *Observation) *attempt {
	a := &attempt{outcome: OutcomeOK}
	if v != nil {
		a = &attempt{outcome: v.outcome, final: v.final, wait: v.wait, err: c.report(call, req, v, err)}
		o.Code = a.err.Code
	}
	o.Outcome = a.outcome
	if req != nil {
		c.health.note(o, learned, c.cfg.Now())
	}
	if c.log.Enabled(ctx, slog.LevelDebug) {
		attrs := []slog.Attr{
			slog.String("source", o.Source), slog.String("call", o.Name), slog.String("outcome", string(o.Outcome)),
			slog.Int("status", o.Status), slog.Duration("took", o.Took), slog.Int("bytes", o.Bytes), slog.Int("attempt", o.Attempt),
		}
		if a.err != nil {
			attrs = append(attrs, slog.String("err", a.err.Err.Error()))
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "called source", attrs...)
	}
	if c.cfg.Observe != nil {
		c.cfg.Observe(*o)
	}
	return a
}

func (c *Client) noteState(ctx context.Context, state string) {
	switch state {
	case "":
	case "open":
		c.log.WarnContext(ctx, "left source alone", "source", c.cfg.Source, "for", c.cfg.Breaker.Open)
	default:
		c.log.InfoContext(ctx, "changed breaker", "source", c.cfg.Source, "state", state)
	}
}

// report makes the error for the client, with the cause for the log inside.
func (c *Client) report(call *Call, req *http.Request, v *verdict, err error) *schema.Error {
	headers := c.headers
	var asked *url.URL
	if req != nil {
		headers, asked = req.Header, req.URL
	}
	cause := &verdict{outcome: v.outcome, wait: v.wait, final: v.final, ours: v.ours, full: v.full, err: v.err}
	if err != error(v) { //nolint:errorlint // the value itself is asked for, not what it wraps
		cause.err = err
	}
	cause.text = clip(scrub(Redact(causeText(err)), secrets(c.cfg.Base, asked, headers, call.Body)))
	var given *schema.Error
	if errors.As(err, &given) {
		e := *given
		e.Source = cmp.Or(e.Source, c.cfg.Source)
		e.Wait = max(e.Wait, v.wait)
		e.Err = cause
		return &e
	}
	return sourceError(c.cfg.Source, cmp.Or(call.Name, "a call"), cause)
}
