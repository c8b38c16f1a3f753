package odatafake

import (
	"net/url"
	"strconv"
	"strings"
)

// Param is one query option of an address.
type Param struct {
	Name  string
	Raw   string // as sent
	Value string // percent-decoded; a plus sign stays one
}

// Params splits a raw query. Unlike url.ParseQuery it keeps the plus sign, for 1C does not read it as a space, and it
// splits at & only.
func Params(raw string) ([]Param, error) {
	var out []Param
	for raw != "" {
		var one string
		one, raw, _ = strings.Cut(raw, "&")
		if one == "" {
			continue
		}
		k, v, _ := strings.Cut(one, "=")
		name, err := url.PathUnescape(k)
		if err != nil {
			return nil, &Error{Kind: ErrSyntax, Name: k, Text: "encoding"}
		}
		val, err := url.PathUnescape(v)
		if err != nil {
			return nil, &Error{Kind: ErrSyntax, Name: name, Text: "encoding"}
		}
		out = append(out, Param{Name: name, Raw: v, Value: val})
	}
	return out, nil
}

// Count parses $top or $skip.
func Count(name, text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return 0, &Error{Kind: ErrOption, Name: name, Text: text}
	}
	return n, nil
}

// Split splits at commas or semicolons that stand outside brackets and quotes.
func Split(s string, sep byte) []string {
	var out []string
	depth, quoted, start := 0, false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == sep && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
