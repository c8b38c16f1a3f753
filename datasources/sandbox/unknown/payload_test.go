package unknown_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func TestLedgerValues(t *testing.T) {
	zone := time.FixedZone("EET", 2*3600)
	invoice := func(rec unknown.Record) *world.Invoice { return demo.Invoice(rec.Customer, rec.Index) }
	for _, tc := range []struct {
		name    string
		version int
		accept  string
		opts    unknown.LedgerOptions
		amount  string // %T
		entry   string // %T
		date    func(t time.Time) string
		due     func(t time.Time) string
	}{
		{
			"version 2", 2, jsonType,
			unknown.LedgerOptions{},
			"string", "string",
			func(t time.Time) string { return fmt.Sprintf("/Date(%d)/", t.UnixMilli()) },
			func(t time.Time) string { return fmt.Sprintf("/Date(%d)/", t.UnixMilli()) },
		},
		{
			"version 2 in another zone does not say so", 2, jsonType,
			unknown.LedgerOptions{Zone: zone},
			"string", "string",
			func(t time.Time) string { return fmt.Sprintf("/Date(%d)/", t.Add(2*time.Hour).UnixMilli()) }, nil,
		},
		{
			"version 3", 3, jsonType,
			unknown.LedgerOptions{},
			"string", "string",
			func(t time.Time) string { return t.Format("2006-01-02T15:04:05.999") },
			func(t time.Time) string { return t.Format("2006-01-02T15:04:05") },
		},
		{
			"version 3 in another zone does not say so", 3, jsonType,
			unknown.LedgerOptions{Zone: zone},
			"string", "string",
			func(t time.Time) string { return t.In(zone).Format("2006-01-02T15:04:05.999") }, nil,
		},
		{
			"version 4", 4, jsonType,
			unknown.LedgerOptions{},
			"json.Number", "json.Number",
			func(t time.Time) string { return t.Format("2006-01-02T15:04:05.999Z") },
			func(t time.Time) string { return t.Format("2006-01-02") },
		},
		{
			"version 4 in another zone", 4, jsonType,
			unknown.LedgerOptions{Zone: zone},
			"json.Number", "json.Number",
			func(t time.Time) string { return t.In(zone).Format("2006-01-02T15:04:05.999") + "+02:00" }, nil,
		},
		{
			"version 4, numbers as texts", 4, jsonType + ";IEEE754Compatible=true",
			unknown.LedgerOptions{},
			"string", "string",
			func(t time.Time) string { return t.Format("2006-01-02T15:04:05.999Z") }, nil,
		},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			tc.opts.Version, tc.opts.PageSize = tc.version, -1
			l, c := ledger(t, tc.opts)
			c.header.Set("Accept", tc.accept)
			for _, r := range listOf(t, tc.version, c.get("SalesInvoices")).rows {
				rec, ok := l.Record("SalesInvoices", fmt.Sprint(r["DocEntry"]))
				if !ok {
					t.Fatalf("no record %v", r["DocEntry"])
				}
				v := invoice(rec)
				equal(t, "amount", r["GrossAmount"], dot(v.Total))
				equal(t, "type of amounts", fmt.Sprintf("%T", r["GrossAmount"]), tc.amount)
				equal(t, "type of Int64", fmt.Sprintf("%T", r["DocEntry"]), tc.entry)
				equal(t, "date", r["DocDate"], tc.date(v.Date.UTC().Truncate(time.Millisecond)))
				if tc.due != nil {
					equal(t, "due", r["DueDate"], tc.due(v.DueDate.UTC()))
				}
				equal(t, "partner", r["PartnerKey"], rec.Owner)
				equal(t, "partner in the world", demo.Customer(rec.Customer).Books[v.Counterparty].PartnerRef, rec.Owner)
				if rec.Of == "" {
					equal(t, "order", r["SalesOrderNumber"], nil)
				} else {
					order, _ := l.Record("SalesOrders", rec.Of)
					equal(t, "order", order.Index, v.Order)
				}
			}
		})
	}
}

func TestLedgerForms(t *testing.T) {
	for _, tc := range []struct {
		name, accept, format string
		version              int
		want                 int
		kind, member         string
	}{
		{"2", jsonType, "", 2, 200, "application/json;charset=utf-8", `{"d":{"results":[{"__metadata":`},
		{"2 by option", "", "json", 2, 200, "application/json;charset=utf-8", `{"d":`},
		{"2 without a word is Atom", "", "", 2, 200, "application/atom+xml;type=feed;charset=utf-8", "<feed"},
		{"2 asked for anything is Atom", "*/*", "", 2, 200, "application/atom+xml;type=feed;charset=utf-8", "<d:DocEntry m:type=\"Edm.Int64\">"},
		{"2 asked for text", "text/plain", "", 2, 415, "application/atom+xml", ""},
		{"3", jsonType, "", 3, 200, "application/json;odata=minimalmetadata;streaming=true;charset=utf-8", `{"odata.metadata":"http`},
		{"3 minimal", jsonType + ";odata=minimalmetadata", "", 3, 200, "application/json;odata=minimalmetadata;streaming=true;charset=utf-8", `$metadata#SalesInvoices","value":[`},
		{"3 none", jsonType + ";odata=nometadata", "", 3, 200, "application/json;odata=nometadata;streaming=true;charset=utf-8", `{"value":[`},
		{"3 verbose", jsonType + ";odata=verbose", "", 3, 200, "application/json;odata=verbose;charset=utf-8", `{"d":{"results":`},
		{"3 without a word is Atom", "", "", 3, 200, "application/atom+xml;type=feed;charset=utf-8", "<feed"},
		{"4", "", "", 4, 200, "application/json; odata.metadata=minimal", `{"@odata.context":"http`},
		{"4 none", jsonType + ";odata.metadata=none", "", 4, 200, "application/json; odata.metadata=none", `{"value":[`},
		{"4 by option", "", "json", 4, 200, "application/json; odata.metadata=minimal", `@odata.context`},
		{"4 has no Atom", "", "atom", 4, 415, "application/json; odata.metadata=minimal", ""},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			_, c := ledger(t, unknown.LedgerOptions{Version: tc.version})
			c.header.Del("Accept")
			if tc.accept != "" {
				c.header.Set("Accept", tc.accept)
			}
			var params []string
			if tc.format != "" {
				params = []string{"$format", tc.format}
			}
			a := c.get("SalesInvoices", params...).want(t, tc.want)
			if tc.want == 200 {
				equal(t, "type", a.header.Get("Content-Type"), tc.kind)
			}
			if !strings.Contains(a.body, tc.member) {
				t.Errorf("no %s in %.200s", tc.member, a.body)
			}
			if strings.HasPrefix(a.body, "<") {
				wellFormed(t, a.body)
			}
			version := a.header.Get("DataServiceVersion") + a.header.Get("OData-Version")
			equal(t, "version", version, fmt.Sprintf("%d.0", tc.version))
		})
	}
}

func wellFormed(t *testing.T, body string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %.300s", err, body)
		}
	}
}
