package directory

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
	"github.com/trama-graph/trama/schema"
)

// groupKeys finds the records that bear one fiscal number, and sets apart the
// numbers that too many records of one source bear to be anybody's.
func (l *linker) groupKeys() {
	walks := make([]keyWalk, len(l.slabs))
	for s, b := range l.slabs {
		if b != nil {
			walks[s] = keyWalk{slab: b, list: b.byKey.flat()}
			walks[s].look()
		}
	}
	arena := make([]int32, 0, l.size()) // never grows beyond: every record has one key at most
	for {
		least, found := "", false
		for s := range walks {
			if w := &walks[s]; len(w.list) > 0 && (!found || w.key < least) {
				least, found = w.key, true
			}
		}
		if !found {
			return
		}
		from, shared := len(arena), false
		for s := range walks {
			w, live := &walks[s], 0
			for len(w.list) > 0 && w.key == least {
				if i := w.list[0]; !w.recs.at(i).isDeleted() {
					live++
					arena = append(arena, l.base[s]+i)
				}
				w.list = w.list[1:]
				w.look()
			}
			shared = shared || live > l.cfg.SharedLimit
		}
		shared = shared || l.known[least]
		l.group(arena[from:len(arena):len(arena)], strings.HasPrefix(least, invalid), shared)
	}
}

// keyWalk goes through the records of a source by their keys.
type keyWalk struct {
	*slab
	list []int32 // what is left
	key  string  // of the first of them
}

func (w *keyWalk) look() {
	if len(w.list) > 0 {
		w.key = w.keys.at(w.list[0])
	}
}

// group takes the live records of one number.
func (l *linker) group(recs []int32, isInvalid, shared bool) {
	switch {
	case len(recs) < 2 && (!shared || len(recs) == 0):
	case isInvalid && !l.known[l.keyOf(recs[0])] && !slices.ContainsFunc(recs, func(r int32) bool { return l.reasonOf(r) == fiscal.Placeholder }):
	case shared:
		for _, r := range recs {
			l.noKey[r] = true
		}
		l.shared[l.keyOf(recs[0])] = true
		if l.known == nil { // of a part, the whole group is reported by the patch
			l.conflict(schema.ConflictSharedFiscalID, "taxId", recs...)
		}
	case !isInvalid:
		l.groups = append(l.groups, recs)
	}
}
