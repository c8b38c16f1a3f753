package unknown_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

const someGUID = "11111111-2222-4333-8444-555555555555"

func TestLedgerRefuses(t *testing.T) {
	clients := map[int]*client{}
	for _, version := range []int{2, 3, 4} {
		_, clients[version] = ledger(t, unknown.LedgerOptions{Version: version})
	}
	for _, tc := range []struct {
		name, filter string
		want         [3]int // in versions 2, 3 and 4
	}{
		{"guid with prefix", "PartnerKey eq guid'" + someGUID + "'", [3]int{200, 200, 400}},
		{"guid bare", "PartnerKey eq " + someGUID, [3]int{400, 400, 200}},
		{"guid as text", "PartnerKey eq '" + someGUID + "'", [3]int{400, 400, 400}},
		{"guid too short", "PartnerKey eq guid'1111'", [3]int{400, 400, 400}},
		{"datetime", "DocDate gt datetime'2026-01-01T00:00:00'", [3]int{200, 200, 400}},
		{"datetime with a zone", "DocDate gt datetime'2026-01-01T00:00:00Z'", [3]int{400, 400, 400}},
		{"datetime without a time", "DocDate gt datetime'2026-01-01'", [3]int{400, 400, 400}},
		{"datetimeoffset", "DocDate gt datetimeoffset'2026-01-01T00:00:00Z'", [3]int{400, 400, 400}},
		{"instant", "DocDate gt 2026-01-01T00:00:00Z", [3]int{400, 400, 200}},
		{"instant with offset", "DocDate gt 2026-01-01T00:00:00+02:00", [3]int{400, 400, 200}},
		{"instant without a zone", "DocDate gt 2026-01-01T00:00:00", [3]int{400, 400, 400}},
		{"instant that is none", "DocDate gt 2026-13-01T00:00:00Z", [3]int{400, 400, 400}},
		{"date for an instant", "DocDate gt 2026-01-01", [3]int{400, 400, 400}},
		{"date", "DueDate gt 2026-01-01", [3]int{400, 400, 200}},
		{"instant for a date", "DueDate gt 2026-01-01T00:00:00Z", [3]int{400, 400, 400}},
		{"datetime for a date", "DueDate gt datetime'2026-01-01T00:00:00'", [3]int{200, 200, 400}},
		{"time as text", "DocDate gt '2026-01-01T00:00:00Z'", [3]int{400, 400, 400}},
		{"decimal with suffix", "GrossAmount gt 12.5M", [3]int{200, 200, 400}},
		{"decimal without suffix is a double", "GrossAmount gt 12.5", [3]int{400, 400, 200}},
		{"double", "GrossAmount gt 12.5d", [3]int{400, 400, 400}},
		{"integer for a decimal", "GrossAmount gt 12", [3]int{200, 200, 200}},
		{"number as text", "GrossAmount gt '12'", [3]int{400, 400, 400}},
		{"int64 with suffix", "DocEntry gt 9007199254740993L", [3]int{200, 200, 400}},
		{"int64 beyond int32 without suffix", "DocEntry gt 9007199254740993", [3]int{400, 400, 200}},
		{"small integer for an int64", "DocEntry gt 5", [3]int{200, 200, 200}},
		{"too large a number", "DocEntry gt 99999999999999999999", [3]int{400, 400, 400}},
		{"text without quotes", "Status eq Paid", [3]int{400, 400, 400}},
		{"text in double quotes", `Status eq "Paid"`, [3]int{400, 400, 400}},
		{"text not closed", "Status eq 'Paid", [3]int{400, 400, 400}},
		{"text with a quote", "Status eq 'O''Brien'", [3]int{200, 200, 200}},
		{"number for a text", "Status eq 1", [3]int{400, 400, 400}},
		{"boolean as a number", "Cancelled eq 1", [3]int{400, 400, 400}},
		{"boolean as text", "Cancelled eq 'true'", [3]int{400, 400, 400}},
		{"boolean ordered", "Cancelled gt false", [3]int{400, 400, 400}},
		{"unknown property", "Total gt 1", [3]int{400, 400, 400}},
		{"property in other case", "grossAmount gt 1", [3]int{400, 400, 400}},
		{"unknown function", "soundex(Status) eq 'P'", [3]int{400, 400, 400}},
		{"substringof", "substringof('a',Status)", [3]int{200, 200, 400}},
		{"contains", "contains(Status,'a')", [3]int{400, 400, 200}},
		{"function in other case", "StartsWith(Status,'a')", [3]int{400, 400, 400}},
		{"function of a number", "startswith(GrossAmount,'1')", [3]int{400, 400, 400}},
		{"too few arguments", "startswith(Status)", [3]int{400, 400, 400}},
		{"too many arguments", "startswith(Status,'a','b')", [3]int{400, 400, 400}},
		{"no arguments", "startswith()", [3]int{400, 400, 400}},
		{"C's operator", "Status == 'Paid'", [3]int{400, 400, 400}},
		{"operator in capitals", "Status EQ 'Paid'", [3]int{400, 400, 400}},
		{"arithmetic", "GrossAmount add 1 gt 2", [3]int{400, 400, 400}},
		{"through a navigation", "Partner/CountryCode eq 'FR'", [3]int{400, 400, 400}},
		{"lambda", "Items/any(i:i/LineNumber eq 10)", [3]int{400, 400, 400}},
		{"no condition", "Status", [3]int{400, 400, 400}},
		{"and of no conditions", "Status and Reference", [3]int{400, 400, 400}},
		{"not of a text", "not Status", [3]int{400, 400, 400}},
		{"bracket left open", "(Status eq 'Paid'", [3]int{400, 400, 400}},
		{"bracket too many", "Status eq 'Paid')", [3]int{400, 400, 400}},
		{"nothing", "", [3]int{400, 400, 400}},
		{"too deep", strings.Repeat("(", 500) + "Cancelled" + strings.Repeat(")", 500), [3]int{400, 400, 400}},
		{"too many nots", strings.Repeat("not ", 500) + "Cancelled", [3]int{400, 400, 400}},
		{"deep enough", strings.Repeat("(", 50) + "Cancelled" + strings.Repeat(")", 50), [3]int{200, 200, 200}},
	} {
		for i, want := range tc.want {
			version := i + 2
			t.Run(fmt.Sprintf("case=%s in %d", tc.name, version), func(t *testing.T) {
				a := clients[version].get("SalesInvoices", "$filter", tc.filter).want(t, want)
				if want == 400 {
					odataErr(t, version, a)
				}
			})
		}
	}
}

