package directory

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// reconciler gives the clusters of a new snapshot their golden ids, from the ids
// their records had before (wire/identity.md, Stable golden id): the older of two
// that merge survives and the other becomes its alias; of two parts the id stays
// with the one that began with it, else with the one that holds the strongest; a part that loses it gets back the id
// its records began with, or a new one.
type reconciler struct {
	*snapshot
	old    crosswalk
	before before
	newID  func() string
	now    time.Time
	taken  []int32        // golden id → the cluster it is given to, -1 none
	loose  map[int32]bool // ids that some cluster has a claim to
	merged map[int32]bool // ids whose alias changed
	// isTaken tells of ids that belong to customers who are not looked at; nil when
	// all are.
	isTaken func(g int32) bool
}

// before is what the records of a new snapshot had: golden id and origin, -1 for
// new ones.
type before struct{ golden, origin []int32 }

// reconcile fills the snapshot's crosswalk. It returns the ids that are new or
// point elsewhere.
func reconcile(s *snapshot, old crosswalk, b before, newID func() string, now time.Time, isTaken func(int32) bool) []Golden {
	r := &reconciler{
		snapshot: s, old: old, before: b, newID: newID, now: now, isTaken: isTaken,
		taken: filled(len(old.ids.rows), -1), loose: map[int32]bool{}, merged: map[int32]bool{},
	}
	s.ids = &ids{rows: old.ids.rows}
	s.key = filled(int(s.customers()), -1)
	r.claims()
	r.revive()
	r.create()
	changed := r.finish()
	return changed
}

func filled(n int, v int32) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// claim is an id that a cluster's record had.
type claim struct{ id, cluster int32 }

// claims gives every id to one of the clusters that had it, the oldest id first.
func (r *reconciler) claims() {
	var claims []claim
	for c := range r.customers() {
		last := int32(-1)
		for _, rec := range r.of(c) {
			if g := r.before.golden[rec]; g >= 0 {
				if g = r.old.ids.root(g); g != last {
					claims = append(claims, claim{g, c})
					last = g
				}
			}
		}
	}
	slices.SortFunc(claims, func(a, b claim) int {
		if a.id != b.id {
			return int(a.id - b.id)
		}
		return int(a.cluster - b.cluster)
	})
	claims = slices.Compact(claims)
	for len(claims) > 0 {
		n, best := 1, claims[0].cluster
		for n < len(claims) && claims[n].id == claims[0].id {
			if r.deserves(claims[0].id, claims[n].cluster, best) {
				best = claims[n].cluster
			}
			n++
		}
		g := claims[0].id
		r.loose[g] = true
		if r.key[best] < 0 {
			r.give(g, best)
		} else {
			r.alias(g, r.key[best]) // an older id is there already
		}
		claims = claims[n:]
	}
}

func (r *reconciler) give(g, cluster int32) {
	r.key[cluster], r.taken[g] = g, cluster
}

func (r *reconciler) alias(g, into int32) {
	r.lead(g, int64(into)+1)
}

// lead says of an old id where it leads; 0 = nowhere. The rows others read are
// copied first.
func (r *reconciler) lead(g int32, into int64) {
	if len(r.merged) == 0 {
		r.ids.rows = slices.Clone(r.ids.rows)
	}
	r.ids.rows[g].MergedInto = into
	r.merged[g] = true
}

// deserves reports whether part a has more right to an id than part b: one that has
// no older id yet, then the part that began with it, so that a link that is undone
// leaves no trace; of two that did, or did not, the stronger.
func (r *reconciler) deserves(g, a, b int32) bool {
	if x, y := r.key[a] < 0, r.key[b] < 0; x != y {
		return x
	}
	if x, y := r.began(g, a), r.began(g, b); x != y {
		return x
	}
	return r.stronger(a, b)
}

func (r *reconciler) began(g, cluster int32) bool {
	return slices.ContainsFunc(r.of(cluster), func(rec int32) bool { return r.before.origin[rec] == g })
}

// stronger reports whether part a holds a stronger id than part b: a link made by
// hand, then a valid fiscal number, then the oldest record.
func (r *reconciler) stronger(a, b int32) bool {
	if x, y := r.byHand(a), r.byHand(b); x != y {
		return x
	}
	if x, y := r.hasKey(a), r.hasKey(b); x != y {
		return x
	}
	x, _ := r.times(r.of(a))
	y, _ := r.times(r.of(b))
	if !x.Equal(y) {
		return !x.IsZero() && (y.IsZero() || x.Before(y))
	}
	return a < b
}

