package directory

import (
	"maps"
	"slices"
)

// patched makes the snapshot after news that are few and of the records of one source,
// as its own changes would be made (patch.go): the other instance's ids take the place
// of those it would give. next has the decisions and kept links. ok is false when all
// must be made anew, which also tells whether the other instance links otherwise.
func (n *news) patched(next *snapshot, known *ids) (s *snapshot, ok bool) {
	if n.count > maxEdits || n.hasNewSource() {
		return nil, false
	}
	src, edits, ok := n.edits(n.prev)
	if !ok {
		return nil, false
	}
	prev := n.prev
	if src >= 0 && !prev.hasRoom(src, len(edits)) {
		prev = prev.tidied(src, len(edits))
		edits = prev.slabs[src].places(edits)
	}
	was, with, backs := n.informed(prev, known)
	next.slabs = slices.Clone(prev.slabs)
	if src >= 0 {
		next.slabs[src] = prev.slabs[src].after(edits, n.d.cfg, src)
	}
	c, ok := n.d.patch(was, next, src, edits, n.seeds(), n.ghosts, backs)
	if !ok || len(c.Golden) > 0 {
		return nil, false
	}
	for _, m := range c.Members { // the changed records are among them: their ids were told
		g, told := with[RecordRef{m.Source, m.RecordID}]
		if m.KeepData || !told || g != (ghost{int32(m.Customer - 1), int32(m.Origin - 1)}) {
			return nil, false
		}
	}
	return next.settled(), true
}

// edits are the records that changed; src is -1 when none did, and ok false when they
// are of several sources.
func (n *news) edits(prev *snapshot) (src int32, edits []edit, ok bool) {
	src = -1
	for i, members := range n.members {
		if len(members) == 0 {
			continue
		}
		if prev.slabs[i] == nil {
			return -1, nil, false
		}
		list := make([]edit, len(members))
		for j := range members {
			list[j] = edit{id: members[j].id, rec: members[j].rec}
		}
		if list = prev.slabs[i].places(list); len(list) == 0 {
			continue
		}
		if src >= 0 {
			return -1, nil, false
		}
		src, edits = int32(i), list
	}
	return src, edits, true
}

// informed makes the snapshot that has prev's records and the other instance's ids,
// and returns the ids of the changed records, and those of them that are new.
func (n *news) informed(prev *snapshot, known *ids) (was *snapshot, with, backs map[RecordRef]ghost) {
	was = &snapshot{
		cfg: prev.cfg, slabs: prev.slabs, base: prev.base, decisions: prev.decisions, kept: prev.kept, cluster: prev.cluster, members: prev.members,
		conflicts: prev.conflicts, conflictsOf: prev.conflictsOf, ambiguous: prev.ambiguous, crosswalk: prev.crosswalk, key: prev.key,
		customerOf: prev.customerOf.edit(), lists: prev.lists, counts: prev.counts, shared: prev.shared, isPatched: prev.isPatched,
	}
	was.ids, was.golden, was.origin = known, prev.golden.edit(), prev.origin.edit()
	for was.customerOf.n < known.rows.n {
		was.customerOf.push(-1)
	}
	n.ghosts = maps.Clone(prev.ghosts)
	with, backs = map[RecordRef]ghost{}, map[RecordRef]ghost{}
	for src, members := range n.members {
		for _, x := range members {
			ref := RecordRef{prev.cfg.Sources[src].Name, x.id}
			if x.rec == "" {
				n.ghosts[ref] = x.with
				continue
			}
			delete(n.ghosts, ref)
			with[ref] = x.with
			if rec := prev.findIn(int32(src), x.id); rec >= 0 {
				put(&was.golden, rec, x.with.golden)
				put(&was.origin, rec, x.with.origin)
			} else {
				backs[ref] = x.with
			}
		}
	}
	return was, with, backs
}

// seeds are the records of which the crosswalk, a decision or a kept link changed.
func (n *news) seeds() (list []RecordRef) {
	for src, members := range n.members {
		for _, x := range members {
			list = append(list, RecordRef{n.prev.cfg.Sources[src].Name, x.id})
		}
	}
	for _, side := range [...][2]map[pair]Decision{{n.prev.decisions, n.decisions}, {n.decisions, n.prev.decisions}} {
		for p, x := range side[0] {
			if y, ok := side[1][p]; !ok || x.Verdict != y.Verdict {
				list = append(list, p[0], p[1])
			}
		}
	}
	for _, side := range [...][2]map[RecordRef][]Kept{{n.prev.kept, n.kept}, {n.kept, n.prev.kept}} {
		for ref, links := range side[0] {
			if !slices.Equal(links, side[1][ref]) {
				list = append(list, ref)
			}
		}
	}
	return list
}
