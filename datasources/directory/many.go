package directory

import (
	"sync"

	"github.com/trama-graph/trama/datasources"
)

// LookUp looks up many customers at once, by their keys. What the result tells is
// what Keys tells of each of them, and costs one look-up for all sources.
func (d *Directory) LookUp(customerKeys []string) datasources.Customers {
	m := &many{d: d, s: d.snapshot.Load(), customers: make([]int32, len(customerKeys))}
	for i, k := range customerKeys {
		m.customers[i] = m.s.customer(k)
	}
	return m
}

// many are customers of one snapshot.
type many struct {
	d         *Directory
	s         *snapshot
	customers []int32 // -1 where there is none of the key

	mu sync.Mutex // guards in
	in []manyIn
}

// manyIn is what was made for a source, and serves all that name customers alike.
type manyIn struct {
	by      origin
	members *datasources.Members
}

// origin is where the keys of a source come from: itself, or what is assumed.
type origin struct {
	own     int32 // -1 for a source without an index
	assumed assumption
}

// Golden implements datasources.Customers.
func (m *many) Golden(i int) string {
	if m.customers[i] < 0 {
		return ""
	}
	return m.s.id(m.customers[i])
}

// In implements datasources.Customers.
func (m *many) In(source string) *datasources.Members {
	src := m.s.source(source)
	if src < 0 {
		return &datasources.Members{Ends: make([]int32, len(m.customers))}
	}
	by := origin{own: src, assumed: m.s.cfg.assumed[src]}
	if by.assumed.source >= 0 {
		by.own = -1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.in {
		if m.in[i].by == by {
			return m.in[i].members
		}
	}
	x := &datasources.Members{Keys: make([]string, 0, len(m.customers)), Ends: make([]int32, len(m.customers))}
	if by.own >= 0 {
		m.indexed(x, src)
	} else {
		m.assumed(x, src)
	}
	m.in = append(m.in, manyIn{by, x})
	return x
}

// indexed adds the keys of a source that lists its customers.
func (m *many) indexed(x *datasources.Members, src int32) {
	s := m.s
	x.Unread = s.cfg.Sources[src].Indexed && s.slabs[src] == nil && !m.d.isUnused(s, src)
	for i, c := range m.customers {
		if c >= 0 {
			for _, rec := range s.of(c) {
				if s.sourceOf(rec) == src {
					x.Keys = append(x.Keys, s.rec(rec).id())
				}
			}
		}
		x.Ends[i] = int32(len(x.Keys))
	}
}

// assumed adds the keys a source without an index should have.
func (m *many) assumed(x *datasources.Members, src int32) {
	s, from := m.s, m.s.cfg.assumed[src]
	x.Unread = s.slabs[from.source] == nil && !m.d.isUnused(s, from.source)
	for i, c := range m.customers {
		switch {
		case c < 0 || s.slabs[from.source] == nil:
		case from.field == "id": // which is the record's alone: nothing to look up
			for _, rec := range s.of(c) {
				if s.sourceOf(rec) == from.source {
					x.Keys = append(x.Keys, s.rec(rec).id())
				}
			}
		default:
			keys, _ := m.d.assumedKeys(s, c, src)
			x.Keys = append(x.Keys, keys...)
		}
		x.Ends[i] = int32(len(x.Keys))
	}
}
