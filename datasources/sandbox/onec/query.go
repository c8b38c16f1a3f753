package onec

import (
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// dialect is what the manual lists. Not among it: in, length, indexof, replace, tolower, toupper, trim, floor, ceiling.
var dialect = &odatafake.Dialect{V3: true, Lambda: true, Functions: map[string]bool{
	"substringof": true, "startswith": true, "endswith": true, "concat": true, "substring": true, "like": true, "year": true,
	"month": true, "day": true, "hour": true, "minute": true, "second": true, "quarter": true, "dayofweek": true,
	"dayofyear": true, "dateadd": true, "datedifference": true, "round": true, "cast": true, "isof": true,
}}

// query is what a request knows of its surroundings.
type query struct {
	base    string // absolute address of the service root
	json    bool
	links   bool // minimalmetadata and above name the navigation links
	seed    uint64
	allowed bool
}

// wantsJSON reports whether the answer is to be JSON; the default is Atom.
func wantsJSON(r *http.Request, params []odatafake.Param) bool {
	for _, p := range params {
		if p.Name == "$format" {
			return strings.HasPrefix(p.Value, "json") || strings.HasPrefix(p.Value, "application/json")
		}
	}
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

func (s *Server) query(r *http.Request, params []odatafake.Param) query {
	q := query{base: origin(r) + Base, json: wantsJSON(r, params)}
	level := r.Header.Get("Accept")
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.URL.RawQuery))
	q.seed = h.Sum64()
	for _, p := range params {
		switch p.Name {
		case "$format":
			if strings.Contains(p.Value, "odata=") {
				level = p.Value
			}
		case "allowedOnly", "$allowedOnly":
			q.allowed = p.Value == "true"
		}
	}
	q.links = !strings.Contains(level, "odata=nometadata")
	return q
}

func (s *Server) format() *odatafake.Format { return &odatafake.Format{TextLongs: true} }

