package canary

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
)

// Found is a canary that a text holds.
type Found struct {
	*Cell
	At string // the text around it, or what it was hidden in
}

// Scanner looks for canaries as they are, and behind the usual encodings.
type Scanner struct {
	of            *Registry
	name, run     *regexp.Regexp
	second, code  *regexp.Regexp
	coded, hidden *regexp.Regexp
}

// Scanner returns a scanner for the world's canaries.
func (r *Registry) Scanner() *Scanner {
	return &Scanner{
		of:     r,
		name:   regexp.MustCompile(`(?i)canary-\d{4}`),
		run:    regexp.MustCompile(`\d{10,}`),
		second: regexp.MustCompile(`20[34]\d-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?`),
		code:   regexp.MustCompile(`"[A-Z]{3}"`),
		coded:  regexp.MustCompile(`[A-Za-z0-9+/_-]{10,}`),
		hidden: regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|&#`),
	}
}

// Find returns the canaries of a text, each once.
func (s *Scanner) Find(text string) []Found {
	seen := map[*Cell]bool{}
	var out []Found
	add := func(c *Cell, at string) {
		if c != nil && !seen[c] {
			seen[c] = true
			out = append(out, Found{c, at})
		}
	}
	s.plain(text, "", add)
	if s.hidden.MatchString(text) {
		if u, err := url.QueryUnescape(text); err == nil {
			s.plain(u, "url-encoded", add)
		}
		s.plain(html.UnescapeString(strings.ReplaceAll(text, `\u00`, "&#x")), "escaped", add)
	}
	for _, token := range s.coded.FindAllString(text, -1) {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			// A code may begin anywhere in what looks like one.
			for from := range min(4, len(token)) {
				t := token[from:]
				if len(t)%4 == 1 {
					t = t[:len(t)-1]
				}
				if b, err := e.DecodeString(t); err == nil {
					s.plain(string(b), "base64 of "+token, add)
				}
			}
		}
		if b, err := hex.DecodeString(token[:len(token)/2*2]); err == nil {
			s.plain(string(b), "hex of "+token, add)
		}
	}
	return out
}

func (s *Scanner) plain(text, in string, add func(*Cell, string)) {
	around := func(at []int) string {
		if in != "" {
			return in
		}
		return text[max(0, at[0]-60):min(len(text), at[1]+40)]
	}
	for _, at := range s.name.FindAllStringIndex(text, -1) {
		name := strings.ToLower(text[at[0]:at[1]])
		c := s.of.texts[name]
		if name == Rage[:len(name)] {
			c = &Cell{Canary: Rage, Label: "what the system said"}
		}
		add(c, around(at))
	}
	for _, at := range s.run.FindAllStringIndex(text, -1) {
		add(s.of.runs[text[at[0]:at[0]+digits]], around(at))
	}
	for _, at := range s.second.FindAllStringIndex(text, -1) {
		// The first moment of a year is what the mask shows.
		if t := text[at[0]:at[1]]; !strings.HasSuffix(t, "-01-01T00:00:00") {
			add(s.of.times[t], around(at))
		}
	}
	for _, at := range s.code.FindAllStringIndex(text, -1) {
		add(s.of.codes[text[at[0]+1:at[1]-1]], around(at))
	}
}
