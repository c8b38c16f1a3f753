package copies

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Bounds of a refresh.
const (
	refreshCustomers = 100 // keys in one
	refreshesAtOnce  = 4   // of one source; others wait
	refreshTries     = 3   // of saving a page, when a following saved in between
)

// Refreshed is what came of a refresh.
type Refreshed struct {
	Source   string
	Entities []RefreshedEntity // in the order in which they are read
}

// RefreshedEntity is what came of one entity.
type RefreshedEntity struct {
	Entity  string
	Rows    int         // that the source gave
	Changed int         // of those: new in the copy, or other than they were
	HasMore bool        // there are more than a refresh reads; the loop has them
	Code    schema.Code // why it failed, "" = it did not; NOT_ENABLED = the source cannot be asked by customer
}

// Refresh asks the source now for the rows of some customers, by their keys there,
// and saves what it gives: new rows and changed ones. A row that lost what it could show
// stays as it is, and is SOURCE_INVALID of its entity. It deletes nothing: a row
// that has gone, or went to another customer who is not asked for, is left to the
// loop. It takes no turn, so that it does not wait for a reading under way, and
// ends with ctx; calls are those of the source's own budget. What failed for one
// entity is in its Code; the error is for all: BAD_REQUEST for more than 100
// customers, NOT_ENABLED for a source that is only pushed.
func (c *Copy) Refresh(ctx context.Context, customerKeys []string) (Refreshed, error) {
	out := Refreshed{Source: c.cfg.Name}
	if c.isPushed {
		return out, schema.SourceErrorf(schema.NotEnabled, c.cfg.Name, "%s is pushed to and cannot be asked", c.cfg.Name)
	}
	keys := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(customerKeys))), func(k string) bool { return k == "" })
	if len(keys) > refreshCustomers {
		return out, schema.Errorf(schema.BadRequest, "at most %d customers are refreshed at once", refreshCustomers)
	}
	select {
	case c.refreshes <- struct{}{}:
		defer func() { <-c.refreshes }()
	case <-ctx.Done():
		return out, c.readError(ctx, ctx.Err())
	}
	for _, s := range c.sets {
		e := RefreshedEntity{Entity: s.entity}
		state := s.snapshot()
		switch {
		case s.asked == nil:
			e.Code = schema.NotEnabled
		case state.Refusal != "":
			e.Code = state.Refusal
		case state.Complete == 0:
			e.Code = schema.SourceUnavailable // nobody sees single rows before they are all there
		case len(keys) > 0:
			if err := c.refresh(ctx, s, keys, &e); err != nil {
				e.Code = schema.CodeOf(c.readError(ctx, err))
				c.deps.Log.WarnContext(ctx, "could not refresh copy", "source", c.cfg.Name, "entity", s.entity, "code", e.Code, "err", err)
			}
		}
		out.Entities = append(out.Entities, e)
	}
	return out, nil
}

// Refresh says that nobody can be asked.
func (x *Pushed) Refresh(ctx context.Context, customerKeys []string) (Refreshed, error) {
	return x.c.Refresh(ctx, customerKeys)
}

func (c *Copy) refresh(ctx context.Context, s *set, keys []string, e *RefreshedEntity) error {
	changed := 0
	var garbled garbling
	// An answer may be older than what a following has saved meanwhile. The cursor
	// tells: it is looked at before the source is asked, and has to be the same when
	// the rows are saved.
	try := func() error {
		e.Rows, e.HasMore, garbled = 0, false, garbling{}
		cursor := s.snapshot().Cursor
		more, err := s.asked(ctx, keys, func(rows []Row) error {
			e.Rows += len(rows)
			n, err := c.saveRefreshed(ctx, s, &garbled, rows, cursor)
			changed += n
			return err
		})
		e.HasMore = more
		return err
	}
	var err error
	for range refreshTries {
		if err = try(); !errors.Is(err, ErrOvertaken) {
			break
		}
		if look := c.look(ctx); look != nil {
			err = look
			break
		}
	}
	if e.Changed = changed; changed > 0 {
		c.deps.Changed(s.entity)
	}
	if columns := slices.Sorted(maps.Keys(garbled.held)); err == nil && len(columns) > 0 {
		return schema.Garbled(c.cfg.Name, s.entity, columns[0]) // what is sound of them was saved
	}
	return err
}

// saveRefreshed saves those rows that differ from the copy and may be saved.
func (c *Copy) saveRefreshed(ctx context.Context, s *set, g *garbling, rows []Row, cursor string) (changed int, err error) {
	s.sifting.Lock()
	defer s.sifting.Unlock()
	state := s.snapshot()
	good, err := c.sift(ctx, s, &state, g, rows)
	if err != nil {
		return 0, err
	}
	other, err := c.differing(ctx, s, good.rows)
	if err != nil || len(other)+len(good.held) == 0 && state.Held == 0 {
		return 0, err
	}
	if state.Held == 0 { // else some may be held no longer, as they are again what they were
		good.rows = other
	}
	_, err = s.save(func() (Set, error) {
		return c.deps.store.SaveChanges(ctx, s.id, &ChangeSet{Rows: good.rows, Held: good.held, ByConsent: good.byConsent, From: cursor, Next: cursor, At: c.deps.Now()})
	})
	if err != nil {
		return 0, fmt.Errorf("save refreshed rows of %s: %w", s.entity, err)
	}
	return len(other), nil
}

// differing returns the rows that the copy does not have as they are.
func (c *Copy) differing(ctx context.Context, s *set, rows []Row) ([]Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	same := make(map[string]struct{}, len(rows))
	_, err := c.deps.store.CopyByKeys(ctx, s.id, rowKeys(rows), false, func(data []byte, _ int64) error {
		same[string(hash(data))] = struct{}{} // the key is part of the data
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare rows of %s: %w", s.entity, err)
	}
	var out []Row
	for i := range rows {
		if _, ok := same[string(rows[i].Hash)]; !ok {
			out = append(out, rows[i])
		}
	}
	return out, nil
}

func rowKeys(rows []Row) []string {
	keys := make([]string, len(rows))
	for i := range rows {
		keys[i] = rows[i].Key
	}
	return keys
}

// exist counts the keys that the copy has.
func (c *Copy) exist(ctx context.Context, s *set, keys []string) (n int64, err error) {
	for chunk := range slices.Chunk(keys, keyBatch) {
		if _, err := c.deps.store.CopyByKeys(ctx, s.id, chunk, false, func([]byte, int64) error { n++; return nil }); err != nil {
			return n, fmt.Errorf("look up deleted rows of %s: %w", s.entity, err)
		}
	}
	return n, nil
}
