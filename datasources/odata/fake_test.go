package odata_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govalues/decimal"
)

// fake is an OData service of one version over rows in memory. It parses what it
// is asked, strictly: a literal of a wrong form is a 400.
type fake struct {
	*httptest.Server
	t       *testing.T
	version int
	zone    *time.Location
	sets    map[string]*fakeSet

	pageCap      int  // rows of a page, then a link
	silentCap    int  // rows of a page, and no link
	hasIn        bool // knows the operator in
	noGUIDOrder  bool // cannot compare GUIDs by gt
	ignoreCase   bool // the collation of eq
	noMetadata   bool
	metadata     string // instead of the real one
	longest      int    // bytes of a query, then 404 as IIS has it; 0 = no limit
	ignoreFilter bool
	ignoreSkip   bool
	// hook may answer instead.
	hook func(w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	asked []string // decoded paths and queries, without $metadata
	metas int
}

type fakeSet struct {
	typ   string
	key   []string
	props []fakeProp
	navs  []fakeNav
	rows  []row
}

type fakeProp struct {
	name, typ string
	required  bool
}

type fakeNav struct {
	name, to string // another set's name; its type is meant
	many     bool
}

type row map[string]any

// uid is a GUID among a row's values.
type uid string

func newFake(t *testing.T, version int, sets map[string]*fakeSet) *fake {
	t.Helper()
	f := &fake{t: t, version: version, sets: sets, zone: time.UTC, hasIn: version >= 4}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) root() string { return f.URL + "/svc/" }

// calls returns what was asked since the last time.
func (f *fake) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.asked
	f.asked = nil
	return list
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/svc/")
	f.mu.Lock()
	if path == "$metadata" {
		f.metas++
	} else {
		text, err := url.PathUnescape(strings.TrimPrefix(r.URL.RequestURI(), "/svc/"))
		if err != nil {
			f.t.Errorf("an address that cannot be decoded: %s", r.URL.RequestURI())
		}
		f.asked = append(f.asked, text)
	}
	f.mu.Unlock()
	if strings.Contains(r.URL.RawQuery, "+") {
		f.t.Errorf("a plus in %s", r.URL.RawQuery)
	}
	if f.hook != nil && f.hook(w, r) {
		return
	}
	if f.longest > 0 && len(r.URL.RawQuery) > f.longest {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<html><body><h1>404 - File or directory not found.</h1></body></html>")
		return
	}
	if path == "$metadata" {
		f.serveMetadata(w)
		return
	}
	name, isCount := strings.CutSuffix(path, "/$count")
	set := f.sets[name]
	if set == nil {
		f.fail(w, http.StatusNotFound, "no such set")
		return
	}
	rows, total, next, err := f.query(set, name, r.URL.Query())
	switch {
	case err != nil:
		f.fail(w, http.StatusBadRequest, err.Error())
	case isCount:
		fmt.Fprintf(w, "\ufeff%d", total)
	default:
		f.page(w, r, set, rows, total, next)
	}
}

func (f *fake) fail(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	key := "error"
	if f.version == 3 {
		key = "odata.error"
	}
	json.NewEncoder(w).Encode(map[string]any{key: map[string]any{"code": "", "message": map[string]any{"lang": "en", "value": text + " secret-of-a-row"}}})
}

