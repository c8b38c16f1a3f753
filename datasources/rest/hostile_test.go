package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

const secret = "t0p-s3cret-key"

// TestAnswers judges whole answers: what is an error never looks like an empty
// list, and nothing of an answer is shown.
func TestAnswers(t *testing.T) {
	body := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
	}
	for name, c := range map[string]struct {
		serve     http.HandlerFunc
		code      schema.Code // "" = an empty list
		retryable bool
		problem   string
	}{
		"success false":          {body(200, `{"data":[],"metadata":{"issuccess":false}}`), schema.SourceUnavailable, true, ""},
		"success 0":              {body(200, `{"data":[],"metadata":{"issuccess":0}}`), schema.SourceUnavailable, true, ""},
		"success true":           {body(200, `{"data":[],"metadata":{"issuccess":true},"error":null}`), "", false, ""},
		"an error object":        {body(200, `{"data":[],"error":{"code":5}}`), schema.SourceUnavailable, true, ""},
		"an error text":          {body(200, `{"data":null,"error":"Ion Popescu is not allowed"}`), schema.SourceUnavailable, true, ""},
		"an empty error":         {body(200, `{"data":[],"error":""}`), "", false, ""},
		"null for no records":    {body(200, `{"data":null}`), "", false, ""},
		"no content":             {body(204, ``), "", false, ""},
		"no list anywhere":       {body(200, `{"result":"ok"}`), schema.SourceInvalid, false, ""},
		"a list of other things": {body(200, `{"data":[1,2,3]}`), schema.SourceInvalid, false, "Order: not a record: 3"},
		"records without keys":   {body(200, `{"data":[{"ref":"A"},{"ref":"B"}]}`), schema.SourceInvalid, false, "Order.id: record without a key, left out: 2"},
		"half a body":            {body(200, `{"data":[{"id":1},{"i`), schema.SourceInvalid, false, ""},
		"an empty body":          {body(200, ``), schema.SourceInvalid, false, ""},
		"HTML with 200":          {body(200, `<!doctype html><title>Ion Popescu</title>`), schema.SourceInvalid, false, ""},
		"HTML with 404":          {body(404, `<html><h1>Not Found</h1></html>`), schema.SourceInvalid, false, ""},
		"404 for an empty list":  {body(404, `{"error":{"code":404}}`), "", false, "Order: list that is empty by its status only: 1"},
		"403 for a package":      {body(403, `{"error":"module off"}`), schema.NotEnabled, false, ""},
		"401":                    {body(401, `no`), schema.SourceUnavailable, false, ""},
		"400":                    {body(400, `{"error":"Ion Popescu"}`), schema.SourceInvalid, false, ""},
		"500":                    {body(500, `stack of Ion Popescu`), schema.SourceUnavailable, true, ""},
		"429":                    {body(429, `slow down`), schema.SourceLimited, true, ""},
		"redirect to a login": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?next=Ion+Popescu", http.StatusFound)
		}, schema.SourceUnavailable, true, ""},
		"redirect to elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.org/", http.StatusFound)
		}, schema.SourceInvalid, false, ""},
		"nested without an end":  {body(200, `{"data":`+strings.Repeat("[", 100_000)), schema.SourceInvalid, false, ""},
		"more than the max_body": {body(200, `[`+strings.Repeat(`{"id":1},`, 10_000)+`{}]`), schema.SourceInvalid, false, ""},
		"it hangs up":            {func(w http.ResponseWriter, _ *http.Request) { c, _, _ := w.(http.Hijacker).Hijack(); c.Close() }, schema.SourceUnavailable, true, ""},
		"text/html with JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `[]`)
		}, "", false, ""},
		"a byte order mark first": {body(200, "\xef\xbb\xbf[]"), "", false, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, c.serve)
			cfg := config(s)
			cfg.MaxBody = 64 << 10
			cfg.Auth = rest.Auth{Kind: "query", Name: "k", Value: secret}
			cfg.Reply = rest.Reply{SuccessAt: []string{"metadata.issuccess"}, ErrorAt: []string{"error"}, EmptyStatuses: []int{404}, NotEnabledStatuses: []int{403}}
			src := open(t, s, cfg)
			got, err := scan(t, src, "Order", "")
			if c.code == "" {
				if err != nil || len(got.keys) != 0 {
					t.Fatalf("%d rows, %s", len(got.keys), chain(err))
				}
				if c.problem != "" && !got.doubtful {
					t.Error("a list that is empty by its status only is not doubtful")
				}
			} else {
				e := wantError(t, err, c.code)
				if e.Retryable != c.retryable {
					t.Errorf("retryable: %t", e.Retryable)
				}
			}
			if c.problem != "" {
				wantProblem(t, src, c.problem)
			}
			findings, _ := src.Probe(t.Context())
			shown := chain(err) + s.logged() + fmt.Sprint(findings, src.Status(), cfg, problems(src))
			for _, hidden := range []string{secret, "Popescu", s.URL} {
				if strings.Contains(shown, hidden) && (hidden != s.URL || strings.Contains(fmt.Sprint(findings), hidden)) {
					t.Errorf("%q is in\n%s", hidden, shown)
				}
			}
		})
	}
}

