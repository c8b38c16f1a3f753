package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/trama-graph/trama/graph/odata"
)

// feed asks a server for tables as one token.
type feed struct {
	*server
	token string
	base  string // where the server is asked: itself or a proxy
	most  int    // rows its pages may have; 0: any number
}

func (f *feed) get(t testing.TB, path string) (*http.Response, string) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = f.base + path
	}
	return f.do(t, http.MethodGet, path, nil, "")
}

func (f *feed) do(t testing.TB, method, address string, body []byte, media string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("analyst", f.token)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return resp, string(b)
}

// page is a page of OData.
type page struct {
	Context string           `json:"@odata.context"`
	Next    string           `json:"@odata.nextLink"`
	Value   []map[string]any `json:"value"`
}

func (f *feed) page(t testing.TB, path string) page {
	t.Helper()
	resp, body := f.get(t, path)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %.500s", path, resp.Status, body)
	}
	var p page
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

// all follows the next links.
func (f *feed) all(t testing.TB, path string) (rows []map[string]any, pages int) {
	t.Helper()
	for ; path != ""; pages++ {
		p := f.page(t, path)
		if f.most > 0 && len(p.Value) > f.most {
			t.Fatalf("%s: a page of %d rows, agreed are %d", path, len(p.Value), f.most)
		}
		rows, path = append(rows, p.Value...), p.Next
		if pages > 10_000 {
			t.Fatal("the pages have no end")
		}
	}
	return rows, pages
}

// row is the columns of a row that are compared, in a form all formats come to.
func row(cell func(column string) string, columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = strings.TrimPrefix(cell(c), "'") // of the guard against formulas
		if d, err := decimal.Parse(out[i]); err == nil {
			out[i] = d.Trim(0).String()
		}
	}
	return strings.Join(out, "|")
}

// TestTablesAgree holds that a dataset has the same rows page by page, in files of every
// format, and in the answers of GraphQL.
func TestTablesAgree(t *testing.T) {
	s := demo(t, "--supply", "copy", "--customers", "120")
	s.ask(t, `mutation { saveAgreement(agreement: {name: "pages", packages: ["bi"], maxRows: 150}) { name } }`, nil)
	s.ask(t, `mutation { saveAccount(name: "pages", agreement: "pages") { name } }`, nil)
	issue := s.ask(t, `mutation { generateToken(account: "pages", packages: ["bi"]) { secret } }`, nil)
	paged := &feed{server: s, token: at(t, issue.Data, "generateToken.secret").(string), base: s.URL, most: 150}
	whole := &feed{server: s, token: s.tokens["bi"], base: s.URL}
	for set, columns := range map[string][]string{
		"orders":           {"key", "number", "total_amount", "customer_name", "status"},
		"order_lines":      {"key", "order_number", "sku", "quantity"},
		"customers":        {"key", "name", "country"},
		"payments":         {"key", "number", "amount_amount"},
		"customer_summary": {"key", "name", "orders", "orders_total"},
		"source_status":    {"key", "entity"},
	} {
		want := map[string]int{}
		rows, pages := paged.all(t, "/odata/"+set+"?$select="+strings.Join(columns, ","))
		for _, r := range rows {
			want[row(func(c string) string {
				if r[c] == nil {
					return ""
				}
				return fmt.Sprint(r[c])
			}, columns)]++
		}
		if len(want) < 20 || len(want) != len(rows) || pages != (len(rows)+149)/150 && set != "order_lines" {
			t.Errorf("%s: %d rows, %d different ones, on %d pages", set, len(rows), len(want), pages)
		}
		for format, got := range whole.files(t, set, columns) {
			if !maps.Equal(got, want) {
				t.Errorf("%s.%s has %d rows, the pages have %d: %s", set, format, len(got), len(want), tableDifference(got, want))
			}
		}
	}
	asBI := *s
	asBI.Token = s.tokens["bi"]
	for set, list := range map[string]string{"orders": "orders", "customers": "customers", "payments": "payments"} {
		want := map[string]bool{}
		for after := "null"; after != ""; {
			a := asBI.ask(t, "{ "+list+"(first: 500, after: "+after+") { nodes { id } pageInfo { hasNextPage endCursor } } }", nil)
			for _, n := range at(t, a.Data, list+".nodes").([]any) {
				want[n.(map[string]any)["id"].(string)] = true
			}
			if after = ""; at(t, a.Data, list+".pageInfo.hasNextPage") == true {
				after = fmt.Sprintf("%q", at(t, a.Data, list+".pageInfo.endCursor"))
			}
		}
		rows, _ := whole.all(t, "/odata/"+set+"?$select=id")
		for _, r := range rows {
			if !want[r["id"].(string)] {
				t.Errorf("%s: a row is in no answer of GraphQL", set)
			}
		}
		if len(rows) != len(want) {
			t.Errorf("%s: %d rows, GraphQL has %d", set, len(rows), len(want))
		}
	}
}

