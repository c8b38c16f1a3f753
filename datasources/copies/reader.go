package copies

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// reader answers from the copy of one entity.
type reader[T any, P datasources.EntityOf[T]] struct {
	c      *Copy
	s      *set
	codec  *codec[T]
	order  schema.Sort                // the entity's own
	finish func(x *T, asOf time.Time) // last touch, nil = none
}

// ByKeys implements datasources.Reader.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	found := r.codec.gather()
	defer r.codec.free(found)
	state, err := r.c.deps.store.CopyByKeys(ctx, r.s.id, keys, f.Has(changedAt), found.add)
	return r.answer(ctx, datasources.Rows[T]{}, found, f, state, err)
}

// ByParent implements datasources.Reader.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	if q.Deleted {
		return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, r.c.cfg.Name, "the copy of %s finds deleted rows in lists only", r.c.cfg.Name)
	}
	if r.c.desc.Entity(r.s.entity).Relation(rel) == nil {
		return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, r.c.cfg.Name, "the copy of %s has no relation %s of %s", r.c.cfg.Name, rel, r.s.entity)
	}
	out := datasources.Rows[T]{Offsets: make([]int, 1, len(parents)+1)}
	found := r.codec.gather()
	defer r.codec.free(found)
	a, err := r.c.deps.store.CopyByParent(ctx, r.s.id, relationColumn(r.s.entity, string(rel)), parents, r.ask(q), func(parent int, data []byte, changed int64) error {
		for len(out.Offsets) <= parent {
			out.Offsets = append(out.Offsets, len(found.rows))
		}
		return found.add(data, changed)
	})
	for len(out.Offsets) <= len(parents) {
		out.Offsets = append(out.Offsets, len(found.rows))
	}
	out.More, out.Totals = a.More, a.Totals
	return r.answer(ctx, out, found, q.Fields, a.Set, err)
}

// List implements datasources.Reader.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	found := r.codec.gather()
	defer r.codec.free(found)
	if q.Deleted {
		return r.listDeleted(ctx, q, found)
	}
	a, err := r.c.deps.store.CopyList(ctx, r.s.id, r.ask(q), found.add)
	return r.answer(ctx, datasources.Rows[T]{More: a.More, Totals: a.Totals}, found, q.Fields, a.Set, err)
}

func (r *reader[T, P]) ask(q datasources.Query) Ask {
	if q.Order.Column == "" {
		q.Order = r.order
	}
	q.Where = q.Where.Given(isDeleted, schema.Bool(false))
	return Ask{Source: r.c.cfg.Name, ChangedFrom: r.s.snapshot().ChangedFrom, WithChanged: q.Fields.Has(changedAt), Query: q}
}

// answer reads the rows that were found and says how old they are, or why there are
// none.
func (r *reader[T, P]) answer(ctx context.Context, out datasources.Rows[T], found *found, f datasources.Fields, state Set, err error) (datasources.Rows[T], error) {
	if err == nil {
		out.Items, err = r.codec.decodeAll(found, f)
	}
	if served := r.c.serves(r.s, state); served != nil && (err == nil || errors.Is(err, errDamaged)) {
		err = served // rows of another layout are there until they are replaced
	}
	if err != nil {
		return datasources.Rows[T]{}, r.c.readError(ctx, err)
	}
	if f.Has(changedAt) {
		for i := range out.Items {
			dated(P(&out.Items[i]), found.times[i], state.ChangedFrom)
		}
	}
	out.AsOf, out.Stale = state.Whole(), r.c.isStale(&state)
	if r.finish != nil {
		for i := range out.Items {
			r.finish(&out.Items[i], out.AsOf)
		}
	}
	return out, nil
}

// isStale reports whether a following, or a reading where nothing is followed,
// should have brought these rows up to date long ago, or brought deletions or a
// column that were refused, or rows that were not taken.
func (c *Copy) isStale(state *Set) bool {
	if state.isWanting() {
		return true
	}
	var took time.Duration
	s := c.byEntity[state.Entity]
	if s != nil {
		s.mu.Lock()
		took = s.took
		s.mu.Unlock()
	}
	return c.isLate(s, state, took, state.Whole())
}

// isLate reports whether something should have brought rows of a time up to date long
// ago. took is how long the last following took.
func (c *Copy) isLate(s *set, state *Set, took time.Duration, asOf time.Time) bool {
	if s == nil || !c.hasCursor(s, state) || state.Followed.IsZero() {
		took = state.Took
	}
	return c.deps.Now().Sub(asOf) > 2*c.cfg.Every+took
}

// IsCurrent reports whether rows that were answered as of a time, and have not changed
// since, would be answered today and not be stale: who remembers answers asks it before
// he repeats one. It makes no call, and is safe for concurrent use.
func (r *reader[T, P]) IsCurrent(asOf time.Time) bool {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := &s.state
	return state.Complete > 0 && state.Layout == s.layout && state.Refusal == "" && !state.isWanting() && !r.c.isLate(s, state, s.took, asOf)
}

// serves returns nil when a set can be answered from, or the error a client gets.
func (c *Copy) serves(s *set, state Set) error {
	name := c.cfg.Name
	switch {
	case state.Refusal != "":
		if e := s.failure(); e != nil && e.Code == state.Refusal {
			again := *e
			return &again
		}
		return schema.SourceErrorf(state.Refusal, name, "%s is not enabled in %s", s.entity, name)
	case state.Complete == 0 && c.isPushed && !c.isAwaited:
		// Nobody said that it would come: a normal state, as of a module that was not bought.
		return schema.SourceErrorf(schema.NotEnabled, name, "nothing of %s was pushed to %s so far", s.entity, name)
	case state.Complete == 0 && c.isPushed:
		return schema.SourceErrorf(schema.SourceUnavailable, name, "nothing of %s was pushed to %s yet", s.entity, name)
	case state.Complete == 0 || state.Layout != s.layout: // of another version of Trama
		e := schema.SourceErrorf(schema.SourceUnavailable, name, "the copy of %s in %s is still being read for the first time", s.entity, name)
		if failed := s.failure(); failed != nil {
			e.Wait = failed.Wait
		}
		return e
	}
	return nil
}

// readError gives the store's errors a code and the source's name.
func (c *Copy) readError(ctx context.Context, err error) error {
	var e *schema.Error
	name := c.cfg.Name
	switch {
	case errors.As(err, &e):
		again := *e
		again.Source = name
		return &again
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return schema.SourceErrorf(schema.SourceTimeout, name, "the copy of %s did not answer in time", name).Because(errors.Join(ctx.Err(), err))
	case ctx.Err() != nil:
		return schema.SourceErrorf(schema.SourceUnavailable, name, "the request was given up").Because(errors.Join(ctx.Err(), err))
	case errors.Is(err, errDamaged):
		return schema.SourceErrorf(schema.SourceInvalid, name, "a row in the copy of %s cannot be read", name).Because(err)
	}
	return schema.SourceErrorf(schema.SourceUnavailable, name, "the copy of %s could not be read", name).Because(err)
}
