package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
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
	if n := schema.Nearest(name, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// oneOfNames lists names for a message.
func oneOfNames(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// byPlace sorts mistakes by file; within a file they stay in the order they were met.
func byPlace(list []*Mistake) {
	slices.SortStableFunc(list, func(a, b *Mistake) int { return cmp.Compare(a.File, b.File) })
}
