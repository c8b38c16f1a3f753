package directory

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// edit is one record of a source that is new or changed, or gone.
type edit struct {
	id  string
	rec record // "" when it is gone
	// old and now are its places in the source's slab before and after, -1 where it
	// is not there. A record that stays keeps its place.
	old, now int32
}

// editsOf compares the old and the new records of a source, both sorted; ok is false
// when more than limit differ. The places are not filled.
func editsOf(old, recs []record, limit int) (list []edit, ok bool) {
	i, j := 0, 0
	for i < len(old) || j < len(recs) {
		if i < len(old) && j < len(recs) && old[i] == recs[j] {
			i, j = i+1, j+1
			continue
		}
		if len(list) == limit {
			return nil, false
		}
		order := 0
		switch {
		case j == len(recs):
			order = -1
		case i == len(old):
			order = 1
		default:
			order = strings.Compare(old[i].id(), recs[j].id())
		}
		if order < 0 {
			list = append(list, edit{id: old[i].id()})
		} else {
			list = append(list, edit{id: recs[j].id(), rec: recs[j]})
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	return list, true
}

// places finds where edits, sorted by id and without repeats, belong in a slab, and
// leaves out those that change nothing.
func (b *slab) places(edits []edit) []edit {
	free := b.recs.n
	kept := edits[:0]
	for _, e := range edits {
		at := b.find(e.id)
		e.old, e.now = at, at
		switch {
		case at < 0 && e.rec == "", at >= 0 && e.rec == b.recs.at(at):
			continue
		case e.rec == "":
			e.now = -1
		case at < 0:
			e.now = free
			free++
		}
		kept = append(kept, e)
	}
	return kept
}

// edited is the list of records after edits, sorted by id, of a sorted list.
func edited(recs []record, edits []edit) []record {
	out := make([]record, 0, len(recs)+len(edits))
	for i := range edits {
		e := &edits[i]
		n := sort.Search(len(recs), func(i int) bool { return recs[i].id() >= e.id })
		out, recs = append(out, recs[:n]...), recs[n:]
		if len(recs) > 0 && recs[0].id() == e.id {
			recs = recs[1:]
		}
		if e.rec != "" {
			out = append(out, e.rec)
		}
	}
	return append(out, recs...)
}

// after makes the slab in which the edits, in their places, are done.
func (b *slab) after(edits []edit, cfg *setup, src int32) *slab {
	source := &cfg.Sources[src]
	n := &slab{
		recs: b.recs.edit(), keys: b.keys.edit(), reasons: b.reasons.edit(), folds: b.folds.edit(),
		sorted: b.sorted, late: slices.Clone(b.late), dead: slices.Clone(b.dead),
	}
	for _, e := range edits {
		if e.now < 0 {
			n.bury(e.old)
			continue
		}
		name := fold(e.rec.text(textName))
		key, reason := keyOf(e.rec, source, cfg.own)
		if e.old < 0 {
			n.recs.push(e.rec)
			n.keys.push(key)
			n.reasons.push(reason)
			n.folds.push(name)
			at, _ := slices.BinarySearchFunc(n.late, e.now, n.compare)
			n.late = slices.Insert(n.late, at, e.now)
			continue
		}
		n.recs.set(e.now, e.rec)
		put(&n.keys, e.now, key)
		put(&n.reasons, e.now, reason)
		put(&n.folds, e.now, name)
	}
	n.byKey = reindexed(&b.byKey, edits, b, n, (*slab).key)
	n.indexAfter(b, edits, &cfg.boxes)
	return n
}

// bury leaves a gap. What was there stays as it was: the places around it are found
// by it.
func (b *slab) bury(i int32) {
	at, _ := slices.BinarySearch(b.dead, i)
	b.dead = slices.Insert(b.dead, at, i)
	if i >= b.sorted {
		at, _ := slices.BinarySearchFunc(b.late, i, b.compare)
		b.late = slices.Delete(b.late, at, at+1)
	}
}

// indexAfter takes over the indexes that were made of the slab before.
func (b *slab) indexAfter(old *slab, edits []edit, boxes *mailboxes) {
	if made := old.codes.made.Load(); made != nil {
		v := reindexed(made, edits, old, b, (*slab).code)
		b.codes.made.Store(&v)
	}
	if made := old.emails.made.Load(); made != nil {
		v := reindexed(made, edits, old, b, (*slab).email)
		b.emails.made.Store(&v)
	}
	if made := old.foreigners.made.Load(); made != nil {
		var gone, fresh []entry
		for _, e := range edits {
			if e.old >= 0 {
				gone = appendForeigners(gone, old.recs.at(e.old), e.old)
			}
			if e.now >= 0 {
				fresh = appendForeigners(fresh, e.rec, e.now)
			}
		}
		v := b.reentered(made, gone, fresh)
		b.foreigners.made.Store(&v)
	}
	if made := old.inBlocks.made.Load(); made != nil {
		var gone, fresh entries
		for _, e := range edits {
			if e.old >= 0 {
				gone.put(old.recs.at(e.old), e.old, boxes)
			}
			if e.now >= 0 {
				fresh.put(e.rec, e.now, boxes)
			}
		}
		v := &blocks{names: b.reentered(&(*made).names, gone.names, fresh.names), domains: b.reentered(&(*made).domains, gone.domains, fresh.domains)}
		b.inBlocks.made.Store(&v)
	}
}

// reindexed makes an index of the slab after out of that of the slab before; records
// whose value is empty are not in it.
func reindexed(index *series[int32], edits []edit, was, now *slab, value func(*slab, int32) string) series[int32] {
	out := index.edit()
	var gone, fresh []int32
	for _, e := range edits {
		x, y := "", ""
		if e.old >= 0 {
			x = value(was, e.old)
		}
		if e.now >= 0 {
			y = value(now, e.now)
		}
		if x == y { // it has its place by the value and the id
			continue
		}
		if x != "" {
			gone = append(gone, e.old)
		}
		if y != "" {
			fresh = append(fresh, e.now)
		}
	}
	in := func(b *slab) func(i, j int32) int {
		return func(i, j int32) int { return cmp.Or(strings.Compare(value(b, i), value(b, j)), b.compare(i, j)) }
	}
	takenOut(&out, gone, in(was))
	sortedInto(&out, fresh, in(now))
	return out
}

// compareEntries orders entries by their hashes, and then by the ids of the records.
func (b *slab) compareEntries(x, y entry) int {
	if c := cmp.Compare(x.hash, y.hash); c != 0 {
		return c
	}
	return cmp.Or(b.compare(x.rec, y.rec), cmp.Compare(x.why, y.why))
}

// reentered does with entries what reindexed does, given those of the changed records
// before and after.
func (b *slab) reentered(list *series[entry], gone, fresh []entry) series[entry] {
	if slices.Equal(gone, fresh) {
		return *list
	}
	out := list.edit()
	takenOut(&out, gone, b.compareEntries)
	sortedInto(&out, fresh, b.compareEntries)
	return out
}

// byForeign returns the records that store foreign ids, by the hashes of those.
func (b *slab) byForeign() *series[entry] {
	return b.foreigners.get(func() series[entry] {
		var list []entry
		for i, r := range b.all() {
			list = appendForeigners(list, r, i)
		}
		slices.SortFunc(list, b.compareEntries)
		return seriesOf(list)
	})
}

func appendForeigners(list []entry, r record, rec int32) []entry {
	if r.isDeleted() {
		return list
	}
	r.foreign(func(_, id string) { list = append(list, entry{hash: hash64(bareGUID(id)), rec: rec}) })
	return list
}

// bareGUID is the form in which a GUID is the same however it is written.
func bareGUID(id string) string {
	if isGUID(id) {
		return strings.ToLower(strings.Trim(id, "{}"))
	}
	return id
}
