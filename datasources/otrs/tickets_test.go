package otrs_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func ids(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, strconv.Itoa(i))
	}
	return out
}

func TestByKeys(t *testing.T) {
	for _, c := range []struct {
		name           string
		quirks         otrstest.Quirks
		batch          int
		keys           []string
		denied         []string
		want           []string
		searches, gets int
	}{
		{name: "one batch", keys: ids(1, 100), want: ids(1, 100), gets: 1},
		{name: "three batches", keys: ids(1, 120), batch: 50, want: ids(1, 120), gets: 3},
		{name: "none", keys: nil},
		{name: "no numbers", keys: []string{"abc", "", "007", "-1", "1.0", "99999999999999999999"}},
		{name: "numbers among others", keys: []string{"abc", "5"}, want: []string{"5"}, gets: 1},
		{name: "one unknown", keys: []string{"1", "999", "2"}, want: []string{"1", "2"}, searches: 1, gets: 2},
		{name: "one forbidden", keys: ids(1, 10), denied: []string{"4"}, want: append(ids(1, 3), ids(5, 10)...), searches: 1, gets: 2},
		{name: "all forbidden", keys: ids(1, 3), denied: ids(1, 3), searches: 1, gets: 1},
		{name: "a single one forbidden", keys: ids(3, 3), denied: ids(3, 3), gets: 1},
		{name: "no search by id", quirks: otrstest.Quirks{NoTicketIDs: true}, keys: ids(1, 8), denied: []string{"8"}, want: ids(1, 7), gets: 7},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(200, 1, "ACME"))
			desk.Quirks = c.quirks
			desk.Do(func(_ *[]otrstest.Ticket, denied map[string]bool) {
				for _, d := range c.denied {
					denied[d] = true
				}
			})
			o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) {
				if c.batch > 0 {
					cfg.Batch = c.batch
				}
			}).warm(t, desk)
			rows := must[schema.Ticket](t)(o.tickets.ByKeys(t.Context(), c.keys, datasources.NewFields("title")))
			got := keys(rows.Items)
			slices.SortFunc(got, byNumber)
			want := slices.Clone(c.want)
			slices.SortFunc(want, byNumber)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			wantCalls(t, desk, c.searches, c.gets)
		})
	}
}

func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x - y
}

// Each flag of TicketGet costs the server time: it is sent when a field needs it.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		fields   datasources.Fields
		dynamic  bool
		extended bool
	}{
		{datasources.NewFields("title", "state"), false, false},
		{datasources.NewFields(), false, false},
		{datasources.NewFields("closedAt"), false, true},
		{datasources.NewFields("order"), true, false},
		{datasources.NewFields("orderNumber"), true, false},
		{nil, true, true},
	} {
		t.Run("case="+c.fields.Key(), func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(5, 1, "ACME"))
			o := open(t, desk, nil).warm(t, desk)
			rows := must[schema.Ticket](t)(o.tickets.ByKeys(t.Context(), []string{"2"}, c.fields))
			a := last(t, desk, "TicketGet")
			if got := param(a, "DynamicFields") != nil; got != c.dynamic {
				t.Errorf("DynamicFields: got %v, want %v", got, c.dynamic)
			}
			if got := param(a, "Extended") != nil; got != c.extended {
				t.Errorf("Extended: got %v, want %v", got, c.extended)
			}
			x := rows.Items[0]
			if x.Number != "2026110100000002" || x.CustomerKey != "ACME" || x.CreatedAt.IsZero() || x.UpdatedAt.IsZero() {
				t.Errorf("key columns are missing: %+v", x)
			}
			if got := len(x.OrderNumbers) > 0; got != c.dynamic {
				t.Errorf("order numbers %v", x.OrderNumbers)
			}
			if got := !x.ClosedAt.IsZero(); got != c.extended {
				t.Errorf("closed at %v", x.ClosedAt)
			}
			if x.Title != "" && !c.fields.Has("title") {
				t.Error("the title was not asked for")
			}
		})
	}
}

func customer(t *testing.T, o opened, parents []string, q datasources.Query) datasources.Rows[schema.Ticket] {
	t.Helper()
	return must[schema.Ticket](t)(o.tickets.ByParent(t.Context(), "customer", parents, q))
}