// service is the service document.
func (s *Server) service(q query) reply {
	names := s.build.list
	if s.opts.EmptyComposition {
		names = nil
	}
	if !q.json {
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><service xmlns="http://www.w3.org/2007/app" xmlns:atom="http://www.w3.org/2005/Atom" xml:base="` + q.base + `"><workspace><atom:title>Default</atom:title>`)
		for _, n := range names {
			b.WriteString(`<collection href="` + n + `"><atom:title>` + n + `</atom:title></collection>`)
		}
		b.WriteString(`</workspace></service>`)
		return reply{status: http.StatusOK, contentType: xmlType, header: version, body: []byte(b.String())}
	}
	b := []byte(`{"odata.metadata":`)
	b = odatafake.AppendString(b, q.base+"$metadata")
	b = append(b, `,"value":[`...)
	if s.opts.EmptyComposition {
		b = []byte(`{"value":[`) // measured so: nothing but the empty list
	}
	for i, n := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":"`+n+`","url":"`+n+`"}`...)
	}
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: append(b, `]}`...)}
}

// options are the query options of a request, bound to its set.
type options struct {
	filter    *odatafake.Filter
	order     []odatafake.OrderKey
	shape     *odatafake.Shape
	top, skip int
	hasTop    bool
	count     bool
}

func (s *Server) options(t *odatafake.Table, params []odatafake.Param, q query, single bool) (o options, f *fault) {
	var sel, exp string
	for _, p := range params {
		var err error
		switch p.Name {
		case "$filter":
			if strings.Contains(p.Raw, "+") {
				// 1C does not read a plus sign as a space.
				return o, bad(1, "Ошибка разбора опции запроса \"$filter\": "+p.Value)
			}
			o.filter, err = t.Bind(p.Value, dialect)
		case "$orderby":
			o.order, err = t.BindOrder(p.Value, dialect)
		case "$select":
			sel = p.Value
		case "$expand":
			exp = p.Value
		case "$top":
			o.top, err = odatafake.Count(p.Name, p.Value)
			o.hasTop = true
		case "$skip":
			o.skip, err = odatafake.Count(p.Name, p.Value)
		case "$inlinecount":
			if p.Value != "allpages" && p.Value != "none" {
				err = &odatafake.Error{Kind: odatafake.ErrOption, Name: p.Name, Text: p.Value}
			}
			o.count = p.Value == "allpages"
		case "$format", "$allowedOnly":
		default:
			if strings.HasPrefix(p.Name, "$") {
				return o, bad(14, "Неизвестная опция запроса \""+p.Name+"\"")
			}
		}
		if err != nil {
			return o, mistake(err, t.Name)
		}
	}
	if o.count && !s.opts.CountedPages {
		o.hasTop, o.skip = false, 0
	}
	o.shape, f = s.shape(t, sel, exp, q, single)
	return o, f
}

// resource answers a read of anything below the service root.
func (s *Server) resource(rest string, params []odatafake.Param, q query) (reply, *fault) {
	name, key, tail := split(rest)
	t := s.now.Load().build.sets[name]
	if t == nil || s.opts.EmptyComposition {
		return reply{}, noSet(name)
	}
	if key == "" && tail != "" && tail != "$count" {
		return s.virtual(t, tail, params, q)
	}
	if key != "" {
		return s.entity(t, key, tail, params, q)
	}
	o, f := s.options(t, params, q, false)
	if f != nil {
		return reply{}, f
	}
	if s.opts.WideFails && tail == "" && strings.HasPrefix(t.Name, "Document_") && !selected(params) {
		return reply{}, &fault{http.StatusInternalServerError, 0, "Ошибка выполнения запроса к СУБД: количество полей соединения превышает 32767 (" + t.Name + ")"}
	}
	rows, f := s.allowed(t, t.Select(o.filter, o.order), q)
	if f != nil {
		return reply{}, f
	}
	if tail == "$count" {
		return reply{status: http.StatusOK, contentType: "text/plain;charset=utf-8", header: version, body: []byte("\ufeff" + strconv.Itoa(rows.Len()))}, nil
	}
	return s.collection(t, rows, o, q), nil
}

func selected(params []odatafake.Param) bool {
	for _, p := range params {
		if p.Name == "$select" && p.Value != "*" && p.Value != "**" {
			return true
		}
	}
	return false
}

// split splits Set, Set(key), Set/tail, Set(key)/tail; a bracket in the tail stays there.
func split(rest string) (name, key, tail string) {
	i := strings.IndexAny(rest, "(/")
	if i < 0 {
		return rest, "", ""
	}
	name = rest[:i]
	if rest[i] == '/' {
		return name, "", rest[i+1:]
	}
	quoted := false
	for j := i + 1; j < len(rest); j++ {
		switch {
		case rest[j] == '\'':
			quoted = !quoted
		case rest[j] == ')' && !quoted:
			key = rest[i+1 : j]
			if key == "" {
				key = " "
			}
			return name, key, strings.TrimPrefix(rest[j+1:], "/")
		}
	}
	return rest, "", ""
}

// allowed applies row-level access.
func (s *Server) allowed(t *odatafake.Table, rows odatafake.Rows, q query) (odatafake.Rows, *fault) {
	rows = s.now.Load().left(t, rows)
	if s.opts.Forbidden == nil || t.Keys[0] != "Ref_Key" {
		return rows, nil
	}
	ref := t.Columns[0]
	var kept []int32
	for i := range rows.Len() {
		r := rows.At(i)
		key := ref.Get(r).S
		if !s.opts.Forbidden(t.Name, key) {
			kept = append(kept, int32(r))
			continue
		}
		if !q.allowed {
			return rows, denied(t.Name, presentation(t, r), key)
		}
	}
	return odatafake.RowsOf(kept), nil
}

// presentation is how 1C names a row to people.
func presentation(t *odatafake.Table, r int) string {
	if c := t.Column("Description"); c != nil {
		return c.Get(r).S
	}
	if n, d := t.Column("Number"), t.Column("Date"); n != nil && d != nil {
		when := string((&odatafake.Format{}).AppendTime(nil, d.Get(r).N))
		return strings.TrimPrefix(t.Name, "Document_") + " " + n.Get(r).S + " от " + when
	}
	return ""
}

// shuffled returns the rows as a database without instructions might: in an order that differs from question to question,
// and is the same for the same question.
func shuffled(n int, seed uint64) func(i int) int {
	if n < 2 {
		return func(i int) int { return i }
	}
	step := int(seed>>32)%n | 1
	for gcd(step, n) != 1 {
		step += 2
	}
	start := int(seed & 0x7fffffff)
	return func(i int) int { return (start + i*step) % n }
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (s *Server) collection(t *odatafake.Table, rows odatafake.Rows, o options, q query) reply {
	at := func(i int) int { return i }
	if len(o.order) == 0 {
		at = shuffled(rows.Len(), q.seed)
	}
	from := min(o.skip, rows.Len())
	to := rows.Len()
	if o.hasTop {
		to = min(to, from+o.top)
	}
	if !q.json {
		return s.feed(t, rows, at, from, to, o, q)
	}
	b := make([]byte, 0, 512+256*(to-from))
	b = append(b, `{"odata.metadata":`...)
	b = odatafake.AppendString(b, q.base+"$metadata#"+t.Name)
	b = append(b, ",\n"...)
	if o.count {
		b = append(b, `"odata.count":"`...)
		b = strconv.AppendInt(b, int64(rows.Len()), 10)
		b = append(b, "\",\n"...)
	}
	b = append(b, `"value":[`...)
	f := s.format()
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ",\n"...)
		}
		b = o.shape.Append(b, rows.At(at(i)), f, nil)
	}
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: append(b, "]}"...)}
}

