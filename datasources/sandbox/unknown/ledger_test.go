package unknown_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

const jsonType = "application/json"

func ledger(t *testing.T, o unknown.LedgerOptions) (*unknown.Ledger, *client) {
	t.Helper()
	l := unknown.NewLedger(demo, o)
	c := serve(t, l, unknown.LedgerBase)
	r := http.Request{Header: c.header}
	r.SetBasicAuth(unknown.LedgerUser, unknown.LedgerPassword)
	c.header.Set("Accept", jsonType)
	return l, c
}

// list is a page in any version's form.
type list struct {
	rows  []row
	count string // "" if there is none
	next  string
}

func listOf(t *testing.T, version int, a answer) list {
	t.Helper()
	got := as[row](t, a.want(t, 200))
	in, rows, count, next := got, "value", "@odata.count", "@odata.nextLink"
	switch version {
	case 2:
		in, rows, count, next = got["d"].(row), "results", "__count", "__next"
	case 3:
		count, next = "odata.count", "odata.nextLink"
	}
	out := list{}
	for _, r := range in[rows].([]any) {
		out.rows = append(out.rows, r.(row))
	}
	if n, ok := in[count]; ok {
		out.count = fmt.Sprint(n)
		if _, isText := n.(string); isText != (version < 4) {
			t.Errorf("version %d has a count that is a %T", version, n)
		}
	}
	out.next, _ = in[next].(string)
	return out
}

func versions(t *testing.T, test func(t *testing.T, version int)) {
	for _, v := range []int{2, 3, 4} {
		t.Run(fmt.Sprintf("case=version %d", v), func(t *testing.T) { test(t, v) })
	}
}

// counted is the option with which a version is asked for the total.
func counted(version int) []string {
	if version == 4 {
		return []string{"$count", "true"}
	}
	return []string{"$inlinecount", "allpages"}
}

func guidLiteral(version int, guid string) string {
	if version == 4 {
		return guid
	}
	return "guid'" + guid + "'"
}

func timeLiteral(version int, t time.Time) string {
	if version == 4 {
		return t.UTC().Format("2006-01-02T15:04:05.999Z")
	}
	return "datetime'" + t.UTC().Format("2006-01-02T15:04:05.999") + "'"
}

func textLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func TestLedgerPagesAreWhole(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		for _, relative := range []bool{false, true} {
			l, c := ledger(t, unknown.LedgerOptions{Version: version, PageSize: 6, RelativeNext: relative})
			records := l.Records("SalesOrders")
			cutoff := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
			order := func(r unknown.Record) *world.Order { return demo.Order(r.Customer, r.Index) }
			since := where(records, func(r unknown.Record) bool { return !order(r).Date.Before(cutoff) })
			byDate := slices.Clone(since)
			slices.SortStableFunc(byDate, func(a, b unknown.Record) int { return order(b).Date.Compare(order(a).Date) })
			filter := "OrderDate ge " + timeLiteral(version, cutoff)
			for _, tc := range []struct {
				name   string
				params []string
				want   []unknown.Record
				total  int
			}{
				{"all", nil, records, len(records)},
				{"filtered", []string{"$filter", filter}, since, len(since)},
				{"ordered", []string{"$filter", filter, "$orderby", "OrderDate desc,Number"}, byDate, len(since)},
				{"top beyond the page", []string{"$top", "20"}, records[:20], len(records)},
				{"top at the page", []string{"$top", "6"}, records[:6], len(records)},
				{"top below the page", []string{"$top", "4"}, records[:4], len(records)},
				{"skip and top", []string{"$skip", "5", "$top", "14"}, records[5:19], len(records)},
				{"skip all", []string{"$skip", "100000"}, nil, len(records)},
				{"top nought", []string{"$top", "0"}, nil, len(records)},
			} {
				t.Run("case="+tc.name, func(t *testing.T) {
					address := c.url + "SalesOrders" + query(append(tc.params, counted(version)...))
					var got []string
					for n := 0; address != ""; n++ {
						p := listOf(t, version, c.do(http.MethodGet, address, http.NoBody))
						if n > 100 || len(p.rows) > 6 {
							t.Fatalf("page %d has %d rows", n, len(p.rows))
						}
						equal(t, "count", p.count, tc.total)
						got = append(got, column(p.rows, "Number")...)
						if strings.Contains(p.next, "$top") || strings.Contains(p.next, "$skip=") {
							t.Errorf("the next page is cut twice: %s", p.next)
						}
						if address = p.next; address != "" && !strings.HasPrefix(address, "http") {
							equal(t, "relative", relative, true)
							address = c.url + address
						}
					}
					want := ids(tc.want)
					if got == nil {
						got = []string{}
					}
					equal(t, "numbers", got, want)
				})
			}
		}
		_, c := ledger(t, unknown.LedgerOptions{Version: version, PageSize: -1})
		p := listOf(t, version, c.get("SalesOrderItems"))
		if p.next != "" || p.count != "" || len(p.rows) < 100 {
			t.Errorf("one page: got %d rows, count %q, next %q", len(p.rows), p.count, p.next)
		}
	})
}

