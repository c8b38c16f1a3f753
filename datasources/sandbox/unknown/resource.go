package unknown

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// resource answers a read of what stands below the service root; path is still percent-encoded.
func (l *Ledger) resource(path string, params []param, f format, root string) (reply, *odataError) {
	switch path {
	case "":
		return l.service(f, root), nil
	case "$metadata":
		return reply{http.StatusOK, "application/xml;charset=utf-8", l.metadata}, nil
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return reply{}, badSyntax("The path is not encoded correctly.")
		}
		segments[i] = plain
	}
	name, key, hasKey, fail := head(segments[0])
	if fail != nil {
		return reply{}, fail
	}
	set := l.byName[name]
	if set == nil {
		return reply{}, noSegment(name)
	}
	if !hasKey {
		return l.collection(set, segments[1:], params, f, root)
	}
	row, fail := l.find(set, key)
	if fail != nil {
		return reply{}, fail
	}
	if len(segments) == 1 {
		return l.entity(set, row, params, f, root)
	}
	nav := set.nav(segments[1])
	switch {
	case nav == nil && set.prop(segments[1]) >= 0:
		return reply{}, &odataError{http.StatusNotImplemented, codeSyntax, "Reading a single property is not supported by this service."}
	case nav == nil || len(segments) > 2:
		return reply{}, noSegment(segments[len(segments)-1])
	case !nav.isMany && len(nav.rows[row]) == 0 && l.opts.Version == 4:
		return reply{http.StatusNoContent, f.contentType(), nil}, nil
	case !nav.isMany && len(nav.rows[row]) == 0:
		return reply{}, &odataError{http.StatusNotFound, codeMissing, "Resource not found for the segment '" + nav.name + "'."}
	case !nav.isMany:
		return l.entity(nav.target, int(nav.rows[row][0]), params, f, root)
	}
	q, fail := l.query(nav.target, params)
	if fail != nil {
		return reply{}, fail
	}
	wanted := make(map[int]bool, len(nav.rows[row]))
	for _, at := range nav.rows[row] {
		wanted[int(at)] = true
	}
	var rows []int
	for _, at := range q.run(nav.target) {
		if wanted[at] {
			rows = append(rows, at)
		}
	}
	return l.list(nav.target, rows, q, params, f, root, path)
}

// head splits «Set» and «Set(key)».
func head(segment string) (name, key string, hasKey bool, fail *odataError) {
	name, rest, ok := strings.Cut(segment, "(")
	if !ok {
		return segment, "", false, nil
	}
	key, ok = strings.CutSuffix(rest, ")")
	if !ok {
		return "", "", false, badSyntax("Bad Request - Error in query syntax.")
	}
	return name, key, true, nil
}

func (l *Ledger) collection(set *entitySet, tail []string, params []param, f format, root string) (reply, *odataError) {
	q, fail := l.query(set, params)
	if fail != nil {
		return reply{}, fail
	}
	switch {
	case len(tail) == 0:
		return l.list(set, q.run(set), q, params, f, root, set.name)
	case len(tail) == 1 && tail[0] == "$count":
		return reply{http.StatusOK, "text/plain;charset=utf-8", strconv.AppendInt(nil, int64(len(q.run(set))), 10)}, nil
	}
	return reply{}, noSegment(tail[0])
}

func (l *Ledger) entity(set *entitySet, row int, params []param, f format, root string) (reply, *odataError) {
	for _, p := range params {
		if p.name != "$select" && p.name != "$expand" && p.name != "$format" {
			return reply{}, badOption("Query options $filter, $orderby, $count, $skip, and $top can be applied only on collections.")
		}
	}
	s, fail := l.shape(set, params)
	if fail != nil {
		return reply{}, fail
	}
	return l.printEntity(set, row, s, f, root), nil
}

// find reads a key: a literal, or «Name=literal» for each part. Versions 2 and 3 want the suffix of an Edm.Int64: Set(42L).
func (l *Ledger) find(set *entitySet, key string) (int, *odataError) {
	wrong := badSyntax("Bad Request - Error in query syntax: the key predicate does not match the key of '" + set.name + "'.")
	given := make([]string, len(set.keys))
	isGiven := make([]bool, len(set.keys))
	parts := 0
	for rest := key; ; parts++ {
		at := 0
		if name := word.FindString(rest); name != "" && strings.HasPrefix(rest[len(name):], "=") {
			for at < len(set.keys) && set.keys[at] != name {
				at++
			}
			rest = rest[len(name)+1:]
		} else if len(set.keys) > 1 {
			return 0, wrong
		}
		if at == len(set.keys) || isGiven[at] {
			return 0, wrong
		}
		v, n, long, fail := literal(rest, l.opts.Version)
		if fail != nil {
			return 0, fail
		}
		typ := set.props[set.prop(set.keys[at])].typ
		if n == 0 || v.kind != typ.kind(l.opts.Version) || l.opts.Version < 4 && long != (typ == edmInt64) {
			return 0, wrong
		}
		given[at], isGiven[at] = plain(v), true
		if rest = rest[n:]; rest == "" {
			break
		}
		if !strings.HasPrefix(rest, ",") {
			return 0, wrong
		}
		rest = rest[1:]
	}
	if parts+1 != len(set.keys) {
		return 0, wrong
	}
	row, ok := set.byID[strings.Join(given, "|")]
	if !ok {
		return 0, &odataError{http.StatusNotFound, codeMissing, "Resource not found for the segment '" + set.name + "'."}
	}
	return row, nil
}