// entity answers Set(guid'…'), Set(Ref_Key=guid'…',LineNumber=1) and Set(guid'…')/Navigation.
func (s *Server) entity(t *odatafake.Table, key, tail string, params []odatafake.Param, q query) (reply, *fault) {
	row, f := s.find(t, key)
	if f != nil {
		return reply{}, f
	}
	if tail != "" {
		nav := t.Nav(tail, "")
		if nav == nil {
			return reply{}, bad(6, "Метод не найден: "+tail)
		}
		if row = nav.Row(row); row < 0 {
			return reply{}, noRow(nav.Target.Name, "guid'"+odatafake.ZeroGUID+"'")
		}
		t = nav.Target
	}
	o, f := s.options(t, params, q, true)
	if f != nil {
		return reply{}, f
	}
	if _, f := s.allowed(t, odatafake.RowsOf([]int32{int32(row)}), query{}); f != nil {
		return reply{}, f
	}
	if !q.json {
		return s.entry(t, row, o, q), nil
	}
	b := o.shape.Append(nil, row, s.format(), append([]byte(`"odata.metadata":`), odatafake.AppendString(nil, q.base+"$metadata#"+t.Name+"/@Element")...))
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: b}, nil
}

// find returns the row of a key.
func (s *Server) find(t *odatafake.Table, key string) (int, *fault) {
	parts := odatafake.Split(key, ',')
	if len(parts) != len(t.Keys) {
		return 0, bad(7, "Не указана часть ключа: "+t.Name+"("+key+")")
	}
	var text []string
	for i, p := range parts {
		name, lit, named := strings.Cut(p, "=")
		if !named {
			name, lit = t.Keys[i], p
		}
		if i > 0 && !named {
			return 0, bad(7, "Не указана часть ключа: "+t.Name+"("+key+")")
		}
		text = append(text, strings.TrimSpace(name)+" eq "+lit)
	}
	f, err := t.Bind(strings.Join(text, " and "), dialect)
	if err != nil {
		return 0, mistake(err, t.Name)
	}
	rows := s.now.Load().left(t, t.Select(f, nil))
	if rows.Len() == 0 {
		return 0, noRow(t.Name, key)
	}
	return rows.At(0), nil
}
