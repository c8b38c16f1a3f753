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
	keys   []int32        // cluster → golden id
	taken  map[int32]bool // ids that are given to a cluster
	loose  map[int32]bool // ids that some cluster has a claim to
	merged map[int32]bool // ids whose alias changed
	// isTaken tells of ids that belong to customers who are not looked at; nil when
	// all are.
	isTaken func(g int32) bool
}

// before is what the records of a new snapshot had: golden id and origin, -1 for
// new ones.
type before struct{ golden, origin []int32 }

// beforeOf puts what the records of each source had to their numbers.
func beforeOf(s *snapshot, had [][]ghost) before {
	b := before{filled(int(s.size()), -1), filled(int(s.size()), -1)}
	for src, list := range had {
		for i, g := range list {
			rec := s.base[src] + int32(i)
			b.golden[rec], b.origin[rec] = g.golden, g.origin
		}
	}
	return b
}

// reconcile fills the snapshot's crosswalk. It returns the ids that are new or
// point elsewhere.
func reconcile(s *snapshot, old crosswalk, b before, newID func() string, now time.Time, isTaken func(int32) bool) []Golden {
	r := &reconciler{
		snapshot: s, old: old, before: b, newID: newID, now: now, isTaken: isTaken,
		keys: filled(int(s.customers()), -1), taken: make(map[int32]bool, s.customers()), loose: map[int32]bool{}, merged: map[int32]bool{},
	}
	s.ids = &ids{rows: old.ids.rows.edit()}
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
		if r.keys[best] < 0 {
			r.give(g, best)
		} else {
			r.alias(g, r.keys[best]) // an older id is there already
		}
		claims = claims[n:]
	}
}

func (r *reconciler) give(g, cluster int32) {
	r.keys[cluster], r.taken[g] = g, true
}

func (r *reconciler) alias(g, into int32) {
	r.lead(g, int64(into)+1)
}

// lead says of an old id where it leads; 0 = nowhere.
func (r *reconciler) lead(g int32, into int64) {
	row := r.ids.rows.at(g)
	row.MergedInto = into
	r.ids.rows.set(g, row)
	r.merged[g] = true
}

// deserves reports whether part a has more right to an id than part b: one that has
// no older id yet, then the part that began with it, so that a link that is undone
// leaves no trace; of two that did, or did not, the stronger.
func (r *reconciler) deserves(g, a, b int32) bool {
	if x, y := r.keys[a] < 0, r.keys[b] < 0; x != y {
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
		if r.keys[c] >= 0 {
			continue
		}
		best := int32(-1)
		for _, rec := range r.of(c) {
			if o := r.before.origin[rec]; o >= 0 && !r.taken[o] && !r.loose[o] && (r.isTaken == nil || !r.isTaken(o)) && (best < 0 || o < best) {
				best = o
			}
		}
		if best < 0 {
			continue
		}
		r.give(best, c)
		if r.ids.rows.ref(best).MergedInto != 0 {
			r.lead(best, 0)
		}
	}
}

// create makes the ids of customers that are new.
func (r *reconciler) create() {
	for c := range r.customers() {
		if r.keys[c] < 0 {
			r.keys[c] = r.ids.rows.n
			r.ids.rows.push(Golden{Seq: int64(r.ids.rows.n) + 1, ID: r.newID(), CreatedAt: r.now})
		}
	}
}

// finish fills what is looked up, and returns the ids that changed.
func (r *reconciler) finish() []Golden {
	s := r.snapshot
	s.ids.indexAfter(r.old.ids)
	s.key = vectorOf(r.keys)
	if r.isTaken == nil { // of a part, the whole has it
		customerOf := filled(int(s.ids.rows.n), -1)
		for c, g := range r.keys {
			customerOf[g] = int32(c)
		}
		s.customerOf = vectorOf(customerOf)
	}
	golden, origin := filled(int(s.size()), -1), filled(int(s.size()), -1)
	known := r.old.ids.rows.n
	for rec := range s.records() {
		golden[rec] = r.keys[s.cluster.at(rec)]
		// A part that was given a new id begins with it: if it is joined to somebody
		// and parted again, it has it back.
		if origin[rec] = r.before.origin[rec]; origin[rec] < 0 || golden[rec] >= known {
			origin[rec] = golden[rec]
		}
	}
	s.golden, s.origin = vectorOf(golden), vectorOf(origin)
	var changed []Golden
	for g := known; g < s.ids.rows.n; g++ {
		changed = append(changed, s.ids.rows.at(g))
	}
	for g := range r.merged {
		if row := s.ids.rows.at(g); row.MergedInto != r.old.ids.rows.ref(g).MergedInto {
			changed = append(changed, row)
		}
	}
	slices.SortFunc(changed, func(a, b Golden) int { return int(a.Seq - b.Seq) })
	return changed
}

func (x *ids) index() {
	x.byID, x.added = make(map[string]int32, x.rows.n), nil
	for g := range x.rows.n {
		x.byID[x.id(g)] = g
	}
}

// maxAdded is how many new ids are looked up beside the large map before that one is
// made anew.
const maxAdded = 2000

// indexAfter makes the look-up of ids that begin with the old ones.
func (x *ids) indexAfter(old *ids) {
	fresh := int(x.rows.n - old.rows.n)
	switch {
	case fresh == 0:
		x.byID, x.added = old.byID, old.added
	case old.byID == nil || len(old.added)+fresh > maxAdded:
		x.index()
	default:
		x.byID, x.added = old.byID, make(map[string]int32, len(old.added)+fresh)
		maps.Copy(x.added, old.added)
		for g := old.rows.n; g < x.rows.n; g++ {
			x.added[x.id(g)] = g
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
	n := int64(x.rows.n)
	for i := range n {
		steps := int64(0)
		for g := i + 1; g != 0; g = x.rows.ref(int32(g - 1)).MergedInto {
			if next := x.rows.ref(int32(g - 1)).MergedInto; next < 0 || next > n || steps > n {
				return fmt.Errorf("directory: stored customer %d is merged into nobody", i+1)
			}
			steps++
		}
	}
	return nil
}
