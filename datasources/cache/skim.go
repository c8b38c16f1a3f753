package cache

import "encoding/binary"

// maxDepth is how deep values may lie in each other; rows need five.
const maxDepth = 16

// isSane reports whether an encoded value (msgpack) holds what it says: lengths
// that are there, few levels, and no list of more than most elements. The decoder
// believes them, takes memory by them and follows them with its stack.
func isSane(b []byte, most int) bool {
	var left [maxDepth]int // values to come on each level
	depth := 0
	left[0] = 1
	for {
		for left[depth] == 0 {
			if depth == 0 {
				return len(b) == 0
			}
			depth--
		}
		left[depth]--
		skip, inside, ok := token(b)
		if !ok || skip > uint64(len(b)) {
			return false
		}
		b = b[skip:]
		if inside == 0 {
			continue
		}
		if inside > uint64(len(b)) || inside > uint64(2*most) || depth+1 == maxDepth {
			return false
		}
		depth++
		left[depth] = int(inside)
	}
}

// token gives how many bytes a value takes by itself, and how many values follow
// inside it.
func token(b []byte) (skip, inside uint64, ok bool) {
	if len(b) == 0 {
		return 0, 0, false
	}
	c := b[0]
	switch {
	case c <= 0x7f, c >= 0xe0: // small numbers
		return 1, 0, true
	case c <= 0x8f: // a small map
		return 1, 2 * uint64(c&0x0f), true
	case c <= 0x9f: // a small list
		return 1, uint64(c & 0x0f), true
	case c <= 0xbf: // a short text
		return 1 + uint64(c&0x1f), 0, true
	}
	// long gives a length of n bytes behind the first one.
	long := func(n int) (uint64, bool) {
		if len(b) < 1+n {
			return 0, false
		}
		var wide [8]byte
		copy(wide[8-n:], b[1:1+n])
		return binary.BigEndian.Uint64(wide[:]), true
	}
	switch c {
	case 0xc0, 0xc2, 0xc3: // nil, false, true
		return 1, 0, true
	case 0xcc, 0xd0:
		return 2, 0, true
	case 0xcd, 0xd1:
		return 3, 0, true
	case 0xca, 0xce, 0xd2:
		return 5, 0, true
	case 0xcb, 0xcf, 0xd3:
		return 9, 0, true
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // extensions of 1, 2, 4, 8, 16 bytes
		return 2 + uint64(1)<<(c-0xd4), 0, true
	case 0xc4, 0xc5, 0xc6: // bytes
		n, ok := long(1 << (c - 0xc4))
		return 1 + uint64(1)<<(c-0xc4) + n, 0, ok
	case 0xc7, 0xc8, 0xc9: // extensions
		n, ok := long(1 << (c - 0xc7))
		return 2 + uint64(1)<<(c-0xc7) + n, 0, ok
	case 0xd9, 0xda, 0xdb: // texts
		n, ok := long(1 << (c - 0xd9))
		return 1 + uint64(1)<<(c-0xd9) + n, 0, ok
	case 0xdc, 0xdd: // lists
		n, ok := long(2 << (c - 0xdc))
		return 1 + uint64(2)<<(c-0xdc), n, ok
	case 0xde, 0xdf: // maps
		n, ok := long(2 << (c - 0xde))
		return 1 + uint64(2)<<(c-0xde), 2 * n, ok
	}
	return 0, 0, false
}
