package web

import (
	"net/http"
	"time"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// count tells usage and metrics what an operation of a table was.
func (r *feedRunner) count(a *asked, rows int64, err error) {
	took := time.Since(a.start)
	code := errorOf(err)
	var codes []string
	status := http.StatusOK
	if code != "" {
		codes, status = []string{string(code)}, odata.Status(err)
	}
	if r.cfg.Observe != nil {
		r.cfg.Observe(Observation{Operation: a.Operation.Name, Status: status, Took: took, Errors: len(codes), Codes: codes})
	}
	if r.cfg.Usage == nil {
		return
	}
	o := usage.Operation{
		Token: r.who.TokenID, Account: r.who.Account, Hash: a.hash, Name: a.Operation.Name, Fields: a.plan.Fields(), Sensitive: a.plan.Sensitive,
		Errors: len(codes), Rows: rows, Cost: a.plan.Cost, Took: took, Roots: a.compiled.rootsOf(a.plan.Roots),
		Inputs: r.cfg.Usage.Inputs(a.RawQuery, a.OperationName, a.Variables),
	}
	if code == schema.Forbidden || code == schema.ForbiddenField {
		o.Denied = code
	}
	r.cfg.Usage.Record(o)
}
