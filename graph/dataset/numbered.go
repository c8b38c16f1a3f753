package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// numbered is a set of texts, which have numbers from 0 in the order they came in. A text
// takes its own bytes and some 16 more: a map of strings takes three times that.
type numbered struct {
	seed  maphash.Seed
	table []uint32 // a number and one, 0: free; as long as a power of two
	texts arena
	at    []uint32 // of a number: where its text is
}

func newNumbered() numbered { return numbered{seed: maphash.MakeSeed()} }

// numberedBytes is what a text takes besides its own bytes: its place, and its part of a
// table that is between three and six eighths full.
const numberedBytes = 16

func (n *numbered) len() int { return len(n.at) }

// bytes is what the texts take, about.
func (n *numbered) bytes() int64 { return n.texts.used + numberedBytes*int64(len(n.at)) }

// text is the text of a number.
func (n *numbered) text(i int) []byte { return n.texts.get(n.at[i]) }

// find is the number of a text, -1 of one that is not there.
func (n *numbered) find(text []byte) int {
	if len(n.table) == 0 {
		return -1
	}
	mask := uint64(len(n.table) - 1)
	for slot := maphash.Bytes(n.seed, text) & mask; ; slot = (slot + 1) & mask {
		switch i := n.table[slot]; {
		case i == 0:
			return -1
		case bytes.Equal(n.text(int(i-1)), text):
			return int(i - 1)
		}
	}
}

// add gives the next number to a text that is not there.
func (n *numbered) add(text []byte) int {
	if 4*(len(n.at)+1) > 3*len(n.table) {
		n.table = make([]uint32, max(64, 2*len(n.table)))
		for i := range n.at {
			n.place(n.text(i), i)
		}
	}
	i := len(n.at)
	n.at = append(n.at, n.texts.put(text))
	n.place(text, i)
	return i
}

func (n *numbered) place(text []byte, i int) {
	mask := uint64(len(n.table) - 1)
	slot := maphash.Bytes(n.seed, text) & mask
	for n.table[slot] != 0 {
		slot = (slot + 1) & mask
	}
	n.table[slot] = uint32(i + 1) //nolint:gosec // bounded by the texts of an arena
}

// clear takes all texts out, and keeps the room.
func (n *numbered) clear() {
	clear(n.table)
	n.at = n.at[:0]
	n.texts.clear()
}

// chunkBytes is how much an arena takes at a time, unless one text is longer.
const chunkBytes = 64 << 10

// arena holds texts side by side, so that each takes no more than its bytes and its
// length. What is put in stays where it is.
type arena struct {
	chunks [][]byte
	last   int // the chunk under way
	used   int64
}

// put keeps a text, and returns its place for get: never 0.
func (a *arena) put(text []byte) uint32 {
	need := len(text) + binary.MaxVarintLen32
	for a.last < len(a.chunks) && cap(a.chunks[a.last])-len(a.chunks[a.last]) < need {
		a.used += int64(cap(a.chunks[a.last]) - len(a.chunks[a.last])) // what stays empty is taken as well
		a.last++
	}
	if a.last == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, 0, max(need, chunkBytes)))
	}
	c := a.chunks[a.last]
	at := len(c) // below chunkBytes: a longer chunk has one text
	c = binary.AppendUvarint(c, uint64(len(text)))
	a.chunks[a.last] = append(c, text...)
	a.used += int64(len(a.chunks[a.last]) - at)
	return uint32(a.last)<<16 | uint32(at) + 1 //nolint:gosec // 65,536 chunks are 4 GiB
}

// get is the text of a place. It is not to be changed.
func (a *arena) get(place uint32) []byte {
	place--
	c := a.chunks[place>>16][place&0xffff:]
	n, size := binary.Uvarint(c)
	return c[size : size+int(n)] //nolint:gosec // what put wrote
}

// clear takes all texts out, and keeps the chunks but those of long texts.
func (a *arena) clear() {
	kept := a.chunks[:0]
	for _, c := range a.chunks {
		if cap(c) == chunkBytes {
			kept = append(kept, c[:0])
		}
	}
	clear(a.chunks[len(kept):])
	a.chunks, a.last, a.used = kept, 0, 0
}