func TestByParentCustomer(t *testing.T) {
	customers := []string{"R&D+Co", "ACME", "7701234567", "acme", "O'Hara; (x)"}
	desk := otrstest.NewDesk(t, otrstest.Made(500, 3, customers...))
	o := open(t, desk, nil).warm(t, desk)

	t.Run("case=many", func(t *testing.T) {
		rows := customer(t, o, append(slices.Clone(customers), "NOBODY"), datasources.Query{First: 7, Total: true})
		// One search finds 500 tickets, five calls bring them.
		wantCalls(t, desk, 1, 5)
		for i := range customers {
			if len(rows.Parent(i)) != 7 || rows.Totals[i] != 100 || !rows.More[i] {
				t.Errorf("%s: %d rows, total %d, more %v", customers[i], len(rows.Parent(i)), rows.Totals[i], rows.More[i])
			}
			for _, x := range rows.Parent(i) {
				if x.CustomerKey != customers[i] {
					t.Errorf("ticket of %s for %s", x.CustomerKey, customers[i])
				}
			}
		}
		if n := len(customers); len(rows.Parent(n)) != 0 || rows.Totals[n] != 0 {
			t.Error("somebody's tickets for nobody")
		}
	})
	t.Run("case=single", func(t *testing.T) {
		rows := customer(t, o, []string{"R&D+Co"}, datasources.Query{First: 7, Total: true})
		wantCalls(t, desk, 1, 1)
		if len(rows.Items) != 7 || rows.Totals[0] != 100 || !rows.More[0] {
			t.Errorf("%d rows, total %v, more %v", len(rows.Items), rows.Totals, rows.More)
		}
		both := customer(t, o, []string{"R&D+Co", "ACME"}, datasources.Query{First: 7})
		wantKeys(t, rows.Items, keys(both.Parent(0))...)
	})
	t.Run("case=filtered", func(t *testing.T) {
		desk.Take()
		rows := customer(t, o, []string{"ACME", "R&D+Co"}, datasources.Query{First: 50, Where: schema.AllOf(
			schema.Compare("state", schema.In, schema.String("open"), schema.String("new")),
			schema.Compare("queue", schema.Eq, schema.String("Support")),
		)})
		a := desk.Take()[0]
		if !slices.Equal(param(a, "States"), []string{"new", "open"}) || !slices.Equal(param(a, "Queues"), []string{"Support"}) {
			t.Errorf("sent %v", a.Params)
		}
		for _, x := range rows.Items {
			if x.State != "new" && x.State != "open" || x.Queue != "Support" {
				t.Errorf("%s in %s", x.State, x.Queue)
			}
		}
	})
	t.Run("case=filter on the same customer", func(t *testing.T) {
		rows := customer(t, o, []string{"ACME", "R&D+Co"}, datasources.Query{First: 5, Where: schema.Compare("customer", schema.Eq, schema.String("ACME"))})
		if len(rows.Parent(0)) != 5 || len(rows.Parent(1)) != 0 {
			t.Errorf("got %d and %d", len(rows.Parent(0)), len(rows.Parent(1)))
		}
		desk.Take()
		customer(t, o, []string{"7701234567"}, datasources.Query{First: 5, Where: schema.Compare("customerNumber", schema.Eq, schema.String("ACME"))})
		wantCalls(t, desk, 0, 0)
	})
}

// A group of customers with too many tickets is asked in halves, down to one.
func TestFoundBound(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(400, 1, "A", "B", "C", "D"))
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.FoundBound = 150 }).warm(t, desk)
	rows := customer(t, o, []string{"A", "B", "C", "D"}, datasources.Query{First: 3, Total: true})
	// 4 find 151, 2 and 2 find 151 each, then each of the four: search and page.
	wantCalls(t, desk, 1+2+4, 4)
	for i := range 4 {
		if len(rows.Parent(i)) != 3 || rows.Totals[i] != -1 && rows.Totals[i] != 100 {
			t.Errorf("%d: %d rows, total %d", i, len(rows.Parent(i)), rows.Totals[i])
		}
	}
}

