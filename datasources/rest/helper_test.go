package rest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is a server that keeps what it was asked.
type system struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // "GET /orders?page=0 {body}"
	log   bytes.Buffer
}

func (s *system) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *system) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = nil
}

func (s *system) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

type lockedWriter struct{ s *system }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.log.Write(p)
}

func serve(t testing.TB, h http.HandlerFunc) *system {
	s := &system{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// at is a field with its candidates.
func at(paths ...string) rest.Field { return rest.Field{At: paths} }

// config has orders with an id and a number at /orders.
func config(s *system) rest.Config {
	c := rest.DefaultConfig()
	c.Name, c.URL, c.Currency, c.Retries = "erp", s.URL, "EUR", 0
	c.Entities = map[string]rest.Entity{"Order": {
		Path: "/orders",
		Fields: rest.Fields{
			"id": at("id"), "number": at("ref"), "customer": at("client"), "date": at("date"), "total": at("total"), "status": at("status"),
		},
	}}
	return c
}

func open(t testing.TB, s *system, c rest.Config) datasources.Source {
	t.Helper()
	return openWith(t, s, c, rest.Deps{})
}

func openWith(t testing.TB, s *system, c rest.Config, d rest.Deps) datasources.Source {
	t.Helper()
	d.Log = slog.New(slog.NewTextHandler(lockedWriter{s}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	src, err := rest.Open(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// order changes the configuration of the orders.
func order(c *rest.Config, f func(e *rest.Entity)) {
	e := c.Entities["Order"]
	f(&e)
	c.Entities["Order"] = e
}

func orders(s datasources.Source) datasources.Reader[schema.Order] {
	return datasources.ReaderOf[schema.Order](s, "Order")
}

// scanned is what a scan gave.
type scanned struct {
	keys               []string
	pages              int
	doubtful, shifting bool
	marks              []datasources.Mark
	sizes              []int
}

func scan(t testing.TB, s datasources.Source, entity string, from datasources.Mark) (scanned, error) {
	t.Helper()
	switch entity {
	case "Order":
		return scanOf[schema.Order](t, s, entity, from, func(x *schema.Order) string { return x.Key })
	case "Product":
		return scanOf[schema.Product](t, s, entity, from, func(x *schema.Product) string { return x.Key })
	}
	t.Fatalf("no %s here", entity)
	return scanned{}, nil
}

func scanOf[T any](t testing.TB, s datasources.Source, entity string, from datasources.Mark, key func(*T) string) (scanned, error) {
	var got scanned
	r, ok := s.Reader(entity).(datasources.Scanner[T])
	if !ok {
		t.Fatalf("%s cannot be scanned", entity)
	}
	isLast := false
	err := r.Scan(t.Context(), from, func(p datasources.Scanned[T]) error {
		if isLast {
			t.Error("a page came behind the last")
		}
		for i := range p.Items {
			got.keys = append(got.keys, key(&p.Items[i]))
		}
		got.pages++
		got.sizes = append(got.sizes, len(p.Items))
		got.marks = append(got.marks, p.Mark)
		isLast = p.Last
		got.doubtful = got.doubtful || p.Doubtful
		got.shifting = got.shifting || p.Shifting
		if p.Doubtful && !p.Last {
			t.Error("a page that is not the last is said to be doubtful")
		}
		return nil
	})
	if err == nil && !isLast {
		t.Error("the scan ended without a last page")
	}
	return got, err
}

// problems are a source's, one text each.
func problems(s datasources.Source) []string {
	var list []string
	for _, p := range s.(datasources.Reporter).Problems() {
		name := p.Entity
		if p.Field != "" {
			name += "." + p.Field
		}
		list = append(list, fmt.Sprintf("%s: %s: %d", name, p.Kind, p.Count))
	}
	return list
}

func wantProblem(t *testing.T, s datasources.Source, want string) {
	t.Helper()
	if got := problems(s); !slices.Contains(got, want) {
		t.Errorf("problems %q, want %q among them", got, want)
	}
}

func wantError(t *testing.T, err error, code schema.Code) *schema.Error {
	t.Helper()
	var e *schema.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v (%s), want %s", err, schema.CodeOf(err), code)
	}
	if e.Source != "erp" {
		t.Errorf("the error names the source %q", e.Source)
	}
	return e
}

// records are n orders from the first on, with c1 … c5 as customers.
func records(from, n int) []map[string]any {
	list := []map[string]any{}
	for i := from; i < from+n; i++ {
		list = append(list, map[string]any{
			"id": i + 1, "ref": fmt.Sprintf("N%04d", i+1), "client": fmt.Sprintf("c%d", i%5+1), "date": fmt.Sprintf("2026-01-%02d", i%28+1),
			"total": fmt.Sprintf("%d,50", i), "status": []string{"open", "done"}[i%2],
		})
	}
	return list
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func keysTo(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i+1))
	}
	return list
}

// chain is the texts of an error and of all its causes.
func chain(err error) string {
	var b strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		b.WriteString(err.Error() + "\n")
	}
	return b.String()
}