// TestListsWithoutAnEnd are ended, counted and said to be doubtful.
func TestListsWithoutAnEnd(t *testing.T) {
	page := func(n int, list []map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { write(w, list[:min(n, len(list))]) }
	}
	for name, c := range map[string]struct {
		serve    http.HandlerFunc
		set      func(p *rest.Paging)
		rows     int
		doubtful bool
		problem  string
		calls    int
	}{
		"the same page for ever": {page(10, records(0, 10)), func(*rest.Paging) {}, 10, true, "Order: page that came twice: the list was ended there: 1", 2},
		"all at once for ever":   {page(11, records(0, 11)), func(*rest.Paging) {}, 11, false, "Order: page of more records than asked for: 1", 2},
		"all at once, by the total": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, map[string]any{"data": records(0, 10), "total": 10})
		}, func(p *rest.Paging) { p.TotalAt = []string{"total"} }, 10, false, "", 1},
		"fewer than the total": {func(w http.ResponseWriter, r *http.Request) {
			n := 0
			if intOf(r, "offset") == 0 {
				n = 10
			}
			write(w, map[string]any{"data": records(0, n), "total": 12})
		}, func(p *rest.Paging) { p.TotalAt = []string{"total"} }, 10, true, "Order: fewer records than the total says: 1", 2},
		"back to the first page": {
			func(w http.ResponseWriter, r *http.Request) { write(w, records(intOf(r, "offset")%30, 10)) }, func(*rest.Paging) {}, 30, true,
			"Order: page that came twice: the list was ended there: 1", 4,
		},
		"smaller pages than asked for": {
			func(w http.ResponseWriter, r *http.Request) {
				from := intOf(r, "offset")
				write(w, records(from, min(7, max(0, 25-from))))
			}, func(*rest.Paging) {}, 25, false, "", 4,
		},
		"a list of less than a page": {
			func(w http.ResponseWriter, r *http.Request) { write(w, records(0, max(0, 3-intOf(r, "offset")))) }, func(*rest.Paging) {}, 3, false, "", 2,
		},
		"less than a page for ever": {
			page(3, records(0, 3)), func(*rest.Paging) {}, 3, true, "Order: page that came twice: the list was ended there: 1", 2,
		},
		"always new records": {
			func(w http.ResponseWriter, r *http.Request) { write(w, records(intOf(r, "offset"), 10)) }, func(p *rest.Paging) { p.MaxPages = 7 }, 70, true,
			"Order: more pages than max_pages: the list was ended there: 1", 7,
		},
		"the same cursor for ever": {func(w http.ResponseWriter, r *http.Request) {
			write(w, map[string]any{"data": records(len(r.URL.Query().Get("c"))*10, 10), "next": "x"})
		}, func(p *rest.Paging) {
			*p = rest.Paging{Style: "cursor", CursorParam: "c", CursorAt: []string{"next"}}
		}, 20, true, "Order: page that came twice: the list was ended there: 1", 2},
		"a cursor of a megabyte": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, map[string]any{"data": records(0, 10), "next": strings.Repeat("x", 1<<20)})
		}, func(p *rest.Paging) {
			*p = rest.Paging{Style: "cursor", CursorParam: "c", CursorAt: []string{"next"}}
		}, 10, true, "Order: cursor too long to be kept: the list was ended there: 1", 1},
		"the same page with a changing counter": {func() http.HandlerFunc {
			n := 0
			return func(w http.ResponseWriter, _ *http.Request) {
				n++
				list := records(0, 10)
				list[0]["views"] = n
				write(w, list)
			}
		}(), func(*rest.Paging) {}, 10, true, "Order: page that came twice: the list was ended there: 1", 2},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, c.serve)
			cfg := config(s)
			cfg.Paging = rest.Paging{Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: 10}
			c.set(&cfg.Paging)
			src := open(t, s, cfg)
			got, err := scan(t, src, "Order", "")
			if err != nil {
				t.Fatal(chain(err))
			}
			if len(got.keys) != c.rows || got.doubtful != c.doubtful || len(s.calls()) != c.calls {
				t.Errorf("%d rows, doubtful %t, %d calls", len(got.keys), got.doubtful, len(s.calls()))
			}
			if c.problem != "" {
				wantProblem(t, src, c.problem)
			} else if p := problems(src); slices.ContainsFunc(p, func(s string) bool { return strings.HasPrefix(s, "Order: ") }) {
				t.Errorf("problems %q", p)
			}
			for _, m := range got.marks {
				if len(m) > 4<<10 {
					t.Errorf("a mark of %d bytes", len(m))
				}
			}
		})
	}
}

