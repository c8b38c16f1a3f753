package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/usage"
)

// again answers a question as it was answered before, and reports whether it did. It
// has cost a call; its rows count as those of any answer, and it costs nothing else.
func (s *Server) again(ctx context.Context, w http.ResponseWriter, r *http.Request, media string, oc *operation) bool {
	ask := oc.keeping
	if ask == nil {
		return false
	}
	start := time.Now()
	k, age := s.answers.get(ask.key)
	if k == nil {
		ask.mark = s.answers.cfg.Validity.Mark()
		return false
	}
	if done, err := s.spendRows(ctx, w.Header(), k.rows); err != nil {
		s.refused(w, r, media, err)
		return true
	} else if !done {
		return false // the ordinary way says what is wrong
	}
	h := w.Header()
	h.Set("Age", strconv.Itoa(int(age/time.Second)))
	cacheable(h, k.life)
	describe(h, media)
	body := k.body
	if len(body) >= leastPacked && takesGzip(r.Header) {
		body = s.packed(k)
		h.Set("Content-Encoding", "gzip")
	}
	took := time.Since(start)
	s.countAgain(ctx, k, took)
	entryOf(ctx).kept = true
	s.transmit(w, r, http.StatusOK, body)
	if s.cfg.Observe != nil {
		s.cfg.Observe(Observation{Operation: oc.OperationName, Status: http.StatusOK, Took: took})
	}
	return true
}

// spendRows takes an answer's rows of the day; it is not done where fewer are left.
func (s *Server) spendRows(ctx context.Context, h http.Header, rows int64) (done bool, err error) {
	if s.cfg.Quota == nil {
		return true, nil
	}
	reserved, state, err := s.cfg.Quota.Reserve(ctx, policies.From(ctx), rows)
	if err != nil {
		state.Headers(h)
		return false, s.overdrawn(ctx, h, err)
	}
	if left := reserved.Max(); left > 0 && left < rows {
		reserved.Settle(context.WithoutCancel(ctx), 0)
		return false, nil
	}
	reserved.Settle(context.WithoutCancel(ctx), rows)
	return true, nil
}

// countAgain tells the usage of an answer that was given again: by whom, and at no
// cost, as none was charged.
func (s *Server) countAgain(ctx context.Context, k *keptAnswer, took time.Duration) {
	if s.cfg.Usage == nil {
		return
	}
	p, o := policies.From(ctx), k.use
	o.Token, o.Account, o.Took, o.Cost = p.TokenID, p.Account, took, 0
	s.cfg.Usage.Record(o)
}

// judge notes whether the answer of a run may be kept: it is whole, without an error,
// made of records only, and nothing of it was old.
func (s *Server) judge(ctx context.Context, oc *operation, pl *plan.Plan, result *engine.Result) {
	ask := oc.keeping
	if ask == nil || result.Streaming() || result.Refused() || !result.HasData() || len(result.Errors()) > 0 {
		return
	}
	if ask.types, ask.isWhole = s.answers.entities.typesOf(pl); ask.isWhole {
		ask.isWhole = s.answers.cfg.Validity.Whole(ctx)
	}
}

// keep keeps an answer that was judged, and tells the client, unless h is nil: of an
// answer that was sent while it was made the headers went before it was known whether
// it has errors.
func (s *Server) keep(h http.Header, oc *operation, a *answered, use usage.Operation) {
	ask := oc.keeping
	if ask == nil || !ask.isWhole {
		return
	}
	k := &keptAnswer{
		key: ask.key, body: slices.Clip(slices.Clone(a.body)), at: s.answers.cfg.Now(), life: ask.life, mark: ask.mark, types: ask.types,
		rows: a.result.Rows(), use: use,
	}
	if s.answers.add(k) && h != nil {
		cacheable(h, ask.life)
	}
}

// cacheable says how long an answer is good from when it was made: together with Age,
// where it is an older one (RFC 9111, 4.2.3 and 5.2.2.1). It is for this client only.
func cacheable(h http.Header, life time.Duration) {
	h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(life/time.Second)))
}

// packed returns the answer compressed, which is done once.
func (s *Server) packed(k *keptAnswer) []byte {
	if b := k.packed.Load(); b != nil {
		return *b
	}
	room := s.senders.buffer()
	defer s.senders.keep(room)
	*room = s.senders.pack((*room)[:0], k.body)
	b := slices.Clip(slices.Clone(*room))
	if k.packed.CompareAndSwap(nil, &b) {
		s.answers.kept.grow(k.key, k, int64(cap(b)))
	}
	return b
}
