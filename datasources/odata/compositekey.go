package odata

import "strings"

// A row's key in the graph is one text. The parts of a composite key are joined
// by a comma; a comma or backslash inside a part has a backslash before it.

// joinKey makes one text of a key's parts.
func joinKey(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	var b []byte
	for i, p := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPart(b, p)
	}
	return string(b)
}

// appendPart appends one of several parts of a key.
func appendPart(b []byte, part string) []byte {
	for i := range len(part) {
		if part[i] == ',' || part[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, part[i])
	}
	return b
}

// splitKey is the opposite of joinKey, false when text is no key of n parts.
func splitKey(text string, n int) ([]string, bool) {
	if n == 1 {
		return []string{text}, text != ""
	}
	parts := make([]string, 0, n)
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && (text[i+1] == ',' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		case c == '\\':
			return nil, false
		case c == ',':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	parts = append(parts, b.String())
	return parts, len(parts) == n
}
