package directory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// manual applies the decisions made by hand. A denial parts even when links by
// hand are switched off: it can only make less visible.
func (l *linker) manual() {
	var bonds []bond
	for p, d := range l.decisions {
		a, b := l.snapshot.find(p[0]), l.snapshot.find(p[1])
		switch {
		case a < 0 || b < 0:
		case d.Verdict == NotTheSame:
			l.denied[a] = append(l.denied[a], b)
			l.denied[b] = append(l.denied[b], a)
		case slices.Contains(l.cfg.Rules, RuleManual):
			bonds = append(bonds, bond{[]int32{min(a, b), max(a, b)}, true})
		}
	}
	slices.SortFunc(bonds, func(a, b bond) int { return slices.Compare(a.recs, b.recs) })
	l.join(bonds)
	for _, b := range bonds {
		x, y := b.recs[0], b.recs[1]
		kx, ky := l.usableKey(x), l.usableKey(y)
		if kx != ky && kx != "" && keyType(kx) == keyType(ky) && l.root(x) == l.root(y) {
			l.conflict(schema.ConflictFiscalIDMismatch, "taxId", x, y)
		}
	}
}

// foreign links by stored foreign ids: each must name exactly one live record.
func (l *linker) foreign() {
	targets := map[string][]int32{}
	var edges []bond
	for s, b := range l.slabs {
		if b == nil {
			continue
		}
		for i, r := range b.all() {
			if r.isDeleted() {
				continue
			}
			u := l.base[s] + i
			r.foreign(func(target, id string) {
				to, ok := targets[target]
				if !ok {
					to = l.snapshot.targets(target)
					targets[target] = to
				}
				if v := l.resolve(u, int32(s), to, id); v >= 0 {
					edges = append(edges, bond{recs: []int32{u, v}})
				}
			})
		}
	}
	l.join(l.unambiguous(l.agreeing(edges)))
}

// targets returns the sources a foreign id's target means: the source of that
// name, else all of that kind.
func (s *snapshot) targets(target string) []int32 {
	if src := s.source(target); src >= 0 {
		return []int32{src}
	}
	var of []int32
	for i := range s.cfg.Sources {
		if s.cfg.Sources[i].Kind == target {
			of = append(of, int32(i))
		}
	}
	return of
}

// resolve finds the record a foreign id of record u names, -1 when it is not
// exactly one.
func (l *linker) resolve(u, own int32, targets []int32, id string) int32 {
	var found []int32
	read := len(targets) > 0
	for _, src := range targets {
		if b := l.slabs[src]; b == nil {
			read = false // not known yet: nothing is broken
		} else if src != own {
			found = b.named(found, l.base[src], id)
		}
	}
	found = append(found, l.former(u, found, id)...)
	switch {
	case len(found) == 1:
		return found[0]
	case len(found) > 1:
		l.conflict(schema.ConflictAmbiguousMatch, "", append(found, u)...)
		for _, v := range found {
			if l.rec(v).isDeleted() { // what it was linked to it keeps
				continue
			}
			l.doubt(u, l.sourceOf(v))
			l.doubt(v, own)
			l.block(u, v)
		}
	case read && (len(targets) > 1 || targets[0] != own):
		l.conflict(schema.ConflictBrokenForeignID, "", u)
	}
	return -1
}

// former returns the deleted records that had the code by which u names the only
// living record found: the code was given again, and u may have meant either. Not
// when the numbers tell that it is one customer, who was deleted and typed in anew,
// or that u means the living one.
func (l *linker) former(u int32, found []int32, id string) []int32 {
	if len(found) != 1 || l.rec(found[0]).text(textCode) != id || l.rec(found[0]).id() == id {
		return nil
	}
	v := found[0]
	src := l.sourceOf(v)
	key := l.usableKey(v)
	if key != "" && key == l.usableKey(u) {
		return nil
	}
	var gone []int32
	for _, i := range l.slabs[src].withCode(id) {
		if d := l.base[src] + i; l.slabs[src].recs.at(i).isDeleted() && (key == "" || l.usableKey(d) != key) {
			gone = append(gone, d)
		}
	}
	return gone
}

// named appends the live records whose id or code a foreign id names.
func (b *slab) named(found []int32, base int32, id string) []int32 {
	add := func(i int32) {
		if i >= 0 && !b.recs.at(i).isDeleted() && !slices.Contains(found, base+i) {
			found = append(found, base+i)
		}
	}
	add(b.find(id))
	if isGUID(id) { // one system writes them large, another small or in braces
		bare := strings.Trim(id, "{}")
		add(b.find(strings.ToLower(bare)))
		add(b.find(strings.ToUpper(bare)))
		return found
	}
	for _, i := range b.withCode(id) {
		add(i)
	}
	return found
}

