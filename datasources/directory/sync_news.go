package directory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// news is what changed in the store since a snapshot. Nothing of it shows before
// all of it was read.
type news struct {
	d       *Directory
	prev    *snapshot
	version Version

	hasRecords, hasNotes bool

	rows      vector[Golden]
	members   [][]newMember // by source
	ghosts    map[RecordRef]ghost
	count     int // of members
	kept      map[RecordRef][]Kept
	decisions map[pair]Decision

	number    map[string]int32 // of sources
	seen      []RecordRef
	states    map[int32]*sourceState
	conflicts []ConflictState
	losses    []Loss
	arena     arena
}

// newMember is a record that changed, or is gone.
type newMember struct {
	id   string
	rec  record // "" when it is gone
	with ghost
}

func newNews(d *Directory, prev *snapshot) *news {
	n := &news{
		d: d, prev: prev, members: make([][]newMember, len(prev.slabs)),
		kept: map[RecordRef][]Kept{}, decisions: map[pair]Decision{}, number: map[string]int32{}, states: map[int32]*sourceState{},
	}
	for i := range prev.cfg.Sources {
		n.number[prev.cfg.Sources[i].Name] = int32(i)
	}
	return n
}

// intake makes the functions that take what is newer than since.
func (n *news) intake(since Version) Intake {
	return Intake{
		Since: since,
		Version: func(v Version) error {
			n.version = v
			if v.Records != since.Records {
				n.rows = n.prev.ids.rows.edit()
			}
			n.hasRecords, n.hasNotes = v.Records != since.Records, v.Notes != since.Notes
			if v.Records < since.Records {
				return fmt.Errorf("directory: the store went back from version %d to %d; start this instance anew", since.Records, v.Records)
			}
			return nil
		},
		Golden:   n.golden,
		Member:   n.member,
		Kept:     func(k Kept) error { n.kept[k.Deleted] = append(n.kept[k.Deleted], k); return nil },
		Decision: func(v Decision) error { n.decisions[pairOf(v.A, v.B)] = v; return nil },
		Seen: func(source, key string) error {
			n.seen = append(n.seen, RecordRef{source, key})
			return nil
		},
		ReadAt: func(source string, at time.Time) error {
			if src, ok := n.number[source]; ok {
				n.states[src] = &sourceState{asOf: at}
			}
			return nil
		},
		Conflict: func(c ConflictState) error { n.conflicts = append(n.conflicts, c); return nil },
		Loss:     func(l Loss) error { n.losses = append(n.losses, l); return nil },
		Failed: func(source string, code schema.Code) error {
			if src, ok := n.number[source]; ok {
				st := n.states[src]
				if st == nil {
					st = &sourceState{}
					n.states[src] = st
				}
				if st.err = failedElsewhere(code, source); n.d.states[src].Load().err != nil && schema.CodeOf(n.d.states[src].Load().err) == code {
					st.err = n.d.states[src].Load().err // which says more, on the instance that reads
				}
			}
			return nil
		},
	}
}

func (n *news) golden(g Golden) error {
	switch at := g.Seq - 1; {
	case at < 0 || at > int64(n.rows.n):
		return fmt.Errorf("directory: stored customer %d is out of order", g.Seq)
	case at == int64(n.rows.n):
		n.rows.push(g)
	case n.rows.ref(int32(at)).ID != g.ID:
		return fmt.Errorf("directory: stored customer %d is another one than before", g.Seq)
	default:
		n.rows.set(int32(at), g)
	}
	return nil
}

// few is how many changed records are kept one by one: a piece of the arena for a
// single record would hold a megabyte.
const few = 1000

func (n *news) member(m Member) error {
	if all := int64(n.rows.n); m.Customer < 1 || m.Customer > all || m.Origin < 1 || m.Origin > all {
		return fmt.Errorf("directory: a stored record of %s has no customer", m.Source)
	}
	src, ok := n.number[m.Source]
	if !ok {
		return nil
	}
	n.count++
	x := newMember{id: m.RecordID, with: ghost{int32(m.Customer - 1), int32(m.Origin - 1)}}
	if m.Data != nil {
		if n.count <= few {
			x.rec = record(m.Data)
		} else {
			x.rec = n.arena.put(m.Data)
		}
		if err := x.rec.check(); err != nil {
			return err
		}
		x.id = x.rec.id()
	}
	n.members[src] = append(n.members[src], x)
	return nil
}

