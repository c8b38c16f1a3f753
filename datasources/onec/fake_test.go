package onec_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
)

// obj is one record of the fake base, as its JSON has it.
type obj = map[string]any

// base is a small 1C written from the wire page: it evaluates the filters it is
// sent, and fails the test on anything the page says does not work.
type base struct {
	t        *testing.T
	server   *httptest.Server
	metadata string

	mu       sync.Mutex // guards the rest
	sets     map[string][]obj
	types    map[string]map[string]bool // properties by set, of the metadata
	calls    []string                   // decoded addresses
	longest  int                        // of a query, 0 = any: what IIS bears
	override func(w http.ResponseWriter, r *http.Request, path string) bool
	noCase   bool             // texts are compared without letter case
	written  int              // writes so far, of which versions are made
	date     func() time.Time // the web server's clock, nil = the real one
}

const (
	user     = "odata"
	password = "pässword-Ключ"
	root     = "/base/odata/standard.odata/"
)

func newBase(t *testing.T) *base {
	t.Helper()
	text, err := os.ReadFile("testdata/metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	b := &base{t: t, metadata: string(text), sets: map[string][]obj{}, types: map[string]map[string]bool{}}
	b.learn()
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	return b
}

// learn reads the properties by the look of the lines of the metadata.
func (b *base) learn() {
	current := ""
	for line := range strings.SplitSeq(b.metadata, "\n") {
		line = strings.TrimSpace(line)
		name := func() string {
			_, rest, _ := strings.Cut(line, `Name="`)
			n, _, _ := strings.Cut(rest, `"`)
			return n
		}
		switch {
		case strings.HasPrefix(line, "<EntityType "):
			current = name()
			b.types[current] = map[string]bool{}
			if _, ok := b.sets[current]; !ok {
				b.sets[current] = nil
			}
		case strings.HasPrefix(line, "</EntityType"):
			current = ""
		case current != "" && strings.HasPrefix(line, "<Property "):
			b.types[current][name()] = true
		}
	}
}

func (b *base) put(set string, rows ...obj) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets[set] = append(b.sets[set], rows...)
}

// asked returns the addresses of a set's reads so far, and forgets them.
func (b *base) asked(set string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	b.calls = slices.DeleteFunc(b.calls, func(c string) bool {
		name, _, _ := strings.Cut(c, "?")
		if name == set {
			found = append(found, c)
			return true
		}
		return false
	})
	return found
}

func (b *base) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, root)
	u, p, basic := r.BasicAuth()
	b.mu.Lock()
	b.calls = append(b.calls, path+"?"+must(url.PathUnescape(r.URL.RawQuery)))
	override, longest, date := b.override, b.longest, b.date
	b.mu.Unlock()
	if date != nil {
		w.Header().Set("Date", date().UTC().Format(http.TimeFormat))
	}
	switch {
	case !ok || r.Method != http.MethodGet:
		b.t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
	case strings.Contains(r.URL.RawQuery, "+"):
		b.t.Errorf("a plus in the query, which 1C answers with 400: %s", r.URL.RawQuery)
	case override != nil && override(w, r, path):
	case !basic || u != user || p != password:
		w.WriteHeader(http.StatusUnauthorized)
	case longest > 0 && len(r.URL.RawQuery) > longest:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><title>IIS 404.15</title></html>")
	case path == "":
		b.serveNames(w)
	case path == "$metadata":
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, b.metadata)
	case strings.HasSuffix(path, "/$count"):
		b.serveCount(w, r, strings.TrimSuffix(path, "/$count"))
	default:
		b.serveSet(w, r, path)
	}
}

func (b *base) serveNames(w http.ResponseWriter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := []obj{}
	for _, n := range slices.Sorted(maps.Keys(b.sets)) {
		names = append(names, obj{"name": n, "url": n})
	}
	reply(w, obj{"odata.metadata": b.server.URL + root + "$metadata", "value": names})
}

func (b *base) serveCount(w http.ResponseWriter, r *http.Request, set string) {
	rows, ok := b.matching(w, set, r.URL.Query().Get("$filter"))
	if ok {
		w.Header().Set("Content-Type", "text/plain;charset=utf-8")
		_, _ = io.WriteString(w, "\ufeff"+strconv.Itoa(len(rows)))
	}
}

