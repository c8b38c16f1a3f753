package unknown_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

func TestLedgerKeys(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		l, c := ledger(t, unknown.LedgerOptions{Version: version})
		partner, invoice := l.Records("BusinessPartners")[1], l.Records("SalesInvoices")[1]
		item := l.Records("SalesOrderItems")[1]
		long := ""
		if version < 4 {
			long = "L"
		}
		key := func(s string) string { return url.PathEscape(textLiteral(s)) }
		order, line, _ := strings.Cut(item.ID, "|")
		for _, tc := range []struct {
			name, path string
			want       int
		}{
			{"guid", "BusinessPartners(" + guidLiteral(version, partner.ID) + ")", 200},
			{"guid as text", "BusinessPartners('" + partner.ID + "')", 400},
			{"guid of the other version", "BusinessPartners(" + guidLiteral(6-max(version, 3), partner.ID) + ")", map[int]int{2: 200, 3: 200, 4: 400}[version]},
			{"named", "BusinessPartners(PartnerKey=" + guidLiteral(version, partner.ID) + ")", 200},
			{"named wrongly", "BusinessPartners(Key=" + guidLiteral(version, partner.ID) + ")", 400},
			{"not there", "BusinessPartners(" + guidLiteral(version, someGUID) + ")", 404},
			{"int64", "SalesInvoices(" + invoice.ID + long + ")", 200},
			{"int64 of the other version", "SalesInvoices(" + invoice.ID + map[bool]string{true: "", false: "L"}[version < 4] + ")", 400},
			{"small int64 without a suffix", "SalesInvoices(5)", map[bool]int{true: 400, false: 404}[version < 4]},
			{"int32 with the suffix of an int64", "SalesOrderItems(SalesOrderNumber=" + key(order) + ",LineNumber=" + line + "L)", 400},
			{"two parts", "SalesOrderItems(SalesOrderNumber=" + key(order) + ",LineNumber=" + line + ")", 200},
			{"two parts the other way round", "SalesOrderItems(LineNumber=" + line + ",SalesOrderNumber=" + key(order) + ")", 200},
			{"one part of two", "SalesOrderItems(SalesOrderNumber=" + key(order) + ")", 400},
			{"two parts without names", "SalesOrderItems(" + key(order) + "," + line + ")", 400},
			{"one part twice", "SalesOrderItems(LineNumber=10,LineNumber=10)", 400},
			{"nothing", "SalesOrders()", 400},
			{"not closed", "SalesOrders('x'", 400},
			{"no such set", "Customers('x')", 404},
			{"no such set, all", "Customers", 404},
			{"set in other case", "salesorders", 404},
			{"unknown behind a key", "SalesInvoices(" + invoice.ID + long + ")/Lines", 404},
			{"property behind a key", "SalesInvoices(" + invoice.ID + long + ")/Status", 501},
			{"to one", "SalesInvoices(" + invoice.ID + long + ")/Partner", 200},
			{"to many", "SalesInvoices(" + invoice.ID + long + ")/Items", 200},
			{"unknown behind a set", "SalesInvoices/All", 404},
		} {
			t.Run("case="+tc.name, func(t *testing.T) {
				a := c.get(tc.path).want(t, tc.want)
				if tc.want >= 400 {
					odataErr(t, version, a)
				}
			})
		}
		t.Run("case=filter on one row", func(t *testing.T) {
			c.get("SalesInvoices("+invoice.ID+long+")", "$filter", "Cancelled").want(t, 400)
		})
		t.Run("case=texts that have to be encoded", func(t *testing.T) {
			forms := map[string]bool{}
			for _, rec := range l.Records("SalesOrders") {
				forms[strings.Trim(rec.ID, "0123456789")] = true
				got := as[row](t, c.get("SalesOrders("+key(rec.ID)+")").want(t, 200))
				if version == 2 {
					got = got["d"].(row)
				}
				equal(t, "number", got["Number"], rec.ID)
				rows := listOf(t, version, c.get("SalesOrders", "$filter", "Number eq "+textLiteral(rec.ID))).rows
				equal(t, "numbers", column(rows, "Number"), []string{rec.ID})
			}
			if len(forms) < 7 || !slices.ContainsFunc(l.Records("SalesOrders"), func(r unknown.Record) bool { return strings.ContainsAny(r.ID, "'") }) {
				t.Errorf("only %d forms of keys: %v", len(forms), forms)
			}
		})
		t.Run("case=addresses in the answer lead back", func(t *testing.T) {
			if version != 2 {
				return
			}
			for _, r := range listOf(t, version, c.get("SalesOrders")).rows {
				uri := r["__metadata"].(row)["uri"].(string)
				got := as[row](t, c.do(http.MethodGet, uri, http.NoBody).want(t, 200))["d"].(row)
				equal(t, "number", got["Number"], r["Number"])
				items := r["Items"].(row)["__deferred"].(row)["uri"].(string)
				if len(listOf(t, version, c.do(http.MethodGet, items, http.NoBody)).rows) == 0 {
					t.Errorf("%s has no items", uri)
				}
			}
		})
	})
}

