package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/rest"
)

func intOf(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

// slice is a page of 25 orders.
func slice(from, size int) []map[string]any {
	from = min(from, 25)
	return records(from, min(size, 25-from))
}

// TestStyles reads 25 orders from systems of every style the pages "Ecolix" and
// "Operand" name: of their envelopes, methods, paging and credentials (Ecolix §2
// and §3, Operand §2 and §4).
func TestStyles(t *testing.T) {
	page := rest.Paging{Style: "page", PageParam: "page", SizeParam: "limit", Size: 10}
	offset := rest.Paging{Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: 10}
	paged := func(wrap func([]map[string]any) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			write(w, wrap(slice(intOf(r, "page")*10, intOf(r, "limit"))))
		}
	}
	offsets := func(wrap func([]map[string]any) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			write(w, wrap(slice(intOf(r, "offset"), intOf(r, "limit"))))
		}
	}
	bare := func(list []map[string]any) any { return list }
	under := func(name string) func([]map[string]any) any {
		return func(list []map[string]any) any { return map[string]any{name: list} }
	}
	operand := []string{"records", "records.*", "data", "items", "*", "$"}
	guard := func(ok func(r *http.Request) bool, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !ok(r) {
				w.WriteHeader(401)
				return
			}
			h(w, r)
		}
	}
	for name, c := range map[string]struct {
		serve    http.HandlerFunc
		set      func(c *rest.Config)
		calls    int
		doubtful bool
		shifting bool
	}{
		"E bare array, page from 0": {paged(bare), func(c *rest.Config) { c.Paging = page }, 3, false, true},
		"E data envelope":           {paged(under("data")), func(c *rest.Config) { c.Paging = page }, 3, false, true},
		"E items envelope":          {paged(under("items")), func(c *rest.Config) { c.Paging = page }, 3, false, true},
		"E page from 1": {func(w http.ResponseWriter, r *http.Request) { write(w, slice((intOf(r, "page")-1)*10, 10)) }, func(c *rest.Config) {
			c.Paging = page
			c.Paging.First = 1
		}, 3, false, true},
		"E Dolibarr, total in the reply": {paged(func(l []map[string]any) any {
			return map[string]any{"data": l, "pagination": map[string]any{"total": 25, "page_count": 3}}
		}), func(c *rest.Config) {
			c.Paging = page
			c.Paging.TotalAt = []string{"pagination.total"}
		}, 3, false, true},
		"E Dolibarr, 404 behind the last full page": {func(w http.ResponseWriter, r *http.Request) {
			if intOf(r, "page") > 4 {
				http.Error(w, `{"error":{"code":404,"message":"Not Found: No order found"}}`, 404)
				return
			}
			write(w, slice(intOf(r, "page")*5, 5))
		}, func(c *rest.Config) {
			c.Paging = page
			c.Paging.Size = 5
			c.Reply.EmptyStatuses = []int{404}
		}, 6, false, true},
		"E Gescom, everything by POST": {func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Filter struct{ Active bool }
				Paging struct{ Page, Limit int }
			}
			if json.NewDecoder(r.Body).Decode(&body) != nil || r.Method != http.MethodPost || !body.Filter.Active || r.Header.Get("X-API-KEY") != "k-1234" {
				w.WriteHeader(400)
				return
			}
			write(w, map[string]any{"data": slice(body.Paging.Page*body.Paging.Limit, body.Paging.Limit), "metadata": map[string]any{"rowcount": 25, "issuccess": true}, "error": nil})
		}, func(c *rest.Config) {
			c.Auth = rest.Auth{Kind: "header", Name: "X-API-KEY", Value: "k-1234"}
			c.Paging = rest.Paging{Style: "page", PageParam: "paging.page", SizeParam: "paging.limit", Size: 10, TotalAt: []string{"metadata.rowcount"}}
			c.Reply.SuccessAt, c.Reply.ErrorAt = []string{"metadata.issuccess"}, []string{"error", "message"}
			order(c, func(e *rest.Entity) { e.Method, e.Body = "POST", map[string]any{"filter.active": true} })
		}, 3, false, true},
		"E POST with the page in the query": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				w.WriteHeader(405)
				return
			}
			write(w, slice(intOf(r, "page")*10, 10))
		}, func(c *rest.Config) {
			c.Paging = page
			order(c, func(e *rest.Entity) { e.Method, e.ParamsIn = "POST", "query" })
		}, 3, false, true},
		"E EBP, limit and offset":          {offsets(under("data")), func(c *rest.Config) { c.Paging = offset }, 3, false, true},
		"E no paging":                      {func(w http.ResponseWriter, r *http.Request) { write(w, slice(0, 25)) }, func(*rest.Config) {}, 1, false, false},
		"E paging is ignored, all at once": {func(w http.ResponseWriter, r *http.Request) { write(w, slice(0, 25)) }, func(c *rest.Config) { c.Paging = page }, 2, false, true},
		"E Itool, fixed parameters": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("orderBy") != "Id;asc" {
				w.WriteHeader(400)
				return
			}
			write(w, slice(intOf(r, "page")*10, 10))
		}, func(c *rest.Config) {
			c.Paging = page
			order(c, func(e *rest.Entity) { e.Query = map[string]string{"orderBy": "Id;asc"} })
		}, 3, false, true},
		"cursor": {func(w http.ResponseWriter, r *http.Request) {
			from := intOf(r, "after")
			out := map[string]any{"items": slice(from, 10), "meta": map[string]any{"next": nil}}
			if from+10 < 25 {
				out["meta"] = map[string]any{"next": fmt.Sprint(from + 10)}
			}
			write(w, out)
		}, func(c *rest.Config) {
			c.Paging = rest.Paging{Style: "cursor", CursorParam: "after", CursorAt: []string{"meta.next"}, SizeParam: "limit", Size: 10}
		}, 3, false, false},
		"cursor with short and empty pages": {func(w http.ResponseWriter, r *http.Request) {
			from := intOf(r, "after")
			list := slice(from, 5)
			if from == 5 {
				list = nil
			}
			out := map[string]any{"items": list, "next": fmt.Sprint(from + 5)}
			if from == 5 {
				out["items"], out["next"] = []any{}, "6"
			}
			if from == 6 {
				out["items"], out["next"] = slice(5, 20), ""
			}
			write(w, out)
		}, func(c *rest.Config) {
			c.Paging = rest.Paging{Style: "cursor", CursorParam: "after", CursorAt: []string{"next"}, SizeParam: "limit", Size: 10}
		}, 3, false, false},
		"a smaller page than asked for, with a total": {func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"data": slice(intOf(r, "offset"), 7), "total": "25"})
		}, func(c *rest.Config) {
			c.Paging = offset
			c.Paging.TotalAt = []string{"total"}
		}, 4, false, true},
		"a page size nobody knows": {func(w http.ResponseWriter, r *http.Request) { write(w, slice(intOf(r, "page")*7, 7)) }, func(c *rest.Config) {
			c.Paging = rest.Paging{Style: "page", PageParam: "page"}
		}, 5, false, true},
		"O records":                 {offsets(under("records")), func(c *rest.Config) { c.Paging, c.Reply.ListAt = offset, operand }, 3, false, true},
		"O records, one deeper":     {offsets(func(l []map[string]any) any { return map[string]any{"records": under("x")(l)} }), func(c *rest.Config) { c.Paging, c.Reply.ListAt = offset, operand }, 3, false, true},
		"O named after the records": {offsets(under("jobs")), func(c *rest.Config) { c.Paging, c.Reply.ListAt = offset, operand }, 3, false, true},
		"O bare array":              {offsets(bare), func(c *rest.Config) { c.Paging, c.Reply.ListAt = offset, operand }, 3, false, true},
		"O offset ignored":          {func(w http.ResponseWriter, _ *http.Request) { write(w, slice(0, 10)) }, func(c *rest.Config) { c.Paging = offset }, 2, true, true},
		"O two-step session": {guard(func(r *http.Request) bool { return r.URL.Path == "/login" || r.Header.Get("Op-Auth-Token") == "sess" }, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				io.WriteString(w, `{"records":{"token":"sess"}}`)
				return
			}
			write(w, slice(intOf(r, "offset"), 10))
		}), func(c *rest.Config) {
			c.Paging = offset
			c.Auth = rest.Auth{Kind: "session", Login: rest.Exchange{Path: "/login", Query: map[string]string{"tokenAccess": "panel"}, TokenAt: []string{"token", "records.token"}, Header: "Op-Auth-Token"}}
		}, 4, false, true},
		"bearer": {guard(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer tok" }, paged(bare)), func(c *rest.Config) {
			c.Paging, c.Auth = page, rest.Auth{Kind: "bearer", Value: "tok"}
		}, 3, false, true},
		"basic": {guard(func(r *http.Request) bool { u, p, _ := r.BasicAuth(); return u == "u" && p == "p" }, paged(bare)), func(c *rest.Config) {
			c.Paging, c.Auth = page, rest.Auth{Kind: "basic", User: "u", Password: "p"}
		}, 3, false, true},
		"query key": {guard(func(r *http.Request) bool { return r.URL.Query().Get("key") == "a b" }, paged(bare)), func(c *rest.Config) {
			c.Paging, c.Auth = page, rest.Auth{Kind: "query", Name: "key", Value: "a b"}
		}, 3, false, true},
		"a header of its own": {guard(func(r *http.Request) bool { return r.Header.Get("X-Tenant") == "t1" }, paged(bare)), func(c *rest.Config) {
			c.Paging, c.Headers = page, map[string]string{"X-Tenant": "t1"}
		}, 3, false, true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, c.serve)
			cfg := config(s)
			c.set(&cfg)
			src := open(t, s, cfg)
			got, err := scan(t, src, "Order", "")
			if err != nil {
				t.Fatal(chain(err))
			}
			want := keysTo(25)
			if name == "O offset ignored" {
				want = keysTo(10)
				wantProblem(t, src, "Order: page that came twice: the list was ended there: 1")
			}
			if !slices.Equal(got.keys, want) {
				t.Errorf("got %v", got.keys)
			}
			if n := len(s.calls()); n != c.calls {
				t.Errorf("%d calls, want %d:\n%s", n, c.calls, strings.Join(s.calls(), "\n"))
			}
			if got.doubtful != c.doubtful || got.shifting != c.shifting {
				t.Errorf("doubtful %t, shifting %t", got.doubtful, got.shifting)
			}
		})
	}
}
