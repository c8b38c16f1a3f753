package web

import (
	"context"
	"maps"
	"net/http"
	"sync"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

// feedSlice is how many rows of the day are set aside at a time for an answer of which
// nobody knows how many it has: all that are left would shut out everybody else of the
// account for as long as its client reads.
const feedSlice = 20_000

// spending is what one answer takes of its account's agreement. Lists that are read at
// the same time share it.
type spending struct {
	mu    sync.Mutex  // guards the rest, and is held while rows are set aside
	h     http.Header // takes the counters; only before the answer begins
	isSet bool        // whether rows were set aside, or refused
	err   error       // why not

	aside []*quota.Reservation
	left  int64 // of the rows set aside; less than 0: more came than were
	rows  int64 // read, as far as settled
}

// pay takes the estimated cost of an operation, and sets rows of the day aside once for
// all operations of the answer.
func (r *feedRunner) pay(ctx context.Context, pl *plan.Plan) error {
	if r.cfg.Quota == nil {
		return nil
	}
	s := &r.spent
	state, err := r.cfg.Quota.Cost(ctx, r.who, pl.Cost)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters(state)
	if err != nil {
		return s.refuse(r, ctx, err)
	}
	if !s.isSet {
		s.isSet = true
		most := int64(feedSlice)
		if r.page >= 0 {
			perRow := rowsOf(pl.Roots)/int64(max(1, r.cfg.Plan.PageSize)) + 1
			most = min(most, max(1, r.page*perRow))
		}
		s.err = s.more(r, ctx, most)
	}
	return s.err
}

// more sets rows aside.
func (s *spending) more(r *feedRunner, ctx context.Context, most int64) error {
	aside, state, err := r.cfg.Quota.Reserve(ctx, r.who, most)
	if err != nil {
		s.counters(state)
		return s.refuse(r, ctx, err)
	}
	s.aside = append(s.aside, aside)
	s.left += aside.Max()
	return nil
}

// take counts rows that have come against those set aside, and sets more aside where
// these do not do. It fails with LIMITED when there are none left of the day.
func (r *feedRunner) take(ctx context.Context, rows int64) error {
	if !r.isMetered() || r.cfg.Quota == nil {
		return nil
	}
	s := &r.spent
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left -= rows
	for s.left < 0 {
		if err := s.more(r, ctx, feedSlice); err != nil {
			return schema.Errorf(schema.Limited, "the answer has more rows than are left of the day")
		}
	}
	return nil
}

// settle counts what was read, and gives the rest back.
func (s *spending) settle(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.rows
	for _, a := range s.aside {
		a.Settle(ctx, rows)
		rows = 0
	}
}

// read notes rows that were read.
func (s *spending) read(rows int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows += rows
}

// counters tells the client what is left of its agreement. Headers that have gone with
// the answer are not touched.
func (s *spending) counters(state quota.State) {
	if s.h != nil {
		state.Headers(s.h)
	}
}

// refuse makes the refusal of what was not agreed.
func (s *spending) refuse(r *feedRunner, ctx context.Context, err error) error {
	own := http.Header{}
	err = r.overdrawn(ctx, own, err)
	if s.h != nil {
		maps.Copy(s.h, own)
	}
	return err
}

// isMetered reports whether rows of the day are agreed: then lists are read one after
// the other, so that they do not have more together than is left.
func (r *feedRunner) isMetered() bool { return r.who.Agreement.RowsPerDay > 0 }

// recordsOf counts the records that rows are made of, as an answer of GraphQL counts
// them: those of a row whose root record is the one of the row before came with that.
// last is that record's id, and becomes the last row's.
func recordsOf(q *dataset.Query, cells []schema.Value, width int, last *string) (n int64) {
	if len(q.Records) == 0 {
		return 0
	}
	for ; len(cells) >= width; cells = cells[width:] {
		root := cells[dataset.FixedColumns+q.Records[0].ID].Str
		if root == *last && root != "" {
			continue
		}
		*last = root
		for i := range q.Records {
			if !cells[dataset.FixedColumns+q.Records[i].ID].IsNull() {
				n++
			}
		}
	}
	return n
}
