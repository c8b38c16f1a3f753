package onec

import (
	"strings"
	"unicode"
)

// zeroGUID is the empty reference (1C OData facts, §1).
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// guid returns the canonical form of a key, false when it is none: a key that is
// no GUID exists in no base, and asking for it would be an error of the call.
func guid(s string) (string, bool) {
	if len(s) != len(zeroGUID) {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return "", false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return "", false
			}
		}
	}
	s = strings.ToLower(s)
	return s, s != zeroGUID
}

// isName reports whether s may be a name in 1C: letters, digits and underscores,
// not beginning with a digit. Names go into addresses and filters unquoted.
func isName(s string) bool {
	for i, r := range s {
		if r == '_' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r) {
			continue
		}
		return false
	}
	return s != "" && len(s) <= 512
}
