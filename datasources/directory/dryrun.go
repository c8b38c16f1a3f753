package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// maxExamples bounds what a dry run shows.
const maxExamples = 100

// Diff is what a change of the rules would do: nothing was done.
type Diff struct {
	CustomersBefore, CustomersAfter int
	// Gained and Lost count direct links between records by the rule that makes
	// them: R0, R1, R2, R3.
	Gained, Lost map[string]int
	Merged       int // customers that would be made of several
	Parted       int // customers that would fall apart
	// Examples are the first of both, in the order of their records.
	Examples                       []DiffExample
	ConflictsGained, ConflictsLost map[schema.ConflictKind]int
}

// DiffExample is a customer that would change.
type DiffExample struct {
	IsMerge bool
	// Parts are the records as they are together on the side where they are apart:
	// before a merge, after a split. At most 20 records in all.
	Parts [][]RecordRef
}

// DryRun tells what another configuration would change, without changing anything
// and without holding up reads or readings. Its sources must be the same, in the
// same order (no Sources = those of now); what it says of them may differ. It takes
// about as long and as much memory for the links as one rebuild, one at a time.
func (d *Directory) DryRun(ctx context.Context, changed Config) (Diff, error) {
	s := d.snapshot.Load().tidied(-1, 0) // both sides have the same numbers
	if changed.Sources == nil {
		changed.Sources = s.cfg.Sources
	}
	if !slices.EqualFunc(changed.Sources, s.cfg.Sources, func(a, b SourceConfig) bool { return a.Name == b.Name }) {
		return Diff{}, schema.Errorf(schema.BadRequest, "a dry run needs the sources of now, in their order")
	}
	set, err := newSetup(changed)
	if err != nil {
		return Diff{}, schema.Errorf(schema.BadRequest, "%s", err)
	}
	select {
	case d.trial <- struct{}{}:
		defer func() { <-d.trial }()
	case <-ctx.Done():
		return Diff{}, ctx.Err()
	}
	t := &snapshot{cfg: set, slabs: slices.Clone(s.slabs), base: s.base, decisions: s.decisions, kept: s.kept}
	for i, b := range s.slabs {
		if b != nil && !reads(s.cfg, set, i) {
			t.slabs[i] = newSlab(b.list(), &set.Sources[i], set.own)
		}
		if err := ctx.Err(); err != nil {
			return Diff{}, err
		}
	}
	link(t)
	if err := ctx.Err(); err != nil {
		return Diff{}, err
	}
	x := Diff{
		CustomersBefore: int(s.customers()), CustomersAfter: int(t.customers()), Gained: map[string]int{}, Lost: map[string]int{},
		ConflictsGained: map[schema.ConflictKind]int{}, ConflictsLost: map[schema.ConflictKind]int{},
	}
	x.Merged = compareCustomers(s, t, x.Gained, func(parts [][]RecordRef) { x.example(true, parts) })
	x.Parted = compareCustomers(t, s, x.Lost, func(parts [][]RecordRef) { x.example(false, parts) })
	compareConflicts(s, t, &x)
	return x, ctx.Err()
}

func (x *Diff) example(isMerge bool, parts [][]RecordRef) {
	half := maxExamples / 2
	if isMerge && len(x.Examples) < half || !isMerge && len(x.Examples) < maxExamples {
		x.Examples = append(x.Examples, DiffExample{isMerge, parts})
	}
}

// reads reports whether two configurations understand a source's records the same.
func reads(a, b *setup, src int) bool {
	if a.Sources[src].Country != b.Sources[src].Country || len(a.own) != len(b.own) || !slices.Equal(a.FreeMail, b.FreeMail) || !slices.Equal(a.SharedBoxes, b.SharedBoxes) {
		return false
	}
	for k := range a.own {
		if !b.own[k] {
			return false
		}
	}
	return true
}

// compareCustomers counts the customers of b that are several in a, with the links
// they are made by that a does not have.
func compareCustomers(a, b *snapshot, links map[string]int, show func([][]RecordRef)) (n int) {
	for c := range b.customers() {
		recs := b.of(c)
		if !slices.ContainsFunc(recs, func(r int32) bool { return a.cluster.at(r) != a.cluster.at(recs[0]) }) {
			continue
		}
		n++
		for _, e := range b.tree(c) {
			if e.from >= 0 && a.cluster.at(e.from) != a.cluster.at(e.rec) {
				links[e.rule]++
			}
		}
		show(a.partsOf(recs))
	}
	return n
}

// partsOf groups records by the customers they are of.
func (s *snapshot) partsOf(recs []int32) [][]RecordRef {
	recs = slices.Clone(recs[:min(len(recs), maxConflictRecords)])
	slices.SortStableFunc(recs, func(a, b int32) int { return cmp.Compare(s.cluster.at(a), s.cluster.at(b)) })
	var parts [][]RecordRef
	for i, rec := range recs {
		if i == 0 || s.cluster.at(rec) != s.cluster.at(recs[i-1]) {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s.refOf(rec))
	}
	return parts
}

// compareConflicts walks the sorted conflicts of both.
func compareConflicts(a, b *snapshot, x *Diff) {
	i, j := 0, 0
	for i < len(a.conflicts) || j < len(b.conflicts) {
		order := 1
		switch {
		case j == len(b.conflicts):
			order = -1
		case i < len(a.conflicts):
			order = a.compareConflict(a.conflicts[i], b.conflicts[j])
		}
		if order <= 0 {
			if order < 0 {
				x.ConflictsLost[a.conflicts[i].kind]++
			}
			i++
		}
		if order >= 0 {
			if order > 0 {
				x.ConflictsGained[b.conflicts[j].kind]++
			}
			j++
		}
	}
}
