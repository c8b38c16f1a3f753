package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// graphql is the door of queries (GraphQL over HTTP, draft). A request that is
// none gets 4xx; a well-formed one gets 200 as application/json whatever comes of
// it, and as application/graphql-response+json 200 only when it was executed. One
// beyond what was agreed gets 429.
func (s *Server) graphql(w http.ResponseWriter, r *http.Request) {
	media := negotiate(r.Header)
	if media == "" {
		s.refused(w, r, plainJSON, refuse(http.StatusNotAcceptable, schema.BadRequest, "answers are %s or %s", graphqlJSON, plainJSON))
		return
	}
	p, err := s.enter(w, r, "graphql")
	if err != nil {
		s.refused(w, r, media, err)
		return
	}
	q, err := s.read(w, r)
	if err != nil {
		s.refused(w, r, media, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(p.Agreement.MaxTime, s.cfg.Timeout))
	defer cancel()
	access, v, err := s.decide(ctx, p)
	if err != nil {
		s.refused(w, r, media, s.internal(ctx, err))
		return
	}
	ctx = policies.WithAccess(ctx, access)
	oc, errs, err := s.operation(ctx, v, p, q, r.Method != http.MethodPost)
	if err != nil {
		w.Header().Set("Allow", http.MethodPost)
		s.refused(w, r, media, err)
		return
	}
	if len(errs) > 0 {
		s.refusedOperation(ctx, errs)
		s.answer(w, r, media, requestStatus(media, http.StatusBadRequest), errorBody(errs), errs)
		return
	}
	entryOf(ctx).operation = operationName(oc)
	s.run(ctx, w, r, media, v, oc)
}

// run executes an operation and sends its answer.
func (s *Server) run(ctx context.Context, w http.ResponseWriter, r *http.Request, media string, v *view, oc *operation) {
	start := time.Now()
	pl, result, err := s.execute(ctx, v, oc, w.Header())
	var limited *refusal
	switch {
	case errors.As(err, &limited):
		s.refused(w, r, media, err)
		return
	case err != nil:
		errs := listOf(err)
		s.refusedOperation(ctx, errs)
		s.answer(w, r, media, requestStatus(media, http.StatusBadRequest), errorBody(errs), errs)
		return
	}
	status := http.StatusOK
	if result.Refused() {
		status = requestStatus(media, http.StatusBadRequest)
	}
	body := result.AppendJSON(nil)
	took := time.Since(start)
	s.count(ctx, oc, answered{plan: pl, result: result, hash: oc.hash, body: body, took: took})
	s.answer(w, r, media, status, body, result.Errors())
	if s.cfg.Observe != nil {
		s.cfg.Observe(Observation{
			Operation: oc.OperationName, Status: status, Took: took,
			Errors: len(result.Errors()), Codes: codes(result.Errors()),
		})
	}
}

func (s *Server) plan(ctx context.Context, v *view, oc *operation) (*plan.Plan, error) {
	access, opts := policies.AccessFrom(ctx), s.cfg.Plan
	// Where an agreement's largest page is smaller than the default, it is the default.
	if agreed := access.Principal.Agreement.MaxPage; agreed > 0 && agreed < opts.PageSize {
		opts.PageSize = agreed
	}
	p, err := plan.Of(v.schema, oc.Operation, oc.Variables, opts)
	if err != nil {
		return nil, err
	}
	if err := guard.Check(p, guard.LimitsFor(access.Principal.Agreement, s.cfg.Limits)); err != nil {
		return nil, err
	}
	return p, guard.Access(p, access)
}

// Plan returns the plan of a principal's query without running it, for `trama
// query --plan`.
func (s *Server) Plan(ctx context.Context, p *policies.Principal, query, operationName string, variables map[string]any) (*plan.Plan, error) {
	ctx, v, oc, err := s.prepare(ctx, p, &request{Query: query, OperationName: operationName, Variables: variables})
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, v, oc)
}

