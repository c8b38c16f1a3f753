package mapping_test

import "bytes"

// This is the hand-written join's reading of an upstream body, kept as the yardstick of
// BenchmarkRig: it decodes nothing and trusts the JSON.

// A record is one object of an upstream's answer: the raw JSON of the wanted
// fields, as slices of the answer. Nothing is decoded: what goes out is what
// came in.
type record struct{ f [6][]byte }

// scan reads a JSON array of objects and calls add for each with the raw
// values of the wanted keys. It trusts the upstream's JSON to be well formed
// as far as strings and brackets go, which is all that it looks at.
func scan(b []byte, keys []string, add func(r *record)) bool {
	i := skip(b, 0)
	if i >= len(b) || b[i] != '[' {
		return false
	}
	i++
	for {
		i = skip(b, i)
		if i >= len(b) {
			return false
		}
		switch b[i] {
		case ']':
			return true
		case ',':
			i++
			continue
		case '{':
		default:
			return false
		}
		i++
		var r record
		next := 0 // answers repeat the same order of keys: try the next first
		for {
			i = skip(b, i)
			if i >= len(b) {
				return false
			}
			if b[i] == '}' {
				i++
				break
			}
			if b[i] == ',' {
				i++
				continue
			}
			if b[i] != '"' {
				return false
			}
			e := i + 1 + bytes.IndexByte(b[i+1:], '"')
			k := b[i+1 : e]
			i = skip(b, e+1)
			if i >= len(b) || b[i] != ':' {
				return false
			}
			v := skip(b, i+1)
			i = value(b, v)
			if i < 0 {
				return false
			}
			for n := 0; n < len(keys); n++ {
				w := next + n
				if w >= len(keys) {
					w -= len(keys)
				}
				if string(k) == keys[w] {
					r.f[w] = b[v:i]
					next = w + 1
					if next == len(keys) {
						next = 0
					}
					break
				}
			}
		}
		add(&r)
	}
}

func skip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value gives the index after the value that begins at i; -1 if there is none.
func value(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return str(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				if i = str(b, i); i < 0 {
					return -1
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return -1
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

func str(b []byte, i int) int {
	for i++; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		k := i - 1
		for b[k] == '\\' {
			k--
		}
		i++
		if (i-1-k)%2 == 1 {
			return i
		}
	}
}
