package creatio

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// dialect is what Creatio's OData 4 takes. «in» is left out: the vendor does not document it, and a client that was tried
// against a real instance rewrites it.
var dialect = &odatafake.Dialect{NoForeignKeys: true, Functions: map[string]bool{
	"contains": true, "startswith": true, "endswith": true, "tolower": true, "toupper": true, "trim": true, "length": true,
	"indexof": true, "substring": true, "concat": true, "year": true, "month": true, "day": true, "hour": true,
	"minute": true, "second": true, "round": true, "floor": true, "ceiling": true,
}}

// query is what a request for data knows of its surroundings.
type query struct {
	base   string // absolute address of the service root, ending in a slash
	accept string
}

func (q query) format() *odatafake.Format {
	return &odatafake.Format{Zone: "Z", Fraction: true, Scale: 2, NullZeroTime: true, TextDecimals: strings.Contains(strings.ToLower(q.accept), "ieee754compatible=true")}
}

func (q query) noContext() bool { return strings.Contains(q.accept, "odata.metadata=none") }

// resource answers a request for anything below the service root; rest and rawQuery are as in its address.
func (s *Server) resource(method, rest, rawQuery string, q query) reply {
	params, err := odatafake.Params(rawQuery)
	if err != nil {
		return mistake(err, "")
	}
	switch rest {
	case "$metadata":
		if method != http.MethodGet {
			return failure(http.StatusMethodNotAllowed, "The requested resource does not support http method '"+method+"'.", "", "")
		}
		return reply{status: http.StatusOK, contentType: "application/xml", header: version, body: s.metadata()}
	case "":
		return s.root(q)
	}
	set, key, tail, ok := split(rest)
	now := s.now.Load()
	t := now.tables[set]
	if !ok || t == nil {
		return notFoundPage()
	}
	if method != http.MethodGet {
		// The world is read-only; a user without the right to write gets the same.
		return failure(http.StatusForbidden, "An error has occurred.", "Current user does not have sufficient permissions to write records of \""+set+"\".", "System.Security.SecurityException")
	}
	opts, out, ok := s.options(t, params)
	switch {
	case !ok:
		return out
	case key != "" && tail == "":
		return s.entity(now, t, key, opts, q)
	case key == "" && tail == "$count":
		rows := s.rows(now, t, opts)
		return reply{status: http.StatusOK, contentType: "text/plain; charset=utf-8", header: version, body: strconv.AppendInt(nil, int64(rows.Len()), 10)}
	case key == "" && tail == "":
		return s.collection(now, t, opts, q)
	}
	return notFoundPage()
}

var version = map[string]string{"OData-Version": "4.0"}

// split splits Set, Set(key), Set/$count.
func split(rest string) (set, key, tail string, ok bool) {
	head, tail, _ := strings.Cut(rest, "/")
	set = head
	if i := strings.IndexByte(head, '('); i >= 0 {
		if !strings.HasSuffix(head, ")") || i+2 > len(head)-1 {
			return "", "", "", false
		}
		set, key = head[:i], head[i+1:len(head)-1]
	}
	return set, key, tail, true
}

func (s *Server) root(q query) reply {
	b := append([]byte(`{"@odata.context":`), jsonString(q.base+"$metadata")...)
	b = append(b, `,"value":[`...)
	for i, n := range s.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":"`+n+`","kind":"EntitySet","url":"`+n+`"}`...)
	}
	b = append(b, `]}`...)
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: b}
}

func jsonString(s string) []byte { return odatafake.AppendString(nil, s) }

// options are the query options of a request, bound to its table.
type options struct {
	filter    *odatafake.Filter
	order     []odatafake.OrderKey
	shape     *odatafake.Shape
	context   string // the select list within @odata.context
	top, skip int
	hasTop    bool
	token     int // rows before the page of a $skiptoken
	count     bool
	kept      []odatafake.Param // what a next link repeats
}

