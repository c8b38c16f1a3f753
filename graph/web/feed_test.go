package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// TestTables holds that all rows come once, page by page and as a file, and what the
// headers of every answer are.
func TestTables(t *testing.T) {
	w := feedServer(t, &things{n: 1030}, nil)
	names, pages := w.pages(t, "/odata/things?$select=name")
	if len(names) != 1030 || pages != 5 || names[0] != "n0" || names[1029] != "n1029" || len(slices.Compact(slices.Sorted(slices.Values(names)))) != 1030 {
		t.Errorf("%d rows on %d pages", len(names), pages)
	}
	_, body, err := w.get(t, "/export/things.ndjson?$select=name")
	if err != nil || strings.Count(body, "\n") != 1030 {
		t.Errorf("%v, %d lines", err, strings.Count(body, "\n"))
	}
	for path, status := range map[string]int{
		"/odata": 200, "/odata/": 200, "/odata/$metadata": 200, "/odata/things?$top=1": 200, "/odata/things/$count": 200, "/odata/nothing": 404,
		"/odata/things?$filter=nothing eq 1": 400, "/odata/things?$apply=x": 501, "/odata/things?$skiptoken=x": 400, "/odata/things/1": 404, "/odata/trama.pbids": 200,
		"/odata/things?$filter=isDeleted eq true": 200, "/odata/things?$orderby=modifiedAt desc": 400,
	} {
		resp, body, err := w.get(t, path)
		if err != nil || resp.StatusCode != status || resp.Header.Get("OData-Version") != "4.0" {
			t.Errorf("%s: %v %s %v %.200s", path, err, resp.Status, resp.Header, body)
		}
		if status >= 400 && !strings.HasPrefix(body, `{"error":{"code":"`) {
			t.Errorf("%s: %.200s", path, body)
		}
	}
	resp, body, _ := w.getAs(t, "nobody", "/odata/things")
	if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") || resp.Header.Get("OData-Version") != "4.0" || !strings.Contains(body, "UNAUTHENTICATED") {
		t.Errorf("%s %v %s", resp.Status, resp.Header, body)
	}
}

// TestTokensInAddresses holds that api_key lets in, and is in no link and no log.
func TestTokensInAddresses(t *testing.T) {
	w := feedServer(t, &things{n: 600}, func(c *web.Config) { c.Auth = holders{"trm_secret": {TokenID: "t", Account: "a"}} })
	resp, err := w.Client().Get(w.URL + "/odata/things?$select=name&api_key=trm_secret")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || !strings.Contains(string(body), "nextLink") || strings.Contains(string(body), "secret") || strings.Contains(w.log.String(), "secret") {
		t.Errorf("%s %.300s\n%s", resp.Status, body, w.log)
	}
}

// TestPartialTables holds that a table which may be partial is delivered without a source
// that failed, says so in the log, and has no next link behind a place whose rows were
// never seen; and that it bears nothing else. Any other table fails.
func TestPartialTables(t *testing.T) {
	lost := func(from int) func(context.Context, int, *schema.Page[thing]) error {
		return func(ctx context.Context, part int, page *schema.Page[thing]) error {
			if part == from {
				page.Missing = []string{"books"}
				graphql.AddError(ctx, away())
			}
			return nil
		}
	}
	for _, from := range []int{0, 1} {
		w := feedServer(t, &things{n: 1000, on: lost(from)}, nil)
		// From the part that is missing on no page ends, so it has all the rest.
		if names, pages := w.pages(t, "/odata/loose?$select=name"); len(names) != 1000 || pages != 1 {
			t.Errorf("from part %d: %d rows on %d pages", from, len(names), pages)
		}
		if !strings.Contains(w.log.String(), "delivered a dataset without a source") || !strings.Contains(w.log.String(), "source=books code=SOURCE_UNAVAILABLE") {
			t.Error(w.log)
		}
		resp, body, err := w.get(t, "/odata/things?$select=name")
		if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "30" || !strings.Contains(body, `"code":"SOURCE_UNAVAILABLE"`) {
			t.Errorf("from part %d: %v %s %v %.200s", from, err, resp.Status, resp.Header, body)
		}
	}
	for code, status := range map[schema.Code]int{
		schema.SourceUnavailable: 200, schema.SourceTimeout: 200, schema.SourceLimited: 200, schema.SourceInvalid: 200,
		schema.Internal: 500, schema.Limited: 400, schema.NotEnabled: 501, schema.Forbidden: 403,
	} {
		w := feedServer(t, &things{n: 10, owner: func(context.Context) error { return schema.SourceErrorf(code, "books", "no") }}, nil)
		if resp, body, err := w.get(t, "/odata/loose"); err != nil || resp.StatusCode != status {
			t.Errorf("%s: %v %s %.200s", code, err, resp.Status, body)
		}
		if resp, body, err := w.get(t, "/odata/owned"); err != nil || resp.StatusCode < 400 {
			t.Errorf("%s of a table that is whole: %v %s %.200s", code, err, resp.Status, body)
		}
	}
}