// TestBadRecords is the list of the issue: each is a problem with source, entity,
// field and count, and none is guessed or dropped.
func TestBadRecords(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `[
			{"id":1,"ref":"A","total":"1.234","date":"31/02/2026","status":"WEIRD","client":"c1"},
			{"id":2,"ref":"B","total":10.005,"date":"02/03/2026","status":"OPEN","client":"c1"},
			{"id":3,"ref":"C","total":"x","date":"","status":"WEIRD"},
			{"ref":"D"}, "junk"]`)
	})
	cfg := config(s)
	cfg.Locale = rest.Locale{Dates: []string{"02/01/2006"}, Zone: "Europe/Paris"}
	order(&cfg, func(e *rest.Entity) {
		e.Fields["status"] = rest.Field{At: []string{"status"}, Map: map[string]string{"OPEN": "open"}}
		e.Fields["paid"] = at("regle", "paye")
	})
	src := open(t, s, cfg)
	var rows []schema.Order
	for range 2 { // a new reading begins anew
		rows = nil
		err := src.Reader("Order").(datasources.Scanner[schema.Order]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
			rows = append(rows, p.Items...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"Order: not a record: 1",
		"Order.date: no such day: 1",
		"Order.id: record without a key, left out: 1",
		"Order.paid: none of its candidates occurs: 3",
		"Order.status: value that is not in its map: 2",
		"Order.total: ambiguous decimal: 1",
		"Order.total: more decimals than the currency has: 1",
		"Order.total: not a number: 1",
	}
	if got := problems(src); !slices.Equal(got, want) {
		t.Errorf("problems\n%s", strings.Join(got, "\n"))
	}
	if len(rows) != 3 || rows[0].Total != nil || !rows[0].Date.IsZero() || rows[0].Status != "WEIRD" || rows[1].Total.Amount.String() != "10.005" || rows[1].Status != "open" {
		t.Errorf("rows %+v", rows)
	}
}
