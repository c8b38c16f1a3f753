package loaders

import (
	"github.com/trama-graph/trama/datasources"
)

// unite makes the streams of each parent out of the children found by key, which
// are a page already, and those found by number, which are all of them. q is the
// page that is asked for, in the source's own order.
func unite[T any, P entity[T]](native, linked []stream[T], source string, q datasources.Query) []stream[T] {
	var out []stream[T]
	switch { // of one list each is read before another takes its place
	case native == nil:
		out = linked[:0]
	case linked == nil:
		out = native[:0]
	default:
		out = make([]stream[T], 0, max(len(native), len(linked)))
	}
	for i := range max(len(native), len(linked)) {
		if i < len(native) && native[i].key != "" {
			n := native[i]
			n.parent, n.source = i, source
			out = append(out, n)
		}
		if i < len(linked) && linked[i].key != "" {
			l := linked[i] // a copy
			l.parent, l.source = i, source
			if l.err == nil {
				l.total = len(l.picked)
				l.picked, l.more = datasources.CutRefs[T, P](l.picked, datasources.Query{Order: q.Order, First: q.First, After: q.After})
			}
			out = append(out, l)
		}
	}
	return out
}
