package output

import "unicode/utf8"

// What a byte means for a text in JSON.
const (
	jsonEscape uint8 = 1 << iota // must be escaped
	jsonBeyond                   // not ASCII: UTF-8 to be checked
)

// jsonClass returns the classes of the bytes.
func jsonClass() *[256]uint8 {
	var class [256]uint8
	for b := range 0x20 {
		class[b] = jsonEscape
	}
	class['"'], class['\\'] = jsonEscape, jsonEscape
	for b := utf8.RuneSelf; b < 256; b++ {
		class[b] = jsonBeyond
	}
	return &class
}

const (
	hexDigits = "0123456789abcdef"
	upperHex  = "0123456789ABCDEF"
)

// appendJSON appends a text as a JSON string. Every text has one: control
// characters are escaped.
func appendJSON(b []byte, s string, class *[256]uint8) []byte {
	b = append(b, '"')
	var found uint8
	for i := range len(s) {
		found |= class[s[i]]
	}
	if found == 0 || found == jsonBeyond && utf8.ValidString(s) {
		b = append(b, s...)
		return append(b, '"')
	}
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
