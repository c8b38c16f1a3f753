// Package scan reads the lists of the source systems as fast as can be done by hand: one
// pass, nothing decoded. The floor joins with it, and what decodes more is measured by it.
package scan

import "bytes"

// wanted is the most fields that are read of a record.
const wanted = 6

// Record is one object of a reply: the wanted values as they stand there, slices
// of the reply. Nothing is decoded: what goes out is what came in.
type Record [wanted][]byte

// Rows reads a list of objects and calls add for each with the values of the
// wanted keys. It trusts the JSON to be well formed as far as texts and brackets
// go, which is all that it looks at; false = it is not even that.
func Rows(b []byte, keys []string, add func(r *Record)) bool {
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
		var r Record
		if i = object(b, i+1, keys, &r); i < 0 {
			return false
		}
		add(&r)
	}
}

// object reads the members behind a brace and gives the index behind the closing
// one; -1 if there is none.
func object(b []byte, i int, keys []string, r *Record) int {
	next := 0 // replies repeat the same order of keys: the next one is tried first
	for {
		i = skip(b, i)
		if i >= len(b) {
			return -1
		}
		if b[i] == '}' {
			return i + 1
		}
		if b[i] == ',' {
			i++
			continue
		}
		if b[i] != '"' {
			return -1
		}
		n := bytes.IndexByte(b[i+1:], '"')
		if n < 0 {
			return -1
		}
		name := b[i+1 : i+1+n]
		i = skip(b, i+n+2)
		if i >= len(b) || b[i] != ':' {
			return -1
		}
		from := skip(b, i+1)
		if i = value(b, from); i < 0 {
			return -1
		}
		for n := range keys {
			at := next + n
			if at >= len(keys) {
				at -= len(keys)
			}
			if string(name) == keys[at] {
				r[at] = b[from:i]
				if next = at + 1; next == len(keys) {
					next = 0
				}
				break
			}
		}
	}
}

func skip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value gives the index behind the value that begins at i; -1 if there is none.
func value(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return text(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				if i = text(b, i); i < 0 {
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

// text gives the index behind the text whose quotation mark is at i.
func text(b []byte, i int) int {
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
