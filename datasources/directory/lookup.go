package directory

import "context"

// Effect tells what a decision does now.
func (d *Directory) Effect(x Decision) DecisionStatus { return d.snapshot.Load().effect(x) }

// Conflict returns the conflict of a key, as ConflictsPage has it; NOT_FOUND when
// there is none.
func (d *Directory) Conflict(ctx context.Context, key string) (Conflict, error) {
	s := d.snapshot.Load()
	for _, w := range d.wholeConflicts(s) {
		if w.Key == key {
			return w, nil
		}
	}
	for _, g := range d.book.gone(ConflictFilter{}) {
		if g.Key == key {
			return s.goneConflict(g), nil
		}
	}
	kind, field, recs, err := d.findConflict(ctx, s, key)
	if err != nil {
		return Conflict{}, err
	}
	return d.present(s, &conflict{&clash{kind, field, recs}}, d.book.state(key)), nil
}
