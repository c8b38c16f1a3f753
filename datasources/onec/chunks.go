package onec

import (
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// where adds conditions to a request.
func (q request) where(parts ...string) request {
	all := make([]string, 0, len(parts)+1)
	if q.filter != "" {
		all = append(all, q.filter)
	}
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	q.filter = strings.Join(all, " and ")
	return q
}

// anyOf makes the or-chain over keys: 1C has no "in" (1C OData facts, §6). It
// always has brackets, as other conditions may stand beside it.
func anyOf(keys []string, term func(string) string) string {
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		if t := term(k); t != "" {
			parts = append(parts, t)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

const orWord = "%20or%20"

// maxLen returns the encoded length of the longest term with its "or".
func maxLen(keys []string, term func(string) string) int {
	longest := 0
	for _, k := range keys {
		longest = max(longest, len(wire.QueryEscape20(term(k))))
	}
	return longest + len(orWord)
}

// fit returns how many keys with terms of that length a request has room for, at
// least one. reserve is kept free for what is added later.
func (c *client) fit(q request, reserve, term int) int {
	used := len(q.where("()").query(c.cfg.AllowedOnly)) + reserve
	n := (int(c.longest.Load()) - used + len(orWord)) / max(1, term) // the last has no "or"
	return max(1, min(n, c.cfg.Batch))
}

// inHalves asks for keys; when the address is too long for the web server, it
// asks once more for each half, and remembers the length that passed.
func inHalves[R any](c *client, keys []string, make func(keys []string) request, ask func(keys []string, q request) (R, error), join func(a, b R) R) (R, error) {
	out, err := ask(keys, make(keys))
	if !wire.IsTooLong(err) || len(keys) < 2 {
		return out, err
	}
	half := (len(keys) + 1) / 2
	q := make(keys[:half])
	c.shrink(max(minQuery, len(q.query(c.cfg.AllowedOnly))))
	a, err := ask(keys[:half], q)
	if err != nil {
		return a, err
	}
	b, err := ask(keys[half:], make(keys[half:]))
	if err != nil {
		return b, err
	}
	return join(a, b), nil
}
