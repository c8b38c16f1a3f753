package loaders

import (
	"github.com/trama-graph/trama/datasources"
)

// unite makes the streams of each parent out of the children found by key, which
// are a page already, and those found by number, which are all of them. q is the
// page that is asked for, in the source's own order.
func unite[T any, P entity[T]](native, linked []stream[T], source string, q datasources.Query) []stream[T] {
	var out []stream[T]
	for i := range native {
		if n := native[i]; n.key != "" {
			n.parent, n.source = i, source
			out = append(out, n)
		}
		if l := linked[i]; l.key != "" {
			l.parent, l.source = i, source
			if l.err == nil {
				cut := datasources.Cut[T, P](l.items, datasources.Query{Order: q.Order, First: q.First, After: q.After})
				l.items, l.more, l.total = cut.Items, cut.More[0], cut.Totals[0]
			}
			out = append(out, l)
		}
	}
	return out
}
