package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// live answers by ids and by clients, in every style of many keys.
func live(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		split := func(text string) []string {
			return strings.Split(strings.NewReplacer("'", "", "(t.id:in:", "", ")", "").Replace(text), ",")
		}
		list := records(0, n)
		only := func(field string, values []string) {
			list = slices.DeleteFunc(list, func(m map[string]any) bool { return !slices.Contains(values, fmt.Sprint(m[field])) })
		}
		switch {
		case q.Has("ids"):
			only("id", split(q.Get("ids")))
		case q.Has("id"):
			only("id", q["id"])
		case q.Has("id[]"):
			only("id", q["id[]"])
		case q.Has("filter"):
			only("id", split(q.Get("filter")))
		case q.Has("clients"):
			only("client", split(q.Get("clients")))
		}
		size, from := intOf(r, "limit"), min(intOf(r, "offset"), len(list))
		if size == 0 {
			size = len(list)
		}
		write(w, list[from:min(from+size, len(list))])
	}
}

func liveConfig(s *system) rest.Config {
	cfg := config(s)
	cfg.Locale.Decimals = "comma"
	cfg.Paging = rest.Paging{Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: 20}
	order(&cfg, func(e *rest.Entity) {
		e.Keys = rest.Keys{Param: "ids", Batch: 10}
		e.Relations = map[string]rest.Keys{"customer": {Param: "clients", Batch: 2}}
	})
	return cfg
}

func keysOf(rows []schema.Order) []string {
	var list []string
	for i := range rows {
		list = append(list, rows[i].Key)
	}
	slices.Sort(list)
	return list
}

func TestByKeys(t *testing.T) {
	for name, k := range map[string]rest.Keys{
		"comma":    {Param: "ids", Batch: 10},
		"repeat":   {Param: "id", Style: "repeat", Batch: 10},
		"brackets": {Param: "id", Style: "brackets", Batch: 10},
		"template": {Param: "filter", Style: "template", Template: "(t.id:in:{keys})", Quote: "'", Batch: 10},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, live(100))
			cfg := liveConfig(s)
			order(&cfg, func(e *rest.Entity) { e.Keys = k })
			src := open(t, s, cfg)
			ask := append(keysTo(23), "none", "999")
			rows, err := orders(src).ByKeys(t.Context(), ask, nil)
			if err != nil {
				t.Fatal(chain(err))
			}
			want := keysTo(23)
			slices.Sort(want)
			if !slices.Equal(keysOf(rows.Items), want) {
				t.Errorf("got %v", keysOf(rows.Items))
			}
			if n := len(s.calls()); n != 3 { // ceil(25 / 10)
				t.Errorf("%d calls:\n%s", n, strings.Join(s.calls(), "\n"))
			}
		})
	}
	t.Run("case=pages smaller than the batch", func(t *testing.T) {
		s := serve(t, live(100))
		cfg := liveConfig(s)
		cfg.Paging.Size = 4
		rows, err := orders(open(t, s, cfg)).ByKeys(t.Context(), keysTo(8), nil)
		if err != nil || len(rows.Items) != 8 || len(s.calls()) != 2 {
			t.Errorf("%d rows by %d calls, %v", len(rows.Items), len(s.calls()), err)
		}
	})
	t.Run("case=the filter is ignored", func(t *testing.T) {
		s := serve(t, shop(100))
		_, err := orders(open(t, s, liveConfig(s))).ByKeys(t.Context(), []string{"77"}, nil)
		wantError(t, err, schema.SourceInvalid)
	})
	t.Run("case=a key that would be two", func(t *testing.T) {
		s := serve(t, live(100))
		rows, err := orders(open(t, s, liveConfig(s))).ByKeys(t.Context(), []string{"1", "2,3"}, nil)
		var some *datasources.BatchError
		if !errors.As(err, &some) || schema.CodeOf(some.ByKey["2,3"]) != schema.UnsupportedFilter || len(some.ByKey) != 1 || len(rows.Items) != 1 {
			t.Errorf("%d rows, %v", len(rows.Items), err)
		}
	})
	t.Run("case=not declared", func(t *testing.T) {
		s := serve(t, live(100))
		_, err := orders(open(t, s, config(s))).ByKeys(t.Context(), []string{"1"}, nil)
		wantError(t, err, schema.UnsupportedFilter)
		if len(s.calls()) != 0 {
			t.Error("it was asked all the same")
		}
	})
	t.Run("case=one of the calls fails", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Query().Get("ids"), "13") {
				w.WriteHeader(500)
				return
			}
			live(100)(w, r)
		})
		rows, err := orders(open(t, s, liveConfig(s))).ByKeys(t.Context(), keysTo(20), nil)
		var some *datasources.BatchError
		if !errors.As(err, &some) || len(some.ByKey) != 10 || len(rows.Items) != 10 || schema.CodeOf(some.ByKey["13"]) != schema.SourceUnavailable {
			t.Errorf("%d rows, %v", len(rows.Items), err)
		}
	})
}

