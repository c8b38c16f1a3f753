package dataset

import "strings"

// didYouMean is the end of a message about an unknown name: the nearest of those
// there are, where one is near enough to be meant.
func didYouMean(name string, candidates []string) string {
	if len(name) > maxNearest {
		return ""
	}
	best, at := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < at {
			best, at = c, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// maxNearest bounds what one comparison costs.
const maxNearest = 128

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(b) > maxNearest {
		return maxNearest
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
