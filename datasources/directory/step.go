package directory

import (
	"maps"
	"time"
)

// step is what changes between two snapshots when one source was read.
type step struct {
	prev, next *snapshot
	src        int32
	before     before
	data       []bool // by record of the source: its data is new
	fresh      []bool // … and so is the record
	ghosts     map[RecordRef]ghost
	gone       []MemberChange
	keep       []Kept
	unkeep     []RecordRef

	ownsGhosts, ownsKept bool
}

func newStep(prev, next *snapshot, src int32) *step {
	return &step{prev: prev, next: next, src: src, ghosts: prev.ghosts}
}

// compare walks the old and the new records side by side. The numbers of both
// snapshots are in order.
func (s *step) compare(old, recs []record) {
	s.before = before{filled(int(s.next.size()), -1), filled(int(s.next.size()), -1)}
	for src, b := range s.prev.slabs {
		if b == nil || int32(src) == s.src {
			continue
		}
		for i := range b.recs.n {
			was, now := s.prev.base[src]+i, s.next.base[src]+i
			s.before.golden[now], s.before.origin[now] = s.prev.golden.at(was), s.prev.origin.at(was)
		}
	}
	s.data, s.fresh = make([]bool, len(recs)), make([]bool, len(recs))
	from, at := s.prev.base[s.src], s.next.base[s.src]
	i := 0
	for n, r := range recs {
		id := r.id()
		for i < len(old) && old[i].id() < id {
			s.leave(from + int32(i))
			i++
		}
		var g ghost
		if i < len(old) && old[i].id() == id {
			g = s.stay(n, from+int32(i), r)
			i++
		} else {
			g = s.arrive(n, r)
		}
		s.before.golden[at+int32(n)], s.before.origin[at+int32(n)] = g.golden, g.origin
	}
	for ; i < len(old); i++ {
		s.leave(from + int32(i))
	}
}

// leave: the source no longer has the record. Its id waits for its return.
func (s *step) leave(rec int32) {
	s.ownGhosts()
	ref, g := s.prev.refOf(rec), s.prev.ghost(rec)
	s.ghosts[ref] = g
	s.gone = append(s.gone, MemberChange{Member: Member{Source: ref.Source, RecordID: ref.RecordID, Customer: int64(g.golden) + 1, Origin: int64(g.origin) + 1}})
}

// ghost is what a record would leave behind.
func (s *snapshot) ghost(rec int32) ghost { return ghost{s.golden.at(rec), s.origin.at(rec)} }

// stay: the source still has the record. It returns the ids it had.
func (s *step) stay(n int, rec int32, r record) ghost {
	g, was := s.prev.ghost(rec), s.prev.rec(rec)
	if s.data[n] = was != r; !s.data[n] {
		return g
	}
	if r.isDeleted() && !was.isDeleted() {
		if links := s.prev.linksOf(rec); len(links) > 0 {
			s.ownKept()
			s.next.kept[links[0].Deleted] = links
			s.keep = append(s.keep, links...)
		}
	}
	s.live(r)
	return g
}

// arrive: the record is new, or comes back. It returns the ids it had, -1 none.
func (s *step) arrive(n int, r record) ghost {
	s.data[n], s.fresh[n] = true, true
	ref := RecordRef{s.next.cfg.Sources[s.src].Name, r.id()}
	g, ok := s.ghosts[ref]
	if ok {
		s.ownGhosts()
		delete(s.ghosts, ref)
	} else {
		g = ghost{-1, -1}
	}
	s.live(r)
	return g
}

// live forgets the kept links of a record that is not deleted any more.
func (s *step) live(r record) {
	ref := RecordRef{s.next.cfg.Sources[s.src].Name, r.id()}
	if _, ok := s.next.kept[ref]; ok && !r.isDeleted() {
		s.ownKept()
		delete(s.next.kept, ref)
		s.unkeep = append(s.unkeep, ref)
	}
}

// ownGhosts and ownKept copy what readers of the old snapshot still hold.
func (s *step) ownGhosts() {
	if !s.ownsGhosts {
		s.ghosts, s.ownsGhosts = maps.Clone(s.ghosts), true
	}
}

func (s *step) ownKept() {
	if !s.ownsKept {
		s.next.kept, s.ownsKept = maps.Clone(s.next.kept), true
	}
}

// linksOf returns the direct links a record has, to be kept when it is deleted.
// What was decided by hand needs no keeping.
func (s *snapshot) linksOf(rec int32) []Kept {
	var links []Kept
	ref := s.refOf(rec)
	for _, other := range s.of(s.cluster.at(rec)) {
		if other == rec {
			continue
		}
		if rule, _ := s.rule(rec, other); rule == ruleForeign || rule == ruleTaxID || rule == ruleEmail {
			links = append(links, Kept{Deleted: ref, Other: s.refOf(other), Rule: rule})
		}
	}
	return links
}

// linked writes the history of records that are new and joined a customer who was
// known.
func (s *step) linked(c *Changes, now time.Time) {
	for n, fresh := range s.fresh {
		if fresh {
			s.joined(c, s.next.base[s.src]+int32(n), now)
		}
	}
}

// joined writes it of one new record.
func (s *step) joined(c *Changes, rec int32, now time.Time) {
	cluster := s.next.cluster.at(rec)
	if len(s.next.of(cluster)) == 1 {
		return
	}
	ref := s.next.refOf(rec)
	e := Event{At: now, Kind: "linked", Customer: s.next.id(cluster), Record: ref}
	for _, m := range s.next.membersOf(cluster) {
		if m.Source == ref.Source && m.RecordID == ref.RecordID {
			e.Rule = m.Rule
		}
	}
	c.Events = append(c.Events, e)
}
