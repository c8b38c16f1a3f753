package world

import "encoding/binary"

// String returns the lower-case hyphenated form that both Creatio and 1C print.
func (g GUID) String() string {
	var b [36]byte
	g.put(b[:])
	return string(b[:])
}

// Append appends the hyphenated form to dst.
func (g GUID) Append(dst []byte) []byte {
	var b [36]byte
	g.put(b[:])
	return append(dst, b[:]...)
}

func (g GUID) put(b []byte) {
	const hex = "0123456789abcdef"
	j := 0
	for i, x := range g {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b[j] = '-'
			j++
		}
		b[j], b[j+1] = hex[x>>4], hex[x&15]
		j += 2
	}
}

// IsZero says whether g is the zero GUID.
func (g GUID) IsZero() bool { return g == GUID{} }

// ParseGUID reads the hyphenated form in either case; ok is false for anything else.
func ParseGUID(s string) (g GUID, ok bool) {
	if len(s) != 36 {
		return g, false
	}
	j := 0
	for i := range g {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			if s[j] != '-' {
				return GUID{}, false
			}
			j++
		}
		h, l := unhex(s[j]), unhex(s[j+1])
		if h > 15 || l > 15 {
			return GUID{}, false
		}
		g[i] = h<<4 | l
		j += 2
	}
	return g, true
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// GUID returns the GUID of a key. It is a permutation under the world's seed: it looks random, sorts in no useful order,
// and is the same in every run.
func (w *World) GUID(k Key) GUID {
	x := uint64(k.Kind)<<52 | uint64(k.Customer)<<28 | uint64(k.Doc)<<12 | uint64(k.Sub)
	a := mix(x ^ w.guidKey)
	b := mix(a + w.seed + 1)
	var g GUID
	// 48 + 12 + 4 bits of a around the version and variant bits, the rest a check that tells our GUIDs from any other.
	binary.BigEndian.PutUint64(g[:8], a>>16<<16|0x4000|a>>4&0x0fff)
	binary.BigEndian.PutUint64(g[8:], 2<<62|a&15<<58|b>>6)
	return g
}

// Resolve returns what a GUID stands for; ok is false for a GUID that this world never made.
// It does not say whether the record exists in some system: a KindDangling resolves, too.
func (w *World) Resolve(g GUID) (k Key, ok bool) {
	hi, lo := binary.BigEndian.Uint64(g[:8]), binary.BigEndian.Uint64(g[8:])
	if hi>>12&15 != 4 || lo>>62 != 2 {
		return Key{}, false
	}
	a := hi>>16<<16 | hi&0x0fff<<4 | lo>>58&15
	if mix(a+w.seed+1)>>6 != lo&(1<<58-1) {
		return Key{}, false
	}
	x := unmix(a) ^ w.guidKey
	return Key{Kind: Kind(x >> 52), Customer: int(x >> 28 & (1<<24 - 1)), Doc: int(x >> 12 & (1<<16 - 1)), Sub: int(x & (1<<12 - 1))}, true
}