// TestBrokenTables holds that what goes wrong in mid-table breaks the connection, an
// error and a panic alike, in every form, and that the access log has a line of it.
func TestBrokenTables(t *testing.T) {
	late := func(what func(context.Context) error) func(context.Context, int, *schema.Page[thing]) error {
		return func(ctx context.Context, part int, _ *schema.Page[thing]) error {
			if part == 20 {
				return what(ctx)
			}
			return nil
		}
	}
	for name, change := range map[string]struct {
		x    *things
		feed func(*web.FeedConfig)
	}{
		"error": {x: &things{on: late(func(context.Context) error { return away() })}},
		"panic": {x: &things{on: late(func(context.Context) error { panic("boom") })}},
		"panic of the door": {x: &things{}, feed: func(c *web.FeedConfig) {
			c.Origin = func(id string) (string, string, bool) {
				if id == "2500" {
					panic("boom")
				}
				return "", "", false
			}
			c.AsOf = func(string, string) time.Time { return time.Time{} }
		}},
	} {
		change.x.n, change.x.long = 3000, 200
		w := feedServer(t, change.x, func(c *web.Config) {
			c.Feed.PageRows = 10_000
			if change.feed != nil {
				change.feed(&c.Feed)
			}
		})
		for _, path := range []string{"/odata/things", "/export/things.csv", "/export/things.ndjson", "/export/things.xlsx", "/export/things.parquet"} {
			resp, body, err := w.get(t, path)
			if isWhole := err == nil && resp.StatusCode == 200; isWhole {
				t.Errorf("%s, %s: %d bytes that look whole", name, path, len(body))
			}
		}
		if lines := w.log.String(); strings.Count(lines, "answered request") != 5 || !strings.Contains(lines, "broken=true") || strings.Contains(lines, "boom") && !strings.Contains(lines, "panicked") {
			t.Errorf("%s: %s", name, lines)
		}
	}
}