func (s *Server) options(t *odatafake.Table, params []odatafake.Param) (options, reply, bool) {
	var o options
	var sel, exp string
	bad := func(err error) (options, reply, bool) { return o, mistake(err, t.Name), false }
	seen := map[string]bool{}
	for _, p := range params {
		if strings.HasPrefix(p.Name, "$") && seen[p.Name] {
			return o, failure(http.StatusBadRequest, invalidQuery+"Query option '"+p.Name+"' was specified more than once, but it must be specified at most once.", "", ""), false
		}
		seen[p.Name] = true
		keep := true
		var err error
		switch p.Name {
		case "$filter":
			// A plus sign that stands for itself is sent as %2B; a bare one is a space to this server.
			text := p.Value
			if strings.Contains(p.Raw, "+") {
				text, err = url.QueryUnescape(p.Raw)
			}
			if err == nil {
				o.filter, err = t.Bind(text, dialect)
			}
		case "$orderby":
			o.order, err = t.BindOrder(strings.ReplaceAll(p.Value, "+", " "), dialect)
		case "$select":
			sel = p.Value
		case "$expand":
			exp = p.Value
		case "$top":
			o.top, err = odatafake.Count(p.Name, p.Value)
			o.hasTop, keep = true, false
		case "$skip":
			o.skip, err = odatafake.Count(p.Name, p.Value)
			keep = false
		case "$skiptoken":
			o.token, err = odatafake.Count(p.Name, p.Value)
			keep = false
		case "$count":
			if p.Value != "true" && p.Value != "false" {
				err = &odatafake.Error{Kind: odatafake.ErrOption, Name: p.Name, Text: p.Value}
			}
			o.count = p.Value == "true"
		case "$format":
		default:
			if strings.HasPrefix(p.Name, "$") {
				return o, failure(http.StatusBadRequest, invalidQuery+"The query parameter '"+p.Name+"' is not supported.", "", ""), false
			}
		}
		if err != nil {
			return bad(err)
		}
		if keep {
			o.kept = append(o.kept, p)
		}
	}
	shape, context, err := shapeOf(t, sel, exp, 0)
	if err != nil {
		return bad(err)
	}
	o.shape, o.context = shape, context
	return o, reply{}, true
}

// shapeOf binds $select and $expand; the text is how @odata.context names them.
func shapeOf(t *odatafake.Table, sel, exp string, depth int) (*odatafake.Shape, string, error) {
	if depth > 3 {
		return nil, "", &odatafake.Error{Kind: odatafake.ErrSyntax, Text: "expand"}
	}
	shape := t.Whole(false)
	var names []string
	if sel = strings.TrimSpace(sel); sel != "" && sel != "*" {
		shape = &odatafake.Shape{}
		for name := range strings.SplitSeq(sel, ",") {
			name = strings.TrimSpace(name)
			c := t.Column(name)
			if c == nil {
				return nil, "", &odatafake.Error{Kind: odatafake.ErrProperty, Name: name, Text: t.Name}
			}
			shape.Items = append(shape.Items, odatafake.Item{Column: c})
			names = append(names, name)
		}
	}
	if exp = strings.TrimSpace(exp); exp == "" {
		return shape, strings.Join(names, ","), nil
	}
	for _, one := range odatafake.Split(exp, ',') {
		name, inner, nested := strings.Cut(strings.TrimSpace(one), "(")
		nav := t.Nav(name, "")
		if nav == nil {
			return nil, "", &odatafake.Error{Kind: odatafake.ErrProperty, Name: name, Text: t.Name}
		}
		var isel, iexp string
		if nested {
			if !strings.HasSuffix(inner, ")") {
				return nil, "", &odatafake.Error{Kind: odatafake.ErrSyntax, Text: "expand"}
			}
			for _, opt := range odatafake.Split(strings.TrimSuffix(inner, ")"), ';') {
				k, v, _ := strings.Cut(opt, "=")
				switch k {
				case "$select":
					isel = v
				case "$expand":
					iexp = v
				default:
					return nil, "", &odatafake.Error{Kind: odatafake.ErrSyntax, Name: k, Text: "expand"}
				}
			}
		}
		sub, text, err := shapeOf(nav.Target, isel, iexp, depth+1)
		if err != nil {
			return nil, "", err
		}
		shape.Items = append(shape.Items, odatafake.Item{Nav: nav, Sub: sub})
		names = append(names, name+"("+text+")")
	}
	return shape, strings.Join(names, ","), nil
}

