package directory

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Verify compares the snapshot of now, which changes were patched into, with the one
// that is made anew of the same records.
func (d *Directory) Verify() error {
	s := d.snapshot.Load()
	t := &snapshot{cfg: s.cfg, slabs: make([]*slab, len(s.slabs)), base: make([]int32, len(s.base)), decisions: s.decisions, kept: s.kept}
	for i, b := range s.slabs {
		t.base[i+1] = t.base[i]
		if b == nil {
			continue
		}
		n := newSlab(b.recs, &s.cfg.Sources[i], s.cfg.own)
		t.slabs[i], t.base[i+1] = n, t.base[i]+int32(len(n.recs))
		for what, same := range map[string]bool{
			"keys": slices.Equal(n.keys, b.keys), "reasons": slices.Equal(n.reasons, b.reasons), "folds": slices.Equal(n.folds, b.folds), "byKey": slices.Equal(n.byKey, b.byKey),
			"byCode": slices.Equal(n.byCode(), b.byCode()), "byEmail": slices.Equal(n.byEmail(), b.byEmail()), "byForeign": slices.Equal(n.byForeign(), b.byForeign()),
			"names":   slices.Equal(n.blocks(&s.cfg.boxes).names, b.blocks(&s.cfg.boxes).names),
			"domains": slices.Equal(n.blocks(&s.cfg.boxes).domains, b.blocks(&s.cfg.boxes).domains),
		} {
			if !same {
				return fmt.Errorf("%s of %s differ", what, s.cfg.Sources[i].Name)
			}
		}
	}
	link(t)
	if !slices.EqualFunc(t.conflicts, s.conflicts, func(a, b conflict) bool { return compareConflict(a, b) == 0 }) {
		return fmt.Errorf("conflicts %v, want %v", s.conflicts, t.conflicts)
	}
	for what, same := range map[string]bool{
		"base": slices.Equal(t.base, s.base), "cluster": slices.Equal(t.cluster, s.cluster), "start": slices.Equal(t.start, s.start), "members": slices.Equal(t.members, s.members),
		"conflictsOf": slices.Equal(t.conflictsOf, s.conflictsOf), "ambiguous": slices.Equal(t.ambiguous, s.ambiguous), "shared": maps.Equal(t.shared, s.shared),
	} {
		if !same {
			return fmt.Errorf("%s differ", what)
		}
	}
	for rec, c := range s.cluster {
		if s.golden[rec] != s.key[c] {
			return fmt.Errorf("record %d has another id than its customer", rec)
		}
	}
	for c, g := range s.key {
		if s.customerOf[g] != int32(c) || s.ids.rows[g].MergedInto != 0 {
			return fmt.Errorf("customer %d has the id %d of another", c, g)
		}
		if n, ok := s.ids.find(s.ids.rows[g].ID); !ok || n != g {
			return fmt.Errorf("id %d is not found", g)
		}
	}
	t.crosswalk, t.key, t.customerOf = s.crosswalk, s.key, s.customerOf
	t.sortLists()
	t.count()
	if !reflect.DeepEqual(t.lists, s.lists) {
		return fmt.Errorf("lists differ:\n%v\n%v", t.lists, s.lists)
	}
	if !slices.Equal(t.counts, s.counts) {
		return fmt.Errorf("counts %v, want %v", s.counts, t.counts)
	}
	d.book.mu.RLock()
	defer d.book.mu.RUnlock()
	open := 0
	for key, row := range d.book.rows {
		if !row.isGone() && row.kind != ConflictUnmatched && row.kind != ConflictSourceShrank {
			open++
			if s.conflictsByKey()[key] == nil {
				return fmt.Errorf("%s of %s is open and gone", row.kind, key)
			}
		}
	}
	if open != len(s.conflicts) {
		return fmt.Errorf("%d conflicts are open in the book, %d are there", open, len(s.conflicts))
	}
	return nil
}
