package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
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
// it, and as application/graphql-response+json 200 only when it was executed.
func (s *Server) graphql(w http.ResponseWriter, r *http.Request) {
	media := negotiate(r.Header)
	if media == "" {
		s.refused(w, r, plainJSON, refuse(http.StatusNotAcceptable, schema.BadRequest, "answers are %s or %s", graphqlJSON, plainJSON))
		return
	}
	p, err := s.authenticate(r)
	if err != nil {
		s.unauthenticated(w, r, media, err)
		return
	}
	entryOf(r.Context()).token = p.TokenID
	q, err := s.read(w, r)
	if err != nil {
		s.refused(w, r, media, err)
		return
	}
	ctx, cancel := context.WithTimeout(policies.With(r.Context(), p), s.cfg.Timeout)
	defer cancel()
	oc, errs, err := s.operation(ctx, q, r.Method != http.MethodPost)
	if err != nil {
		w.Header().Set("Allow", http.MethodPost)
		s.refused(w, r, media, err)
		return
	}
	if len(errs) > 0 {
		s.answer(w, r, media, requestStatus(media, http.StatusBadRequest), errorBody(errs), errs)
		return
	}
	entryOf(ctx).operation = operationName(oc)
	s.run(ctx, w, r, media, oc)
}

// run executes an operation and sends its answer.
func (s *Server) run(ctx context.Context, w http.ResponseWriter, r *http.Request, media string, oc *graphql.OperationContext) {
	start := time.Now()
	result, err := s.execute(ctx, oc)
	if err != nil {
		errs := listOf(err)
		s.answer(w, r, media, requestStatus(media, http.StatusBadRequest), errorBody(errs), errs)
		return
	}
	status := http.StatusOK
	if result.Refused() {
		status = requestStatus(media, http.StatusBadRequest)
	}
	s.answer(w, r, media, status, result.AppendJSON(nil), result.Errors())
	if s.cfg.Observe != nil {
		s.cfg.Observe(Observation{
			Operation: oc.OperationName, Status: status, Took: time.Since(start),
			Errors: len(result.Errors()), Codes: codes(result.Errors()),
		})
	}
}

func (s *Server) plan(oc *graphql.OperationContext) (*plan.Plan, error) {
	p, err := plan.Of(s.cfg.Schema.Schema(), oc.Operation, oc.Variables, s.cfg.Plan)
	if err != nil {
		return nil, err
	}
	return p, guard.Check(p, s.cfg.Limits)
}

// Plan returns the plan of a query without running it, for `trama query --plan`.
func (s *Server) Plan(ctx context.Context, query, operationName string, variables map[string]any) (*plan.Plan, error) {
	oc, errs, err := s.operation(ctx, &request{Query: query, OperationName: operationName, Variables: variables}, false)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return s.plan(oc)
}

// Execute runs a query for a principal without HTTP, for commands and the demo.
func (s *Server) Execute(ctx context.Context, p *policies.Principal, query string, variables map[string]any) (*engine.Result, error) {
	oc, errs, err := s.operation(ctx, &request{Query: query, Variables: variables}, false)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return s.execute(policies.With(ctx, p), oc)
}

// execute is the one way an operation is planned, judged and run.
func (s *Server) execute(ctx context.Context, oc *graphql.OperationContext) (*engine.Result, error) {
	pl, err := s.plan(oc)
	if err != nil {
		return nil, err
	}
	if s.cfg.Prepare != nil {
		ctx = s.cfg.Prepare(ctx)
	}
	result := s.cfg.Engine.Run(ctx, oc, pl)
	if s.cfg.Finish != nil {
		s.cfg.Finish(ctx, pl, result)
	}
	return result, nil
}

// requestStatus is the status of a request error: the newer media type shows it,
// the older one has 200 for every well-formed request.
func requestStatus(media string, status int) int {
	if media == graphqlJSON {
		return status
	}
	return http.StatusOK
}

func (s *Server) unauthenticated(w http.ResponseWriter, r *http.Request, media string, err error) {
	status := http.StatusUnauthorized
	switch schema.CodeOf(err) {
	case schema.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="trama"`)
	case schema.Forbidden:
		status = http.StatusForbidden
	default:
		s.cfg.Log.ErrorContext(r.Context(), "checking a token failed", "err", errors.Unwrap(err))
		status = http.StatusInternalServerError
	}
	var e *schema.Error
	if !errors.As(err, &e) {
		e = schema.Errorf(schema.Internal, "internal error")
	}
	s.refused(w, r, media, &refusal{status, e})
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

func operationName(oc *graphql.OperationContext) string {
	if oc.Operation.Name != "" {
		return oc.Operation.Name
	}
	kind := oc.Operation.Operation
	if kind == "" {
		kind = ast.Query
	}
	return string(kind)
}
