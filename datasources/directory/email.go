package directory

import (
	"slices"
	"strings"
)

// email links the living records of one mailbox, one of each source (R3). A mailbox
// is weaker than a number, so everything that speaks against it silences it, and it
// is no conflict that it does: not a shared box, not one that several records of
// some source have, never a person with a company, never two that have no word of
// their names in common.
func (l *linker) email() {
	var bonds []bond
	for group := range l.byMailbox {
		for _, isPerson := range [...]bool{true, false} {
			recs := slices.DeleteFunc(slices.Clone(group), func(r int32) bool { return l.rec(r).isPerson() != isPerson })
			recs = l.unbarred(recs)
			roots := l.rootsOf(recs)
			if len(roots) < 2 || l.compatible(roots) != agrees || !l.areNamedAlike(recs) {
				continue
			}
			bonds = append(bonds, bond{recs: recs})
		}
	}
	slices.SortFunc(bonds, func(a, b bond) int { return slices.Compare(a.recs, b.recs) })
	l.join(bonds)
}

// byMailbox yields the living records of each mailbox that no source has twice.
func (l *linker) byMailbox(yield func([]int32) bool) {
	at := make([]int, len(l.slabs))
	for {
		least, found := "", false
		for s, b := range l.slabs {
			if b == nil {
				continue
			}
			if list := b.byEmail(); at[s] < list.len() {
				if e := b.email(list.at(at[s])); !found || e < least {
					least, found = e, true
				}
			}
		}
		if !found {
			return
		}
		var recs []int32
		several := l.cfg.boxes.own(least) == "" || l.known[least]
		for s, b := range l.slabs {
			if b == nil {
				continue
			}
			n := 0
			for list := b.byEmail(); at[s] < list.len() && b.email(list.at(at[s])) == least; at[s]++ {
				if i := list.at(at[s]); !b.recs.at(i).isDeleted() {
					recs = append(recs, l.base[s]+i)
					n++
				}
			}
			several = several || n > 1
		}
		if !several && len(recs) > 1 && !yield(recs) {
			return
		}
	}
}

// unbarred leaves out the records about which a stored foreign id says something
// else.
func (l *linker) unbarred(recs []int32) []int32 {
	return slices.DeleteFunc(recs, func(r int32) bool {
		return slices.ContainsFunc(recs, func(o int32) bool {
			return slices.Contains(l.barred[r], l.sourceOf(o)) && l.root(o) != l.root(r)
		})
	})
}

func (s *snapshot) areNamedAlike(recs []int32) bool {
	for i, a := range recs {
		for _, b := range recs[i+1:] {
			if !haveWordInCommon(s.rec(a).text(textName), s.rec(b).text(textName)) {
				return false
			}
		}
	}
	return true
}

// sameMailbox reports whether two records are linked by R3, as far as the two tell.
func (s *snapshot) sameMailbox(a, b int32) bool {
	ra, rb := s.rec(a), s.rec(b)
	if !slices.Contains(s.cfg.Rules, RuleEmail) || ra.isPerson() != rb.isPerson() {
		return false
	}
	box := s.cfg.boxes.own(ra.text(textEmail))
	return box != "" && strings.EqualFold(box, s.cfg.boxes.own(rb.text(textEmail)))
}