func TestLedgerTokens(t *testing.T) {
	_, c := ledger(t, unknown.LedgerOptions{PageSize: 3})
	next := listOf(t, 4, c.get("SalesOrders")).next
	u, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	token := u.Query().Get("$skiptoken")
	for _, tc := range []struct {
		name, set, token string
		want             int
	}{
		{"its own", "SalesOrders", token, 200},
		{"of another list", "SalesInvoices", token, 400},
		{"made up", "SalesOrders", "MTIz", 400},
		{"not base64", "SalesOrders", "%", 400},
	} {
		t.Run("case="+tc.name, func(t *testing.T) { c.get(tc.set, "$skiptoken", tc.token).want(t, tc.want) })
	}
	c.get("SalesOrders", "$skiptoken", token, "$filter", "StatusCode eq 1").want(t, 400)
	c.get("SalesOrders", "$skiptoken", token, "$orderby", "Number desc").want(t, 400)
}

func TestLedgerAuth(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		auth         unknown.LedgerAuth
		want         int
	}{
		{"basic", "Basic bGVkZ2VyOmxlZGdlci1zYW5kYm94", unknown.BasicAuth, 200},
		{"basic wrong", "Basic bGVkZ2VyOng=", unknown.BasicAuth, 401},
		{"missing", "", unknown.BasicAuth, 401},
		{"basic wants no bearer", "Bearer " + unknown.LedgerToken, unknown.BasicAuth, 401},
		{"bearer", "Bearer " + unknown.LedgerToken, unknown.BearerToken, 200},
		{"bearer wrong", "Bearer x", unknown.BearerToken, 401},
		{"bearer wants no basic", "Basic bGVkZ2VyOmxlZGdlci1zYW5kYm94", unknown.BearerToken, 401},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			_, c := ledger(t, unknown.LedgerOptions{Auth: tc.auth})
			c.header.Del("Authorization")
			if tc.header != "" {
				c.header.Set("Authorization", tc.header)
			}
			a := c.get("$metadata").want(t, tc.want)
			if tc.want == 401 && (a.header.Get("WWW-Authenticate") == "" || !strings.HasPrefix(a.body, "<!DOCTYPE html>")) {
				t.Errorf("got %v %s", a.header, a.body)
			}
		})
	}
}

func TestLedgerLongURL(t *testing.T) {
	long := "Number eq '" + strings.Repeat("x", 400) + "'"
	for _, tc := range []struct {
		name string
		opts unknown.LedgerOptions
		want int
	}{
		{"at the bound", unknown.LedgerOptions{MaxURL: 1000}, 200},
		{"too long", unknown.LedgerOptions{MaxURL: 300}, 414},
		{"too long for IIS", unknown.LedgerOptions{MaxURL: 300, LongURL: unknown.IISNotFound}, 404},
		{"no bound", unknown.LedgerOptions{MaxURL: -1}, 200},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			_, c := ledger(t, tc.opts)
			a := c.get("SalesOrders", "$filter", long).want(t, tc.want)
			if tc.want != 200 {
				equal(t, "type", a.header.Get("Content-Type"), "text/html; charset=utf-8")
			}
		})
	}
	t.Run("case=exactly", func(t *testing.T) {
		path := unknown.LedgerBase + "SalesOrders" + query([]string{"$filter", long})
		for bound, want := range map[int]int{len(path): 200, len(path) - 1: 414} {
			_, c := ledger(t, unknown.LedgerOptions{MaxURL: bound})
			c.get("SalesOrders", "$filter", long).want(t, want)
		}
	})
}

func TestLedgerAtOnce(t *testing.T) {
	l, c := ledger(t, unknown.LedgerOptions{PageSize: 20})
	ask := []string{"$filter", "StatusCode ge 1", "$orderby", "ChangedAt desc", "$expand", "Items,Partner"}
	c.atOnce(c.get("SalesOrders", ask...).want(t, 200).body, "SalesOrders", ask, func(i int) error {
		if _, ok := l.Record("SalesOrders", l.Records("SalesOrders")[i].ID); !ok {
			return fmt.Errorf("no record %d", i)
		}
		return nil
	})
}