// odataErr reads an error body in the form of its version and returns its text.
func odataErr(t *testing.T, version int, a answer) (code, message string) {
	t.Helper()
	got := as[row](t, a)
	name := "error"
	if version == 3 {
		name = "odata.error"
	}
	inner, ok := got[name].(row)
	if !ok || len(got) != 1 {
		t.Fatalf("no %s in %s", name, a.body)
	}
	code = inner["code"].(string)
	if version == 4 {
		message = inner["message"].(string)
	} else {
		text := inner["message"].(row)
		equal(t, "lang", text["lang"], "en")
		message = text["value"].(string)
	}
	if message == "" || (code != "") != (version == 2) {
		t.Errorf("version %d: got code %q and text %q", version, code, message)
	}
	return code, message
}

func TestLedgerRefusesOptions(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		_, c := ledger(t, unknown.LedgerOptions{Version: version})
		old, recent := 200, 400
		if version == 4 {
			old, recent = 400, 200
		}
		for _, tc := range []struct {
			name   string
			params []string
			want   int
		}{
			{"inline count", []string{"$inlinecount", "allpages"}, old},
			{"inline count that is none", []string{"$inlinecount", "true"}, 400},
			{"count", []string{"$count", "true"}, recent},
			{"count that is none", []string{"$count", "yes"}, 400},
			{"search", []string{"$search", "x"}, 400},
			{"unknown", []string{"$limit", "1"}, 400},
			{"without the dollar it is the caller's own", []string{"filter", "nonsense"}, 200},
			{"twice", []string{"$top", "1", "$top", "2"}, 400},
			{"top below nought", []string{"$top", "-1"}, 400},
			{"top that is no number", []string{"$top", "x"}, 400},
			{"skip that is no number", []string{"$skip", "1.5"}, 400},
			{"unknown in select", []string{"$select", "Number,Total"}, 400},
			{"unknown in order", []string{"$orderby", "Total"}, 400},
			{"order with a bad word", []string{"$orderby", "Number up"}, 400},
			{"order down", []string{"$orderby", "Number desc"}, 200},
			{"nothing to order by", []string{"$orderby", ""}, 400},
			{"unknown in expand", []string{"$expand", "Lines"}, 400},
			{"property in expand", []string{"$expand", "Number"}, 400},
			{"expanded twice", []string{"$expand", "Items,Items"}, 400},
			{"options within expand", []string{"$expand", "Items($select=LineNumber)"}, recent},
			{"unknown within expand", []string{"$expand", "Items($select=Line)"}, 400},
			{"filter within expand", []string{"$expand", "Items($filter=LineNumber eq 10)"}, 400},
			{"bracket open in expand", []string{"$expand", "Items($select=LineNumber"}, 400},
			{"path in select", []string{"$expand", "Items", "$select", "Number,Items/LineNumber"}, old},
			{"path in select without expand", []string{"$select", "Items/LineNumber"}, map[bool]int{true: 400, false: 200}[version == 4]},
		} {
			t.Run("case="+tc.name, func(t *testing.T) {
				a := c.get("SalesOrders", tc.params...).want(t, tc.want)
				if tc.want == 400 {
					odataErr(t, version, a)
				}
			})
		}
		t.Run("case=plus sign", func(t *testing.T) {
			want := map[int]int{2: 200, 3: 400, 4: 200}[version]
			c.do(http.MethodGet, c.url+"SalesOrders?$filter=StatusCode+eq+1", http.NoBody).want(t, want)
		})
		t.Run("case=bad encoding", func(t *testing.T) {
			c.do(http.MethodGet, c.url+"SalesOrders?$filter=%zz", http.NoBody).want(t, 400)
		})
		t.Run("case=writing", func(t *testing.T) {
			a := c.do(http.MethodPost, c.url+"SalesOrders", strings.NewReader("{}")).want(t, 405)
			equal(t, "allow", a.header.Get("Allow"), "GET")
		})
	})
}

