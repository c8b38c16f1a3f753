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
