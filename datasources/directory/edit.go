package directory

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// edit is one record of a source that is new or changed, or gone.
type edit struct {
	id  string
	rec record // "" when it is gone
	// old and now are its places in the source's slab before and after, -1 where it
	// is not there.
	old, now int32
}

// editsOf compares the old and the new records of a source, both sorted; ok is false
// when more than max differ.
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
		switch {
		case order < 0:
			list = append(list, edit{id: old[i].id(), old: int32(i), now: -1})
			i++
		case order > 0:
			list = append(list, edit{recs[j].id(), recs[j], -1, int32(j)})
			j++
		default:
			list = append(list, edit{recs[j].id(), recs[j], int32(i), int32(j)})
			i, j = i+1, j+1
		}
	}
	return list, true
}

// places finds where edits, sorted by id and without repeats, belong in a slab, and
// leaves out those that change nothing.
func (b *slab) places(edits []edit) []edit {
	grown := int32(0)
	kept := edits[:0]
	for _, e := range edits {
		at := int32(sort.Search(len(b.recs), func(i int) bool { return b.recs[i].id() >= e.id }))
		has := int(at) < len(b.recs) && b.recs[at].id() == e.id
		e.old, e.now = -1, at+grown
		switch {
		case has && e.rec == b.recs[at], !has && e.rec == "":
			continue
		case has && e.rec == "":
			e.old, e.now = at, -1
			grown--
		case has:
			e.old = at
		default:
			grown++
		}
		kept = append(kept, e)
	}
	return kept
}

// spliced makes a list with the values of edits in the place of the old ones.
func spliced[T any](list []T, edits []edit, value func(i int, e *edit) T) []T {
	out := make([]T, 0, len(list)+len(edits))
	from := int32(0)
	for i := range edits {
		e := &edits[i]
		to := e.old
		if to < 0 { // where it comes in between
			to = from + e.now - int32(len(out))
		}
		out = append(out, list[from:to]...)
		from = to
		if e.old >= 0 {
			from++
		}
		if e.now >= 0 {
			out = append(out, value(i, e))
		}
	}
	return append(out, list[from:]...)
}

// replaced is spliced, but leaves a list as it is when nothing in it changes.
func replaced[T comparable](list []T, edits []edit, value func(i int, e *edit) T) []T {
	for i := range edits {
		if e := &edits[i]; e.old < 0 || e.now < 0 || list[e.old] != value(i, e) {
			return spliced(list, edits, value)
		}
	}
	return list
}

// shifts says by how much the numbers behind a place move.
type shifts struct {
	cuts  []int32 // ascending: numbers before
	delta []int32 // of the numbers from a cut on
	gone  []int32 // ascending: numbers that are no more
	dirty []int32 // ascending: numbers, before, of what changed or is gone
}

func shiftsOf(edits []edit, base int32) shifts {
	var s shifts
	d := int32(0)
	grown := int32(0)
	for _, e := range edits {
		switch {
		case e.old < 0:
			at := e.now - grown
			grown++
			d++
			s.cuts, s.delta = append(s.cuts, base+at), append(s.delta, d)
		case e.now < 0:
			grown--
			d--
			s.gone, s.dirty = append(s.gone, base+e.old), append(s.dirty, base+e.old)
			s.cuts, s.delta = append(s.cuts, base+e.old+1), append(s.delta, d)
		default:
			s.dirty = append(s.dirty, base+e.old)
		}
	}
	return s
}

func (s *shifts) isNone() bool { return len(s.cuts) == 0 }

// of returns the number after, -1 when there is none.
func (s *shifts) of(n int32) int32 {
	if len(s.cuts) == 0 || n < s.cuts[0] && (len(s.gone) == 0 || n < s.gone[0]) {
		return n
	}
	if _, is := slices.BinarySearch(s.gone, n); is {
		return -1
	}
	return s.near(n)
}

// near is the number after of one that is there, and of one that is gone a number
// that keeps its place among the others.
func (s *shifts) near(n int32) int32 {
	if len(s.cuts) == 1 { // nearly always
		if n >= s.cuts[0] {
			return n + s.delta[0]
		}
		return n
	}
	i := sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i] > n })
	if i == 0 {
		return n
	}
	return n + s.delta[i-1]
}

// span is what may move or is dirty: everything before from and behind to stays.
func (s *shifts) span() (from, to int32) {
	from, to = math.MaxInt32, -1
	if len(s.dirty) > 0 {
		from, to = s.dirty[0], s.dirty[len(s.dirty)-1]
	}
	if len(s.cuts) > 0 {
		from, to = min(from, s.cuts[0]), math.MaxInt32
	}
	return from, to
}

