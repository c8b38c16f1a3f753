package usage

import (
	"cmp"
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// waiting is what was not stored yet.
type waiting struct {
	rows    map[rowKey]*Row
	habits  map[habitKey]*Habit
	entries []Entry
	lost    int // entries for which there was no room
}

type rowKey struct {
	hour           int64
	by             schema.UsageBy
	token, subject string
}

type habitKey struct {
	hour                            int64
	token, kind, operation, subject string
}

func (w *waiting) clear() {
	*w = waiting{rows: map[rowKey]*Row{}, habits: map[habitKey]*Habit{}}
}

func (r *Row) key() rowKey { return rowKey{r.Hour.Unix(), r.By, r.Token, r.Subject} }

func (h *Habit) key() habitKey {
	return habitKey{h.Hour.Unix(), h.Token, h.Kind, h.Operation, h.Subject}
}

func (w *waiting) addRow(r *Row) {
	if have := w.rows[r.key()]; have != nil {
		have.add(&r.Counts)
		return
	}
	kept := *r
	w.rows[r.key()] = &kept
}

func (w *waiting) addHabit(h *Habit) {
	if have := w.habits[h.key()]; have != nil {
		have.add(h)
		return
	}
	kept := *h
	w.habits[h.key()] = &kept
}

func (w *waiting) addEntry(e Entry) {
	if len(w.entries) >= maxEntries {
		w.lost++
		return
	}
	w.entries = append(w.entries, e)
}

// chunk is how many rows are written in one transaction: others write, too.
const chunk = 2000

// store writes the rows and the habits, and keeps those that failed.
func (w *waiting) store(ctx context.Context, s Store) error {
	rows := make([]Row, 0, len(w.rows))
	for _, r := range w.rows {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.By, b.By), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Subject, b.Subject))
	})
	habits := make([]Habit, 0, len(w.habits))
	for _, h := range w.habits {
		habits = append(habits, *h)
	}
	slices.SortFunc(habits, func(a, b Habit) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Subject, b.Subject))
	})
	for part := range slices.Chunk(rows, chunk) {
		if err := s.AddUsage(ctx, part, nil); err != nil {
			return err
		}
		for i := range part {
			delete(w.rows, part[i].key())
		}
	}
	for part := range slices.Chunk(habits, chunk) {
		if err := s.AddUsage(ctx, nil, part); err != nil {
			return err
		}
		for i := range part {
			delete(w.habits, part[i].key())
		}
	}
	return nil
}

// shrink makes what waits fit into limit rows: operations and fields of the oldest
// hours are counted together first, habits go with them; then whole hours go. It
// returns how many rows were lost.
func (w *waiting) shrink(limit int) (lost int) {
	if len(w.habits) > limit {
		clear(w.habits)
	}
	for detailed := true; len(w.rows)+len(w.habits) > limit; {
		oldest, found := int64(0), false
		for k := range w.rows {
			if detail := k.by != schema.UsageByToken && k.subject != Other; detail || !detailed {
				if !found || k.hour < oldest {
					oldest, found = k.hour, true
				}
			}
		}
		if !found && !detailed {
			break
		}
		if !found {
			detailed = false
			continue
		}
		for k, row := range w.rows {
			switch {
			case k.hour != oldest:
			case !detailed:
				delete(w.rows, k)
				lost++
			case k.by != schema.UsageByToken && k.subject != Other:
				delete(w.rows, k)
				row.Subject, row.Name = Other, ""
				if k.by == schema.UsageByOperation { // fields overlap: their sum would say nothing
					w.addRow(row)
				}
			}
		}
		for k := range w.habits {
			if k.hour <= oldest {
				delete(w.habits, k)
			}
		}
	}
	return lost
}
