package creatio

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// ask is one question to one table.
type ask struct {
	set    string
	filter string // an OData expression, not yet encoded
	cols   []string
	expand string
	order  string
	top    int // 0 = not said
	skip   int
	count  bool
}

// address is the question relative to the service's path, encoded.
func (a ask) address() string {
	var b strings.Builder
	b.WriteString(a.set)
	sign := byte('?')
	add := func(name, value string) {
		b.WriteByte(sign)
		sign = '&'
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(wire.QueryEscape20(value))
	}
	if len(a.cols) > 0 {
		add("$select", strings.Join(a.cols, ","))
	}
	if a.expand != "" {
		add("$expand", a.expand)
	}
	if a.filter != "" {
		add("$filter", a.filter)
	}
	if a.order != "" {
		add("$orderby", a.order)
	}
	if a.top > 0 {
		add("$top", strconv.Itoa(a.top))
	}
	if a.skip > 0 {
		add("$skip", strconv.Itoa(a.skip))
	}
	if a.count {
		add("$count", "true")
	}
	return b.String()
}

// size is the length of the query, which IIS bounds.
func (a ask) size() int { return len(a.address()) - len(a.set) }

// Literals ("Creatio facts", §3): GUIDs and times bare, texts quoted with quotes
// doubled.

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z") }

// chain is an or-chain over some keys: one address.
type chain struct {
	keys []string
	ask  ask
}

// term is a key with the condition that finds its rows.
type term struct{ key, expr string }

// orJoin is what stands between two terms, encoded.
const orJoin = len("%20or%20")

// chains packs terms into as few questions as the limits of keys and bytes
// allow. base is the question without them; its filter holds beside the chain.
// A term that does not fit even alone is left out: no record has such a key.
func chains(base ask, terms []term) []chain {
	with := func(group []term) ask {
		exprs := make([]string, len(group))
		for i := range group {
			exprs[i] = group[i].expr
		}
		a := base
		a.filter = both(anyOf(exprs), base.filter)
		return a
	}
	// What the question costs without its terms, with room for $skip.
	fixed := with([]term{{expr: ""}}).size() + len("%20and%20()()$skip=20000&")
	var list []chain
	var group []term
	used := fixed
	flush := func() {
		if len(group) == 0 {
			return
		}
		c := chain{ask: with(group)}
		for i := range group {
			c.keys = append(c.keys, group[i].key)
		}
		list = append(list, c)
		group, used = nil, fixed
	}
	for _, t := range terms {
		n := len(wire.QueryEscape20(t.expr)) + orJoin
		if fixed+n > maxQuery {
			continue
		}
		if len(group) == maxChain || used+n > maxQuery {
			flush()
		}
		group = append(group, t)
		used += n
	}
	flush()
	return list
}

func anyOf(exprs []string) string {
	if len(exprs) == 1 {
		return exprs[0]
	}
	return "(" + strings.Join(exprs, " or ") + ")"
}

func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " and " + b
}

// spread divides chains so that several groups can go side by side, each of at
// most size.
func spread(list []chain, size int) [][]chain { return slices.Collect(slices.Chunk(list, size)) }

// follow turns a next link into an address relative to the site, and refuses one
// that leads to another host or another table: it would carry our session there.
// The scheme is not compared: behind a proxy a site believes itself to be http.
func (s *source) follow(st *site, set, link string) (string, error) {
	here := s.address(st.path + "/" + set)
	u, err := url.Parse(link)
	if err != nil || len(link) > 8192 {
		return "", errNextLink
	}
	u = here.ResolveReference(u)
	if u.User != nil || u.Opaque != "" || !strings.EqualFold(u.Host, here.Host) || u.Path != here.Path || u.RawQuery == "" {
		return "", errNextLink
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", errNextLink
	}
	if slices.ContainsFunc([]byte(u.RawQuery), func(c byte) bool { return c <= ' ' || c >= 0x7f }) {
		// Some builds send spaces as they are.
		u.RawQuery = escapeQuery(u.RawQuery)
	}
	return st.path + "/" + set + "?" + u.RawQuery, nil
}

func escapeQuery(q string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(q[i])
	}
	return b.String()
}