func (s *shifts) isDirty(n int32) bool {
	_, is := slices.BinarySearch(s.dirty, n)
	return is
}

// after makes the slab in which the edits, in their places, are done.
func (b *slab) after(edits []edit, cfg *setup, src int32) *slab {
	source := &cfg.Sources[src]
	n := &slab{
		recs:  spliced(b.recs, edits, func(_ int, e *edit) record { return e.rec }),
		folds: replaced(b.folds, edits, func(_ int, e *edit) string { return fold(e.rec.text(textName)) }),
	}
	keys, reasons := make([]string, len(edits)), make([]fiscal.Reason, len(edits))
	for i, e := range edits {
		if e.now >= 0 {
			keys[i], reasons[i] = keyOf(e.rec, source, cfg.own)
		}
	}
	n.keys = replaced(b.keys, edits, func(i int, _ *edit) string { return keys[i] })
	n.reasons = replaced(b.reasons, edits, func(i int, _ *edit) fiscal.Reason { return reasons[i] })
	s := shiftsOf(edits, 0)
	n.byKey = reindexed(b.byKey, edits, &s, func(i int32) string { return b.keys[i] }, func(i int32) string { return n.keys[i] })
	if old := b.codes.made.Load(); old != nil {
		v := reindexed(*old, edits, &s, b.code, n.code)
		n.codes.made.Store(&v)
	}
	if old := b.emails.made.Load(); old != nil {
		v := reindexed(*old, edits, &s, b.email, n.email)
		n.emails.made.Store(&v)
	}
	if old := b.foreigners.made.Load(); old != nil {
		var gone, fresh []entry
		for _, e := range edits {
			if e.old >= 0 {
				gone = appendForeigners(gone, b.recs[e.old], e.old)
			}
			if e.now >= 0 {
				fresh = appendForeigners(fresh, e.rec, e.now)
			}
		}
		v := reentered(*old, &s, gone, fresh)
		n.foreigners.made.Store(&v)
	}
	if old := b.inBlocks.made.Load(); old != nil {
		var gone, fresh blocks
		for _, e := range edits {
			if e.old >= 0 {
				gone.put(b.recs[e.old], e.old, &cfg.boxes)
			}
			if e.now >= 0 {
				fresh.put(e.rec, e.now, &cfg.boxes)
			}
		}
		v := &blocks{names: reentered((*old).names, &s, gone.names, fresh.names), domains: reentered((*old).domains, &s, gone.domains, fresh.domains)}
		n.inBlocks.made.Store(&v)
	}
	return n
}

// reindexed makes an index of the records after of that before, given the values
// before and after, which are empty for records that are not in it.
func reindexed(index []int32, edits []edit, s *shifts, was, value func(int32) string) []int32 {
	if s.isNone() && !slices.ContainsFunc(edits, func(e edit) bool { return was(e.old) != value(e.now) }) {
		return index
	}
	out := make([]int32, 0, len(index)+len(edits))
	from, to := s.span()
	for _, i := range index {
		if i < from || i > to {
			out = append(out, i)
		} else if !s.isDirty(i) {
			out = append(out, s.of(i))
		}
	}
	for _, e := range edits {
		if e.now < 0 {
			continue
		}
		v := value(e.now)
		if v == "" {
			continue
		}
		at := sort.Search(len(out), func(i int) bool {
			return cmp.Or(strings.Compare(value(out[i]), v), cmp.Compare(out[i], e.now)) >= 0
		})
		out = slices.Insert(out, at, e.now)
	}
	return out
}

// reentered does the same with entries, given those of the changed records before
// and after.
func reentered(list []entry, s *shifts, gone, fresh []entry) []entry {
	if s.isNone() && slices.Equal(gone, fresh) {
		return list
	}
	out := make([]entry, 0, len(list)+len(fresh))
	from, to := s.span()
	for _, e := range list {
		if e.rec < from || e.rec > to {
			out = append(out, e)
		} else if !s.isDirty(e.rec) {
			e.rec = s.of(e.rec)
			out = append(out, e)
		}
	}
	for _, e := range fresh {
		at, _ := slices.BinarySearchFunc(out, e, compareEntries)
		out = slices.Insert(out, at, e)
	}
	return out
}

// byForeign returns the records that store foreign ids, by the hashes of those.
func (b *slab) byForeign() []entry {
	return b.foreigners.get(func() []entry {
		var list []entry
		for i, r := range b.recs {
			list = appendForeigners(list, r, int32(i))
		}
		slices.SortFunc(list, compareEntries)
		return slices.Clip(list)
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