// TestShortPages holds that no page has more rows than the agreement says, also where an
// order alone has more lines, and that the pages have all of them in their order.
func TestShortPages(t *testing.T) {
	s := demo(t, "--supply", "copy", "--customers", "40")
	s.ask(t, `mutation { saveAgreement(agreement: {name: "short", packages: ["bi"], maxRows: 2}) { name } }`, nil)
	s.ask(t, `mutation { saveAccount(name: "short", agreement: "short") { name } }`, nil)
	issue := s.ask(t, `mutation { generateToken(account: "short", packages: ["bi"]) { secret } }`, nil)
	short := &feed{server: s, token: at(t, issue.Data, "generateToken.secret").(string), base: s.URL, most: 2}
	whole := &feed{server: s, token: s.tokens["bi"], base: s.URL}
	for _, query := range []string{"$top=60", "$top=40&$skip=5", "$top=30&$filter=" + url.QueryEscape("quantity gt 1"), "$top=30&$orderby=" + url.QueryEscape("order_date desc")} {
		want, _ := whole.all(t, "/odata/order_lines?$select=key,sku&"+query)
		got, pages := short.all(t, "/odata/order_lines?$select=key,sku&"+query)
		if !slices.EqualFunc(got, want, maps.Equal) || len(got) < 30 || pages < len(got)/2 {
			t.Errorf("%s: %d rows on %d pages, want %d", query, len(got), pages, len(want))
		}
		lines := map[string]int{}
		for _, r := range want {
			order, _, _ := strings.Cut(r["key"].(string), ".")
			lines[order]++
		}
		if longest := slices.Max(slices.Collect(maps.Values(lines))); longest < 3 {
			t.Errorf("%s: no order has more than %d lines", query, longest)
		}
	}
}

// files are the rows of a dataset in each format, with how often each is there.
func (f *feed) files(t testing.TB, set string, columns []string) map[string]map[string]int {
	t.Helper()
	out := map[string]map[string]int{}
	for _, format := range []string{"csv", "ndjson", "xlsx", "parquet"} {
		resp, body := f.get(t, "/export/"+set+"."+format+"?$select="+strings.Join(columns, ","))
		if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Disposition"), set+"."+format) {
			t.Fatalf("%s.%s: %s %v %.300s", set, format, resp.Status, resp.Header, body)
		}
		rows := map[string]int{}
		add := func(cells map[string]string) { rows[row(func(c string) string { return cells[c] }, columns)]++ }
		switch format {
		case "csv":
			table, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			addTable(table, add)
		case "xlsx":
			book, err := excelize.OpenReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			table, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			addTable(table, add)
		case "parquet":
			for _, r := range parquetRows(t, body) {
				add(r)
			}
		case "ndjson":
			d := json.NewDecoder(strings.NewReader(body))
			d.UseNumber()
			for d.More() {
				var cells map[string]any
				if err := d.Decode(&cells); err != nil {
					t.Fatal(err)
				}
				texts := map[string]string{}
				for name, v := range cells {
					if v != nil {
						texts[name] = fmt.Sprint(v)
					}
				}
				add(texts)
			}
		}
		out[format] = rows
	}
	return out
}

func addTable(table [][]string, add func(map[string]string)) {
	for _, r := range table[1:] {
		cells := map[string]string{}
		for i, v := range r {
			cells[table[0][i]] = v
		}
		add(cells)
	}
}

func tableDifference(got, want map[string]int) string {
	var out []string
	for r := range got {
		if want[r] == 0 {
			out = append(out, "+"+r)
		}
	}
	for r := range want {
		if got[r] == 0 {
			out = append(out, "-"+r)
		}
	}
	slices.Sort(out)
	return strings.Join(out[:min(len(out), 4)], "  ")
}

