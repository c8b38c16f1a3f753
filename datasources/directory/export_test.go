package directory

import (
	"fmt"
	"maps"
	"slices"
)

// LeaveRoom makes a directory have room for so few new records of a source that its
// numbers are put in order often.
func (d *Directory) LeaveRoom(n int) { d.cfg.leastRoom = n }

// IsPatched tells whether the snapshot of now was made out of the one before.
func (d *Directory) IsPatched() bool { return d.snapshot.Load().isPatched }

// IsMixed tells whether it should have been put in order.
func (d *Directory) IsMixed() bool { return d.snapshot.Load().isMixed }

// Verify compares the snapshot of now, which changes were patched into, with the one
// that is made anew of the same records: in itself, and with its numbers in order.
func (d *Directory) Verify() error {
	now := d.snapshot.Load()
	if err := now.verify(); err != nil {
		return err
	}
	s := now.tidied(-1, 0)
	if err := s.verify(); err != nil {
		return fmt.Errorf("in order: %w", err)
	}
	t := &snapshot{cfg: s.cfg, slabs: make([]*slab, len(s.slabs)), base: s.base, decisions: s.decisions, kept: s.kept}
	for i, b := range s.slabs {
		if b == nil {
			continue
		}
		n := newSlab(now.slabs[i].list(), &s.cfg.Sources[i], s.cfg.own)
		t.slabs[i] = n
		for what, same := range map[string]bool{
			"records": slices.Equal(n.recs.flat(), b.recs.flat()), "sizes": b.sorted == n.sorted && b.size() == n.size() && len(b.late) == 0 && len(b.dead) == 0,
			"keys": slices.Equal(n.keys.flat(), b.keys.flat()), "reasons": slices.Equal(n.reasons.flat(), b.reasons.flat()), "folds": slices.Equal(n.folds.flat(), b.folds.flat()),
			"byKey": equalSeries(&n.byKey, &b.byKey), "byCode": equalSeries(n.byCode(), b.byCode()), "byEmail": equalSeries(n.byEmail(), b.byEmail()),
			"byForeign": equalSeries(n.byForeign(), b.byForeign()),
			"names":     equalSeries(&n.blocks(&s.cfg.boxes).names, &b.blocks(&s.cfg.boxes).names),
			"domains":   equalSeries(&n.blocks(&s.cfg.boxes).domains, &b.blocks(&s.cfg.boxes).domains),
		} {
			if !same {
				return fmt.Errorf("%s of %s differ", what, s.cfg.Sources[i].Name)
			}
		}
	}
	link(t)
	if !slices.EqualFunc(t.conflicts, s.conflicts, func(a, b conflict) bool { return s.compareConflict(a, b) == 0 }) {
		return fmt.Errorf("conflicts %v, want %v", s.conflicts, t.conflicts)
	}
	for what, same := range map[string]bool{
		"cluster": slices.Equal(t.cluster.flat(), s.cluster.flat()), "members": slices.EqualFunc(t.members.flat(), s.members.flat(), slices.Equal),
		"conflictsOf": slices.EqualFunc(t.conflictsOf.flat(), s.conflictsOf.flat(), func(a, b recordConflict) bool { return s.compareOfRecord(a, b) == 0 }),
		"ambiguous":   equalSeries(&t.ambiguous, &s.ambiguous), "shared": maps.Equal(t.shared, s.shared),
	} {
		if !same {
			return fmt.Errorf("%s differ", what)
		}
	}
	t.crosswalk, t.key, t.customerOf = s.crosswalk, s.key, s.customerOf
	t.sortLists()
	t.count()
	for i := range t.orders {
		if !equalSeries(&t.orders[i], &s.orders[i]) {
			return fmt.Errorf("order %d is %v, want %v", i, s.orders[i].flat(), t.orders[i].flat())
		}
	}
	for what, same := range map[string]bool{
		"name": slices.Equal(t.name.flat(), s.name.flat()), "created": slices.Equal(t.created.flat(), s.created.flat()), "updated": slices.Equal(t.updated.flat(), s.updated.flat()),
	} {
		if !same {
			return fmt.Errorf("%s differs", what)
		}
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
			if _, ok := s.conflictsByKey()[key]; !ok {
				return fmt.Errorf("%s of %s is open and gone", row.kind, key)
			}
		}
	}
	if open != len(s.conflicts) {
		return fmt.Errorf("%d conflicts are open in the book, %d are there", open, len(s.conflicts))
	}
	return nil
}

func equalSeries[T comparable](a, b *series[T]) bool { return slices.Equal(a.flat(), b.flat()) }

// verify looks whether a snapshot agrees with itself.
func (s *snapshot) verify() error {
	last := int32(-1)
	n := 0
	for rec := range s.records() {
		if last >= 0 && s.compare(last, rec) >= 0 {
			return fmt.Errorf("record %d is out of order", rec)
		}
		last = rec
		n++
		if s.find(s.refOf(rec)) != rec {
			return fmt.Errorf("record %d is not found", rec)
		}
		c := s.cluster.at(rec)
		if c < 0 || !slices.Contains(s.of(c), rec) {
			return fmt.Errorf("record %d is not one of its customer %d", rec, c)
		}
		if s.golden.at(rec) != s.key.at(c) {
			return fmt.Errorf("record %d has another id than its customer", rec)
		}
	}
	for c := range s.customers() {
		n -= len(s.of(c))
		if !slices.IsSorted(s.of(c)) || len(s.of(c)) == 0 {
			return fmt.Errorf("customer %d has the records %v", c, s.of(c))
		}
		g := s.key.at(c)
		if s.customerOf.at(g) != c || s.ids.rows.ref(g).MergedInto != 0 {
			return fmt.Errorf("customer %d has the id %d of another", c, g)
		}
		if n, ok := s.ids.find(s.ids.id(g)); !ok || n != g {
			return fmt.Errorf("id %d is not found", g)
		}
	}
	if n != 0 {
		return fmt.Errorf("%d records more than the customers have", n)
	}
	for g, c := range s.customerOf.flat() {
		if c >= 0 && s.key.at(c) != int32(g) {
			return fmt.Errorf("id %d has the customer %d of another", g, c)
		}
	}
	if s.customerOf.n != s.ids.rows.n || s.key.n != s.customers() || s.name.n != s.customers() || s.created.n != s.customers() || s.updated.n != s.customers() {
		return fmt.Errorf("%d customers, %d ids", s.customers(), s.ids.rows.n)
	}
	for i := range s.orders {
		list := s.orders[i].flat()
		if len(list) != int(s.customers()) || !slices.IsSortedFunc(list, func(a, b int32) int { return s.compareIn(i, a, b) }) {
			return fmt.Errorf("order %d is %v", i, list)
		}
		for at, c := range list {
			if s.orders[i].at(at) != c {
				return fmt.Errorf("order %d has another at %d", i, at)
			}
		}
	}
	for _, c := range s.conflicts {
		for _, rec := range c.recs {
			isThere := false
			s.conflictsOn(rec, func(x conflict) { isThere = isThere || x.clash == c.clash })
			if !isThere {
				return fmt.Errorf("conflict %v is not found by record %d", c.clash, rec)
			}
		}
	}
	return nil
}