// TestOldClients holds that a client of HTTP/1.0 gets a table with its length, or is told
// that it is too long: it could not tell half of it from all.
func TestOldClients(t *testing.T) {
	w := feedServer(t, &things{n: 12_000, long: 1000}, func(c *web.Config) { c.Feed.PageRows = 100_000 })
	for path, want := range map[string]string{
		"/odata/things?$top=500":        "HTTP/1.0 200 ",
		"/odata/things":                 "HTTP/1.0 505 ",
		"/export/things.csv":            "HTTP/1.0 505 ",
		"/export/things.csv?$top=1":     "HTTP/1.0 200 ",
		"/odata/$metadata":              "HTTP/1.0 200 ",
		"/export/things.csv?$select=id": "HTTP/1.0 400 ",
	} {
		c, err := net.Dial("tcp", w.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET %s HTTP/1.0\r\nHost: example.com\r\nAuthorization: Bearer t\r\n\r\n", path)
		r := bufio.NewReader(c)
		line, _ := r.ReadString('\n')
		rest, _ := io.ReadAll(r)
		c.Close()
		if !strings.HasPrefix(line, want) || !strings.Contains(string(rest), "Content-Length: ") {
			t.Errorf("%s: %s %.300s", path, line, rest)
		}
	}
}

// old is the answer to a request of HTTP/1.0, its headers besides Authorization given.
func (w *feedWorld) old(t *testing.T, request, headers string) string {
	t.Helper()
	c, err := net.Dial("tcp", w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s HTTP/1.0\r\n%sAuthorization: Bearer t\r\n\r\n", request, headers)
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// TestNoHost holds that no link begins with a host that nobody named.
func TestNoHost(t *testing.T) {
	w := feedServer(t, &things{n: 600}, nil)
	for request, want := range map[string]string{
		"GET /odata": "HTTP/1.0 400 ", "GET /odata/things": "HTTP/1.0 400 ", "GET /odata/trama.pbids": "HTTP/1.0 400 ", "GET /export/things.csv": "HTTP/1.0 200 ",
	} {
		got := w.old(t, request, "")
		if !strings.HasPrefix(got, want) || strings.Contains(got, "http:///") || strings.Contains(want, " 400 ") && !strings.Contains(got, `{"error":{"code":"`) {
			t.Errorf("%s: %.400s", request, got)
		}
	}
	w = feedServer(t, &things{n: 600}, func(c *web.Config) { c.Feed.PublicURL = mustURL(t, "https://api.example.com") })
	if got := w.old(t, "GET /odata", ""); !strings.HasPrefix(got, "HTTP/1.0 200 ") || !strings.Contains(got, "https://api.example.com/odata") {
		t.Errorf("%.400s", got)
	}
}

// TestHead holds that HEAD has the status of GET.
func TestHead(t *testing.T) {
	x := &things{n: 600}
	w := feedServer(t, x, nil)
	next := strings.TrimPrefix(w.page(t, "/odata/things?$select=name").Next, w.URL)
	for path, status := range map[string]int{
		"/odata": 200, "/odata/things": 200, next: 200, "/odata/things?$skiptoken=x": 400, "/odata/things/$count": 200, "/odata/things('1')": 200,
		"/odata/grouped('n1')": 200, "/odata/grouped('nobody')": 404, "/odata/parts('1.9')": 404, "/export/things.csv": 200, "/export/nothing.csv": 404,
	} {
		if next == "" {
			t.Fatal("there is no next page")
		}
		got, _, err := w.get(t, path)
		req, reqErr := http.NewRequestWithContext(t.Context(), http.MethodHead, w.URL+path, nil)
		if err != nil || reqErr != nil {
			t.Fatal(err, reqErr)
		}
		req.Header.Set("Authorization", "Bearer t")
		resp, err := w.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got.StatusCode != status || resp.StatusCode != status || resp.Header.Get("Content-Type") != got.Header.Get("Content-Type") || len(body) > 0 {
			t.Errorf("%s: GET %s, HEAD %s %v %q", path, got.Status, resp.Status, resp.Header, body)
		}
		head := w.old(t, "HEAD "+path, "Host: "+w.Listener.Addr().String()+"\r\n")
		if !strings.HasPrefix(head, fmt.Sprintf("HTTP/1.0 %d ", status)) || !strings.HasSuffix(head, "\r\n\r\n") {
			t.Errorf("HTTP/1.0 HEAD %s: %.300s", path, head)
		}
	}
}

// TestTimeOfTables holds that the time of an answer is that of all its operations and of
// what is done with their rows, and that its end is told as such, and never as a limit of
// the account.
func TestTimeOfTables(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	endless := &things{n: 1 << 40, on: func(context.Context, int, *schema.Page[thing]) error { return ctx.Err() }}
	w := feedServer(t, endless, func(c *web.Config) { c.Feed.Time = 200 * time.Millisecond })
	for _, path := range []string{"/odata/things?$filter=name eq 'nobody'", "/odata/things/$count", "/odata/things?$orderby=note&$top=1", "/odata/grouped", "/export/things.xlsx?$filter=name eq 'nobody'"} {
		resp, body, err := w.get(t, path)
		if path == "/odata/grouped" && resp.StatusCode == 400 { // it has too many groups before
			continue
		}
		if err != nil || resp.StatusCode != 504 || !strings.Contains(body, `"code":"SOURCE_TIMEOUT"`) || resp.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %v %s %.200s", path, err, resp.Status, body)
		}
	}
	w = feedServer(t, endless, func(c *web.Config) {
		c.Auth = holders{"t": {TokenID: "t", Account: "a", Agreement: policies.Agreement{MaxTime: 100 * time.Millisecond}}}
	})
	if resp, body, err := w.get(t, "/odata/things/$count"); err != nil || resp.StatusCode != 504 {
		t.Errorf("by agreement: %v %s %.200s", err, resp.Status, body)
	}
	if _, body, err := w.get(t, "/export/things.csv"); err == nil {
		t.Errorf("%d bytes that look whole", len(body))
	}
}

// TestPlacesOfTables holds that whatever reads rows takes a place, counts too, of its
// account and of all accounts, and gives it back.
func TestPlacesOfTables(t *testing.T) {
	for _, tt := range []struct {
		account, all, status int
		token                string
	}{{1, 10, 429, "t"}, {2, 1, 503, "u"}} {
		begun, on := make(chan struct{}), make(chan struct{})
		var once sync.Once
		x := &things{n: 10, on: func(context.Context, int, *schema.Page[thing]) error {
			once.Do(func() { close(begun) })
			<-on
			return nil
		}}
		w := feedServer(t, x, func(c *web.Config) { c.LongAnswers, c.Feed.Answers = tt.account, tt.all })
		first := make(chan error, 1)
		go func() {
			_, _, err := w.get(t, "/odata/things/$count")
			first <- err
		}()
		<-begun
		for _, path := range []string{"/odata/things/$count", "/odata/things", "/odata/things('1')", "/export/things.csv"} {
			resp, body, err := w.getAs(t, tt.token, path)
			if err != nil || resp.StatusCode != tt.status || resp.Header.Get("Retry-After") != "5" || !strings.Contains(body, `"code":"LIMITED"`) {
				t.Errorf("%s: %v %s %v %.200s", path, err, resp.Status, resp.Header, body)
			}
		}
		close(on)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if resp, body, err := w.getAs(t, tt.token, "/odata/things/$count"); err != nil || resp.StatusCode != 200 || body != "10" {
			t.Errorf("afterwards: %v %s %s", err, resp.Status, body)
		}
	}
}

// TestWhatTablesAsk holds that no more is asked of a list than is wanted, that an
// agreement's rows are a page's, and that totals are asked where the list has them.
func TestWhatTablesAsk(t *testing.T) {
	x := &things{n: 1000, total: 1000}
	w := feedServer(t, x, nil)
	if p := w.page(t, "/odata/things?$top=3&$count=true"); len(p.Value) != 3 || p.Next != "" || p.Count == nil || *p.Count != 1000 || x.asked.Load() != 3 {
		t.Errorf("%d rows, %q, count %v, asked for %d", len(p.Value), p.Next, p.Count, x.asked.Load())
	}
	few := feedServer(t, x, func(c *web.Config) {
		c.Auth = holders{"t": {TokenID: "t", Account: "a", Agreement: policies.Agreement{MaxRows: 100}}}
	})
	if names, pages := few.pages(t, "/odata/things?$select=name"); len(names) != 1000 || pages != 10 {
		t.Errorf("%d rows on %d pages", len(names), pages)
	}
	resp, body, err := few.get(t, "/export/things.csv?$select=name")
	if err != nil || resp.StatusCode != 400 || !strings.Contains(body, "LIMITED") {
		t.Errorf("a file of more rows than agreed: %v %s %.200s", err, resp.Status, body)
	}
}

// TestLongPlaces holds that a page goes on to a row whose place fits a link.
func TestLongPlaces(t *testing.T) {
	x := &things{n: 1000, cursor: func(i int) string {
		text := fmt.Sprint(i)
		if i < 600 {
			return text + strings.Repeat(".", 4000)
		}
		return text
	}}
	w := feedServer(t, x, nil)
	p := w.page(t, "/odata/things?$select=name")
	if len(p.Value) != 601 || len(p.Next) > 2000 {
		t.Errorf("%d rows, a link of %d bytes", len(p.Value), len(p.Next))
	}
	if names, _ := w.pages(t, "/odata/things?$select=name"); len(names) != 1000 {
		t.Errorf("%d rows", len(names))
	}
}

// TestGarbledRow holds that the address of a row with a field that its source answered in
// a form that is not agreed gives the row, with null there, as a page does.
func TestGarbledRow(t *testing.T) {
	w := feedServer(t, &things{n: 1, spoil: &schema.Faults{Fields: []string{"name"}}}, nil)
	resp, body, err := w.get(t, "/odata/things('0')?$select=key,name,note,source")
	if err != nil || resp.StatusCode != 200 || !strings.Contains(body, `"key":"0","source":"a","name":null`) {
		t.Errorf("%v %s %s", err, resp.Status, body)
	}
}

// TestBatches holds that a batch answers each request by itself, breaks when one breaks,
// and takes one place.
func TestBatches(t *testing.T) {
	ask := func(w *feedWorld, body string) (*http.Response, string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/odata/$batch", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer t"}, "Content-Type": {"application/json"}, "Prefer": {"continue-on-error"}}
		resp, err := w.Client().Do(req)
		if err != nil {
			return &http.Response{}, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp, string(b), err
	}
	three := `{"requests":[{"id":"1","method":"GET","url":"things?$select=name,note"},{"id":"2","method":"GET","url":"nothing"},{"id":"3","method":"GET","url":"things/$count"},{"id":"4","method":"HEAD","url":"things"}]}`
	w := feedServer(t, &things{n: 200, long: 1000}, func(c *web.Config) { c.LongAnswers = 1 })
	resp, body, err := ask(w, three)
	if err != nil || resp.StatusCode != 200 || strings.Count(body, `"status":200`) != 3 || strings.Count(body, `"status":404`) != 1 || !strings.Contains(body, "n199") || strings.Count(body, `"odata-version":"4.0"`) != 4 {
		t.Errorf("%v %s %.300s", err, resp.Status, body)
	}
	heads := `{"requests":[{"id":"1","method":"HEAD","url":"grouped('n1')"},{"id":"2","method":"HEAD","url":"grouped('nobody')"},{"id":"3","method":"HEAD","url":"things?$skiptoken=x"}]}`
	resp, body, err = ask(w, heads)
	if err != nil || resp.StatusCode != 200 || strings.Count(body, `"status":200`) != 1 || strings.Count(body, `"status":404`) != 1 || strings.Count(body, `"status":400`) != 1 || strings.Contains(body, "n1") {
		t.Errorf("%v %s %.600s", err, resp.Status, body)
	}
	panics := feedServer(t, &things{n: 10}, func(c *web.Config) {
		c.Feed.Origin = func(id string) (string, string, bool) {
			if id == "7" {
				panic("boom")
			}
			return "", "", false
		}
		c.Feed.AsOf = func(string, string) time.Time { return time.Time{} }
	})
	one := `{"requests":[{"id":"1","method":"GET","url":"things?$top=2&$select=key,asOf"},{"id":"2","method":"GET","url":"things('7')"},{"id":"3","method":"GET","url":"things?$top=3&$select=key,asOf"}]}`
	for range 2 { // the server lives on
		resp, body, err := ask(panics, one)
		if err != nil || resp.StatusCode != 200 || strings.Count(body, `"status":200`) != 2 || strings.Count(body, `"status":500`) != 1 || strings.Count(body, `"key"`) != 5 ||
			!strings.Contains(body, `"code":"INTERNAL"`) || strings.Contains(body, "boom") {
			t.Errorf("%v %s %.600s", err, resp.Status, body)
		}
	}
	if n := strings.Count(panics.log.String(), "door panicked"); n != 2 {
		t.Errorf("%d lines of two panics", n)
	}
	broken := &things{n: 5000, long: 1000, on: func(_ context.Context, part int, _ *schema.Page[thing]) error {
		if part == 40 {
			panic("boom")
		}
		return nil
	}}
	w = feedServer(t, broken, func(c *web.Config) { c.Feed.PageRows = 10_000 })
	if _, body, err := ask(w, three); err == nil {
		t.Errorf("a broken answer of a batch looks whole: %d bytes", len(body))
	}
}

// TestBatchesAreAsked holds what is said of a batch itself and of the tokens and versions
// of its requests: none of it is passed over, and no token is repeated.
func TestBatchesAreAsked(t *testing.T) {
	w := feedServer(t, &things{n: 3}, nil)
	ask := func(path, media, body string, header http.Header) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer t"}, "Content-Type": {media}, "Prefer": {"continue-on-error"}}
		for name, values := range header {
			req.Header[name] = values
		}
		resp, err := w.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.Header.Get("OData-Version") != "4.0" {
			t.Fatal(err, resp.Header)
		}
		return resp.StatusCode, string(b)
	}
	const jsonBatch = "application/json"
	inJSON := func(url, headers string) string {
		return `{"requests":[{"id":"1","method":"GET","url":"` + url + `","headers":{` + headers + `}}]}`
	}
	inParts := func(url, headers string) string {
		return "--b\r\nContent-Type: application/http\r\n\r\nGET " + url + " HTTP/1.1\r\n" + headers + "\r\n\r\n--b--\r\n"
	}
	basic := func(token string) string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth("anybody", token)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		name, url, header, value string
		status                   int
	}{
		{"nothing", "things", "Accept", "*/*", 200},
		{"version", "things", "OData-MaxVersion", "3.0", 400},
		{"old version", "things", "OData-Version", "2.0", 400},
		{"the batch's token", "things?api_key=t", "Authorization", "Bearer t", 200},
		{"the batch's token as a password", "things", "Authorization", basic("t"), 200},
		{"another token", "things", "Authorization", "Bearer u", 400},
		{"another password", "things", "Authorization", basic("sesame"), 400},
		{"another scheme", "things", "Authorization", "Digest t", 400},
		{"another key", "things?$top=1&%61pi_key=sesame", "Accept", "*/*", 400},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for _, form := range []struct{ media, body, said string }{
				{jsonBatch, inJSON(c.url, `"`+c.header+`":"`+c.value+`"`), fmt.Sprintf(`"status":%d`, c.status)},
				{"multipart/mixed; boundary=b", inParts(c.url, c.header+": "+c.value), fmt.Sprintf("HTTP/1.1 %d ", c.status)},
			} {
				status, body := ask("/odata/$batch", form.media, form.body, nil)
				if status != 200 || !strings.Contains(body, form.said) || strings.Contains(body, "sesame") || c.status == 400 && !strings.Contains(body, "BAD_REQUEST") {
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	for _, c := range []struct {
		name, path string
		header     http.Header
		status     int
		said       string
	}{
		{"option", "/odata/$batch?$filter=x", nil, 400, "$filter: the option has no meaning for $batch"},
		{"foreign option", "/odata/$batch?$expand=x", nil, 501, "the query option $expand is not supported"},
		{"unknown option", "/odata/$batch?debug=1", nil, 400, "there is no query option"},
		{"escaped", "/odata/%24batch", nil, 200, "responses"},
		{"the same token", "/odata/$batch?api_key=t", nil, 200, "responses"},
		{"another token", "/odata/$batch?api_key=sesame", nil, 400, "a request has one token"},
		{"not for json", "/odata/$batch", http.Header{"Accept": {"multipart/mixed"}}, 406, "the answer to a JSON batch is application/json only"},
		{"anything", "/odata/$batch", http.Header{"Accept": {"*/*"}}, 200, "responses"},
		{"query", "/odata/things/$query", nil, 501, "/$query is not supported"},
		{"query of nothing", "/odata/nothing/%24query", nil, 501, "/$query is not supported"},
		{"writing", "/odata/things", nil, 405, "read-only"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			status, body := ask(c.path, jsonBatch, inJSON("things", ""), c.header)
			if status != c.status || !strings.Contains(body, c.said) || strings.Contains(body, "sesame") || status >= 400 && !strings.HasPrefix(body, `{"error":{"code":"`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	for path, status := range map[string]int{
		"/odata/things?api_key=t": 200, "/odata/things?api_key=sesame": 400, "/odata?%61pi_key=sesame": 400, "/odata/things/$count/": 200,
		"/export/things.csv?api_key=t": 200, "/export/things.csv?api_key=sesame": 400, "/export": 404, "/export/": 404, "/export//things.csv": 404, "/odata//things?api_key=t": 404,
		"/odata/trama.pbids?api_key=t": 200, "/odata/trama.pbids?$filter=x": 400, "/odata/trama.pbids?$expand=x": 501, "/odata/trama.pbids?x=1": 400,
	} {
		resp, body, err := w.get(t, path)
		if err != nil || resp.StatusCode != status || strings.Contains(body, "sesame") {
			t.Errorf("%s: %v %s %.200s", path, err, resp.Status, body)
		}
	}
}

// TestPublicAddress holds that links have the public address, with its path, whatever
// host was asked, and that its lack behind a proxy is said once.
func TestPublicAddress(t *testing.T) {
	public := mustURL(t, "https://api.example.com/bi")
	w := feedServer(t, &things{n: 600}, func(c *web.Config) { c.Feed.PublicURL = public })
	for _, prefix := range []string{"", "/bi"} {
		p := w.page(t, prefix+"/odata/things?$select=name")
		if !strings.HasPrefix(p.Next, "https://api.example.com/bi/odata/things?") || p.Context != "https://api.example.com/bi/odata/$metadata#things(name)" {
			t.Errorf("%+v %s", p.Context, p.Next)
		}
	}
	w = feedServer(t, &things{n: 1}, nil)
	for range 2 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/odata", nil)
		req.Header = http.Header{"Authorization": {"Bearer t"}, "X-Forwarded-Proto": {"https"}}
		resp, err := w.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if n := strings.Count(w.log.String(), "public_url"); n != 2 { // both in one line
		t.Errorf("said %d times: %s", n, w.log)
	}
}
