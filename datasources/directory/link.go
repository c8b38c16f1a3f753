package directory

import (
	"cmp"
	"slices"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
	"github.com/trama-graph/trama/schema"
)

// linker groups records into customers by the rules of wire/identity.md, Match
// rules. It goes level by level: decisions made by hand (R0), stored foreign ids
// (R1), fiscal numbers (R2), mailboxes (R3), and last the links of deleted records. A level looks
// at all of its links at once and refuses those that contradict what is there or
// each other, every one of them: taking one would be guessing, and would depend
// on which came first. So the result is a function of the set of records.
type linker struct {
	*snapshot
	parent []int32 // union-find over records; the root is the least record
	next   []int32 // the records of a cluster as a ring
	denied map[int32][]int32
	// blocked are pairs a level refused: a lower level may not join them either.
	blocked map[int32][]int32
	// barred are the sources in which a stored foreign id named somebody, and the
	// link was refused: a lower rule that found somebody else there would be a
	// second candidate.
	barred map[int32][]int32
	noKey  []bool // records whose fiscal number is nobody's
	groups [][]int32
	doubts []ambiguity
	known  map[string]bool // numbers of a part that are shared; nil: of the whole
	reach  []reached       // buffer of compatible
}

// link fills the snapshot's clusters, conflicts and ambiguities.
func link(s *snapshot) { linkPart(s, nil) }

// linkPart links the records of a part of the directory that nothing leads out of.
// known are the fiscal numbers that too many records bear, counted over all; nil
// when the part is the whole.
func linkPart(s *snapshot, known map[string]bool) {
	n := s.size()
	l := &linker{snapshot: s, known: known, parent: make([]int32, n), next: make([]int32, n), denied: map[int32][]int32{}, blocked: map[int32][]int32{}, barred: map[int32][]int32{}, noKey: make([]bool, n)}
	for i := range n {
		l.parent[i], l.next[i] = i, i
	}
	s.shared = map[string]bool{}
	l.groupKeys()
	l.manual()
	if slices.Contains(s.cfg.Rules, RuleForeignID) {
		l.foreign()
	}
	if slices.Contains(s.cfg.Rules, RuleTaxID) {
		l.fiscal()
	}
	if slices.Contains(s.cfg.Rules, RuleEmail) {
		l.email()
	}
	l.keep()
	l.number()
	l.report()
}

// root finds the least record of a cluster.
func (l *linker) root(rec int32) int32 {
	for l.parent[rec] != rec {
		l.parent[rec] = l.parent[l.parent[rec]]
		rec = l.parent[rec]
	}
	return rec
}

func (l *linker) union(a, b int32) {
	a, b = l.root(a), l.root(b)
	if a == b {
		return
	}
	l.parent[max(a, b)] = min(a, b)
	l.next[a], l.next[b] = l.next[b], l.next[a]
}

func (l *linker) block(a, b int32) {
	l.blocked[a] = append(l.blocked[a], b)
	l.blocked[b] = append(l.blocked[b], a)
	l.barred[a] = append(l.barred[a], l.sourceOf(b))
	l.barred[b] = append(l.barred[b], l.sourceOf(a))
}

func (l *linker) conflict(kind schema.ConflictKind, field string, recs ...int32) {
	recs = slices.Clone(recs)
	slices.Sort(recs)
	l.conflicts = append(l.conflicts, conflict{&clash{kind, field, slices.Compact(recs)}})
}

func (l *linker) doubt(rec, src int32) {
	l.doubts = append(l.doubts, ambiguity{rec, src})
}

// bond is what one link of a level would join: two records or more.
type bond struct {
	recs []int32
	hand bool // made by hand: only a denial refuses it
}

// join makes the bonds of a level: each component of them is joined if its
// clusters agree, all of them, and refused as a whole otherwise.
func (l *linker) join(bonds []bond) {
	comp := slices.Clone(l.parent) // a second union-find, over the clusters
	find := func(rec int32) int32 {
		rec = l.root(rec)
		for comp[rec] != rec {
			comp[rec] = comp[comp[rec]]
			rec = comp[rec]
		}
		return rec
	}
	for _, b := range bonds {
		for _, r := range b.recs[1:] {
			x, y := find(b.recs[0]), find(r)
			comp[max(x, y)] = min(x, y)
		}
	}
	type part struct{ at, bond int32 }
	parts := make([]part, len(bonds))
	for i, b := range bonds {
		parts[i] = part{find(b.recs[0]), int32(i)}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.bond, b.bond)) })
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].at == parts[0].at {
			n++
		}
		var roots []int32
		for _, p := range parts[:n] {
			for _, r := range bonds[p.bond].recs {
				roots = append(roots, l.root(r))
			}
		}
		slices.Sort(roots)
		roots = slices.Compact(roots)
		// A component of one bond was looked at when the bond was made.
		if v := l.judge(roots, n == 1, bonds[parts[0].bond].hand); v == agrees {
			for _, r := range roots[1:] {
				l.union(roots[0], r)
			}
		} else {
			for _, p := range parts[:n] {
				l.refuse(v, bonds[p.bond].recs)
			}
		}
		parts = parts[n:]
	}
}