// Execute runs a query for a principal without HTTP, for commands and the demo.
func (s *Server) Execute(ctx context.Context, p *policies.Principal, query string, variables map[string]any) (*engine.Result, error) {
	ctx, v, oc, err := s.prepare(ctx, p, &request{Query: query, Variables: variables})
	if err != nil {
		return nil, err
	}
	_, result, err := s.execute(ctx, v, oc, nil)
	return result, err
}

// ExecuteAs is Execute for somebody whose view is decided.
func (s *Server) ExecuteAs(ctx context.Context, a *policies.Access, query string, variables map[string]any) (*engine.Result, error) {
	v, err := s.views.of(ctx, a.View)
	if err != nil {
		return nil, err
	}
	ctx, oc, err := s.understand(ctx, a, v, &request{Query: query, Variables: variables})
	if err != nil {
		return nil, err
	}
	_, result, err := s.execute(ctx, v, oc, nil)
	return result, err
}

func (s *Server) prepare(ctx context.Context, p *policies.Principal, q *request) (context.Context, *view, *operation, error) {
	access, v, err := s.decide(ctx, p)
	if err != nil {
		return ctx, nil, nil, err
	}
	ctx, oc, err := s.understand(ctx, access, v, q)
	return ctx, v, oc, err
}

func (s *Server) understand(ctx context.Context, a *policies.Access, v *view, q *request) (context.Context, *operation, error) {
	ctx = policies.WithAccess(ctx, a)
	oc, errs, err := s.operation(ctx, v, a.Principal, q, false)
	if err == nil && len(errs) > 0 {
		err = errs
	}
	return ctx, oc, err
}

// execute is the one way an operation is planned, judged and run. A *refusal is
// of the agreement.
func (s *Server) execute(ctx context.Context, v *view, oc *operation, h http.Header) (*plan.Plan, *engine.Result, error) {
	pl, err := s.plan(ctx, v, oc)
	if err != nil {
		return nil, nil, err
	}
	reserved, err := s.spend(ctx, pl, h)
	if err != nil {
		return nil, nil, err
	}
	var rows int64
	defer func() { reserved.Settle(context.WithoutCancel(ctx), rows) }()
	if s.cfg.Prepare != nil {
		ctx = s.cfg.Prepare(ctx)
	}
	var result *engine.Result
	start := time.Now()
	if pl.Kind == plan.Mutation {
		result = v.engine.Mutate(ctx, oc.OperationContext, policies.AccessFrom(ctx))
	} else {
		result = v.engine.Run(ctx, oc.OperationContext, pl)
	}
	if result.HasData() {
		rows = result.Rows()
	}
	if s.cfg.Finish != nil {
		s.cfg.Finish(ctx, pl, result, time.Since(start))
	}
	return pl, result, nil
}

// requestStatus is the status of a request error: the newer media type shows it,
// the older one has 200 for every well-formed request.
func requestStatus(media string, status int) int {
	if media == graphqlJSON {
		return status
	}
	return http.StatusOK
}

// refused answers a request that is no GraphQL request, or one from nobody.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, media string, err error) {
	f := &refusal{http.StatusInternalServerError, schema.Errorf(schema.Internal, "internal error")}
	errors.As(err, &f)
	errs := listOf(f.err)
	s.answer(w, r, media, f.status, errorBody(errs), errs)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, media string, status int, body []byte, errs gqlerror.List) {
	entryOf(r.Context()).codes = codes(errs)
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "private, no-store")
	h.Add("Vary", "Accept, Authorization")
	// A client that stops reading is cut off. Not every ResponseWriter has deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.cfg.WriteTimeout))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body) //nolint:errcheck // the client has gone; the access log tells
	}
}

func errorBody(errs gqlerror.List) []byte {
	body, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{errs})
	if err != nil {
		return []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	return body
}

func codes(errs gqlerror.List) []string {
	var list []string
	for _, e := range errs {
		code := fmt.Sprint(e.Extensions["code"])
		if !slices.Contains(list, code) {
			list = append(list, code)
		}
	}
	return list
}

func operationName(oc *operation) string {
	if oc.Operation.Name != "" {
		return oc.Operation.Name
	}
	kind := oc.Operation.Operation
	if kind == "" {
		kind = ast.Query
	}
	return string(kind)
}
