package schema

import "strings"

// maxNearest is the longest name, in bytes, that is compared: what a comparison costs
// is bounded, whoever sent the name.
const maxNearest = 128

// Nearest returns which of the known names a misspelt one most likely means, whatever
// its letter case, "" where none is near: at most three signs, and of a short name at
// most half, would have to be changed, put in or left out (Levenshtein's distance). Of
// several as near the first in order is meant.
func Nearest(name string, known []string) string {
	if len(name) > maxNearest {
		return ""
	}
	name = strings.ToLower(name)
	best, at := "", min(3, max(1, len(name)/2))+1
	for _, k := range known {
		if d := distance(name, strings.ToLower(k), at); d < at || d == at && best != "" && k < best {
			best, at = k, d
		}
	}
	return best
}

// DidYouMean is the end of a message about an unknown name, "" where none is near.
func DidYouMean(name string, known []string) string {
	if n := Nearest(name, known); n != "" {
		return ", did you mean " + n + "?"
	}
	return ""
}

// distance is Levenshtein's, or limit+1 where the lengths alone make it more than limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(b) > maxNearest {
		return limit + 1
	}
	var room [maxNearest + 1]int
	row := room[:len(b)+1]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, corner+cost)
			corner, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