func (l *linker) judge(roots []int32, seen, hand bool) verdict {
	switch {
	case len(roots) < 2:
		return agrees
	case hand:
		return l.denies(roots)
	case seen:
		return agrees
	}
	return l.compatible(roots)
}

// refuse reports a bond that is not made.
func (l *linker) refuse(v verdict, recs []int32) {
	switch v {
	case agrees, forbidden: // decided by hand: nothing to report
	case mismatch:
		l.conflict(schema.ConflictFiscalIDMismatch, "taxId", recs...)
	case twice:
		l.conflict(schema.ConflictAmbiguousMatch, "", recs...)
	}
	for i, a := range recs {
		for _, b := range recs[i+1:] {
			if l.root(a) == l.root(b) {
				continue
			}
			l.block(a, b)
			if v == twice {
				l.doubt(a, l.sourceOf(b))
				l.doubt(b, l.sourceOf(a))
			}
		}
	}
}

// number gives the clusters their numbers, in the order of their least records,
// and groups the members.
func (l *linker) number() {
	s := l.snapshot
	cluster, n := filled(int(l.size()), -1), 0
	var start []int32 // cluster → its first place among the members
	for r := range s.records() {
		n++
		if root := l.root(r); root == r {
			cluster[r] = int32(len(start))
			start = append(start, 0)
		} else {
			cluster[r] = cluster[root]
		}
		start[cluster[r]]++
	}
	at := int32(0)
	for c, size := range start {
		start[c] = at
		at += size
	}
	members, lists := make([]int32, n), make([][]int32, len(start))
	for c, from := range start {
		to := at
		if c+1 < len(start) {
			to = start[c+1]
		}
		lists[c] = members[from:from:to]
	}
	for r := range s.records() {
		c := cluster[r]
		lists[c] = append(lists[c], r)
	}
	s.cluster, s.members = vectorOf(cluster), vectorOf(lists)
}

// report completes the conflicts and sorts what is searched by record.
func (l *linker) report() {
	s := l.snapshot
	for src, b := range s.slabs {
		if b == nil {
			continue
		}
		for i, r := range b.all() {
			rec := s.base[src] + i
			if b.reasons.at(i) > fiscal.Unsupported && !l.noKey[rec] && !r.isDeleted() {
				l.conflict(schema.ConflictInvalidFiscalID, "taxId", rec)
			}
		}
	}
	l.deniedButMatching()
	slices.SortFunc(s.conflicts, s.compareConflict)
	s.conflicts = slices.CompactFunc(s.conflicts, func(a, b conflict) bool { return s.compareConflict(a, b) == 0 })
	s.indexConflicts()
	slices.SortFunc(l.doubts, compareDoubts)
	s.ambiguous = seriesOf(slices.Compact(l.doubts))
}

func compareDoubts(a, b ambiguity) int {
	return cmp.Or(cmp.Compare(a.rec, b.rec), cmp.Compare(a.source, b.source))
}

// indexConflicts makes the conflicts be found by record.
func (s *snapshot) indexConflicts() {
	n := 0
	for _, c := range s.conflicts {
		n += len(c.recs)
	}
	list := make([]recordConflict, 0, n)
	for _, c := range s.conflicts {
		for _, r := range c.recs {
			list = append(list, recordConflict{r, c})
		}
	}
	slices.SortStableFunc(list, func(a, b recordConflict) int { return cmp.Compare(a.rec, b.rec) })
	s.conflictsOf = seriesOf(list)
}

// compareOfRecord orders conflicts by the number of a record, and those of one record
// as they are among all.
func (s *snapshot) compareOfRecord(a, b recordConflict) int {
	if a.rec != b.rec {
		return cmp.Compare(a.rec, b.rec)
	}
	return s.compareConflict(a.conflict, b.conflict)
}

func (s *snapshot) compareConflict(a, b conflict) int {
	if a.clash == b.clash {
		return 0
	}
	return cmp.Or(cmp.Compare(a.kind, b.kind), slices.CompareFunc(a.recs, b.recs, s.compare), cmp.Compare(a.field, b.field))
}

// conflictsOn calls f with the conflicts of a record.
func (s *snapshot) conflictsOn(rec int32, f func(conflict)) {
	for i := s.conflictsOf.search(func(c recordConflict) bool { return c.rec >= rec }); i < s.conflictsOf.len() && s.conflictsOf.at(i).rec == rec; i++ {
		f(s.conflictsOf.at(i).conflict)
	}
}

// deniedButMatching reports the denials that a rule contradicts.
func (l *linker) deniedButMatching() {
	for p, x := range l.decisions {
		a, b := l.snapshot.find(p[0]), l.snapshot.find(p[1])
		if x.Verdict != NotTheSame || a < 0 || b < 0 || l.rec(a).isDeleted() || l.rec(b).isDeleted() {
			continue
		}
		switch rule, _ := l.match(a, b); rule {
		case ruleForeign:
			l.conflict(ConflictDeniedButMatching, "", a, b)
		case ruleTaxID:
			if !l.noKey[a] && !l.noKey[b] {
				l.conflict(ConflictDeniedButMatching, "taxId", a, b)
			}
		case ruleEmail:
			l.conflict(ConflictDeniedButMatching, "email", a, b)
		}
	}
}