func (s *Server) rows(now *state, t *odatafake.Table, o options) odatafake.Rows {
	if s.hidden[t.Name] {
		return odatafake.Rows{}
	}
	rows := t.Select(o.filter, o.order)
	gone := now.edits[t.Name].Gone()
	if len(gone) == 0 {
		return rows
	}
	var left []int32
	for i := range rows.Len() {
		if r := rows.At(i); !gone[r] {
			left = append(left, int32(r))
		}
	}
	return odatafake.RowsOf(left)
}

func (s *Server) collection(now *state, t *odatafake.Table, o options, q query) reply {
	rows := s.rows(now, t, o)
	from := min(o.skip+o.token, rows.Len())
	to := rows.Len()
	if o.hasTop {
		to = min(to, from+o.top)
	}
	// Without a server page the surplus beyond the setting is cut without a word.
	next := -1
	if s.opts.PageSize > 0 && to-from > s.opts.PageSize {
		next = from + s.opts.PageSize
		to = next
	} else if to-from > s.opts.MaxRows {
		to = from + s.opts.MaxRows
	}

	b := make([]byte, 0, 512+256*(to-from))
	b = append(b, '{')
	if !q.noContext() {
		b = append(b, `"@odata.context":`...)
		b = append(b, jsonString(q.base+"$metadata#"+t.Name+bracketed(o.context))...)
		b = append(b, ',')
	}
	if o.count {
		b = append(b, `"@odata.count":`...)
		b = strconv.AppendInt(b, int64(rows.Len()), 10)
		b = append(b, ',')
	}
	b = append(b, `"value":[`...)
	f := q.format()
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		b = o.shape.Append(b, rows.At(i), f, nil)
	}
	b = append(b, ']')
	if next >= 0 {
		b = append(b, `,"@odata.nextLink":`...)
		b = append(b, jsonString(q.base+t.Name+"?"+o.link(next, from))...)
	}
	b = append(b, '}')
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: b}
}

// link returns the query of a next link: the request's own, with what is left of $top and the token of the next page.
func (o *options) link(next, from int) string {
	var b strings.Builder
	for _, p := range o.kept {
		b.WriteString(p.Name + "=" + p.Raw + "&")
	}
	if o.hasTop {
		b.WriteString("$top=" + strconv.Itoa(o.top-(next-from)) + "&")
	}
	b.WriteString("$skiptoken=" + strconv.Itoa(next))
	return b.String()
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func (s *Server) entity(now *state, t *odatafake.Table, key string, o options, q query) reply {
	e, err := odatafake.Parse(key, dialect)
	lit, isLit := e.(*odatafake.Lit)
	if err != nil || !isLit || lit.Value.Kind != odatafake.KindGUID {
		return failure(http.StatusBadRequest, invalidQuery+"The key value '"+key+"' cannot be parsed as Edm.Guid.", "", "")
	}
	row := t.Find("Id", lit.Value)
	if row < 0 || s.hidden[t.Name] || now.edits[t.Name].Gone()[row] {
		return failure(http.StatusNotFound, "The resource you are looking for has been removed, had its name changed, or is temporarily unavailable.", "", "")
	}
	var first []byte
	if !q.noContext() {
		first = append([]byte(`"@odata.context":`), jsonString(q.base+"$metadata#"+t.Name+bracketed(o.context)+"/$entity")...)
	}
	b := o.shape.Append(nil, row, q.format(), first)
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: b}
}