// TestKeysInABody asks by POST: a text for the style comma, a list otherwise.
func TestKeysInABody(t *testing.T) {
	for style, want := range map[string]string{
		"comma": `{"filter":{"ids":"1,2"},"limit":20,"offset":0}`, "repeat": `{"filter":{"ids":["1","2"]},"limit":20,"offset":0}`,
	} {
		t.Run("case="+style, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, records(0, 2)) })
			cfg := liveConfig(s)
			order(&cfg, func(e *rest.Entity) { e.Method, e.Keys = "POST", rest.Keys{Param: "filter.ids", Style: style} })
			rows, err := orders(open(t, s, cfg)).ByKeys(t.Context(), []string{"1", "2"}, nil)
			if err != nil || len(rows.Items) != 2 {
				t.Fatal(err)
			}
			if got := s.calls(); len(got) != 1 || got[0] != "POST /orders "+want {
				t.Errorf("asked %q", got)
			}
		})
	}
}

// TestKeysStayKeys makes sure that no key is a part of a filter.
func TestKeysStayKeys(t *testing.T) {
	s := serve(t, live(10))
	cfg := liveConfig(s)
	order(&cfg, func(e *rest.Entity) {
		e.Keys = rest.Keys{Param: "filter", Style: "template", Template: "(t.id:in:{keys})", Quote: "'"}
	})
	src := open(t, s, cfg)
	for _, key := range []string{"1') or (t.id:>:'0", `\`, "a'b", "a\nb", "(x)"} {
		_, err := orders(src).ByKeys(t.Context(), []string{key}, nil)
		wantError(t, err, schema.UnsupportedFilter)
	}
	if len(s.calls()) != 0 {
		t.Errorf("asked %q", s.calls())
	}
	if _, err := orders(src).ByKeys(t.Context(), []string{"A&B=1 #?é"}, nil); err != nil {
		t.Error(err)
	}
	if got := s.calls()[0]; !strings.Contains(got, "filter=(t.id:in:'A%26B%3D1%20%23%3F%C3%A9')") {
		t.Errorf("asked %q", got)
	}
}

func TestByParent(t *testing.T) {
	newest := schema.Sort{Column: "date", Desc: true}
	t.Run("case=pages and groups", func(t *testing.T) {
		s := serve(t, live(60))
		rows, err := orders(open(t, s, liveConfig(s))).ByParent(t.Context(), "customer", []string{"c1", "c2", "c9", "c4"},
			datasources.Query{First: 5, Order: newest, Total: true, Where: schema.Compare("status", schema.Eq, schema.String("open"))})
		if err != nil {
			t.Fatal(chain(err))
		}
		// Each client has 12 orders, half of them open; two clients fill a page of 20
		// and are asked on.
		for i, want := range []int{5, 5, 0, 5} {
			if got := len(rows.Parent(i)); got != want || rows.More[i] != (want == 5) || rows.Totals[i] != map[int]int{5: 6, 0: 0}[want] {
				t.Errorf("parent %d: %d rows, more %t, total %d", i, got, rows.More[i], rows.Totals[i])
			}
		}
		for _, o := range rows.Parent(0) {
			if o.CustomerKey != "c1" || o.Status != "open" {
				t.Errorf("row %+v", o)
			}
		}
		if n := len(s.calls()); n != 3 {
			t.Errorf("%d calls:\n%s", n, strings.Join(s.calls(), "\n"))
		}
	})
	t.Run("case=more than may be read", func(t *testing.T) {
		s := serve(t, live(60))
		cfg := liveConfig(s)
		cfg.LocalBound = 13
		rows, err := orders(open(t, s, cfg)).ByParent(t.Context(), "customer", []string{"c1", "c2"}, datasources.Query{First: 5, Order: newest})
		if err != nil || len(rows.Parent(0)) != 5 || len(rows.Parent(1)) != 5 { // asked again one by one
			t.Errorf("%v", err)
		}
		cfg.LocalBound = 5
		_, err = orders(open(t, s, cfg)).ByParent(t.Context(), "customer", []string{"c1"}, datasources.Query{First: 5, Order: newest})
		var some *datasources.BatchError
		if !errors.As(err, &some) {
			t.Fatal(err)
		}
		wantError(t, some.ByKey["c1"], schema.UnsupportedFilter)
	})
	t.Run("case=the filter is ignored", func(t *testing.T) {
		s := serve(t, shop(30))
		_, err := orders(open(t, s, liveConfig(s))).ByParent(t.Context(), "customer", []string{"c1"}, datasources.Query{First: 5})
		var some *datasources.BatchError
		if !errors.As(err, &some) {
			t.Fatal(err)
		}
		wantError(t, some.ByKey["c1"], schema.SourceInvalid)
	})
	t.Run("case=not declared", func(t *testing.T) {
		s := serve(t, live(30))
		_, err := orders(open(t, s, liveConfig(s))).ByParent(t.Context(), "quote", []string{"q"}, datasources.Query{First: 5})
		wantError(t, err, schema.UnsupportedFilter)
	})
}

func TestList(t *testing.T) {
	eq := func(column, v string) schema.Predicate { return schema.Compare(column, schema.Eq, schema.String(v)) }
	for name, c := range map[string]struct {
		query datasources.Query
		bound int
		want  string
		calls int
		code  schema.Code
	}{
		"whole, newest first":  {datasources.Query{First: 2}, 100, "[28 56] more true total 60", 4, ""},
		"whole, by amount":     {datasources.Query{First: 2, Order: schema.Sort{Column: "total"}}, 100, "[1 2] more true total 60", 4, ""},
		"behind a cursor":      {datasources.Query{First: 2, Order: schema.Sort{Column: "id"}, After: &datasources.After{Value: schema.String("58"), ID: "58"}}, 100, "[59 6] more true total 60", 4, ""},
		"a filter here":        {datasources.Query{First: 99, Where: eq("number", "N0007")}, 100, "[7] more false total 1", 4, ""},
		"by id":                {datasources.Query{First: 9, Where: schema.AllOf(eq("id", "7"), eq("status", "open"))}, 100, "[7] more false total 1", 1, ""},
		"by id, but":           {datasources.Query{First: 9, Where: schema.AllOf(eq("id", "7"), eq("status", "done"))}, 100, "[] more false total 0", 1, ""},
		"by client":            {datasources.Query{First: 1, Where: eq("customer", "c3")}, 100, "[28] more true total 12", 1, ""},
		"nothing":              {datasources.Query{First: 1, Where: schema.Predicate{Op: schema.None}}, 100, "[] more false total 0", 0, ""},
		"more than the bound":  {datasources.Query{First: 2}, 59, "", 3, schema.UnsupportedFilter},
		"as many as the bound": {datasources.Query{First: 1}, 60, "[28] more true total 60", 4, ""},
		"by a text":            {datasources.Query{First: 2, Order: schema.Sort{Column: "status"}}, 100, "", 0, schema.UnsupportedFilter},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, live(60))
			cfg := liveConfig(s)
			cfg.LocalBound = c.bound
			rows, err := orders(open(t, s, cfg)).List(t.Context(), c.query)
			if c.code != "" {
				wantError(t, err, c.code)
			} else {
				if err != nil {
					t.Fatal(chain(err))
				}
				var keys []string
				for i := range rows.Items {
					keys = append(keys, rows.Items[i].Key)
				}
				if got := fmt.Sprintf("%v more %t total %d", keys, rows.More[0], rows.Totals[0]); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}
			if n := len(s.calls()); n != c.calls {
				t.Errorf("%d calls:\n%s", n, strings.Join(s.calls(), "\n"))
			}
		})
	}
}

// TestListThatRepeatsItself: what may not be whole is no answer to a query.
func TestListThatRepeatsItself(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, records(0, 20)) })
	_, err := orders(open(t, s, liveConfig(s))).List(t.Context(), datasources.Query{First: 5})
	wantError(t, err, schema.SourceInvalid)
}

// TestOrderedList pages through the shop by its own order, and refuses a shop that
// does not sort.
func TestOrderedList(t *testing.T) {
	s := serve(t, newDolishop(10, 130).ServeHTTP)
	src := open(t, s, dolibarr(s.URL))
	var keys []string
	q := datasources.Query{First: 30, Order: schema.Sort{Column: "date", Desc: true}, Where: schema.Compare("status", schema.Eq, schema.String("draft"))}
	for {
		rows, err := orders(src).List(t.Context(), q)
		if err != nil {
			t.Fatal(chain(err))
		}
		for _, o := range rows.Items {
			keys = append(keys, o.Key)
		}
		if !rows.More[0] {
			break
		}
		last := rows.Items[len(rows.Items)-1]
		q.After = &datasources.After{Value: schema.Time(last.Date), ID: last.Key}
	}
	if len(keys) != 33 || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 33 {
		t.Errorf("%d rows: %v", len(keys), keys)
	}
	s.forget()
	if _, err := orders(src).List(t.Context(), datasources.Query{First: 3}); err != nil || len(s.calls()) != 1 {
		t.Errorf("the newest three took %d calls, %v", len(s.calls()), err)
	}
	cfg := dolibarr(s.URL)
	order(&cfg, func(e *rest.Entity) {
		e.Orders = map[string]rest.Order{"date": {Asc: map[string]string{"sort": "x"}, Desc: map[string]string{"sort": "y"}}}
	})
	_, err := orders(open(t, s, cfg)).List(t.Context(), datasources.Query{First: 100, Order: schema.Sort{Column: "date", Desc: true}})
	wantError(t, err, schema.SourceInvalid)
}

func TestSelectedFieldsOnly(t *testing.T) {
	s := serve(t, live(5))
	src := open(t, s, liveConfig(s))
	rows, err := orders(src).ByKeys(t.Context(), []string{"3"}, datasources.NewFields("status"))
	if err != nil || rows.Items[0].Status == "" || rows.Items[0].Total != nil || rows.Items[0].CustomerKey == "" || rows.Items[0].Number == "" {
		t.Errorf("got %+v, %v", rows.Items, err)
	}
}

func TestUsage(t *testing.T) {
	now := time.Date(2026, 11, 22, 22, 59, 30, 0, time.UTC) // half a minute before midnight in Paris
	s := serve(t, live(45))
	cfg := liveConfig(s)
	cfg.Locale.Zone = "Europe/Paris"
	cfg.Rate.PerMinute, cfg.Rate.Burst = 600, 600
	order(&cfg, func(e *rest.Entity) { e.Package = "crm" })
	cfg.Entities["Product"] = rest.Entity{Package: "ecommerce", Path: "/articles", Fields: rest.Fields{"id": at("id")}}
	src := openWith(t, s, cfg, rest.Deps{Now: func() time.Time { return now }})
	if _, err := scan(t, src, "Order", ""); err != nil {
		t.Fatal(err)
	}
	show := func() string { return fmt.Sprint(src.(datasources.Meter).Usage()) }
	if got := show(); got != "[{ 3 3 600} {crm 3 3 0} {ecommerce 0 0 0}]" {
		t.Errorf("got %s", got)
	}
	now = now.Add(45 * time.Second)
	if _, err := scan(t, src, "Product", ""); err != nil {
		t.Fatal(err)
	}
	if got := show(); got != "[{ 6 3 600} {crm 3 0 0} {ecommerce 3 3 0}]" {
		t.Errorf("behind midnight: %s", got)
	}
	now = now.Add(2 * time.Minute)
	if got := show(); !strings.HasPrefix(got, "[{ 0 ") {
		t.Errorf("minutes later: %s", got)
	}
}
