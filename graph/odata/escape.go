package odata

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789ABCDEF"

// appendJSON appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD;
// "<", ">" and "&" stay, unlike in encoding/json, as addresses are full of them.
func appendJSON(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendJSONInside(dst, s)
	return append(dst, '"')
}

func appendJSONInside(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == '\u2028' || r == '\u2029' { // line ends to JavaScript
				dst = append(dst, `\u202`...)
				dst = append(dst, hexDigits[r&0xf])
			} else {
				dst = utf8.AppendRune(dst, r)
			}
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c == 0x7f:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return dst
}

// appendEscaped appends s for a place in an address: everything but unreserved
// signs and those of keep is percent-encoded, so the result is ASCII without
// quotes, backslashes and angle brackets and needs no escaping in JSON or XML.
func appendEscaped(dst []byte, s, keep string) []byte {
	for i := range len(s) {
		c := s[i]
		if isNameByte(c) || c == '-' || c == '.' || c == '~' || strings.IndexByte(keep, c) >= 0 {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&0xf])
	}
	return dst
}

// Signs that need no encoding in the name or value of a query option, and in the
// quoted key of a path segment (RFC 3986 §3.3, §3.4).
const (
	keepInQuery   = "$@,:;()*/!'"
	keepInSegment = "$@,:;*!"
)

// unescape decodes percent-encoding; plus says whether "+" is a space, which it
// is in a query string and is not in a path. It refuses broken encodings and
// what is not UTF-8 afterwards.
func unescape(s string, plus bool) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && (!plus || strings.IndexByte(s, '+') < 0) {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%':
			if i+2 >= len(s) {
				return "", false
			}
			n := len(b)
			b = append(b, 0)
			if _, err := hex.Decode(b[n:], []byte(s[i+1:i+3])); err != nil {
				return "", false
			}
			i += 2
		case s[i] == '+' && plus:
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b), utf8.Valid(b)
}
