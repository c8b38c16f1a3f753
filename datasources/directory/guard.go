package directory

import (
	"slices"
	"strings"
)

// verdict is what the guards say of clusters that a link would join
// (wire/identity.md, Guards).
type verdict uint8

const (
	agrees    verdict = iota
	forbidden         // denied by hand, or refused by a higher rule
	mismatch          // two different valid fiscal numbers of one country and type
	twice             // two live records of one source, or two candidates in one
)

// reached is a record of one of the clusters that are looked at.
type reached struct {
	rec, source, cluster int32
	key                  string
	deleted              bool
}

// compatible judges whether clusters, given by their roots, may become one. What
// is already together is not judged again: a person may have joined two records
// of one source, or two numbers.
func (l *linker) compatible(roots []int32) verdict {
	if l.crowded(roots) {
		return twice
	}
	l.reach = l.reach[:0]
	for c, root := range roots {
		for rec := root; ; {
			src := l.sourceOf(rec)
			b, i, key := l.slabs[src], rec-l.base[src], ""
			if k := b.keys.at(i); !l.noKey[rec] && !strings.HasPrefix(k, invalid) {
				key = k
			}
			l.reach = append(l.reach, reached{rec, src, int32(c), key, b.recs.at(i).isDeleted()})
			if rec = l.next[rec]; rec == root {
				break
			}
		}
	}
	found := agrees
	for i, a := range l.reach {
		for _, b := range l.reach[i+1:] {
			if a.cluster == b.cluster {
				continue
			}
			switch {
			case l.isDenied(a.rec, b.rec):
				return forbidden
			case a.key != b.key && keyType(a.key) == keyType(b.key) && a.key != "" && !l.nested(a, b):
				found = mismatch
			case found == agrees && (a.source == b.source && !a.deleted && !b.deleted || l.isBarred(a, b)):
				found = twice
			}
		}
	}
	return found
}

// crowded reports whether there are more clusters with live records than sources:
// then one source must be there twice, and no pair need be looked at. It bounds
// the work a long chain of links can make.
func (l *linker) crowded(roots []int32) bool {
	if len(roots) <= len(l.slabs) {
		return false
	}
	live := 0
	for _, root := range roots {
		for rec := root; ; {
			if !l.rec(rec).isDeleted() {
				live++
				break
			}
			if rec = l.next[rec]; rec == root {
				break
			}
		}
	}
	return live > len(l.slabs)
}

// denies judges only what was decided by hand.
func (l *linker) denies(roots []int32) verdict {
	if len(l.denied) == 0 {
		return agrees
	}
	in := map[int32]bool{}
	for _, r := range roots {
		in[r] = true
	}
	for _, root := range roots {
		for rec := root; ; {
			for _, other := range l.denied[rec] {
				if r := l.root(other); r != root && in[r] {
					return forbidden
				}
			}
			if rec = l.next[rec]; rec == root {
				break
			}
		}
	}
	return agrees
}

func (l *linker) isDenied(a, b int32) bool {
	return slices.Contains(l.denied[a], b) || slices.Contains(l.blocked[a], b)
}

func (l *linker) isBarred(a, b reached) bool {
	return slices.Contains(l.barred[a.rec], b.source) || slices.Contains(l.barred[b.rec], a.source)
}

// nested reports whether the numbers of the two records' clusters, of the type
// they have, are contained in each other: then the link adds no difference that a
// person has not joined already.
func (l *linker) nested(a, b reached) bool {
	return l.contains(a.cluster, b.cluster, a.key) || l.contains(b.cluster, a.cluster, a.key)
}

// contains reports whether cluster x has every number of cluster y of key's type.
func (l *linker) contains(x, y int32, key string) bool {
	for _, b := range l.reach {
		if b.cluster != y || b.key == "" || keyType(b.key) != keyType(key) {
			continue
		}
		if !slices.ContainsFunc(l.reach, func(a reached) bool { return a.cluster == x && a.key == b.key }) {
			return false
		}
	}
	return true
}

// usableKey is a record's valid fiscal number, "" when it is none or nobody's.
func (l *linker) usableKey(rec int32) string {
	if l.noKey[rec] {
		return ""
	}
	if k := l.keyOf(rec); !strings.HasPrefix(k, invalid) {
		return k
	}
	return ""
}

// keyType is the country and type of a key: "MD:IDNO".
func keyType(key string) string { return key[:max(0, strings.LastIndexByte(key, ':'))] }