// On a server that does not know CustomerIDRaw, customers whose keys its query
// language would misread are refused; nobody gets everything.
func TestCustomerFallback(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(40, 1, "ACME", "R&D+Co", "GLO*", "acme"))
	desk.Quirks = otrstest.Quirks{NoRaw: true}
	o := open(t, desk, nil).warm(t, desk)
	rows, err := o.tickets.ByParent(t.Context(), "customer", []string{"ACME", "R&D+Co", "GLO*", "acme"}, datasources.Query{First: 100})
	var some *datasources.BatchError
	if !errors.As(err, &some) || len(some.ByKey) != 2 {
		t.Fatalf("got %v", err)
	}
	wantCode(t, some.ByKey["R&D+Co"], schema.UnsupportedFilter)
	wantCode(t, some.ByKey["GLO*"], schema.UnsupportedFilter)
	for i, want := range map[int]string{0: "ACME", 3: "acme"} {
		if len(rows.Parent(i)) != 10 {
			t.Errorf("%s: %d rows", want, len(rows.Parent(i)))
		}
		for _, x := range rows.Parent(i) {
			if x.CustomerKey != want {
				t.Errorf("ticket of %s for %s", x.CustomerKey, want)
			}
		}
	}
	if n := len(rows.Parent(1)) + len(rows.Parent(2)); n != 0 {
		t.Errorf("%d rows for those refused", n)
	}
	// A single one, too: letter case is told apart here.
	one := customer(t, o, []string{"acme"}, datasources.Query{First: 100, Total: true})
	if len(one.Items) != 10 {
		t.Errorf("%d rows for one", len(one.Items))
	}
	if one.Totals[0] != 10 {
		t.Errorf("total %d", one.Totals[0])
	}
}

// A filter that stops filtering while we run is noticed by the rows it lets
// through, and nothing of the reply is used.
func TestFilterVanishes(t *testing.T) {
	for _, rel := range []datasources.Relation{"customer", "number", "orderNumber"} {
		t.Run("relation="+string(rel), func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(30, 1, "ACME", "GLOBEX", "R&D+Co"))
			o := open(t, desk, nil).warm(t, desk)
			desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
				desk.Quirks = otrstest.Quirks{NoRaw: true, NoNumberLists: true, NoFields: true}
			})
			rows, err := o.tickets.ByParent(t.Context(), rel, []string{"ACME", "GLOBEX"}, datasources.Query{First: 100})
			var some *datasources.BatchError
			if !errors.As(err, &some) || len(some.ByKey) != 2 {
				t.Fatalf("got %v", err)
			}
			for _, e := range some.ByKey {
				wantCode(t, e, schema.SourceInvalid)
			}
			if len(rows.Items) != 0 {
				t.Errorf("%d foreign rows were used", len(rows.Items))
			}
		})
	}
}

func TestByParentNumber(t *testing.T) {
	for _, quirks := range []otrstest.Quirks{{}, {NoNumberLists: true}} {
		t.Run(fmt.Sprintf("lists=%v", !quirks.NoNumberLists), func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(50, 1, "ACME"))
			desk.Quirks = quirks
			o := open(t, desk, nil).warm(t, desk)
			parents := []string{"2026110100000007", "2026110100000009", "nope", "2026*"}
			rows, err := o.tickets.ByParent(t.Context(), "number", parents, datasources.Query{First: 10})
			var some *datasources.BatchError
			if !errors.As(err, &some) || len(some.ByKey) != 1 {
				t.Fatalf("got %v", err)
			}
			wantCode(t, some.ByKey["2026*"], schema.UnsupportedFilter)
			wantKeys(t, rows.Items, "7", "9")
			if len(rows.Parent(0)) != 1 || len(rows.Parent(1)) != 1 {
				t.Errorf("offsets %v", rows.Offsets)
			}
			if !quirks.NoNumberLists {
				wantCalls(t, desk, 1, 1)
			}
		})
	}
}

