package odata

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// option is one query option, decoded.
type option struct{ name, value string }

// The system query options that are done (Part 2 §5.1).
const (
	optFilter    = "$filter"
	optOrderBy   = "$orderby"
	optSelect    = "$select"
	optTop       = "$top"
	optSkip      = "$skip"
	optCount     = "$count"
	optFormat    = "$format"
	optSkipToken = "$skiptoken"

	// APIKey is the query option which carries a token. It is for the door, and
	// is in nothing this package gives back or prints.
	APIKey = "api_key"
)

// takenBy are the options that have a meaning for a target. Any other is refused
// there: what has no effect must not look as if it had one. $top, $skip and
// $orderby would not change a /$count (Part 1 §11.2.9).
func takenBy(t Target) []string {
	switch t {
	case Rows:
		return []string{optFilter, optOrderBy, optSelect, optTop, optSkip, optCount, optFormat, optSkipToken}
	case Row:
		return []string{optSelect, optFormat}
	case Count:
		return []string{optFilter}
	case ServiceDocument, Metadata:
		return []string{optFormat}
	}
	return nil
}

func isForeignOption(name string) bool {
	switch name {
	case "$expand", "$search", "$apply", "$compute", "$levels", "$deltatoken", "$delta", "$index", "$schemaversion", "$id", "$root":
		return true
	}
	return false
}

// parseOptions splits and decodes a query string: "&" first, then the first "=",
// then percent-encoding and "+" (Part 2 §2).
// taken are the options that have a meaning, for what is what they have it for.
func parseOptions(rawQuery string, taken []string, what string, limits Limits) (options []option, token string, err error) {
	seen := map[string]string{}
	for item := range strings.SplitSeq(rawQuery, "&") {
		if item == "" {
			continue
		}
		rawName, rawValue, hasValue := strings.Cut(item, "=")
		name, ok := unescape(rawName, true)
		if !ok {
			return nil, "", badf("", "the name of a query option has a broken percent-encoding or is not UTF-8")
		}
		name = strings.TrimSpace(name)
		if err := known(name, taken, what, limits); err != nil {
			return nil, "", err
		}
		value, ok := unescape(rawValue, true)
		if !ok {
			return nil, "", badf(name, "the value has a broken percent-encoding or is not UTF-8")
		}
		if !hasValue {
			return nil, "", badf(name, "there is no = and no value")
		}
		if before, again := seen[name]; again {
			if before != value {
				return nil, "", badf(name, "the option is there twice with different values")
			}
			continue
		}
		seen[name] = value
		switch name {
		case APIKey:
		case optSkipToken:
			if token = value; token == "" {
				return nil, "", foreignToken()
			}
		default:
			options = append(options, option{name, value})
		}
	}
	return options, token, nil
}

// NoOptions refuses every query option but api_key, for what stands beside the
// resources of the service; what names it in the error, which is an *Error.
func NoOptions(rawQuery, what string, limits Limits) error {
	limits = limits.withDefaults()
	if len(rawQuery) > limits.QueryBytes {
		return longQuery(rawQuery, limits)
	}
	_, _, err := parseOptions(rawQuery, nil, what, limits)
	return err
}

func longQuery(rawQuery string, limits Limits) *Error {
	return tooLongf("", "the query string has %d bytes, at most %d are read", len(rawQuery), limits.QueryBytes)
}

// APIKeys returns the values of every api_key in a raw query string, however its
// name is spelt; what Parse refuses is left out.
func APIKeys(rawQuery string) []string {
	var keys []string
	for item := range strings.SplitSeq(rawQuery, "&") {
		rawName, rawValue, hasValue := strings.Cut(item, "=")
		name, ok := unescape(rawName, true)
		if !ok || strings.TrimSpace(name) != APIKey || !hasValue {
			continue
		}
		if value, ok := unescape(rawValue, true); ok {
			keys = append(keys, value)
		}
	}
	return keys
}

// known refuses an option by its name alone.
func known(name string, taken []string, what string, limits Limits) *Error {
	if name == APIKey || slices.Contains(limits.Custom, name) {
		return nil
	}
	if slices.Contains(taken, name) {
		return nil
	}
	all := takenBy(Rows)
	switch {
	case slices.Contains(all, name):
		return badf(name, "the option has no meaning for %s", what)
	case isForeignOption(name):
		return unsupported("", "the query option "+name)
	case strings.HasPrefix(name, "@"):
		return unsupported("", "a parameter alias")
	case name == "$inlinecount":
		return badf("", "$inlinecount is not OData 4; write $count=true")
	}
	hint := schema.DidYouMean(name, all)
	if slices.Contains(all, "$"+strings.ToLower(name)) {
		hint = ", did you mean $" + strings.ToLower(name) + "?"
	}
	return badf("", "there is no query option %s%s", shown(name), hint)
}

// String names the target for an error.
func (t Target) String() string {
	switch t {
	case ServiceDocument:
		return "the service document"
	case Metadata:
		return "$metadata"
	case Rows:
		return "an entity set"
	case Row:
		return "one row"
	case Count:
		return "/$count"
	}
	return "$batch"
}