// TestPowerQuery asks as Power Query does, behind a proxy with another host and a path:
// the root, the metadata, page by page, a folded range, and a long address as a batch.
func TestPowerQuery(t *testing.T) {
	var proxy *httptest.Server
	var target *url.URL
	proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.URL.Path = strings.TrimPrefix(p.In.URL.Path, "/bi")
			p.Out.URL.RawPath = strings.TrimPrefix(p.In.URL.RawPath, "/bi")
			p.Out.Host = "trama.internal"
		}}).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	l := copiedWorld(t, "public_url: "+proxy.URL+"/bi\ndatasets: {page_rows: 1}\n")
	target, _ = url.Parse(l.URL)
	f := &feed{server: l.server, token: l.partners[2].token, base: proxy.URL + "/bi"}
	if l.partners[2].name != "bi" {
		t.Fatal("the third partner is another one")
	}
	resp, body := f.get(t, "/odata")
	if resp.StatusCode != 200 || resp.Header.Get("OData-Version") != "4.0" || !strings.Contains(body, `"@odata.context":"`+f.base+`/odata/$metadata"`) {
		t.Fatalf("%s %v %s", resp.Status, resp.Header, body)
	}
	resp, body = f.get(t, "/odata/$metadata")
	if resp.Header.Get("Content-Type") != "application/xml" || !strings.Contains(body, `EntitySet Name="orders"`) {
		t.Fatalf("%s %v %.300s", resp.Status, resp.Header, body)
	}
	rows, pages := f.all(t, "/odata/orders?$select=key,date")
	if len(rows) < 2 || pages != len(rows) {
		t.Fatalf("%d rows on %d pages", len(rows), pages)
	}
	p := f.page(t, "/odata/orders?$select=key")
	if !strings.HasPrefix(p.Next, f.base+"/odata/orders?") {
		t.Errorf("the next page is at %s", p.Next)
	}
	for name, link := range map[string]string{
		"tampered": p.Next[:len(p.Next)-2] + "AA", "of another question": strings.Replace(p.Next, "$select=key", "$select=date", 1), "of another set": strings.Replace(p.Next, "/orders?", "/invoices?", 1),
	} {
		if resp, body := f.get(t, link); resp.StatusCode != 400 || !strings.Contains(body, "BAD_REQUEST") {
			t.Errorf("a token that is %s: %s %.200s", name, resp.Status, body)
		}
	}
	other := *f
	other.token = l.partners[1].token // dashboard, another view
	if resp, body := other.get(t, p.Next); resp.StatusCode != 400 && resp.StatusCode != 404 {
		t.Errorf("a token of another view: %s %.200s", resp.Status, body)
	}
	// A range that folds, and what is in it.
	want := 0
	for _, r := range rows {
		if at, _ := r["date"].(string); at >= "2000-01-01" && at < "2100-01-01" {
			want++
		}
	}
	const span = "$filter=date%20ge%202000-01-01T00:00:00Z%20and%20date%20lt%202100-01-01T00:00:00Z"
	if got, _ := f.all(t, "/odata/orders?$select=key&"+span); len(got) != want {
		t.Errorf("a range gives %d rows, want %d", len(got), want)
	}
	// A long address, as a batch of both forms.
	var names []string
	for i := range 400 {
		names = append(names, fmt.Sprintf("number eq 'none-%d'", i))
	}
	long := "orders?$select=key&$filter=" + url.QueryEscape(strings.Join(names, " or ")+" or number ne null")
	b, _ := json.Marshal(map[string]any{"requests": []map[string]string{{"id": "1", "method": "GET", "url": long}}})
	resp, body = f.do(t, http.MethodPost, f.base+"/odata/$batch", b, "application/json")
	if resp.StatusCode != 200 || !strings.Contains(body, `"status":200`) || !strings.Contains(body, `"key"`) {
		t.Errorf("%s %.500s", resp.Status, body)
	}
	parts := "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET " + f.base + "/odata/" + long + " HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--b--\r\n"
	resp, body = f.do(t, http.MethodPost, f.base+"/odata/$batch", []byte(parts), "multipart/mixed;boundary=b")
	if resp.StatusCode != 200 || !strings.Contains(body, "HTTP/1.1 200") || !strings.Contains(body, `"key"`) {
		t.Errorf("%s %.500s", resp.Status, body)
	}
	resp, body = f.get(t, "/odata/trama.pbids")
	if resp.StatusCode != 200 || !strings.Contains(body, `"url": "`+f.base+`/odata"`) || strings.Contains(body, f.token) {
		t.Errorf("%s %s", resp.Status, body)
	}
}

