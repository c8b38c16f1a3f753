package datasources

import (
	"regexp"
	"strings"
)

// LinkRule says which upstream field of a document holds another document's
// number: the whole trimmed field, or the first group of Pattern in it.
type LinkRule struct {
	Field   string
	Pattern *regexp.Regexp // nil = the whole field
}

// LinkRules is the ordered list of rules of one relation of one source, e.g. of
// "Invoice.order".
type LinkRules []LinkRule

// Fields returns the upstream fields the rules read.
func (r LinkRules) Fields() []string {
	names := make([]string, 0, len(r))
	for _, rule := range r {
		names = append(names, rule.Field)
	}
	return names
}

// Exact reports whether every rule is a whole field, so that a source can be
// asked for equality.
func (r LinkRules) Exact() bool {
	for _, rule := range r {
		if rule.Pattern != nil {
			return false
		}
	}
	return len(r) > 0
}

// Extract returns the candidate numbers in the rules' order, without repeats.
// get returns the text of an upstream field, "" when absent.
func (r LinkRules) Extract(get func(field string) string) []string {
	var found []string
	for _, rule := range r {
		text := get(rule.Field)
		if rule.Pattern != nil {
			m := rule.Pattern.FindStringSubmatch(text)
			switch {
			case m == nil:
				continue
			case len(m) > 1:
				text = m[1]
			default:
				text = m[0]
			}
		}
		text = strings.TrimSpace(text)
		if text == "" || contains(found, text) {
			continue
		}
		found = append(found, text)
	}
	return found
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
