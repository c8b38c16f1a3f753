package web

import (
	"context"
	"errors"
	"math"
	"net/http"

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
	// Reserve sets rows of the day aside for an answer, and bounds it by what is left.
	Reserve(ctx context.Context, p *policies.Principal, most int64) (*quota.Reservation, quota.State, error)
	State(ctx context.Context, p *policies.Principal) quota.State
}

// spend takes an operation's estimated cost before it runs. h gets the counters;
// nil for what comes from the command line, which has no agreement.
//
// The rows it may have are set aside: answers that are made at the same time share
// what is left of the day. The reservation is settled by what was answered.
func (s *Server) spend(ctx context.Context, pl *plan.Plan, h http.Header) (*quota.Reservation, error) {
	if s.cfg.Quota == nil || h == nil {
		return nil, nil
	}
	p := policies.From(ctx)
	state, err := s.cfg.Quota.Cost(ctx, p, pl.Cost)
	state.Headers(h)
	if err != nil {
		return nil, s.overdrawn(ctx, h, err)
	}
	most := rowsOf(pl.Roots)
	r, state, err := s.cfg.Quota.Reserve(ctx, p, most)
	if err != nil {
		state.Headers(h)
		return nil, s.overdrawn(ctx, h, err)
	}
	if left := r.Max(); left > 0 && left < most && (pl.MaxRows == 0 || left < int64(pl.MaxRows)) {
		pl.MaxRows = int(left)
	}
	return r, nil
}

// rowsOf is how many rows an answer can have: those of every field that has fields.
func rowsOf(nodes []*plan.Node) int64 {
	var n int64
	for _, x := range nodes {
		if len(x.Children) > 0 {
			n = min(n+min(x.Rows, math.MaxInt32), math.MaxInt32)
			n = min(n+rowsOf(x.Children), math.MaxInt32)
		}
	}
	return n
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
		h.Set("Retry-After", seconds(e.Wait))
	}
	return &refusal{http.StatusTooManyRequests, e}
}