// TestTablesThatAreWrong holds what is answered to addresses that are wrong, and that each
// has the headers of OData.
func TestTablesThatAreWrong(t *testing.T) {
	l := copiedWorld(t, "")
	f := &feed{server: l.server, token: l.Token, base: l.URL}
	for query, status := range map[string]int{
		"orders?$filter=nothing eq 1":                    400,
		"orders?$filter=date eq 'x'":                     400,
		"orders?$filter=((number eq 'x')":                400,
		"orders?$filter=" + strings.Repeat("(", 1000):    400,
		"orders?$top=100000001":                          400,
		"orders?$skiptoken=" + strings.Repeat("A", 5000): 400,
		"orders?$expand=customer":                        501,
		"orders?$top=-1":                                 400,
		"orders?top=1":                                   400,
		"/orders?$top=1":                                 404, // and no redirection, which would repeat a key
		"invoices?$orderby=updatedAt desc&$top=1":        200, // not every system can sort by it
		"orders('nothing')":                              404,
		"orders?$filter=length(number) gt 1 and contains(number,'%') eq false": 200,
	} {
		path := strings.NewReplacer(" ", "%20", "%", "%25").Replace(query)
		resp, body := f.get(t, "/odata/"+path)
		if resp.StatusCode != status || resp.Header.Get("OData-Version") != odata.Version || status >= 400 && !strings.HasPrefix(body, `{"error":{"code":"`) {
			t.Errorf("%.80s: %s %v %.300s", query, resp.Status, resp.Header, body)
		}
	}
	// A filter of more than 100 kB is refused by its own length, in an address as in a
	// batch; one that is read once is read in the next link too.
	long := "orders?$filter=" + url.QueryEscape(strings.Repeat("number eq 'x' or ", 6000)+"number eq 'x'")
	if resp, body := f.get(t, "/odata/"+long); resp.StatusCode != http.StatusRequestURITooLong || !strings.HasPrefix(body, `{"error":{"code":"`) || resp.Header.Get("OData-Version") == "" {
		t.Errorf("a long address: %s %.300s", resp.Status, body)
	}
	b, _ := json.Marshal(map[string]any{"requests": []map[string]string{{"id": "1", "method": "GET", "url": long}}})
	if resp, body := f.do(t, http.MethodPost, l.URL+"/odata/%24batch", b, "application/json"); resp.StatusCode != 200 || !strings.Contains(body, `"status":414`) {
		t.Errorf("a long filter in a batch: %s %.300s", resp.Status, body)
	}
}

// TestTablesLeftInTheMiddle holds that clients which go away in the middle leave nothing
// behind: the server answers others, and its goroutines go back to what they were.
func TestTablesLeftInTheMiddle(t *testing.T) {
	s := demo(t, "--supply", "copy", "--customers", "400")
	count := func() int {
		resp, err := http.Get(s.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		var n int
		for line := range strings.SplitSeq(string(b), "\n") {
			if _, err := fmt.Sscanf(line, "go_goroutines %d", &n); err == nil {
				return n
			}
		}
		t.Fatal("the metrics do not say how many goroutines there are")
		return 0
	}
	before := count()
	for i := range 40 {
		path := []string{"/odata/order_lines", "/export/order_lines.csv", "/export/tickets.ndjson", "/export/order_lines.xlsx"}[i%4]
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, s.tokens["bi"])
		io.ReadFull(c, make([]byte, 4096))
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	deadline := time.Now().Add(30 * time.Second)
	for after := count(); after > before+10; after = count() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, after)
		}
		runtime.Gosched()
		time.Sleep(50 * time.Millisecond)
	}
	f := &feed{server: s, token: s.tokens["bi"], base: s.URL}
	if resp, body := f.get(t, "/odata/orders/$count"); resp.StatusCode != 200 || body == "0" {
		t.Errorf("%s %s", resp.Status, body)
	}
}
