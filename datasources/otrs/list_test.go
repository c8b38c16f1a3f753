package otrs_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func list(t *testing.T, o opened, q datasources.Query) datasources.Rows[schema.Ticket] {
	t.Helper()
	return must[schema.Ticket](t)(o.tickets.List(t.Context(), q))
}

// expected is what a list must be, computed from all tickets.
func expected(t *testing.T, all []schema.Ticket, q datasources.Query) []string {
	t.Helper()
	var rows []schema.Ticket
	for i := range all {
		if q.Where.Match(&all[i]) {
			rows = append(rows, all[i])
		}
	}
	column, desc := cmp.Or(q.Order.Column, "createdAt"), q.Order.Desc || q.Order.Column == ""
	slices.SortFunc(rows, func(a, b schema.Ticket) int {
		c := a.Column(column).Compare(b.Column(column))
		if desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Key, b.Key))
	})
	return keys(rows)
}

func everything(t *testing.T, o opened, n int) []schema.Ticket {
	t.Helper()
	return must[schema.Ticket](t)(o.tickets.ByKeys(t.Context(), ids(1, n), nil)).Items
}

// Pages in any order, of any size, with any filter, put together are the whole
// list, whatever lies in one second.
func TestListPages(t *testing.T) {
	at := func(s string) schema.Value {
		x, err := time.Parse(otrstest.Layout, s)
		if err != nil {
			t.Fatal(err)
		}
		return schema.Time(x)
	}
	filters := map[string]schema.Predicate{
		"all":        {},
		"state":      schema.Compare("state", schema.Eq, schema.String("open")),
		"kind":       schema.Compare("stateType", schema.In, schema.String("PENDING"), schema.String("NEW")),
		"not":        schema.Negate(schema.Compare("state", schema.Eq, schema.String("open"))),
		"title":      schema.Compare("title", schema.Contains, schema.String("TICKET 1")),
		"mixed or":   schema.AnyOf(schema.Compare("queue", schema.Eq, schema.String("Raw")), schema.Compare("state", schema.Eq, schema.String("new"))),
		"same or":    schema.AnyOf(schema.Compare("queue", schema.Eq, schema.String("Raw")), schema.Compare("queue", schema.In, schema.String("Billing"), schema.String("Nope"))),
		"since":      schema.Compare("createdAt", schema.Ge, at("2026-11-01 08:00:05")),
		"between":    schema.AllOf(schema.Compare("createdAt", schema.Gt, at("2026-11-01 08:00:02")), schema.Compare("updatedAt", schema.Lt, at("2026-11-01 08:00:09"))),
		"moment":     schema.Compare("createdAt", schema.Eq, at("2026-11-01 08:00:03")),
		"closed":     schema.Compare("closedAt", schema.Ge, at("2026-11-01 08:00:02")),
		"closed eq":  schema.Compare("closedAt", schema.Eq, at("2026-11-01 08:00:02")),
		"is null":    schema.Compare("closedAt", schema.IsNull),
		"customer":   schema.Compare("customerNumber", schema.In, schema.String("R&D+Co"), schema.String("NOBODY")),
		"ids":        schema.Compare("id", schema.In, schema.String("3"), schema.String("44"), schema.String("x")),
		"number":     schema.Compare("number", schema.Eq, schema.String("2026110100000011")),
		"other kind": schema.Compare("id", schema.Eq, schema.Int(3)),
		"owner":      schema.Compare("owner", schema.Eq, schema.String("api")),
		"source":     schema.Compare("source", schema.Eq, schema.String("helpdesk")),
		"foreign":    schema.Compare("source", schema.Eq, schema.String("erp")),
		"order":      schema.Compare("orderNumber", schema.Eq, schema.String("SO-9")),
		"none":       {Op: schema.None},
	}
	for _, perSecond := range []int{1, 7, 60} {
		const n = 60
		made := otrstest.Made(n, perSecond, "ACME", "R&D+Co")
		// The order of changes is another one.
		random := rand.New(rand.NewPCG(1, uint64(perSecond)))
		for _, x := range made {
			s, _ := time.Parse(otrstest.Layout, x["Created"].(string))
			x["Changed"] = s.Add(time.Duration(random.IntN(20)) * time.Second).Format(otrstest.Layout)
		}
		desk := otrstest.NewDesk(t, made)
		o := open(t, desk, nil).warm(t, desk)
		all := everything(t, o, n)
		for name, where := range filters {
			for _, order := range []schema.Sort{{}, {Column: "createdAt"}, {Column: "updatedAt", Desc: true}, {Column: "updatedAt"}} {
				t.Run(fmt.Sprintf("%d/%s/%s %v", perSecond, name, order.Column, order.Desc), func(t *testing.T) {
					q := datasources.Query{Where: where, Order: order, First: []int{3, 9, 25, 100}[random.IntN(4)], Total: true}
					want := expected(t, all, q)
					var got []string
					for pages := 0; ; pages++ {
						rows := list(t, o, q)
						got = append(got, keys(rows.Items)...)
						if total := rows.Totals[0]; total != -1 && total != len(want) {
							t.Fatalf("total %d of %d", total, len(want))
						}
						if rows.More[0] != (len(got) < len(want)) {
							t.Fatalf("page %d of %d: more is %v at %d of %d", pages, q.First, rows.More[0], len(got), len(want))
						}
						if !rows.More[0] {
							break
						}
						lastRow := rows.Items[len(rows.Items)-1]
						q.After = &datasources.After{Value: lastRow.Column(cmp.Or(order.Column, "createdAt")), ID: lastRow.Key}
					}
					if !slices.Equal(got, want) {
						t.Errorf("got %v\nwant %v", got, want)
					}
				})
			}
		}
	}
}

