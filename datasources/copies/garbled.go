package copies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/trama-graph/trama/schema"
)

// What a row could show is never replaced by what cannot be read, unless somebody
// consents (Store.AcceptGarbled). A column that most rows of a reading or a following
// have lost means that the source has changed its form: it is refused. Single rows that
// have lost one are held: they stay as they are, all of them, and the rest is taken.

// garbledFrom is how many rows must have been read before a column that most of them
// cannot show says something of the source, and not of those rows.
const garbledFrom = 20

// The kinds of the problems of garbled values. docs/alerts.rules.yaml asks for them.
const (
	ProblemGarbled = "garbled in more than half of the rows, which were sound: the reading was refused"
	ProblemHeld    = "garbled rows that were sound are kept as they were"
)

// garbling counts what the rows of one reading, or of one following, cannot show.
type garbling struct {
	rows int
	by   map[string]int // by field
	held map[string]int // of those: in rows that are held
}

// suspects adds the rows of a page, and returns the fields that more than half of them,
// or of all so far, cannot show.
func (g *garbling) suspects(rows []Row) []string {
	page := garbling{rows: len(rows), by: map[string]int{}}
	for i := range rows {
		if f := rows[i].Faults; f != nil {
			for _, field := range f.Fields {
				page.by[field]++
			}
		}
	}
	g.rows += page.rows
	var found []string
	for field, n := range page.by {
		if g.by == nil {
			g.by = map[string]int{}
		}
		g.by[field] += n
		if page.isMost(field) || g.isMost(field) {
			found = append(found, field)
		}
	}
	slices.Sort(found)
	return found
}

func (g *garbling) isMost(field string) bool { return g.rows >= garbledFrom && 2*g.by[field] > g.rows }

// refusal is the cause of the error of a reading that was refused for a column, beside
// a *schema.ColumnError as of any answer in a wrong form: a key that cannot be read is
// none, nobody could consent to that.
type refusal struct{ column *schema.ColumnError }

func (e *refusal) Error() string {
	return e.column.Error() + ", which most rows could show before: the reading was refused"
}

func (e *refusal) Unwrap() error { return e.column }

// refusedColumn is the column for which the last reading or following was refused, ""
// when that is not why it ended.
func refusedColumn(err *schema.Error) string {
	var at *refusal
	if err == nil || !errors.As(err.Err, &at) {
		return ""
	}
	return at.column.Column
}

// refusedColumn is the column for which the last reading, else the last following, was
// refused, as this process knows.
func (s *set) refusedColumn() string {
	read, follow, _ := s.troubles()
	return cmp.Or(refusedColumn(read), refusedColumn(follow))
}

// accepts reports whether somebody consents to garbled values.
func (c *Copy) accepts(state *Set) bool { return state.AcceptGarbled.After(c.deps.Now()) }

// acceptGarbled consents until a time, zero = no more.
func (c *Copy) acceptGarbled(ctx context.Context, until time.Time) error {
	if err := c.deps.store.AcceptGarbled(ctx, c.cfg.Name, until); err != nil {
		return fmt.Errorf("accept garbled values: %w", err)
	}
	for _, s := range c.sets {
		s.mu.Lock()
		s.state.AcceptGarbled = until
		s.mu.Unlock()
	}
	return nil
}

// sifted are rows that may be saved, and the keys of those that are held.
type sifted struct {
	rows []Row
	held []string
	// byConsent: some are garbled, and were not compared.
	byConsent bool
}

// sift parts what may be saved of rows from those that are held, see above. Its error is schema.Garbled with a refusal. What never could be read is no
// news, nor is what the copy has not. s.sifting is held from before it until the rows
// are saved.
func (c *Copy) sift(ctx context.Context, s *set, state *Set, g *garbling, rows []Row) (sifted, error) {
	out := sifted{rows: rows}
	if s.worsened == nil {
		return out, nil
	}
	suspects := g.suspects(rows)
	var garbled []Row
	for i := range rows {
		if rows[i].Faults != nil {
			garbled = append(garbled, rows[i])
		}
	}
	if len(garbled) == 0 || state.Complete == 0 {
		return out, nil
	}
	if out.byConsent = c.accepts(state); out.byConsent {
		return out, nil
	}
	lost, err := s.worsened(ctx, garbled)
	if err != nil {
		return out, fmt.Errorf("compare garbled rows of %s: %w", s.entity, err)
	}
	for _, field := range suspects {
		known, sound := 0, 0
		for i := range garbled {
			if was, ok := lost[garbled[i].Key]; ok && garbled[i].Faults.Has(field) {
				if known++; slices.Contains(was, field) {
					sound++
				}
			}
		}
		if 2*sound > known {
			e := schema.Garbled(c.cfg.Name, s.entity, field)
			return out, e.Because(&refusal{&schema.ColumnError{Source: c.cfg.Name, Entity: s.entity, Column: field}})
		}
	}
	out.rows = make([]Row, 0, len(rows))
	for i := range rows {
		fields := lost[rows[i].Key]
		if len(fields) == 0 {
			out.rows = append(out.rows, rows[i])
			continue
		}
		out.held = append(out.held, rows[i].Key)
		for _, field := range fields {
			if g.held == nil {
				g.held = map[string]int{}
			}
			g.held[field]++
		}
	}
	return out, nil
}

// worsened are the fields that rows have lost since they were kept, by key. Those that
// the copy has not are left out.
func (r *reader[T, P]) worsened(ctx context.Context, rows []Row) (map[string][]string, error) {
	out := make(map[string][]string, len(rows))
	for chunk := range slices.Chunk(rows, keyBatch) {
		byHash := make(map[string]string, len(chunk))
		now := make(map[string][]byte, len(chunk))
		for i := range chunk {
			byHash[string(chunk[i].Hash)], now[chunk[i].Key] = chunk[i].Key, chunk[i].Data
		}
		_, err := r.c.deps.store.CopyByKeys(ctx, r.s.id, rowKeys(chunk), false, func(data []byte, _ int64) error {
			if key, isSame := byHash[string(hash(data))]; isSame { // the key is part of the data
				out[key] = nil
				return nil
			}
			var was, is T
			if err := r.codec.decode(data, &was, nil); err != nil {
				return nil //nolint:nilerr // a row that is damaged shows nothing
			}
			_, key := P(&was).Identity()
			if err := r.codec.decode(now[key], &is, nil); err != nil {
				return err
			}
			out[key] = schema.Worsened(P(&was), P(&is))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// tellHeld logs that a reading or a following holds rows.
func (c *Copy) tellHeld(ctx context.Context, g *garbling, attrs []any, held int64) {
	c.deps.Log.WarnContext(ctx, "kept rows as they were, which the source gives garbled", append(attrs, "held", held, "columns", slices.Sorted(maps.Keys(g.held)))...)
}

// tellAccepted logs that consent to garbled values was used up by a reading.
func (c *Copy) tellAccepted(ctx context.Context, s *set, before, after *Set) {
	if !c.accepts(before) || c.accepts(after) {
		return
	}
	c.deps.Log.WarnContext(ctx, "took garbled values by consent, which is used up", "source", c.cfg.Name, "entity", s.entity, "rows", after.Rows, "columns", slices.Sorted(maps.Keys(s.garbled.by)))
}
