// Package guids reads the keys of systems that name their records by GUIDs.
package guids

import "strings"

// Zero is the GUID that names nothing.
const Zero = "00000000-0000-0000-0000-000000000000"

// Parse returns the lower-case form of a GUID of 36 signs, Zero included, and false
// for any other text. Such systems take GUIDs as bare literals, so what Parse returns
// may stand in an address unquoted, and nothing else may.
func Parse(s string) (string, bool) {
	if len(s) != len(Zero) {
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
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return "", false
			}
		}
	}
	return strings.ToLower(s), true
}