// What a page costs, and what is sent for it.
func TestListCalls(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(3000, 1, "ACME", "GLOBEX"))
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.LocalBound = 300 }).warm(t, desk)

	rows := list(t, o, datasources.Query{First: 50})
	wantCalls(t, desk, 1, 1)
	if len(rows.Items) != 50 || rows.Items[0].Key != "3000" || rows.Totals[0] != -1 {
		t.Errorf("%d rows from %s, total %d", len(rows.Items), rows.Items[0].Key, rows.Totals[0])
	}
	rows = list(t, o, datasources.Query{First: 50, Total: true})
	wantCalls(t, desk, 1, 1)
	if rows.Totals[0] != 3000 {
		t.Errorf("total %d", rows.Totals[0])
	}
	end := rows.Items[49]
	rows = list(t, o, datasources.Query{First: 50, Total: true, After: &datasources.After{Value: end.Column("createdAt"), ID: end.Key}})
	wantCalls(t, desk, 2, 1)
	if rows.Totals[0] != 3000 || rows.Items[0].Key != "2950" {
		t.Errorf("total %d from %s", rows.Totals[0], rows.Items[0].Key)
	}
	rows = list(t, o, datasources.Query{First: 1000})
	wantCalls(t, desk, 1, 11)
	if len(rows.Items) != 1000 {
		t.Errorf("%d rows", len(rows.Items))
	}

	_, err := o.tickets.List(t.Context(), datasources.Query{First: 50, Where: schema.Compare("title", schema.Eq, schema.String("Ticket 1"))})
	wantCode(t, err, schema.UnsupportedFilter)
	if s, g := calls(desk); s > 2 || g > 5 {
		t.Errorf("%d searches and %d gets for what is refused", s, g)
	}
	// A local filter that many fulfil is served.
	rows = list(t, o, datasources.Query{First: 10, Where: schema.Compare("owner", schema.Eq, schema.String("api"))})
	if len(rows.Items) != 10 {
		t.Errorf("%d rows", len(rows.Items))
	}
}

// One unknown name among several empties the answer of the server.
func TestUnknownNames(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(50, 1, "ACME"))
	o := open(t, desk, nil).warm(t, desk)
	in := func(column string, names ...string) schema.Predicate {
		var vs []schema.Value
		for _, n := range names {
			vs = append(vs, schema.String(n))
		}
		return schema.Compare(column, schema.In, vs...)
	}
	rows := list(t, o, datasources.Query{First: 100, Where: schema.AllOf(in("state", "open", "no such state"), in("queue", "Raw", "Support", "Nope"))})
	if len(rows.Items) == 0 {
		t.Error("no ticket, though the known names have some")
	}
	if s, _ := calls(desk); s != 1+5+1 {
		t.Errorf("%d searches", s)
	}
	list(t, o, datasources.Query{First: 100, Where: in("state", "open", "new", "no such state")})
	if s, _ := calls(desk); s != 1+2+1 {
		t.Errorf("%d searches, though one name is known", s)
	}
	rows = list(t, o, datasources.Query{First: 100, Where: in("state", "x", "y")})
	if len(rows.Items) != 0 {
		t.Error("tickets of unknown states")
	}
	rows = list(t, o, datasources.Query{First: 100, Where: in("type", "nope"), Total: true})
	if len(rows.Items) != 0 || rows.Totals[0] != 0 {
		t.Error("tickets of an unknown type")
	}
}

// A server whose clock is behind ours must not make us miss its newest tickets.
func TestSkewedClock(t *testing.T) {
	made := otrstest.Made(20, 1, "ACME")
	desk := otrstest.NewDesk(t, made)
	for i, x := range made {
		at := desk.Now().Add(time.Duration(i-20) * time.Minute).Format(otrstest.Layout)
		x["Created"], x["Changed"] = at, at
	}
	o := open(t, desk, func(_ *otrs.Config, d *otrs.Deps) {
		d.Now = func() time.Time { return desk.Now().Add(10 * time.Minute) }
	})
	found, err := o.Probe(t.Context())
	if err != nil || !slices.ContainsFunc(found, func(f datasources.Finding) bool { return f.Subject == "clock" && f.Level == datasources.Warn }) {
		t.Errorf("%v %v", found, err)
	}
	rows := list(t, o, datasources.Query{First: 10, Where: schema.Compare("createdAt", schema.Ge, schema.Time(desk.Now().Add(-3*time.Minute)))})
	wantKeys(t, rows.Items, "20", "19", "18")
	// Ahead of the server's clock there is nothing, and what we do not know we
	// check here.
	rows = list(t, o, datasources.Query{First: 10, Total: true, Where: schema.Compare("createdAt", schema.Ge, schema.Time(desk.Now().Add(time.Hour)))})
	if len(rows.Items) != 0 || rows.Totals[0] != 0 {
		t.Errorf("%d rows from the future", len(rows.Items))
	}
}

