package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

func shop() *memory {
	return &memory{roots: map[string][]record{"orders": {
		order(1, "A1", "web", "10", "2026-01-01T10:00:00Z", "x", "y"),
		order(2, "A2", "Web", "20.5", "2026-02-01T10:00:00Z"),
		order(3, "B1", "", "", "2026-03-01T10:00:00Z", "z", "x"),
		order(4, "B2", "store", "-5", "", "x"),
	}}}
}

// texts are the rows as the tests write them.
func texts(rows [][]schema.Value) string {
	var out []string
	for _, r := range rows {
		var cells []string
		for _, v := range r {
			cells = append(cells, v.Text())
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

func read(tb testing.TB, r *report.Report, with report.Runner) [][]schema.Value {
	tb.Helper()
	w := &sheet{}
	next, err := r.Read(tb.Context(), with, w, odata.Position{Count: -1})
	must(tb, err)
	if next != nil {
		tb.Fatal("there is a further page")
	}
	return w.rows
}

// TestRead holds what is asked of the graph for a question, and what comes of it.
func TestRead(t *testing.T) {
	orders, lines, some := table(t, ordersText), table(t, linesText), table(t, someText)
	// Where nobody says an order, it is the one that does not change.
	const whole = "query d($orderBy: OrderOrderBy!, $after: String) { orders(filter: {isDeleted: {in: [true, false]}}, orderBy: $orderBy, after: $after) { nodes {"
	const filtered = "query d($filter: OrderFilter!, $orderBy: OrderOrderBy!, $after: String) { orders(filter: {and: [{isDeleted: {in: [true, false]}}, $filter]}, orderBy: $orderBy, after: $after) { nodes {"
	const steady = "orderBy:map[direction:ASC field:ID]]"
	for _, c := range []struct {
		name  string
		lines int // which table
		query string
		asked string
		vars  string // of the filter and the order
		rest  string
		rows  string
	}{
		{"one column", 0, "$select=number", whole + " number } } }", "", "", "A1 A2 B1 B2"},
		{"key and source", 0, "$select=key,source", whole + " id trama_source: source } } }", "", "", "o001,erp o002,erp o003,erp o004,erp"},
		{"times need records", 0, "$select=isDeleted,asOf", whole + " id customer { id trama_changedAt: changedAt } trama_changedAt: changedAt trama_isDeleted: isDeleted } } }", "", "", ",false ,false ,false ,false"},
		{"text equal", 0, "$select=number&$filter=shop eq 'web'", filtered + " number } } }", `map[filter:map[shop:map[eq:web]]]`, "", "A1"},
		{"text unequal", 0, "$select=number&$filter=shop ne 'web'", filtered + " number } } }", `map[filter:map[shop:map[ne:web]]]`, "", "A2 B1 B2"},
		{"text contained", 0, "$select=number&$filter=contains(shop,'web')", filtered + " number shop } } }", `map[filter:map[shop:map[contains:web]]]`, "contains(shop,'web')", "A1"},
		{"text greater", 0, "$select=number&$filter=number gt 'A2'", whole + " number } } }", "", "number gt 'A2'", "B1 B2"},
		{"text greater and amount", 0, "$select=number&$filter=number gt 'A1' and total_amount lt 5", filtered + " number } } }", "map[filter:map[total:map[lt:5]]]", "number gt 'A1'", "B2"},
		{"a year", 0, "$select=number&$filter=year(date) eq 2026 and month(date) le 2", filtered + " number date } } }", "map[filter:map[and:[map[date:map[ge:2026-01-01T00:00:00Z]] map[date:map[lt:2027-01-01T00:00:00Z]]]]]", "month(date) le 2", "A1 A2"},
		{"a range", 0, "$select=number&$filter=date ge 2026-01-01T00:00:00Z and date lt 2026-02-01T00:00:00Z", filtered + " number } } }", "map[filter:map[and:[map[date:map[ge:2026-01-01T00:00:00Z]] map[date:map[lt:2026-02-01T00:00:00Z]]]]]", "", "A1"},
		{"null", 0, "$select=number&$filter=total_amount eq null or not (date gt 2026-01-15T00:00:00Z)", filtered + " number } } }", "map[filter:map[or:[map[total:map[isNull:true]] map[not:map[date:map[gt:2026-01-15T00:00:00Z]]]]]]", "", "A1 B1 B2"},
		{"living ones", 0, "$select=number&$filter=isDeleted eq false", filtered + " number } } }", "map[filter:map[isDeleted:map[eq:false]]]", "", "A1 A2 B1 B2"},
		{"deleted ones", 0, "$select=number&$filter=isDeleted", filtered + " number } } }", "map[filter:map[isDeleted:map[eq:true]]]", "", ""},
		{"lines of living ones", 1, "$select=order_number&$filter=not isDeleted", filtered + " number lines { position } } } }", "map[filter:map[isDeleted:map[eq:false]]]", "", "A1 A1 B1 B1 B2"},
		{"never", 0, "$filter=shop gt null and number eq 'A1'", "", "", "", ""},
		{"order folded", 0, "$select=number&$orderby=total_amount desc", "query d($orderBy: OrderOrderBy!, $after: String) { orders(filter: {isDeleted: {in: [true, false]}}, orderBy: $orderBy, after: $after) { nodes { number } } }", "map[orderBy:map[direction:DESC field:TOTAL]]", "", "A2 A1 B2 B1"},
		{"order of texts", 0, "$select=number&$orderby=shop", whole + " id number shop } } }", "", "", "B1 A2 B2 A1"},
		{"order of two", 0, "$select=number&$orderby=shop desc,date&$top=2&$skip=1", whole + " id number shop date } } }", "", "", "B2 A2"},
		{"order by the key", 0, "$select=number&$orderby=key desc", whole + " id number } } }", "", "", "B2 B1 A2 A1"},
		{"top and skip", 0, "$select=number&$top=2&$skip=1", whole + " number } } }", "", "", "A2 B1"},
		{"top 0", 0, "$top=0", "", "", "", ""},
		{"lines", 1, "$select=key,order_number,sku", whole + " number lines { sku } trama_id: id } } }", "", "", "o001.1,A1,x o001.2,A1,y o003.1,B1,z o003.2,B1,x o004.1,B2,x"},
		{"lines of what holds them", 1, "$select=order_number", whole + " number lines { position } } } }", "", "", "A1 A1 B1 B1 B2"},
		{"lines by holder and own", 1, "$select=key&$filter=order_shop eq null and sku eq 'x'", filtered + " lines { sku } trama_id: id } } }", "map[filter:map[shop:map[isNull:true]]]", "sku eq 'x'", "o003.2"},
		{"lines sorted by the holder", 1, "$select=key&$orderby=order_date", "query d($orderBy: OrderOrderBy!, $after: String) { orders(filter: {isDeleted: {in: [true, false]}}, orderBy: $orderBy, after: $after) { nodes { lines { position } trama_id: id } } }", "map[orderBy:map[direction:ASC field:DATE]]", "", "o004.1 o001.1 o001.2 o003.1 o003.2"},
		{"an own filter and order", 2, "$select=number", `query d($after: String) { orders(filter: {and: [{shop: {ne: "b\""}}, {isDeleted: {in: [true, false]}}]}, orderBy: {field: TOTAL, direction: ASC}, after: $after) { nodes { number } } }`, "", "", "B1 B2 A1 A2"},
		{"both filters and another order", 2, "$select=no&$filter=number ne 'A1'&$orderby=at desc", `query d($filter: OrderFilter!, $orderBy: OrderOrderBy!, $after: String) { orders(filter: {and: [{and: [{shop: {ne: "b\""}}, {isDeleted: {in: [true, false]}}]}, $filter]}, orderBy: $orderBy, after: $after) { nodes { no: status } } }`, "map[filter:map[number:map[ne:A1]] orderBy:map[direction:DESC field:DATE]]", "", "  "},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			m := shop()
			tb := orders
			switch c.lines {
			case 1:
				tb = lines
			case 2:
				tb = some
			}
			r, _ := ask(t, tb, strings.NewReplacer(" ", "%20").Replace(c.query), report.Limits{})
			got := read(t, r, m)
			if asked := strings.Join(m.asked, ";"); asked != c.asked {
				t.Errorf("asked %s\n want %s", asked, c.asked)
			}
			switch {
			case strings.HasPrefix(c.asked, whole) && c.vars == "":
				c.vars = "map[" + steady
			case strings.HasPrefix(c.asked, filtered):
				c.vars = strings.TrimSuffix(c.vars, "]") + " " + steady
			}
			if c.vars != "" || c.asked != "" && len(r.Operations()[0].Variables) > 0 {
				if vars := describe(r.Operations()[0].Variables); vars != c.vars {
					t.Errorf("variables %s\n want %s", vars, c.vars)
				}
			}
			if rest := r.Rest().String(); rest != c.rest {
				t.Errorf("rest %s, want %s", rest, c.rest)
			}
			if texts(got) != c.rows {
				t.Errorf("rows %q, want %q", texts(got), c.rows)
			}
		})
	}
}

func describe(vars map[string]any) string { return strings.TrimSpace(fmt.Sprint(vars)) }
