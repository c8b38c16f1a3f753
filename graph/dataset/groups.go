package dataset

import (
	"bytes"
	"slices"
)

// groups are those that are held in memory: their keys, which are numbered, and of each
// number a record, and what a row of a summary's first list says.
type groups struct {
	layout layout
	keys   numbered
	chunks [][]byte // of records
	says   []uint32 // of a summary: a place in said, 0 where nothing is said
	said   arena
	wides  []wide // of the sums that need one
}

// perChunk is how many records stand side by side.
func (g *groups) perChunk() int { return max(1, chunkBytes/g.layout.size) }

func (g *groups) len() int { return g.keys.len() }

// bytes is what the groups take, about.
func (g *groups) bytes() int64 {
	return g.keys.bytes() + g.said.used + int64(g.len())*int64(g.layout.size) + 4*int64(len(g.says)) + wideBytes*int64(len(g.wides))
}

// rec is the record of a group. It stays where it is when groups are added.
func (g *groups) rec(i int) []byte {
	n := g.perChunk()
	at := i % n * g.layout.size
	return g.chunks[i/n][at : at+g.layout.size]
}

// add makes an empty group.
func (g *groups) add(key []byte) int {
	i := g.keys.add(key)
	n := g.perChunk()
	if i/n == len(g.chunks) {
		g.chunks = append(g.chunks, make([]byte, n*g.layout.size))
	}
	clear(g.rec(i))
	return i
}

// say keeps what a group's row says.
func (g *groups) say(i int, says []byte) {
	for len(g.says) <= i {
		g.says = append(g.says, 0)
	}
	g.says[i] = g.said.put(says)
}

// saysOf is what say was given, nil for nothing.
func (g *groups) saysOf(i int) []byte {
	if i >= len(g.says) || g.says[i] == 0 {
		return nil
	}
	return g.said.get(g.says[i])
}

// sorted are the groups in the order of their keys.
func (g *groups) sorted() []uint32 {
	order := make([]uint32, g.len())
	for i := range order {
		order[i] = uint32(i) //nolint:gosec // bounded by the texts of an arena
	}
	slices.SortFunc(order, func(x, y uint32) int { return bytes.Compare(g.keys.text(int(x)), g.keys.text(int(y))) })
	return order
}

// clear takes all groups out, and keeps the room.
func (g *groups) clear() {
	g.keys.clear()
	g.said.clear()
	g.says, g.wides = g.says[:0], g.wides[:0]
}
