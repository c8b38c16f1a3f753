package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

// Quota counts what accounts use against what they agreed to. Errors are LIMITED
// with the wait, or TOO_COSTLY for what no wait would help.
type Quota interface {
	Call(ctx context.Context, p *policies.Principal) (quota.State, error)
	Cost(ctx context.Context, p *policies.Principal, cost int64) (quota.State, error)
	Rows(ctx context.Context, p *policies.Principal, rows int64)
	State(ctx context.Context, p *policies.Principal) quota.State
}

// spend takes an operation's estimated cost before it runs. h gets the counters;
// nil for what comes from the command line, which has no agreement.
func (s *Server) spend(ctx context.Context, pl *plan.Plan, h http.Header) error {
	if s.cfg.Quota == nil || h == nil {
		return nil
	}
	state, err := s.cfg.Quota.Cost(ctx, policies.From(ctx), pl.Cost)
	state.Headers(h)
	if err != nil {
		return s.overdrawn(ctx, h, err)
	}
	return nil
}

// overdrawn makes the refusal of what was not agreed.
func (s *Server) overdrawn(ctx context.Context, h http.Header, err error) error {
	var e *schema.Error
	if !errors.As(err, &e) || (e.Code != schema.Limited && e.Code != schema.TooCostly) {
		return s.internal(ctx, err)
	}
	if e.Code == schema.TooCostly { // no wait helps
		return &refusal{http.StatusBadRequest, e}
	}
	if e.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(e.Wait.Seconds())))))
	}
	return &refusal{http.StatusTooManyRequests, e}
}
