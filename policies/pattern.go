package policies

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/ory/ladon"
	"github.com/ory/ladon/compiler"
)

// maxPattern bounds a name or pattern: the matcher backtracks.
const maxPattern = 1000

// isPattern reports whether Ladon reads a name as a pattern.
func isPattern(name string) bool { return strings.ContainsAny(name, "<>") }

// pattern is a name as both regexp (RE2) and Ladon's matcher (regexp2) read it. Where
// the two differ the name is refused: nobody could say what it means.
type pattern struct {
	text  string
	re    *regexp.Regexp // nil for a plain name
	ladon *matcher
}

// matcher is Ladon's, which reads <…> as patterns.
type matcher struct {
	of    *ladon.RegexpMatcher
	spent time.Duration // by find; one goroutine calls it, while the documents are loaded
}

// findBudget bounds what trying the patterns of a set of documents may take, which is
// some milliseconds: a single match may be just quick enough, and four hundred not.
const findBudget = 5 * time.Second

// newMatcher makes a matcher that keeps so many compiled patterns.
func newMatcher(size int) *matcher { return &matcher{of: ladon.NewRegexpMatcher(size)} }

// tries is how often a match is tried. Ladon gives each 250 ms by the clock on the
// wall, which a process that got no processor in time exceeds with any pattern.
const tries = 3

func (m *matcher) matches(name, needle string) (ok bool, err error) {
	for range tries {
		if ok, err = m.of.Matches(&ladon.DefaultPolicy{}, []string{name}, needle); err == nil {
			return ok, nil
		}
	}
	return false, fmt.Errorf("match %s: %w", name, err)
}

// pattern checks a name and makes it ready; the text says what is wrong with it.
func (m *matcher) pattern(name string) (pattern, string) {
	p := pattern{text: name, ladon: m}
	if len(name) > maxPattern {
		return p, fmt.Sprintf("is longer than %d signs", maxPattern)
	}
	if !isPattern(name) {
		return p, ""
	}
	var whole strings.Builder
	level, start := 0, 0
	whole.WriteByte('^')
	for i := range len(name) {
		switch name[i] {
		case '<':
			if level++; level == 1 {
				whole.WriteString(regexp.QuoteMeta(name[start:i]))
				start = i + 1
			}
		case '>':
			if level--; level < 0 {
				return p, "has a > without its <"
			}
			if level > 0 {
				continue
			}
			part := name[start:i]
			if part == "" {
				return p, "has an empty <>"
			}
			// Each part by itself, as a bracket closed in another part would go unseen.
			if _, err := regexp.Compile(part); err != nil {
				return p, fmt.Sprintf("has a pattern that is refused: %s", err)
			}
			if repeatsRepeats(part) {
				return p, "has a pattern that repeats what is repeated already, which can take very long"
			}
			whole.WriteString("(" + part + ")")
			start = i + 1
		}
	}
	if level != 0 {
		return p, "has a < without its >"
	}
	whole.WriteString(regexp.QuoteMeta(name[start:]))
	re, err := regexp.Compile(whole.String() + "$")
	if err != nil {
		return p, fmt.Sprintf("has a pattern that is refused: %s", err)
	}
	if _, err := compiler.CompileRegex(name, '<', '>'); err != nil {
		return p, fmt.Sprintf("has a pattern that Ladon refuses: %s", err)
	}
	p.re = re
	return p, ""
}

// repeatsRepeats reports whether a pattern has a repetition within a repetition, as
// (a+)+ has: a matcher that backtracks may take time that doubles with each sign.
func repeatsRepeats(part string) bool {
	re, err := syntax.Parse(part, syntax.Perl)
	return err == nil && nested(re, false)
}

func nested(re *syntax.Regexp, within bool) bool {
	repeats := re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max != 0 && re.Max != 1
	if repeats && within {
		return true
	}
	for _, sub := range re.Sub {
		if nested(sub, within || repeats) {
			return true
		}
	}
	return false
}

// find returns which of the names the pattern matches, by their places; the text says
// what is wrong, that it took too long or means two things.
func (p pattern) find(names []string) (found []int, wrong string) {
	if p.re == nil {
		if i := slices.Index(names, p.text); i >= 0 {
			found = append(found, i)
		}
		return found, ""
	}
	start := time.Now()
	before := p.ladon.spent
	defer func() { p.ladon.spent = before + time.Since(start) }()
	for i, n := range names {
		ok, err := p.ladon.matches(p.text, n)
		if err != nil || before+time.Since(start) > findBudget {
			return nil, "has a pattern that takes too long"
		}
		if ok != p.re.MatchString(n) {
			return nil, fmt.Sprintf("has a pattern that is understood in two ways: %s is matched by one and not by the other", n)
		}
		if ok {
			found = append(found, i)
		}
	}
	return found, ""
}
