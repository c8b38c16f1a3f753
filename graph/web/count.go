package web

import (
	"context"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// Recorder is told of each operation, for the usage.
type Recorder interface {
	Record(o usage.Operation)
	// Inputs and Digest are sums by which the same question and the same answer are
	// known again.
	Inputs(query, operationName string, variables map[string]any) uint64
	Digest(data []byte) uint64
}

// count tells the usage what an answer was.
func (s *Server) count(ctx context.Context, oc *operation, a answered) (o usage.Operation) {
	p := policies.From(ctx)
	rows := a.result.Rows()
	if !a.result.HasData() {
		rows = 0 // nothing was answered
	}
	if s.cfg.Usage == nil {
		return o
	}
	o = usage.Operation{
		Token: p.TokenID, Account: p.Account, Hash: a.hash, Name: oc.OperationName, Fields: a.plan.Fields(), Sensitive: a.plan.Sensitive,
		Errors: len(a.result.Errors()), Denied: deniedCode(a.result.Errors()), Rows: rows, Cost: a.plan.Cost, Took: a.took,
		Inputs: s.cfg.Usage.Inputs(oc.RawQuery, oc.OperationName, oc.Variables),
	}
	switch {
	case len(a.result.Errors()) > 0:
	case a.body != nil:
		o.Answer = s.cfg.Usage.Digest(a.body)
	default:
		o.Answer = a.sum
	}
	o.Roots = oc.compiled.rootsOf(a.plan.Roots)
	pages := a.result.Pages()
	o.Pages = make([]usage.PageUse, 0, len(pages))
	for _, u := range pages {
		o.Pages = append(o.Pages, usage.PageUse{Path: u.Path, Declared: u.Node.Page, Parents: u.Parents, Rows: u.Rows, Most: u.Most, Unread: u.Unread})
	}
	s.cfg.Usage.Record(o)
	return o
}

// answered is an operation that ran.
type answered struct {
	plan   *plan.Plan
	result *engine.Result
	hash   string
	body   []byte
	sum    uint64 // of an answer that was streamed: it has no body
	took   time.Duration
}

// keyOf is the argument by which a root field was asked for one record.
func keyOf(n *plan.Node) string {
	for _, name := range []string{"id", "number", "sku", "taxId", "email", "sourceId"} {
		if v, given := n.Args[name]; given && v != nil && n.Page == 0 {
			return name
		}
	}
	return ""
}

// deniedCode is the code of an error that says the token may not.
func deniedCode(errs gqlerror.List) schema.Code {
	for _, e := range errs {
		switch code, _ := e.Extensions["code"].(schema.Code); code {
		case schema.Forbidden, schema.ForbiddenField:
			return code
		}
	}
	return ""
}

// refusedOperation tells the usage of a document that was refused.
func (s *Server) refusedOperation(ctx context.Context, errs gqlerror.List) {
	p := policies.From(ctx)
	if s.cfg.Usage == nil || p == nil {
		return
	}
	denied := deniedCode(errs)
	if denied == "" && deniedIn(errs, s.cfg.Graph, s.cfg.Full) {
		denied = schema.ForbiddenField
	}
	s.countRefused(p, len(errs), denied)
}

// countRefused tells the usage that a question was refused: with how many errors, and
// that it asked for what the token may not see, "" where it did not.
func (s *Server) countRefused(p *policies.Principal, errs int, denied schema.Code) {
	if s.cfg.Usage != nil {
		s.cfg.Usage.Record(usage.Operation{Token: p.TokenID, Account: p.Account, Errors: errs, Denied: denied})
	}
}
