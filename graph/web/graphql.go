package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
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
	oc.keeping = s.keepingOf(v, access, oc)
	if !s.again(ctx, w, r, media, oc) {
		s.run(ctx, w, r, media, v, oc)
	}
}

// run executes an operation and sends its answer. A long one is sent while it is made;
// when that fails the connection is broken, since nothing else tells half an answer
// from a whole one.
func (s *Server) run(ctx context.Context, w http.ResponseWriter, r *http.Request, media string, v *view, oc *operation) {
	start := time.Now()
	to := target{w, r, media}
	if r.Method == http.MethodHead {
		to = target{} // its length is asked, not its body
	}
	pl, result, sent, err := s.execute(ctx, v, oc, w.Header(), to)
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
	a := answered{plan: pl, result: result, hash: oc.hash}
	status := http.StatusOK
	if sent != nil {
		a.took, a.sum = time.Since(start), sent.digest()
		entryOf(ctx).codes = codes(result.Errors())
		use := s.count(ctx, oc, a)
		if a.body = sent.whole(); a.body != nil {
			s.keep(nil, oc, &a, use)
		}
		s.observe(oc, status, a.took, result)
		if sent.err != nil {
			s.cfg.Log.WarnContext(ctx, "broke off answer", "operation", operationName(oc), "bytes", sent.bytes, "err", sent.err)
			panic(http.ErrAbortHandler)
		}
		return
	}
	if result.Refused() {
		status = requestStatus(media, http.StatusBadRequest)
	}
	body := s.senders.buffer()
	defer s.senders.keep(body)
	*body = result.AppendJSON((*body)[:0])
	a.body, a.took = *body, time.Since(start)
	s.keep(w.Header(), oc, &a, s.count(ctx, oc, a))
	s.answer(w, r, media, status, *body, result.Errors())
	s.observe(oc, status, a.took, result)
}

func (s *Server) observe(oc *operation, status int, took time.Duration, result *engine.Result) {
	if s.cfg.Observe != nil {
		s.cfg.Observe(Observation{
			Operation: oc.OperationName, Status: status, Took: took,
			Errors: len(result.Errors()), Codes: codes(result.Errors()),
		})
	}
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
	_, result, _, err := s.execute(ctx, v, oc, nil, target{})
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
	_, result, _, err := s.execute(ctx, v, oc, nil, target{})
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
// of the agreement. A long answer is sent to the target while it is made, and sent is
// not nil; without a target all of it is made first.
func (s *Server) execute(ctx context.Context, v *view, oc *operation, h http.Header, to target) (pl *plan.Plan, result *engine.Result, sent *stream, err error) {
	pl, err = s.plan(ctx, v, oc)
	if err != nil {
		return nil, nil, nil, err
	}
	reserved, err := s.spend(ctx, pl, h)
	if err != nil {
		return nil, nil, nil, err
	}
	var rows int64
	defer func() { reserved.Settle(context.WithoutCancel(ctx), rows) }()
	if s.cfg.Prepare != nil {
		ctx = s.cfg.Prepare(ctx)
	}
	start := time.Now()
	switch {
	case pl.Kind == plan.Mutation:
		result = v.engine.Mutate(ctx, oc.OperationContext, policies.AccessFrom(ctx))
	case to.w != nil && v.engine.Bulk(pl):
		live, left, end := untimed(ctx, to.r)
		defer end()
		result = v.engine.Stream(live, oc.OperationContext, pl, left)
		defer result.Close()
	default:
		result = v.engine.Run(ctx, oc.OperationContext, pl)
	}
	finish := func() {
		if s.cfg.Finish != nil {
			s.cfg.Finish(ctx, pl, result, time.Since(start))
		}
	}
	if result.Streaming() {
		if sent, err = s.sendLong(ctx, to, oc.keeping != nil, result, finish); err != nil {
			return nil, nil, nil, err
		}
	} else {
		finish()
	}
	if result.HasData() {
		rows = result.Rows()
	}
	s.judge(ctx, oc, pl, result)
	return pl, result, sent, nil
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
