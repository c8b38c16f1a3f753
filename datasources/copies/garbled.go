package copies

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// garbledFrom is how many rows must have been read before a column that most of them
// cannot show says something of the source, and not of those rows.
const garbledFrom = 20

// garbledMost bounds the rows that are compared with what the copy has of them.
const garbledMost = 500

// ProblemGarbled is the kind of a column for which a reading was refused.
const ProblemGarbled = "garbled in more than half of the rows, which were sound: the reading was refused"

// garbling counts what the rows of one reading, or of one following, cannot show.
type garbling struct {
	rows int
	by   map[string]int // by field
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

// refuseGarbled refuses rows that would put nothing in the place of what the copy has:
// a column that more than half of them cannot show, and that most of those could show
// when they were last read, means that the source has changed its form. The error is
// schema.Garbled. What never could be read is no news, nor is what the copy has not.
func (c *Copy) refuseGarbled(ctx context.Context, s *set, state *Set, g *garbling, rows []Row) error {
	if s.faults == nil {
		return nil
	}
	fields := g.suspects(rows)
	if len(fields) == 0 || state.Complete == 0 {
		return nil
	}
	var keys []string
	for i := range rows {
		if f := rows[i].Faults; f != nil && len(keys) < garbledMost {
			keys = append(keys, rows[i].Key)
		}
	}
	kept, err := s.faults(ctx, keys)
	if err != nil {
		return fmt.Errorf("compare garbled rows of %s: %w", s.entity, err)
	}
	for _, field := range fields {
		known, sound := 0, 0
		for i := range rows {
			if !rows[i].Faults.Has(field) {
				continue
			}
			if f, ok := kept[rows[i].Key]; ok {
				if known++; !f.Has(field) {
					sound++
				}
			}
		}
		if 2*sound > known {
			return schema.Garbled(c.cfg.Name, s.entity, field)
		}
	}
	return nil
}

// faults are what rows of the copy cannot show, by their keys; those it has not are
// left out.
func (r *reader[T, P]) faults(ctx context.Context, keys []string) (map[string]*schema.Faults, error) {
	rows, err := r.ByKeys(ctx, keys, nil) // all columns: lists have faults too
	if err != nil {
		return nil, err
	}
	out := make(map[string]*schema.Faults, len(rows.Items))
	for i := range rows.Items {
		_, key := P(&rows.Items[i]).Identity()
		out[key] = schema.FaultsWithin(P(&rows.Items[i]))
	}
	return out, nil
}

// garbledColumn is the column for which the last reading or following was refused, ""
// when that is not why it ended.
func garbledColumn(err *schema.Error) string {
	var at *schema.ColumnError
	if err == nil || !errors.As(err.Err, &at) {
		return ""
	}
	return at.Column
}
