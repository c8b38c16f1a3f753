package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

type object = map[string]any

// routes answers each path with a list, 404 elsewhere.
func routes(m map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch v := m[r.URL.Path].(type) {
		case nil:
			w.WriteHeader(404)
		case int:
			w.WriteHeader(v)
		default:
			write(w, v)
		}
	}
}

// joined has orders in three packages, as Ecolix has.
func joined(s *system) rest.Config {
	cfg := config(s)
	cfg.Locale.Decimals = "comma"
	cfg.Reply.NotEnabledStatuses = []int{403}
	order(&cfg, func(e *rest.Entity) {
		e.Package, e.Path = "crm", "/crm/commandes"
		e.More = []rest.Entity{
			{Package: "ecommerce_plus", Path: "/plus/commandes", Fields: rest.Fields{"id": at("id"), "number": at("ref"), "status": at("etat"), "paid": at("regle"), "date": at("date")}},
			{Package: "transporteurs", Path: "/trans/commandes", Fields: rest.Fields{"id": at("id"), "number": at("ref"), "notes": at("note"), "status": at("etat")}},
		}
	})
	return cfg
}

func joinedRoutes() map[string]any {
	return map[string]any{
		"/crm/commandes":   []object{{"id": 1, "ref": "A", "total": "10,00", "status": "open"}, {"id": 2, "ref": "B", "total": "20,00"}, {"id": 3, "total": "1,00"}},
		"/plus/commandes":  []object{{"id": "p1", "ref": "A", "etat": "LIVREE", "regle": "5,00"}, {"id": "p2", "ref": "B", "etat": "EXPEDIEE"}, {"id": "p3", "ref": "C", "etat": "NEW"}, {"id": "p4"}, {"id": 3, "ref": "D"}},
		"/trans/commandes": []object{{"id": "t1", "ref": "B", "etat": "ROULE", "note": "quai 3"}, {"id": "t3", "ref": "C", "note": "late"}, {"id": "t9", "ref": "E"}},
	}
}

func scanOrders(t *testing.T, s datasources.Source) ([]schema.Order, bool, error) {
	t.Helper()
	var rows []schema.Order
	isDoubtful := false
	err := s.Reader("Order").(datasources.Scanner[schema.Order]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		rows = append(rows, p.Items...)
		isDoubtful = p.Doubtful
		return nil
	})
	return rows, isDoubtful, err
}

func brief(rows []schema.Order) string {
	var list []string
	for i := range rows {
		o := &rows[i]
		list = append(list, fmt.Sprintf("%s/%s/%s/%s", o.Key, o.Number, o.Status, o.Notes))
	}
	return strings.Join(list, " ")
}

func TestFurtherResources(t *testing.T) {
	for name, c := range map[string]struct {
		set      func(m map[string]any, c *rest.Config)
		want     string
		problem  string
		doubtful bool
	}{
		"joined by number":                     {func(map[string]any, *rest.Config) {}, "1/A/open/ 2/B/EXPEDIEE/quai 3 3/// p3/C/NEW/late t9/E//", "Order: further record without a number to join it by, left out: 1", false},
		"an id that clashes":                   {func(map[string]any, *rest.Config) {}, "1/A/open/ 2/B/EXPEDIEE/quai 3 3/// p3/C/NEW/late t9/E//", "Order: further record whose id another record has, left out: 1", false},
		"the first is not bought":              {func(_ map[string]any, c *rest.Config) { order(c, func(e *rest.Entity) { e.Disabled = true }) }, "p1/A/LIVREE/ p2/B/EXPEDIEE/quai 3 p3/C/NEW/late p4/// 3/D// t9/E//", "", false},
		"a further one is not bought":          {func(_ map[string]any, c *rest.Config) { order(c, func(e *rest.Entity) { e.More[0].Disabled = true }) }, "1/A/open/ 2/B/ROULE/quai 3 3/// t3/C//late t9/E//", "", false},
		"a further one answers that it is not": {func(m map[string]any, _ *rest.Config) { m["/plus/commandes"] = 403 }, "1/A/open/ 2/B/ROULE/quai 3 3/// t3/C//late t9/E//", "Order: further package that is not enabled, left out: 1", false},
		"a further path is a guess": {func(_ map[string]any, c *rest.Config) {
			order(c, func(e *rest.Entity) { e.More[0].Placeholder = true })
		}, "1/A/open/ 2/B/ROULE/quai 3 3/// t3/C//late t9/E//", "Order: further path that is not confirmed, left out: 1", false},
		"a further list is doubtful": {func(m map[string]any, c *rest.Config) {
			order(c, func(e *rest.Entity) {
				e.More[0].Paging = rest.Paging{Style: "page", PageParam: "p", SizeParam: "n", Size: 5}
			})
		}, "1/A/open/ 2/B/EXPEDIEE/quai 3 3/// p3/C/NEW/late t9/E//", "Order: page that came twice: the list was ended there: 1", true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			m := joinedRoutes()
			s := serve(t, routes(m))
			cfg := joined(s)
			c.set(m, &cfg)
			src := open(t, s, cfg)
			rows, isDoubtful, err := scanOrders(t, src)
			if err != nil {
				t.Fatal(chain(err))
			}
			if got := brief(rows); got != c.want || isDoubtful != c.doubtful {
				t.Errorf("got %s, doubtful %t", got, isDoubtful)
			}
			if c.problem != "" {
				wantProblem(t, src, c.problem)
			}
			list, err := orders(src).List(t.Context(), datasources.Query{First: 100, Order: schema.Sort{Column: "id"}})
			if err != nil && !isDoubtful || err == nil && len(list.Items) != len(rows) {
				t.Errorf("the list has %d rows, %v", len(list.Items), err)
			}
			_, err = orders(src).ByKeys(t.Context(), []string{"1"}, nil)
			wantError(t, err, schema.UnsupportedFilter)
		})
	}
	t.Run("case=a further one fails", func(t *testing.T) {
		m := joinedRoutes()
		m["/trans/commandes"] = 500
		s := serve(t, routes(m))
		_, _, err := scanOrders(t, open(t, s, joined(s)))
		wantError(t, err, schema.SourceUnavailable)
	})
	t.Run("case=more than fits into memory", func(t *testing.T) {
		s := serve(t, routes(joinedRoutes()))
		cfg := joined(s)
		cfg.MemoryBound = 3
		_, _, err := scanOrders(t, open(t, s, cfg))
		if e := wantError(t, err, schema.SourceInvalid); !strings.Contains(e.Message, "entities.Order.more[0] has more than 3 records") {
			t.Errorf("message %q", e.Message)
		}
	})
}

