package creatio

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// result is what came of one chain. whole is false when a limit cut it off.
type result struct {
	records []record
	whole   bool
	err     error
}

// check judges a record that was found; its error makes the whole reply invalid.
type check func(keys []string, r *record) error

// decode decodes a page and checks its rows.
func (s *source) decode(body []byte, c chain, sel *selection, ok check) (reply, error) {
	out, err := decodeReply(body, sel, s.zone)
	if err != nil || ok == nil {
		return out, err
	}
	for i := range out.records {
		if err := ok(c.keys, &out.records[i]); err != nil {
			return reply{}, err
		}
	}
	return out, nil
}

// page asks one question, or goes on at address when there is one.
func (s *source) page(ctx context.Context, st *site, c chain, address string, sel *selection, ok check) (reply, error) {
	if address == "" {
		address = st.path + "/" + c.ask.address()
	}
	var out reply
	err := s.get(ctx, c.ask.set, address, func(body []byte) (err error) {
		out, err = s.decode(body, c, sel, ok)
		if err == nil && out.next != "" {
			out.next, err = s.follow(st, c.ask.set, out.next)
		}
		if err != nil {
			return wire.Invalid(err)
		}
		return nil
	})
	return out, err
}

// drain reads a chain to its end, or until limit rows are there.
func (s *source) drain(ctx context.Context, st *site, c chain, sel *selection, ok check, limit int) (records []record, whole bool, err error) {
	first, err := s.page(ctx, st, c, "", sel, ok)
	if err != nil {
		return nil, false, err
	}
	r := s.rest(ctx, st, c, sel, ok, first, limit)
	return r.records, r.whole, r.err
}

// rest goes on behind a chain's first page: by the site's own next link where
// there is one, else by $skip while pages are full.
func (s *source) rest(ctx context.Context, st *site, c chain, sel *selection, ok check, first reply, limit int) result {
	out := result{records: first.records}
	last, asked := first, map[string]bool{}
	got := len(first.records) // since $skip was last said
	for {
		address := last.next
		switch {
		case address == "" && (c.ask.top == 0 || got < c.ask.top):
			out.whole, out.records = true, distinct(out.records)
			return out
		case len(out.records) >= limit:
			out.records = distinct(out.records)
			return out
		case asked[address]:
			out.err = s.invalid(errNextLink)
			return out
		case address != "":
			asked[address] = true
		default:
			c.ask.skip += got
			got = 0
		}
		var err error
		if last, err = s.page(ctx, st, c, address, sel, ok); err != nil {
			out.err = err
			return out
		}
		got += len(last.records)
		out.records = append(out.records, last.records...)
	}
}

// distinct drops rows that came twice: pages shift under our feet while others
// write.
func distinct(records []record) []record {
	seen := make(map[string]bool, len(records))
	return slices.DeleteFunc(records, func(r record) bool {
		was := seen[r.id]
		seen[r.id] = true
		return was
	})
}

// run answers chains, in one $batch for each size of them where that saves
// calls, else side by side. Results stand beside their chains.
func (s *source) run(ctx context.Context, st *site, list []chain, size int, sel *selection, ok check, limit int) []result {
	results := make([]result, len(list))
	if len(list) > 1 && !s.noBatch.Load() {
		offset := 0
		var wait sync.WaitGroup
		for _, group := range spread(list, min(size, maxParts)) {
			at := results[offset : offset+len(group)]
			offset += len(group)
			wait.Go(func() { s.runBatch(ctx, st, group, at, sel, ok, limit) })
		}
		wait.Wait()
		return results
	}
	s.runApart(ctx, st, list, results, sel, ok, limit)
	return results
}

func (s *source) runApart(ctx context.Context, st *site, list []chain, results []result, sel *selection, ok check, limit int) {
	// The client bounds how many are under way; this bounds who waits.
	places := make(chan struct{}, s.cfg.Concurrency)
	var wait sync.WaitGroup
	for i := range list {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			r := &results[i]
			r.records, r.whole, r.err = s.drain(ctx, st, list[i], sel, ok, limit)
		})
	}
	wait.Wait()
}

func (s *source) runBatch(ctx context.Context, st *site, list []chain, results []result, sel *selection, ok check, limit int) {
	if len(list) == 1 {
		s.runApart(ctx, st, list, results, sel, ok, limit)
		return
	}
	asks := make([]ask, len(list))
	for i := range list {
		asks[i] = list[i].ask
	}
	parts, err := s.batch(ctx, st, asks)
	if errors.Is(err, errNoBatch) {
		s.noBatch.Store(true)
		s.runApart(ctx, st, list, results, sel, ok, limit)
		return
	}
	var wait sync.WaitGroup
	for i := range list {
		if err != nil {
			results[i].err = err
			continue
		}
		first, bad := s.readPart(st, list[i], parts[i], sel, ok)
		if bad != nil {
			s.count(bad)
			results[i].err = bad
			continue
		}
		wait.Go(func() { results[i] = s.rest(ctx, st, list[i], sel, ok, first, limit) })
	}
	wait.Wait()
}

// readPart decodes one reply of a batch by itself: one bad part does not spoil
// the others.
func (s *source) readPart(st *site, c chain, p part, sel *selection, ok check) (reply, error) {
	if err := s.judgePart(p); err != nil {
		return reply{}, err
	}
	out, err := s.decode(p.body, c, sel, ok)
	if err == nil && out.next != "" {
		out.next, err = s.follow(st, c.ask.set, out.next)
	}
	if err != nil {
		return reply{}, s.invalid(err)
	}
	return out, nil
}

// count shows a bad part of a good batch to the metrics, which see only calls.
func (s *source) count(err error) {
	if s.watch == nil {
		return
	}
	code := schema.CodeOf(err)
	outcome := wire.OutcomeInvalid
	if code == schema.SourceUnavailable {
		outcome = wire.OutcomeUnavailable
	}
	s.watch(wire.Observation{Source: s.cfg.Name, Name: "$batch part", Outcome: outcome, Code: code, Attempt: 1})
}

// coded turns a verdict into the error a call with that verdict would have given.
func (s *source) coded(err error) error {
	var e *schema.Error
	switch {
	case errors.As(err, &e):
		return e
	case wire.IsRefused(err), wire.IsTooLong(err):
		return schema.SourceErrorf(schema.SourceInvalid, s.cfg.Name, "%s refused a part of the request", s.cfg.Name).Because(err)
	case wire.IsBounced(err):
		return s.invalid(err)
	}
	return schema.SourceErrorf(schema.SourceUnavailable, s.cfg.Name, "%s could not answer a part of the request", s.cfg.Name).Because(err)
}