// agreeing drops the edges whose two ends contradict each other.
func (l *linker) agreeing(edges []bond) []bond {
	var kept []bond
	for _, e := range edges {
		a, b := l.root(e.recs[0]), l.root(e.recs[1])
		if a == b {
			continue
		}
		if v := l.compatible([]int32{a, b}); v != agrees {
			l.refuse(v, e.recs)
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// unambiguous drops the edges of every cluster that several clusters of one
// source would join.
func (l *linker) unambiguous(edges []bond) []bond {
	type end struct{ cluster, source, other, edge int32 }
	ends := make([]end, 0, 2*len(edges))
	for i, e := range edges {
		u, v := e.recs[0], e.recs[1]
		ends = append(ends, end{l.root(u), l.sourceOf(v), l.root(v), int32(i)}, end{l.root(v), l.sourceOf(u), l.root(u), int32(i)})
	}
	slices.SortFunc(ends, func(a, b end) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.source, b.source), cmp.Compare(a.other, b.other), cmp.Compare(a.edge, b.edge))
	})
	refused := make([]bool, len(edges))
	for len(ends) > 0 {
		n, several := 1, false
		for n < len(ends) && ends[n].cluster == ends[0].cluster && ends[n].source == ends[0].source {
			several = several || ends[n].other != ends[0].other
			n++
		}
		if several {
			var recs []int32
			kind := schema.ConflictDuplicateInSource // several records of the source name this one
			for _, e := range ends[:n] {
				refused[e.edge] = true
				u, v := edges[e.edge].recs[0], edges[e.edge].recs[1]
				recs = append(recs, u, v)
				if l.root(u) == e.cluster {
					kind = schema.ConflictAmbiguousMatch
				}
			}
			l.conflict(kind, "", recs...)
		}
		ends = ends[n:]
	}
	var kept []bond
	for i, e := range edges {
		if !refused[i] {
			kept = append(kept, e)
			continue
		}
		u, v := e.recs[0], e.recs[1]
		l.block(u, v)
		l.doubt(u, l.sourceOf(v))
		l.doubt(v, l.sourceOf(u))
	}
	return kept
}

// fiscal links the live records of one valid number, one of each source.
func (l *linker) fiscal() {
	var bonds []bond
	for _, recs := range l.groups {
		recs = l.withoutBarred(l.withoutTwins(recs))
		roots := l.rootsOf(recs)
		if len(roots) < 2 {
			continue
		}
		if v := l.compatible(roots); v != agrees {
			l.refuse(v, recs)
			continue
		}
		bonds = append(bonds, bond{recs: recs})
	}
	l.join(bonds)
}

func (l *linker) rootsOf(recs []int32) []int32 {
	var roots []int32
	for _, r := range recs {
		roots = append(roots, l.root(r))
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// withoutTwins leaves out the records of every source that has the number more
// than once: which of them is meant, nobody can tell. They stay customers of
// their own; the other sources' records still meet.
func (l *linker) withoutTwins(recs []int32) []int32 {
	var single, twins []int32
	for from := 0; from < len(recs); { // they are in the order of sources
		src, to := l.sourceOf(recs[from]), from+1
		for to < len(recs) && recs[to] < l.base[src+1] {
			to++
		}
		if part := recs[from:to]; len(part) > 1 && len(l.rootsOf(part)) > 1 {
			l.conflict(schema.ConflictDuplicateInSource, "taxId", part...)
			twins = append(twins, part...)
		} else {
			single = append(single, part...)
		}
		from = to
	}
	if len(twins) == 0 {
		return recs
	}
	l.ambiguousTwins(single, twins)
	return single
}

// ambiguousTwins reports where several records could be a customer's.
func (l *linker) ambiguousTwins(single, twins []int32) {
	all := append(slices.Clone(single), twins...)
	reported := false
	for _, t := range twins {
		for _, r := range all {
			if l.sourceOf(r) == l.sourceOf(t) || l.root(r) == l.root(t) {
				continue
			}
			l.doubt(r, l.sourceOf(t))
			l.doubt(t, l.sourceOf(r))
			reported = true
		}
	}
	if reported {
		l.conflict(schema.ConflictAmbiguousMatch, "taxId", all...)
	}
}

// withoutBarred leaves out the records whose stored foreign id names, or is named
// by, another record than the one of the same source that bears the number: the
// two rules contradict each other.
func (l *linker) withoutBarred(recs []int32) []int32 {
	if len(l.barred) == 0 {
		return recs
	}
	var kept []int32
	for _, r := range recs {
		clash := []int32{r}
		dropped := false
		for _, src := range l.barred[r] {
			for _, o := range recs {
				if l.sourceOf(o) != src || l.root(o) == l.root(r) {
					continue
				}
				dropped = true
				if !l.isDenied(r, o) { // of that pair it was reported
					clash = append(clash, o)
					l.doubt(r, src)
					l.doubt(o, l.sourceOf(r))
				}
			}
		}
		if !dropped {
			kept = append(kept, r)
		}
		if len(clash) > 1 {
			l.conflict(schema.ConflictAmbiguousMatch, "taxId", clash...)
		}
	}
	return kept
}

// keep makes the links that deleted records had before. They come last, so that
// they never stand in the way of a living one.
func (l *linker) keep() {
	var bonds []bond
	for ref, list := range l.kept {
		d := l.snapshot.find(ref)
		if d < 0 || !l.rec(d).isDeleted() {
			continue
		}
		for _, k := range list {
			if o := l.snapshot.find(k.Other); o >= 0 && o != d {
				bonds = append(bonds, bond{recs: []int32{d, o}})
			}
		}
	}
	slices.SortFunc(bonds, func(a, b bond) int { return slices.Compare(a.recs, b.recs) })
	l.join(l.agreeing(bonds))
}
