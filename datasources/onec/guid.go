package onec

import (
	"unicode"

	"github.com/trama-graph/trama/datasources/internal/guids"
)

// zeroGUID is the empty reference (1C OData facts, §1).
const zeroGUID = guids.Zero

// guid returns the canonical form of a key, false when it is none: a key that is
// no GUID exists in no base, and asking for it would be an error of the call.
func guid(s string) (string, bool) {
	s, ok := guids.Parse(s)
	return s, ok && s != zeroGUID
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