// The wall clock of a zone repeats an hour once a year; lists lose nothing in it.
func TestRepeatedHour(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	// In 2025 the clocks went from 04:00 back to 03:00 on 26 October.
	made := otrstest.Made(36, 1, "ACME")
	for i, x := range made {
		at := time.Date(2025, 10, 25, 23, 0, 0, 0, time.UTC).Add(time.Duration(i) * 10 * time.Minute).In(zone).Format(otrstest.Layout)
		x["Created"], x["Changed"] = at, at
	}
	desk := otrstest.NewDesk(t, made)
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Zone = "Europe/Chisinau" })
	all := everything(t, o, 36)
	for i := range 36 {
		v := schema.Time(time.Date(2025, 10, 25, 23, 0, 0, 0, time.UTC).Add(time.Duration(i) * 10 * time.Minute))
		for _, op := range []schema.Op{schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.Eq} {
			q := datasources.Query{First: 100, Total: true, Where: schema.Compare("createdAt", op, v), Order: schema.Sort{Column: "updatedAt"}}
			rows := list(t, o, q)
			if want := expected(t, all, q); !slices.Equal(keys(rows.Items), want) {
				t.Errorf("%v %v: got %v, want %v", op, v.Time, keys(rows.Items), want)
			}
		}
	}
}

// A server that ignores the sort is not believed.
func TestUnsorted(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(100, 1, "ACME"))
	o := open(t, desk, nil).warm(t, desk)
	desk.Do(func(*[]otrstest.Ticket, map[string]bool) { desk.Quirks.NoSort = true })
	for _, column := range []string{"createdAt", "updatedAt"} {
		_, err := o.tickets.List(t.Context(), datasources.Query{First: 50, Order: schema.Sort{Column: column}})
		wantCode(t, err, schema.SourceInvalid)
	}
}

// Where the server cannot search by time, lists end at their first search rather
// than begin again.
func TestNoDates(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(100, 1, "ACME"))
	desk.Quirks = otrstest.Quirks{NoDates: true}
	o := open(t, desk, nil).warm(t, desk)
	rows := list(t, o, datasources.Query{First: 10})
	if len(rows.Items) != 10 {
		t.Errorf("%d rows", len(rows.Items))
	}
	_, err := o.tickets.List(t.Context(), datasources.Query{First: 10, After: &datasources.After{Value: rows.Items[9].Column("createdAt"), ID: rows.Items[9].Key}})
	wantCode(t, err, schema.UnsupportedFilter)
	got := list(t, o, datasources.Query{First: 100, Where: schema.Compare("createdAt", schema.Le, rows.Items[5].Column("createdAt"))})
	if len(got.Items) != 95 {
		t.Errorf("%d rows", len(got.Items))
	}
	_, err = o.tickets.(datasources.Follower[schema.Ticket]).Since(t.Context(), "")
	wantCode(t, err, schema.NotEnabled)
	_, err = o.tickets.(datasources.Follower[schema.Ticket]).Head(t.Context())
	wantCode(t, err, schema.NotEnabled)
}

// The database of many installations does not tell letter case: no wrong row, and
// no total that counts them.
func TestLooseCollation(t *testing.T) {
	made := otrstest.Made(200, 1, "ACME", "acme", "Other")
	desk := otrstest.NewDesk(t, made)
	desk.Quirks = otrstest.Quirks{FoldCase: true}
	o := open(t, desk, nil).warm(t, desk)
	rows := customer(t, o, []string{"acme"}, datasources.Query{First: 10, Total: true})
	if len(rows.Items) != 10 || rows.Totals[0] != -1 {
		t.Errorf("%d rows, total %d", len(rows.Items), rows.Totals[0])
	}
	for _, x := range rows.Items {
		if x.CustomerKey != "acme" {
			t.Errorf("ticket of %s", x.CustomerKey)
		}
	}
	both := customer(t, o, []string{"acme", "Other"}, datasources.Query{First: 10, Total: true})
	if both.Totals[0] != 67 || len(both.Parent(0)) != 10 {
		t.Errorf("totals %v", both.Totals)
	}
	none := list(t, o, datasources.Query{First: 10, Total: true, Where: schema.Compare("state", schema.Eq, schema.String("OPEN"))})
	if len(none.Items) != 0 || none.Totals[0] > 0 {
		t.Errorf("%d rows, total %v", len(none.Items), none.Totals)
	}
}