func (r *reconciler) byHand(cluster int32) bool {
	if len(r.decisions) == 0 {
		return false
	}
	recs := r.of(cluster)
	for i, a := range recs {
		for _, b := range recs[i+1:] {
			if d, ok := r.decisions[pairOf(r.refOf(a), r.refOf(b))]; ok && d.Verdict == SameCustomer {
				return true
			}
		}
	}
	return false
}

func (r *reconciler) hasKey(cluster int32) bool {
	for _, rec := range r.of(cluster) {
		if k := r.keyOf(rec); k != "" && k[:len(invalid)] != invalid {
			return true
		}
	}
	return false
}

// revive gives clusters without an id the oldest one their records began with,
// unless somebody else has it: so that a link that is undone leaves no trace.
func (r *reconciler) revive() {
	for c := range r.customers() {
		if r.key[c] >= 0 {
			continue
		}
		best := int32(-1)
		for _, rec := range r.of(c) {
			if o := r.before.origin[rec]; o >= 0 && r.taken[o] < 0 && !r.loose[o] && (r.isTaken == nil || !r.isTaken(o)) && (best < 0 || o < best) {
				best = o
			}
		}
		if best < 0 {
			continue
		}
		r.give(best, c)
		if r.ids.rows[best].MergedInto != 0 {
			r.lead(best, 0)
		}
	}
}

// create makes the ids of customers that are new. They are appended behind what
// others read: nobody but the holder of the directory's lock goes there.
func (r *reconciler) create() {
	for c := range r.customers() {
		if r.key[c] < 0 {
			r.key[c] = int32(len(r.ids.rows))
			r.ids.rows = append(r.ids.rows, Golden{Seq: int64(len(r.ids.rows)) + 1, ID: r.newID(), CreatedAt: r.now})
		}
	}
}

// finish fills what is looked up, and returns the ids that changed.
func (r *reconciler) finish() []Golden {
	s := r.snapshot
	s.ids.indexAfter(r.old.ids)
	s.customerOf = filled(len(s.ids.rows), -1)
	for c, g := range s.key {
		s.customerOf[g] = int32(c)
	}
	n := s.size()
	s.golden, s.origin = make([]int32, n), make([]int32, n)
	for rec := range n {
		s.golden[rec] = s.key[s.cluster[rec]]
		// A part that was given a new id begins with it: if it is joined to somebody
		// and parted again, it has it back.
		if s.origin[rec] = r.before.origin[rec]; s.origin[rec] < 0 || int(s.golden[rec]) >= len(r.old.ids.rows) {
			s.origin[rec] = s.golden[rec]
		}
	}
	changed := slices.Clone(s.ids.rows[len(r.old.ids.rows):])
	for g := range r.merged {
		if s.ids.rows[g].MergedInto != r.old.ids.rows[g].MergedInto {
			changed = append(changed, s.ids.rows[g])
		}
	}
	slices.SortFunc(changed, func(a, b Golden) int { return int(a.Seq - b.Seq) })
	return changed
}

func (x *ids) index() {
	x.byID, x.added = make(map[string]int32, len(x.rows)), nil
	for i := range x.rows {
		x.byID[x.rows[i].ID] = int32(i)
	}
}

// maxAdded is how many new ids are looked up beside the large map before that one is
// made anew.
const maxAdded = 2000

// indexAfter makes the look-up of ids that begin with the old ones.
func (x *ids) indexAfter(old *ids) {
	fresh := x.rows[len(old.rows):]
	switch {
	case len(fresh) == 0:
		x.byID, x.added = old.byID, old.added
	case old.byID == nil || len(old.added)+len(fresh) > maxAdded:
		x.index()
	default:
		x.byID, x.added = old.byID, make(map[string]int32, len(old.added)+len(fresh))
		maps.Copy(x.added, old.added)
		for i := range fresh {
			x.added[fresh[i].ID] = int32(len(old.rows) + i)
		}
	}
}

// find returns the number of an id, of which aliases have one too.
func (x *ids) find(id string) (int32, bool) {
	g, ok := x.byID[id]
	if !ok {
		g, ok = x.added[id]
	}
	return g, ok
}

// check reports aliases that lead to no customer.
func (x *ids) check() error {
	n := int64(len(x.rows))
	for i := range x.rows {
		steps := int64(0)
		for g := int64(i) + 1; g != 0; g = x.rows[g-1].MergedInto {
			if next := x.rows[g-1].MergedInto; next < 0 || next > n || steps > n {
				return fmt.Errorf("directory: stored customer %d is merged into nobody", i+1)
			}
			steps++
		}
	}
	return nil
}