func TestByParentOrderNumber(t *testing.T) {
	made := otrstest.Made(60, 1, "ACME")
	// Ticket 3 is about two orders, in two fields; 4 holds a list.
	setField(made[2], "Second", "SO-5")
	setField(made[3], "OrderNumber", []any{"SO-4", "SO-5"})
	for _, c := range []struct {
		name     string
		quirks   otrstest.Quirks
		fields   []string
		searches int
		want     map[string][]string
	}{
		{"one field", otrstest.Quirks{}, []string{"DynamicField.OrderNumber"}, 1, map[string][]string{"SO-5": {"5", "4"}, "SO-3": {"3"}, "SO-0": nil}},
		{"two fields", otrstest.Quirks{}, []string{"DynamicField.OrderNumber", "DynamicField.Second"}, 2, map[string][]string{"SO-5": {"5", "4", "3"}, "SO-3": {"3"}, "SO-0": nil}},
		{"old form", otrstest.Quirks{OldFields: true}, []string{"DynamicField.OrderNumber"}, 1, map[string][]string{"SO-5": {"5", "4"}, "SO-3": {"3"}, "SO-0": nil}},
		{"loose collation", otrstest.Quirks{FoldCase: true}, []string{"DynamicField.OrderNumber"}, 1, map[string][]string{"so-5": nil, "SO-5": {"5", "4"}, "SO-3": {"3"}}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			desk := otrstest.NewDesk(t, made)
			desk.Quirks = c.quirks
			o := open(t, desk, func(_ *otrs.Config, d *otrs.Deps) { d.Links = orderLinks(c.fields...) }).warm(t, desk)
			var parents []string
			for p := range c.want {
				parents = append(parents, p)
			}
			rows := must[schema.Ticket](t)(o.tickets.ByParent(t.Context(), "orderNumber", parents, datasources.Query{First: 10, Fields: datasources.NewFields("title")}))
			wantCalls(t, desk, c.searches, 1)
			for i, p := range parents {
				wantKeys(t, rows.Parent(i), c.want[p]...)
			}
		})
	}
	t.Run("case=not searchable", func(t *testing.T) {
		desk := otrstest.NewDesk(t, made)
		o := open(t, desk, func(_ *otrs.Config, d *otrs.Deps) { d.Links = orderLinks("DynamicField.OrderNumber", "Title") })
		_, err := o.tickets.ByParent(t.Context(), "orderNumber", []string{"SO-1"}, datasources.Query{First: 1})
		wantCode(t, err, schema.UnsupportedFilter)
	})
	for name, quirks := range map[string]otrstest.Quirks{"field unknown": {NoFields: true}, "GET only": {NoPost: true}} {
		t.Run("case="+name, func(t *testing.T) {
			desk := otrstest.NewDesk(t, made)
			desk.Quirks = quirks
			o := open(t, desk, nil).warm(t, desk)
			rows, err := o.tickets.ByParent(t.Context(), "orderNumber", []string{"SO-1", "SO-2"}, datasources.Query{First: 1})
			var some *datasources.BatchError
			if !errors.As(err, &some) || len(some.ByKey) != 2 || len(rows.Items) != 0 {
				t.Fatalf("got %v", err)
			}
			wantCode(t, some.ByKey["SO-1"], schema.UnsupportedFilter)
			wantCalls(t, desk, 0, 0)
		})
	}
	t.Run("case=patterns", func(t *testing.T) {
		desk := otrstest.NewDesk(t, made)
		o := open(t, desk, nil).warm(t, desk)
		_, err := o.tickets.ByParent(t.Context(), "orderNumber", []string{"*", "SO-%", strings.Repeat("x", 4000)}, datasources.Query{First: 1})
		var some *datasources.BatchError
		if !errors.As(err, &some) || len(some.ByKey) != 3 {
			t.Fatalf("got %v", err)
		}
		wantCalls(t, desk, 0, 0)
	})
}

func setField(x otrstest.Ticket, name string, v any) {
	for _, f := range x["DynamicField"].([]any) {
		if m := f.(map[string]any); m["Name"] == name {
			m["Value"] = v
		}
	}
}

func TestUnknownRelationAndOrder(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(3, 1, "ACME"))
	o := open(t, desk, nil)
	_, err := o.tickets.ByParent(t.Context(), "quote", []string{"1"}, datasources.Query{First: 1})
	wantCode(t, err, schema.UnsupportedFilter)
	_, err = o.tickets.List(t.Context(), datasources.Query{First: 1, Order: schema.Sort{Column: "title"}})
	wantCode(t, err, schema.UnsupportedFilter)
	if n := len(desk.Take()); n != 0 {
		t.Errorf("%d calls", n)
	}
}
