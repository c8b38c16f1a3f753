package wire

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/trama-graph/trama/schema"
)

// The pause before a repeated attempt doubles from the first to the last.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

// newRepeat is the loop around the attempts of a read. Whether and when to
// repeat is decided per attempt, where the verdict, the deadline and the budget
// are known; the policy carries that out.
func newRepeat() failsafe.Executor[*attempt] {
	return failsafe.With[*attempt](retrypolicy.NewBuilder[*attempt]().
		HandleIf(func(a *attempt, _ error) bool { return a != nil && a.again }).
		WithMaxRetries(-1).
		WithDelayFunc(func(exec failsafe.ExecutionAttempt[*attempt]) time.Duration {
			if a := exec.LastResult(); a != nil {
				return a.delay
			}
			return 0
		}).
		ReturnLastFailure().
		Build())
}

// repeated makes the attempts of a read. Nearly all calls are over with the first:
// the loop is made when that is not enough.
func (c *Client) repeated(ctx context.Context, call *Call) *schema.Error {
	c.retries.deposit()
	first := c.once(ctx, call, 1)
	if first.again, first.delay = c.decide(ctx, call, first, 1); !first.again {
		return first.err
	}
	last, n := first, 0
	// The policy's own results are not used: it puts ctx's error in the place of
	// an attempt that ended just before.
	_, _ = c.repeat.WithContext(ctx).Get(func() (*attempt, error) {
		if n++; n == 1 {
			return first, nil
		}
		a := c.once(ctx, call, n)
		a.again, a.delay = c.decide(ctx, call, a, n)
		switch a.outcome {
		case OutcomeOpen, OutcomeBudget, OutcomeQueue:
			// Why the first attempt failed tells more than why there is no second.
			last.again = false
			last.err.Wait = max(last.err.Wait, a.err.Wait)
			return last, nil
		}
		last = a
		return a, nil
	})
	if last.again && ctx.Err() != nil {
		// Cancelled in the pause.
		v := ctxVerdict(ctx.Err())
		return c.report(call, nil, v, v)
	}
	return last.err
}

// decide tells whether the n-th attempt is followed by another, and after which
// pause.
func (c *Client) decide(ctx context.Context, call *Call, a *attempt, n int) (bool, time.Duration) {
	limit := c.cfg.Retries
	switch a.outcome {
	case OutcomeUnavailable, OutcomeLimited:
	case OutcomeInvalid, OutcomeTimeout:
		// Both cost the upstream as much as a success, and rarely heal.
		limit = min(limit, 1)
	default:
		return false, 0
	}
	if a.final || n > limit || ctx.Err() != nil || c.breaker.openFor() > 0 {
		return false, 0
	}
	delay := max(backoff(n), a.wait)
	if delay >= c.patience(ctx, call) || !c.retries.withdraw() {
		return false, 0
	}
	return true, delay
}

// backoff is between a half and the whole of the n-th pause, so that callers who
// failed together do not come back together.
func backoff(n int) time.Duration {
	d := min(firstBackoff<<min(n-1, 10), lastBackoff)
	return d/2 + rand.N(d/2)
}