// hasNewSource reports that a source was read for the first time: with customers
// or without, it is known now.
func (n *news) hasNewSource() bool {
	for src, st := range n.states {
		if !st.asOf.IsZero() && n.prev.slabs[src] == nil {
			return true
		}
	}
	return false
}

// snapshot makes the one after prev.
func (n *news) snapshot() (*snapshot, error) {
	next := &snapshot{cfg: n.prev.cfg, decisions: n.prev.decisions, kept: n.prev.kept}
	if n.hasRecords {
		next.decisions, next.kept = n.decisions, n.kept
	} else { // a source was read for the first time, and has no customers
		n.rows = n.prev.ids.rows
	}
	known := &ids{rows: n.rows}
	if err := known.check(); err != nil {
		return nil, err
	}
	known.indexAfter(n.prev.ids)
	for src := range n.members {
		slices.SortFunc(n.members[src], func(x, y newMember) int { return strings.Compare(x.id, y.id) })
	}
	if s, ok := n.patched(next, known); ok {
		return s, nil
	}
	return n.whole(next.decisions, next.kept, known)
}

// whole makes the snapshot from all records.
func (n *news) whole(decisions map[pair]Decision, kept map[RecordRef][]Kept, known *ids) (*snapshot, error) {
	n.prev = n.prev.tidied(-1, 0)
	s := &snapshot{cfg: n.prev.cfg, slabs: slices.Clone(n.prev.slabs), decisions: decisions, kept: kept}
	n.ghosts = maps.Clone(n.prev.ghosts)
	had := make([][]ghost, len(s.slabs))
	for src := range s.slabs {
		had[src] = n.merge(s, int32(src))
	}
	s.space(-1, 0)
	b := beforeOf(s, had)
	c := n.d.build(s, crosswalk{ids: known, ghosts: n.ghosts}, b)
	n.d.members(s, c, b, nil, -1)
	if len(c.Golden) > 0 || len(c.Members) > 0 {
		return nil, errOtherSetup
	}
	return s, nil
}

// merge puts the changed records of a source among those that are as they were, and
// returns the ids of all.
func (n *news) merge(s *snapshot, src int32) (had []ghost) {
	prev, changed := n.prev.slabs[src], n.members[src]
	old := prev.list()
	recs := make([]record, 0, len(old)+len(changed))
	keep := func(r record, with ghost) {
		recs, had = append(recs, r), append(had, with)
	}
	isSame := prev != nil
	at := 0
	was := func() ghost { return n.prev.ghost(n.prev.base[src] + int32(at)) }
	for i := range changed {
		x := &changed[i]
		for at < len(old) && old[at].id() < x.id {
			keep(old[at], was())
			at++
		}
		isKnown := at < len(old) && old[at].id() == x.id
		switch ref := (RecordRef{n.prev.cfg.Sources[src].Name, x.id}); {
		case x.rec == "":
			n.ghosts[ref] = x.with
			isSame = isSame && !isKnown
		case isKnown && old[at] == x.rec:
			keep(old[at], x.with)
		default:
			isSame = false
			keep(x.rec, x.with)
			delete(n.ghosts, ref)
		}
		if isKnown {
			at++
		}
	}
	for at < len(old) {
		keep(old[at], was())
		at++
	}
	st := n.states[src]
	switch {
	case isSame: // the index stays
	case prev != nil || len(recs) > 0 || st != nil && !st.asOf.IsZero():
		s.slabs[src] = newSlab(recs, &s.cfg.Sources[src], s.cfg.own)
	}
	return had
}

// note takes over what is beside the snapshot.
func (n *news) note() {
	if !n.hasNotes {
		return
	}
	if len(n.conflicts) > 0 || len(n.losses) > 0 || len(n.seen) > 0 {
		defer n.d.edition.Add(1)
	}
	for src, st := range n.states {
		n.d.setState(src, st)
	}
	for _, c := range n.conflicts {
		n.d.book.take(c)
	}
	for _, l := range n.losses {
		was, _ := n.d.losses.of(l.Source)
		n.d.losses.take(l)
		if l.Author != "" && was.Author == "" {
			n.d.Poke(l.Source) // it was accepted, perhaps on another instance
		}
	}
	for _, k := range n.seen {
		if src, ok := n.number[k.Source]; ok {
			n.d.seen[src].add(k.RecordID, false)
		}
	}
}