func (f *fake) query(set *fakeSet, name string, q url.Values) (rows []row, total int, next string, err error) {
	rows = slices.Clone(set.rows)
	if text := q.Get("$filter"); text != "" && !f.ignoreFilter {
		e, err := f.parse(set, text)
		if err != nil {
			return nil, 0, "", fmt.Errorf("filter: %w: %s", err, text)
		}
		var kept []row
		for _, r := range rows {
			if e(r) == yes {
				kept = append(kept, r)
			}
		}
		rows = kept
	}
	total = len(rows)
	if err := f.sort(set, rows, q.Get("$orderby")); err != nil {
		return nil, 0, "", err
	}
	skip, top := atoi(q.Get("$skip")), len(rows)
	if q.Get("$top") != "" {
		top = atoi(q.Get("$top"))
	}
	token := atoi(q.Get("$skiptoken"))
	if f.ignoreSkip {
		skip = 0
	}
	rows = rows[min(skip, len(rows)):]
	rows = rows[:min(top, len(rows))]
	rows = rows[min(token, len(rows)):]
	if f.pageCap > 0 && len(rows) > f.pageCap {
		rows = rows[:f.pageCap]
		q.Set("$skiptoken", strconv.Itoa(token+f.pageCap))
		next = f.root() + name + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	}
	if f.silentCap > 0 {
		rows = rows[:min(len(rows), f.silentCap)]
	}
	return rows, total, next, nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func (f *fake) sort(set *fakeSet, rows []row, order string) error {
	if order == "" {
		return nil
	}
	type by struct {
		path string
		desc bool
	}
	var list []by
	for part := range strings.SplitSeq(order, ",") {
		path, dir, _ := strings.Cut(part, " ")
		if f.typeOf(set, path) == "" {
			return fmt.Errorf("orderby: no property %s", path)
		}
		list = append(list, by{path, dir == "desc"})
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, o := range list {
			x, y := at(a, o.path), at(b, o.path)
			c := 0
			switch {
			case x == nil && y == nil:
			case x == nil:
				c = -1
			case y == nil:
				c = 1
			default:
				c = f.compare(x, y)
			}
			if o.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

// at follows a path in a row.
func at(r row, path string) any {
	first, rest, more := strings.Cut(path, "/")
	v := r[first]
	if !more {
		return v
	}
	if inner, ok := v.(row); ok {
		return at(inner, rest)
	}
	return nil
}

func (f *fake) typeOf(set *fakeSet, path string) string {
	first, rest, more := strings.Cut(path, "/")
	for _, p := range set.props {
		if p.name == first && !more {
			return p.typ
		}
	}
	for _, n := range set.navs {
		if n.name == first && more && !n.many {
			return f.typeOf(f.sets[n.to], rest)
		}
	}
	return ""
}

func (f *fake) compare(x, y any) int {
	switch a := x.(type) {
	case string:
		b, _ := y.(string)
		if f.ignoreCase {
			a, b = strings.ToLower(a), strings.ToLower(b)
		}
		return strings.Compare(a, b)
	case uid:
		b, _ := y.(uid)
		return strings.Compare(string(a), string(b))
	case int:
		return a - y.(int)
	case decimal.Decimal:
		return a.Cmp(y.(decimal.Decimal))
	case time.Time:
		return a.Compare(y.(time.Time))
	case bool:
		if a == y.(bool) {
			return 0
		}
		return 1
	}
	f.t.Errorf("a value of type %T", x)
	return 0
}

// page writes rows as the version does.
func (f *fake) page(w http.ResponseWriter, r *http.Request, set *fakeSet, rows []row, total int, next string) {
	q := r.URL.Query()
	list := []any{}
	for _, x := range rows {
		out, err := f.record(set, x, q.Get("$select"), q.Get("$expand"))
		if err != nil {
			f.fail(w, http.StatusBadRequest, err.Error())
			return
		}
		list = append(list, out)
	}
	counted := q.Get("$count") == "true" || q.Get("$inlinecount") == "allpages"
	var body map[string]any
	switch {
	case f.version >= 4:
		body = map[string]any{"@odata.context": f.root() + "$metadata#x", "value": list}
		if counted {
			body["@odata.count"] = total
		}
		if next != "" {
			body["@odata.nextLink"] = next
		}
	case f.version == 3:
		body = map[string]any{"odata.metadata": f.root() + "$metadata#x", "value": list}
		if counted {
			body["odata.count"] = strconv.Itoa(total)
		}
		if next != "" {
			body["odata.nextLink"] = strings.TrimPrefix(next, f.root())
		}
	default:
		d := map[string]any{"results": list}
		if counted {
			d["__count"] = strconv.Itoa(total)
		}
		if next != "" {
			d["__next"] = next
		}
		body = map[string]any{"d": d}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// record writes a row with what is selected and expanded of it.
func (f *fake) record(set *fakeSet, x row, selects, expands string) (map[string]any, error) {
	out := map[string]any{}
	if f.version == 2 {
		out["__metadata"] = map[string]any{"uri": f.root() + "x", "type": "Shop." + set.typ}
	}
	inner := map[string][2]string{} // navigation → its own select and expand
	if f.version >= 4 {
		for _, part := range topLevel(expands, ',') {
			name, options, _ := strings.Cut(strings.TrimSuffix(part, ")"), "(")
			var own [2]string
			for _, o := range topLevel(options, ';') {
				if s, ok := strings.CutPrefix(o, "$select="); ok {
					own[0] = s
				}
				if e, ok := strings.CutPrefix(o, "$expand="); ok {
					own[1] = e
				}
			}
			inner[name] = own
		}
	} else {
		for _, part := range topLevel(expands, ',') {
			first, rest, _ := strings.Cut(part, "/")
			own := inner[first]
			own[1] = strings.Trim(own[1]+","+rest, ",")
			inner[first] = own
		}
	}
	for _, part := range topLevel(selects, ',') {
		first, rest, more := strings.Cut(part, "/")
		if own, ok := inner[first]; more && ok {
			own[0] = strings.Trim(own[0]+","+rest, ",")
			inner[first] = own
			continue
		}
		i := slices.IndexFunc(set.props, func(p fakeProp) bool { return p.name == first })
		if i < 0 {
			return nil, fmt.Errorf("select: no property %s", part)
		}
		out[first] = f.wire(x[first], set.props[i].typ)
	}
	for name, own := range inner {
		i := slices.IndexFunc(set.navs, func(n fakeNav) bool { return n.name == name })
		if i < 0 {
			return nil, fmt.Errorf("expand: no navigation %s", name)
		}
		to := f.sets[set.navs[i].to]
		switch v := x[name].(type) {
		case nil:
			out[name] = nil
		case row:
			r, err := f.record(to, v, own[0], own[1])
			if err != nil {
				return nil, err
			}
			out[name] = r
		case []row:
			list := []any{}
			for _, e := range v {
				r, err := f.record(to, e, own[0], own[1])
				if err != nil {
					return nil, err
				}
				list = append(list, r)
			}
			out[name] = any(list)
			if f.version == 2 {
				out[name] = map[string]any{"results": list}
			}
		}
	}
	if f.version == 2 {
		for _, n := range set.navs {
			if _, ok := out[n.name]; !ok {
				out[n.name] = map[string]any{"__deferred": map[string]any{"uri": f.root() + "x/" + n.name}}
			}
		}
	}
	return out, nil
}

// topLevel splits outside of brackets.
func topLevel(s string, by byte) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == by && depth == 0:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	if from < len(s) {
		parts = append(parts, s[from:])
	}
	return parts
}

// wire is a value as the version writes it.
func (f *fake) wire(v any, typ string) any {
	switch x := v.(type) {
	case uid:
		return strings.ToUpper(string(x))
	case decimal.Decimal:
		if f.version < 4 {
			return x.String()
		}
		return json.Number(x.String())
	case int:
		if f.version < 4 && typ == "Edm.Int64" {
			return strconv.Itoa(x)
		}
		return x
	case time.Time:
		wall := x.In(f.zone)
		switch {
		case typ == "Edm.Date":
			return wall.Format("2006-01-02")
		case typ == "Edm.DateTimeOffset" && f.version == 2:
			return fmt.Sprintf("/Date(%d+0000)/", x.UnixMilli())
		case typ == "Edm.DateTimeOffset":
			return x.UTC().Format("2006-01-02T15:04:05.9999999Z")
		case f.version == 2:
			clock := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
			return fmt.Sprintf("/Date(%d)/", clock.UnixMilli())
		}
		return wall.Format("2006-01-02T15:04:05.9999999")
	}
	return v
}

func (f *fake) serveMetadata(w http.ResponseWriter) {
	if f.noMetadata {
		f.fail(w, http.StatusNotFound, "none")
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	if f.metadata != "" {
		fmt.Fprint(w, f.metadata)
		return
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	if f.version >= 4 {
		b.WriteString(`<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>`)
	} else {
		fmt.Fprintf(&b, `<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices m:DataServiceVersion="%d.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">`, f.version)
	}
	b.WriteString(`<Schema Namespace="Shop" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">`)
	var assocs, sets string
	for name, set := range f.sets {
		fmt.Fprintf(&b, `<EntityType Name="%s"><Key>`, set.typ)
		for _, k := range set.key {
			fmt.Fprintf(&b, `<PropertyRef Name="%s"/>`, k)
		}
		b.WriteString(`</Key>`)
		for _, p := range set.props {
			null := ""
			if p.required || slices.Contains(set.key, p.name) {
				null = ` Nullable="false"`
			}
			fmt.Fprintf(&b, `<Property Name="%s" Type="%s"%s/>`, p.name, p.typ, null)
		}
		for _, n := range set.navs {
			to := "Shop." + f.sets[n.to].typ
			if f.version >= 4 {
				if n.many {
					to = "Collection(" + to + ")"
				}
				fmt.Fprintf(&b, `<NavigationProperty Name="%s" Type="%s"/>`, n.name, to)
				continue
			}
			id, many := set.typ+"_"+n.name, "0..1"
			if n.many {
				many = "*"
			}
			fmt.Fprintf(&b, `<NavigationProperty Name="%s" Relationship="Shop.%s" FromRole="from" ToRole="to"/>`, n.name, id)
			assocs += fmt.Sprintf(`<Association Name="%s"><End Role="from" Type="Shop.%s" Multiplicity="1"/><End Role="to" Type="%s" Multiplicity="%s"/></Association>`, id, set.typ, to, many)
		}
		b.WriteString(`</EntityType>`)
		sets += fmt.Sprintf(`<EntitySet Name="%s" EntityType="Shop.%s"/>`, name, set.typ)
	}
	b.WriteString(assocs + `<EntityContainer Name="C">` + sets + `</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	fmt.Fprint(w, b.String())
}