func TestLedgerShapes(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		l, c := ledger(t, unknown.LedgerOptions{Version: version, PageSize: -1})
		items := func(r row) []any {
			if version == 2 {
				return r["Items"].(row)["results"].([]any)
			}
			return r["Items"].([]any)
		}
		control := map[int]int{2: 1}[version] // __metadata
		t.Run("case=expanded", func(t *testing.T) {
			for _, r := range listOf(t, version, c.get("SalesOrders", "$expand", "Items,Partner")).rows {
				rec, _ := l.Record("SalesOrders", r["Number"].(string))
				o := demo.Order(rec.Customer, rec.Index)
				list := items(r)
				equal(t, "items", len(list), len(o.Lines))
				for i, raw := range list {
					item := raw.(row)
					equal(t, "line", item["LineNumber"], (i+1)*10)
					equal(t, "material", item["MaterialNumber"], o.Lines[i].SKU)
					equal(t, "quantity", item["Quantity"], fmt.Sprintf("%d.%03d", o.Lines[i].Quantity/1000, o.Lines[i].Quantity%1000))
					equal(t, "net", item["NetAmount"], dot(o.Lines[i].Net))
				}
				equal(t, "partner", r["Partner"].(row)["PartnerKey"], rec.Owner)
			}
		})
		t.Run("case=selected", func(t *testing.T) {
			for _, r := range listOf(t, version, c.get("SalesOrders", "$select", "NetAmount, Number")).rows {
				equal(t, "members", len(r), 2+control)
			}
		})
		t.Run("case=expanded and selected", func(t *testing.T) {
			params := []string{"$select", "Number,Items/LineNumber", "$expand", "Items"}
			if version == 4 {
				params = []string{"$select", "Number", "$expand", "Items($select=LineNumber)"}
			}
			for _, r := range listOf(t, version, c.get("SalesOrders", params...)).rows {
				equal(t, "members", len(r), 2+control)
				for _, item := range items(r) {
					equal(t, "members", len(item.(row)), 1+control)
				}
			}
		})
		t.Run("case=expanded and not selected", func(t *testing.T) {
			for _, r := range listOf(t, version, c.get("SalesOrders", "$select", "Number", "$expand", "Items")).rows {
				_, ok := r["Items"]
				equal(t, "has items", ok, version == 4)
			}
		})
		t.Run("case=behind a key", func(t *testing.T) {
			rec := l.Records("SalesInvoices")[2]
			long := map[bool]string{true: "L"}[version < 4]
			rows := listOf(t, version, c.get("SalesInvoices("+rec.ID+long+")/Items", "$orderby", "LineNumber desc")).rows
			want := where(l.Records("SalesInvoiceItems"), func(r unknown.Record) bool { return r.Of == rec.ID })
			slices.Reverse(want)
			var got []string
			for _, r := range rows {
				got = append(got, fmt.Sprintf("%v|%v", r["DocEntry"], r["LineNumber"]))
			}
			equal(t, "keys", got, ids(want))
		})
		t.Run("case=nulls first", func(t *testing.T) {
			rows := listOf(t, version, c.get("BusinessPartners", "$orderby", "CreditLimit")).rows
			if rows[0]["CreditLimit"] != nil || rows[len(rows)-1]["CreditLimit"] == nil {
				t.Errorf("got %v … %v", rows[0]["CreditLimit"], rows[len(rows)-1]["CreditLimit"])
			}
		})
	})
}
