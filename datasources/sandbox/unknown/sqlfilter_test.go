package unknown_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func TestShopFilters(t *testing.T) {
	s, c := shop(t, unknown.ShopOptions{})
	orders := s.Records("orders")
	numbered := where(orders, func(r unknown.Record) bool { return !strings.HasPrefix(r.Number, "(PROV") })
	if len(numbered) == len(orders) {
		t.Fatal("the world has no draft")
	}
	at := func(i int) unknown.Record { return numbered[i*len(numbered)/10] }
	order := func(r unknown.Record) *world.Order { return demo.Order(r.Customer, r.Index) }
	a, b := at(2), at(7)
	month := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	changed := func(r unknown.Record) time.Time { return order(r).ModifiedOn.Truncate(time.Second) }

	for _, tc := range []struct {
		name   string
		params []string
		want   func(r unknown.Record) bool
	}{
		{"third parties", []string{"thirdparty_ids", a.Owner + "," + b.Owner}, func(r unknown.Record) bool { return r.Owner == a.Owner || r.Owner == b.Owner }},
		{"third parties, some unknown", []string{"thirdparty_ids", a.Owner + ",999999,"}, func(r unknown.Record) bool { return r.Owner == a.Owner }},
		{"ids", []string{"sqlfilters", "(t.rowid:in:" + a.ID + "," + b.ID + ")"}, func(r unknown.Record) bool { return r.ID == a.ID || r.ID == b.ID }},
		{"ids, bare", []string{"sqlfilters", "t.rowid:in:" + a.ID + "," + b.ID}, func(r unknown.Record) bool { return r.ID == a.ID || r.ID == b.ID }},
		{"not ids", []string{"sqlfilters", "(t.rowid:notin:" + a.ID + "," + b.ID + ")"}, func(r unknown.Record) bool { return r.ID != a.ID && r.ID != b.ID }},
		{"numbers", []string{"sqlfilters", "(t.ref:in:'" + a.Number + "','" + b.Number + "')"}, func(r unknown.Record) bool { return r.ID == a.ID || r.ID == b.ID }},
		{"number in other case", []string{"sqlfilters", "(t.ref:=:'" + strings.ToLower(a.Number) + "')"}, func(r unknown.Record) bool { return r.ID == a.ID }},
		{"like", []string{"sqlfilters", "(t.ref:like:'CO26%')"}, func(r unknown.Record) bool { return strings.HasPrefix(r.Number, "CO26") }},
		{"not like", []string{"sqlfilters", "(t.ref:notlike:'CO2_%')"}, func(r unknown.Record) bool { return !strings.HasPrefix(r.Number, "CO2") }},
		{"changed", []string{"sqlfilters", "(t.tms:>:'20260101')"}, func(r unknown.Record) bool { return changed(r).After(month) }},
		{"changed, with colons", []string{"sqlfilters", "(t.tms:>=:'" + changed(a).Format(time.DateTime) + "')"}, func(r unknown.Record) bool { return !changed(r).Before(changed(a)) }},
		{"changed, digits", []string{"sqlfilters", "(t.tms:=:" + changed(a).Format("20060102150405") + ")"}, func(r unknown.Record) bool { return changed(r).Equal(changed(a)) }},
		{"status", []string{"sqlfilters", "(t.fk_statut:=:3)"}, func(r unknown.Record) bool { return order(r).Status == world.OrderDelivered }},
		{"amount", []string{"sqlfilters", "(t.total_ht:<=:'1234.56')"}, func(r unknown.Record) bool { return order(r).Net <= 123_456 }},
		{"missing", []string{"sqlfilters", "(t.date_livraison:is:null)"}, func(unknown.Record) bool { return false }},
		{"not missing", []string{"sqlfilters", "(t.date_livraison:isnot:null)"}, func(unknown.Record) bool { return true }},
		{
			"or within and",
			[]string{"sqlfilters", "((t.fk_soc:=:" + a.Owner + ") or (t.fk_soc:=:'" + b.Owner + "')) AND (t.fk_statut:!=:3)"},
			func(r unknown.Record) bool {
				return (r.Owner == a.Owner || r.Owner == b.Owner) && order(r).Status != world.OrderDelivered
			},
		},
		{
			"and binds first",
			[]string{"sqlfilters", "(t.rowid:=:" + a.ID + ") or (t.rowid:=:" + b.ID + ") and (t.rowid:=:" + a.ID + ")"},
			func(r unknown.Record) bool { return r.ID == a.ID },
		},
		{
			"both parameters",
			[]string{"thirdparty_ids", a.Owner, "sqlfilters", "(t.rowid:<>:" + a.ID + ")"},
			func(r unknown.Record) bool { return r.Owner == a.Owner && r.ID != a.ID },
		},
		{"the last one counts", []string{"thirdparty_ids", b.Owner, "thirdparty_ids", a.Owner}, func(r unknown.Record) bool { return r.Owner == a.Owner }},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			want := ids(where(orders, tc.want))
			a := c.get("/orders", append(tc.params, "limit", "0")...)
			if len(want) == 0 {
				a.want(t, 404)
				return
			}
			equal(t, "ids", column(as[[]row](t, a.want(t, 200)), "id"), want)
		})
	}
	for _, tc := range []struct {
		name, param, value string
		want               int
	}{
		{"ids that are none", "thirdparty_ids", "1,x", 400},
		{"unknown column", "sqlfilters", "(t.socid:=:1)", 503},
		{"column without alias", "sqlfilters", "(rowid:=:1)", 503},
		{"unknown operator", "sqlfilters", "(t.rowid:==:1)", 400},
		{"no time", "sqlfilters", "(t.tms:>:'yesterday')", 503},
		{"no brackets closed", "sqlfilters", "((t.rowid:=:1)", 400},
		{"draft's number has brackets", "sqlfilters", "(t.ref:=:'(PROV7)')", 400},
		{"OData", "sqlfilters", "rowid eq 1", 400},
		{"no joiner", "sqlfilters", "(t.rowid:=:1)(t.rowid:=:2)", 400},
		{"is something", "sqlfilters", "(t.ref:is:'x')", 503},
		{"too deep", "sqlfilters", strings.Repeat("(", 200) + "(t.rowid:=:1)" + strings.Repeat(")", 200), 400},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			code, _ := restErr(t, c.get("/orders", tc.param, tc.value).want(t, tc.want))
			equal(t, "code", code, tc.want)
		})
	}
	t.Run("case=every document set has third parties", func(t *testing.T) {
		for _, set := range []string{"orders", "invoices", "proposals", "shipments"} {
			records := s.Records(set)
			owner := records[len(records)/2].Owner
			rows := as[[]row](t, c.get("/"+set, "thirdparty_ids", owner, "limit", "0").want(t, 200))
			equal(t, set, column(rows, "id"), ids(where(records, func(r unknown.Record) bool { return r.Owner == owner })))
		}
	})
	t.Run("case=filters that are not known are ignored", func(t *testing.T) {
		_, c := shop(t, unknown.ShopOptions{IgnoreFilters: true})
		rows := as[[]row](t, c.get("/orders", "thirdparty_ids", a.Owner, "sqlfilters", "(t.rowid:=:"+a.ID+")", "limit", "0").want(t, 200))
		equal(t, "rows", len(rows), len(orders))
	})
}