func TestLedgerErrorsAsXML(t *testing.T) {
	for _, version := range []int{2, 3} {
		_, c := ledger(t, unknown.LedgerOptions{Version: version})
		c.header.Del("Accept")
		a := c.get("SalesOrders", "$filter", "Tot<al eq 1").want(t, 400)
		var e struct {
			XMLName xml.Name `xml:"error"`
			Code    string   `xml:"code"`
			Message string   `xml:"message"`
		}
		if err := xml.Unmarshal([]byte(a.body), &e); err != nil || e.Message == "" {
			t.Errorf("version %d: %v in %s", version, err, a.body)
		}
	}
}

func TestLedgerNodes(t *testing.T) {
	terms := make([]string, 30)
	for i := range terms {
		terms[i] = fmt.Sprintf("DocEntry eq %d", i)
	}
	filter := strings.Join(terms, " or ")
	_, c := ledger(t, unknown.LedgerOptions{})
	c.get("SalesInvoices", "$filter", filter).want(t, 200)
	_, c = ledger(t, unknown.LedgerOptions{MaxNodes: 100})
	c.get("SalesInvoices", "$filter", filter).want(t, 400)
	c.get("SalesInvoices", "$filter", strings.Join(terms[:25], " or ")).want(t, 200) // 25·3 + 24 = 99
	c.get("SalesInvoices", "$filter", strings.Join(terms[:26], " or ")).want(t, 400) // 26·3 + 25 = 103
}
