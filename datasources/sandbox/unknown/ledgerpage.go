package unknown

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strings"
)

// list answers one page of rows and a link to the next, if there is one.
func (l *Ledger) list(set *entitySet, rows []int, q *query, params []param, f format, root, path string) (reply, *odataError) {
	total := len(rows)
	from, left := q.skip, q.top
	mark := mark64(path, params)
	if q.token != "" {
		var ok bool
		if from, left, ok = untoken(q.token, mark); !ok {
			return reply{}, badSyntax("Malformed $skiptoken value.")
		}
	}
	from = min(from, total)
	to := total
	if left >= 0 {
		to = min(to, from+left)
	}
	next := ""
	if size := l.opts.PageSize; size > 0 && to-from > size {
		to = from + size
		if left >= 0 {
			left -= size
		}
		next = l.nextLink(root, path, params, token(to, left, mark))
	}
	return l.printList(set, rows[from:to], total, q, next, f, root), nil
}

// nextLink repeats the caller's options but for those that the token stands for.
func (l *Ledger) nextLink(root, path string, params []param, token string) string {
	var b strings.Builder
	if !l.opts.RelativeNext || l.opts.Version == 2 {
		b.WriteString(root)
	}
	b.WriteString(path + "?")
	for _, p := range params {
		if p.name == "$skiptoken" || p.name == "$top" || p.name == "$skip" {
			continue
		}
		b.WriteString(p.name + "=" + strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20") + "&")
	}
	b.WriteString("$skiptoken=" + url.QueryEscape(token))
	return b.String()
}

// mark64 names the list that a token belongs to.
func mark64(path string, params []param) uint64 {
	h := fnv.New64a()
	filter, _ := option(params, "$filter")
	order, _ := option(params, "$orderby")
	_, _ = fmt.Fprintf(h, "%q%q%q", path, filter, order)
	return h.Sum64()
}

func token(from, left int, mark uint64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%016x.%d.%d", mark, from, left))
}

func untoken(text string, mark uint64) (from, left int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, 0, false
	}
	var m uint64
	n, err := fmt.Sscanf(string(raw), "%016x.%d.%d", &m, &from, &left)
	return from, left, err == nil && n == 3 && m == mark && from >= 0 && left >= -1
}

// service is the service document.
func (l *Ledger) service(f format, root string) reply {
	var list []byte
	for i, t := range l.sets {
		if i > 0 {
			list = append(list, ',')
		}
		switch {
		case f.level == "verbose":
			list = appendText(list, t.name)
		case l.opts.Version == 3:
			list = object(list, []member{text("name", t.name), text("url", t.name)})
		default:
			list = object(list, []member{text("name", t.name), text("kind", "EntitySet"), text("url", t.name)})
		}
	}
	list = append(append([]byte{'['}, list...), ']')
	switch {
	case !f.json:
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="utf-8"?><service xml:base="` + root + `" xmlns="http://www.w3.org/2007/app" xmlns:atom="http://www.w3.org/2005/Atom"><workspace><atom:title>Default</atom:title>`)
		for _, t := range l.sets {
			b.WriteString(`<collection href="` + t.name + `"><atom:title>` + t.name + `</atom:title></collection>`)
		}
		b.WriteString(`</workspace></service>`)
		return reply{http.StatusOK, "application/atomsvc+xml;charset=utf-8", []byte(b.String())}
	case f.level == "verbose":
		inner := object(nil, []member{{"EntitySets", list}})
		return reply{http.StatusOK, f.contentType(), object(nil, []member{{"d", inner}})}
	}
	var members []member
	if f.level != "none" {
		members = append(members, text(f.control("metadata"), root+"$metadata"))
	}
	return reply{http.StatusOK, f.contentType(), object(nil, append(members, member{"value", list}))}
}
