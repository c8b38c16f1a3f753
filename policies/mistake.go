package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is something wrong in a policy file. Its text names the file, the key and
// the policy: `extra.json: policies[0].effect (policy "night"): …`.
type Mistake struct {
	File    string
	Path    string // of the key, "" for the whole file
	Policy  string // id, "" outside of one
	Message string
}

// Error writes the mistake on one line.
func (m *Mistake) Error() string {
	text := m.File
	if m.Path != "" {
		text += ": " + m.Path
	}
	if m.Policy != "" {
		text += fmt.Sprintf(" (policy %q)", m.Policy)
	}
	return text + ": " + m.Message
}

// maxMessage bounds what a message repeats of a file.
const maxMessage = 400

func newMistake(file, path, policy, message string) *Mistake {
	return &Mistake{File: file, Path: clip(path), Policy: clip(policy), Message: clip(message)}
}

func clip(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + " …"
}

// short is the beginning of a name, so that a message about a long one says what is
// wrong with it.
func short(name string) string {
	if len(name) <= 100 {
		return name
	}
	return strings.ToValidUTF8(name[:100], "") + "…"
}

// didYouMean names the nearest of the known names, "" where none is near.
func didYouMean(name string, known []string) string {
	best, found := min(3, max(1, len(name)/2))+1, ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k), best); d < best {
			best, found = d, k
		}
	}
	if found == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", found)
}

// oneOfNames lists names for a message.
func oneOfNames(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// distance is how many signs must be changed, put in or left out to make one text of
// the other; it may be too large where it is not below limit.
func distance(a, b string, limit int) int {
	if len(a) > 200 || len(b) > 200 || max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// byPlace sorts mistakes by file; within a file they stay in the order they were met.
func byPlace(list []*Mistake) {
	slices.SortStableFunc(list, func(a, b *Mistake) int { return cmp.Compare(a.File, b.File) })
}