func (b *base) serveSet(w http.ResponseWriter, r *http.Request, set string) {
	q := r.URL.Query()
	if q.Has("$inlinecount") {
		b.t.Error("$inlinecount is never to be used with paging")
	}
	if q.Get("$format") != "json" || q.Get("$select") == "" {
		b.t.Errorf("a read without format and select: %s", r.URL.RawQuery)
	}
	rows, ok := b.matching(w, set, q.Get("$filter"))
	if !ok {
		return
	}
	cols := strings.Split(q.Get("$select"), ",")
	for _, c := range cols {
		if !b.types[set][c] {
			refuse(w, http.StatusBadRequest, "10")
			return
		}
	}
	if q.Has("$top") && !strings.HasSuffix(q.Get("$orderby"), "Ref_Key") {
		b.t.Errorf("a page without an order that ends in the key: %s", q.Get("$orderby"))
	}
	b.sort(rows, q.Get("$orderby"))
	skip, _ := strconv.Atoi(q.Get("$skip"))
	rows = rows[min(skip, len(rows)):]
	if top, err := strconv.Atoi(q.Get("$top")); err == nil {
		rows = rows[:min(top, len(rows))]
	}
	out := []obj{}
	for _, row := range rows {
		o := obj{}
		for _, c := range cols {
			o[c] = row[c]
		}
		out = append(out, o)
	}
	reply(w, obj{"odata.metadata": "x", "odata.count": "7", "value": out})
}

// sort orders by columns; keys by another order than that of their text, as
// databases do.
func (b *base) sort(rows []obj, by string) {
	if by == "" {
		return
	}
	slices.SortStableFunc(rows, func(x, y obj) int {
		for part := range strings.SplitSeq(by, ",") {
			name, dir, _ := strings.Cut(part, " ")
			p, q := fmt.Sprint(x[name]), fmt.Sprint(y[name])
			c := 0
			if m, err := strconv.ParseFloat(p, 64); err == nil {
				n, _ := strconv.ParseFloat(q, 64)
				c = cmp.Compare(m, n)
			} else if name == "Ref_Key" {
				c = strings.Compare(p[24:]+p, q[24:]+q)
			} else {
				c = strings.Compare(p, q)
			}
			if dir == "desc" {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

func (b *base) matching(w http.ResponseWriter, set, filter string) ([]obj, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, ok := b.sets[set]
	if !ok {
		refuse(w, http.StatusNotFound, "8")
		return nil, false
	}
	rows := []obj{}
	tokens, err := tokenize(filter)
	if err != nil {
		b.t.Errorf("filter %q: %v", filter, err)
	}
	for _, row := range all {
		ok, err := evaluate(tokens, row, b.noCase)
		if err != nil {
			b.t.Errorf("filter %q: %v", filter, err)
			refuse(w, http.StatusBadRequest, "1")
			return nil, false
		}
		if ok {
			rows = append(rows, row)
		}
	}
	return rows, true
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json;odata=nometadata;charset=utf-8")
	_, _ = io.WriteString(w, "\ufeff")
	_ = json.NewEncoder(w).Encode(v)
}

// refuse writes 1C's error, with a text that nobody may see.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json;odata=nometadata")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(obj{"odata.error": obj{"code": code, "message": obj{"lang": "ru", "value": secretText}}})
}

const secretText = "Контрагент «Рога и копыта» 1003600012344 не найден"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func id(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n*7919%65536) }

func (b *base) config() onec.Config {
	return onec.Config{
		Name: "books", URL: b.server.URL + root, User: user, Password: password,
		Zone: "Europe/Chisinau", Country: "MD", Currency: "MDL", Invoices: []string{"bill", "sale", "tax"},
	}
}

func (b *base) open(change func(*onec.Config, *onec.Deps)) datasources.Source {
	b.t.Helper()
	cfg := b.config()
	deps := onec.Deps{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	if change != nil {
		change(&cfg, &deps)
	}
	s, err := onec.Open(b.t.Context(), cfg, deps)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}
