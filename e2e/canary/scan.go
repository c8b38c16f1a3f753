package canary

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// Found is a canary that a text holds.
type Found struct {
	*Cell
	At string // the text around it, or what it was hidden in
}

// Scanner looks for canaries as they are, and behind the usual encodings.
type Scanner struct {
	of            *Registry
	coded, hidden *regexp.Regexp

	mu    sync.Mutex // guards clean
	clean map[string]bool
}

// Scanner returns a scanner for the world's canaries.
func (r *Registry) Scanner() *Scanner {
	return &Scanner{
		of:     r,
		clean:  map[string]bool{},
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
		s.decoded(token, add)
	}
	return out
}

// decoded looks behind the encodings of a token. Ids come again and again: those in
// which nothing was found are remembered.
func (s *Scanner) decoded(token string, add func(*Cell, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clean[token] {
		return
	}
	clean := true
	found := func(c *Cell, at string) {
		clean = clean && c == nil
		add(c, at)
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// A code may begin anywhere in what looks like one.
		for from := range min(4, len(token)) {
			t := token[from:]
			if len(t)%4 == 1 {
				t = t[:len(t)-1]
			}
			if b, err := e.DecodeString(t); err == nil {
				s.plain(string(b), "base64 of "+token, found)
			}
		}
	}
	if b, err := hex.DecodeString(token[:len(token)/2*2]); err == nil {
		s.plain(string(b), "hex of "+token, found)
	}
	if clean && len(s.clean) < 1<<16 {
		s.clean[token] = true
	}
}

// plain looks at a text as it is, in one pass.
func (s *Scanner) plain(text, in string, add func(*Cell, string)) {
	told := func(c *Cell, from, to int) {
		switch {
		case c == nil:
		case in != "":
			add(c, in)
		default:
			add(c, text[max(0, from-60):min(len(text), to+40)])
		}
	}
	const name, second, day = len("canary-0000"), len("2031-01-01T00:00:00"), len("2031-01-01")
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			to := i + 1
			for to < len(text) && text[to] >= '0' && text[to] <= '9' {
				to++
			}
			switch {
			case to-i >= digits:
				told(s.of.runs[text[i:i+digits]], i, to)
			case to-i == 4 && i+second <= len(text) && text[i+day] == 'T':
				told(s.of.times[text[i:i+second]], i, i+second)
				// The first moment of a day is no canary: it is what a mask shows.
				if !strings.HasSuffix(text[i:i+second], "T00:00:00") {
					told(s.of.times[text[i:i+day]], i, i+day)
				}
			case to-i == 4 && i+day <= len(text):
				told(s.of.times[text[i:i+day]], i, i+day)
			}
			i = to - 1
		case (c == 'c' || c == 'C') && i+name <= len(text) && strings.EqualFold(text[i:i+7], "canary-"):
			at := strings.ToLower(text[i : i+name])
			if at == Rage[:name] {
				told(&Cell{Canary: Rage, Label: "what the system said"}, i, i+name)
			}
			told(s.of.texts[at], i, i+name)
		case c == '"' && i+5 <= len(text) && text[i+4] == '"':
			told(s.of.codes[text[i+1:i+4]], i, i+5)
		}
	}
}