// TestResumeOfJoined goes on from every mark: all rows come again.
func TestResumeOfJoined(t *testing.T) {
	s := serve(t, routes(joinedRoutes()))
	whole, err := scan(t, open(t, s, joined(s)), "Order", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range whole.marks {
		got, err := scan(t, open(t, s, joined(s)), "Order", mark)
		if err != nil || !slices.Equal(got.keys, whole.keys) {
			t.Errorf("from %s: %v, %v", mark, got.keys, err)
		}
	}
}

func TestStockBeside(t *testing.T) {
	m := map[string]any{
		"/articles": []object{{"reference": "A"}, {"reference": "B"}, {"reference": "C"}},
		"/stocks":   []object{{"reference": "A", "depot": "LYON", "dispo": "1,5", "le": "2026-03-04"}, {"reference": "A", "depot": "PARIS", "dispo": "1.234"}, {"reference": "B", "depot": "LYON", "dispo": 0}, {"reference": "Z", "dispo": 1}, {"depot": "LYON"}},
	}
	s := serve(t, routes(m))
	cfg := config(s)
	cfg.Reply.NotEnabledStatuses = []int{403}
	cfg.Entities["Product"] = rest.Entity{
		Package: "ecommerce", Path: "/articles", Fields: rest.Fields{"id": at("reference"), "sku": at("reference")},
		Stock: rest.Stock{Package: "ecommerce", Path: "/stocks", Fields: rest.Fields{"sku": at("reference"), "warehouse": at("depot"), "available": at("dispo"), "asOf": at("le")}},
	}
	src := open(t, s, cfg)
	read := func() string {
		var list []string
		err := src.Reader("Product").(datasources.Scanner[schema.Product]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Product]) error {
			for _, x := range p.Items {
				text := x.SKU + ":"
				if x.Stock == nil {
					text += "nil"
				}
				for _, k := range x.Stock {
					text += fmt.Sprintf(" %s %v %t", k.Warehouse, k.Available, k.AsOf.IsZero())
					if k.Faults != nil {
						text += fmt.Sprint(" ", k.Faults.Source, k.Faults.Fields)
					}
				}
				list = append(list, text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(chain(err))
		}
		return strings.Join(list, "; ")
	}
	if got := read(); got != "A: LYON 1.5 false PARIS <nil> true erp[available]; B: LYON 0 true; C:" {
		t.Errorf("got %s", got)
	}
	for _, want := range []string{"Product.stock.available: ambiguous decimal: 1", "Product.stock: stock of an article that is not among the products, left out: 1", "Product.stock.sku: record without a key, left out: 1"} {
		wantProblem(t, src, want)
	}
	m["/stocks"] = 403
	if got := read(); got != "A:nil; B:nil; C:nil" {
		t.Errorf("without the package: %s", got)
	}
	if got := problems(src); !slices.Equal(got, []string{"Product: further package that is not enabled, left out: 1"}) {
		t.Errorf("problems %q", got)
	}
}

func TestNotEnabled(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(e *rest.Entity)
		status  any
		message string
	}{
		"disabled":           {func(e *rest.Entity) { e.Disabled = true }, []object{}, "erp: package crm is not enabled"},
		"only a name for it": {func(e *rest.Entity) { *e = rest.Entity{Package: "crm", Disabled: true} }, []object{}, "erp: package crm is not enabled"},
		"by its status":      {func(*rest.Entity) {}, 403, "erp: package crm is not enabled"},
		"a guessed path":     {func(e *rest.Entity) { e.Placeholder = true }, []object{}, "erp: Order is not enabled, its path is not confirmed"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, routes(map[string]any{"/orders": c.status}))
			cfg := liveConfig(s)
			cfg.Reply.NotEnabledStatuses = []int{403}
			order(&cfg, func(e *rest.Entity) {
				e.Package = "crm"
				c.set(e)
			})
			src := open(t, s, cfg)
			d := src.Describe()
			if e := d.Entity("Order"); e == nil || e.Upstream == "" {
				t.Fatalf("described as %+v", e)
			}
			r := orders(src)
			_, byKeys := r.ByKeys(t.Context(), []string{"1"}, nil)
			_, byParent := r.ByParent(t.Context(), "customer", []string{"1"}, datasources.Query{First: 1})
			_, list := r.List(t.Context(), datasources.Query{First: 1})
			_, whole := scan(t, src, "Order", "")
			for _, err := range []error{byKeys, byParent, list, whole} {
				var some *datasources.BatchError
				if errors.As(err, &some) {
					err = some.ByKey["1"]
				}
				if e := wantError(t, err, schema.NotEnabled); e.Message != c.message || e.Retryable {
					t.Errorf("got %q", e.Message)
				}
			}
			if c.status != 403 && len(s.calls()) != 0 {
				t.Errorf("asked %q", s.calls())
			}
			findings, err := src.Probe(t.Context())
			if err != nil {
				t.Error(err)
			}
			want := map[bool]datasources.Level{true: datasources.Fail, false: datasources.OK}[name == "a guessed path"]
			if name == "by its status" {
				want = datasources.Warn
			}
			if findings[0].Level != want {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}

func TestCustomers(t *testing.T) {
	list := func(n int) []object {
		var l []object
		for i := range n {
			l = append(l, object{"id": i, "code": fmt.Sprint("C", i), "pays": "France"})
		}
		return l
	}
	all := list(12)
	page := func(w http.ResponseWriter, r *http.Request) {
		from := min(intOf(r, "offset"), len(all))
		write(w, all[from:min(from+5, len(all))])
	}
	s := serve(t, page)
	cfg := config(s)
	cfg.Paging = rest.Paging{Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: 5}
	cfg.Entities = map[string]rest.Entity{"Customer": {Path: "/clients", Fields: rest.Fields{"id": at("id"), "code": at("code"), "country": at("pays")}}}
	src := open(t, s, cfg)
	if d := src.Describe(); len(d.Entities) != 0 || src.Reader("Customer") != nil {
		t.Error("customers are no entity of a source")
	}
	var ids []string
	err := src.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
		for _, c := range page {
			ids = append(ids, c.ID+c.Country)
		}
		return nil
	})
	if err != nil || len(ids) != 12 || ids[0] != "0FR" {
		t.Errorf("got %v, %v", ids, err)
	}
	var marks []datasources.Mark
	enough := errors.New("enough")
	scanner := src.(datasources.CustomerScanner)
	if err := scanner.ScanCustomers(t.Context(), "", func(p datasources.Scanned[datasources.CustomerRecord]) error {
		marks = append(marks, p.Mark)
		return enough
	}); !errors.Is(err, enough) {
		t.Error(err)
	}
	n := 0
	if err := scanner.ScanCustomers(t.Context(), marks[0], func(p datasources.Scanned[datasources.CustomerRecord]) error {
		n += len(p.Items)
		return nil
	}); err != nil || n != 7 {
		t.Errorf("%d more, %v", n, err)
	}
	t.Run("case=a list that repeats itself", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, list(5)) })
		cfg := cfg
		cfg.URL = s.URL
		err := open(t, s, cfg).(datasources.CustomerIndexer).IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { return nil })
		wantError(t, err, schema.SourceInvalid)
	})
	t.Run("case=no customers", func(t *testing.T) {
		if _, ok := open(t, s, config(s)).(datasources.CustomerIndexer); ok {
			t.Error("a source without customers lists them")
		}
	})
}
