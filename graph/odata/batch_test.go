package odata_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/graph/odata"
)

// serve answers a request of a batch as the door does: its address is parsed,
// and the answer says what was understood.
func serve(_ context.Context, r *odata.Request) odata.Answer {
	path, query, err := odata.Resolve(base, r.URL)
	if err != nil {
		return odata.Refuse(err)
	}
	q, err := odata.Parse(path, query, sets, odata.Limits{})
	if err != nil {
		return odata.Refuse(err)
	}
	media, body := "application/json;odata.metadata=minimal", fmt.Sprintf(`{"value":[%q]}`, q.Filter.String())
	switch q.Target {
	case odata.Count:
		media, body = "text/plain", `5"`
	case odata.Metadata:
		media, body = odata.MetadataType, "<a>???~~</a>" // signs whose base64 is not base64url
	}
	return odata.Answer{Status: 200, Header: http.Header{"Content-Type": {media}, "Odata-Version": {odata.Version}}, Body: func(w io.Writer) error {
		_, err := io.WriteString(w, body)
		return err
	}}
}

func TestJSONBatch(t *testing.T) {
	for _, c := range []struct {
		name, requests string
		goOn           bool
		want           []string // id, status and body of each answer
	}{
		{
			"two", `{"id":"1","method":"get","url":"invoices?$filter=lines%20eq%201"},{"id":"b","method":"GET","url":"/bi/odata/invoices/$count"}`, false,
			[]string{`1 200 {"value":["lines eq 1"]}`, `b 200 "5\""`},
		},
		{"absolute", `{"id":"1","method":"GET","url":"HTTPS://api.example.md:443/bi/odata/invoices","headers":{"accept":"application/json"}}`, false, []string{`1 200 {"value":[""]}`}},
		{
			"another host", `{"id":"1","method":"GET","url":"https://evil.example/bi/odata/invoices"}`, false,
			[]string{`1 400 {"error":{"code":"BAD_REQUEST","message":"the address of a request of the batch is not one of this service"}}`},
		},
		{
			"another path", `{"id":"1","method":"GET","url":"/graphql"}`, false,
			[]string{`1 404 {"error":{"code":"NOT_FOUND","message":"there is no such resource; the service document lists the entity sets"}}`},
		},
		{
			"climbing", `{"id":"1","method":"GET","url":"../graphql"}`, false,
			[]string{`1 404 {"error":{"code":"NOT_FOUND","message":"there is no such resource; the service document lists the entity sets"}}`},
		},
		{"batch in a batch", `{"id":"1","method":"GET","url":"%24batch"}`, false, []string{`1 400 {"error":{"code":"BAD_REQUEST","message":"a batch stands in no batch"}}`}},
		{
			"stops at the first failure", `{"id":"1","method":"GET","url":"x"},{"id":"2","method":"GET","url":"invoices"}`, false,
			[]string{`1 404 {"error":{"code":"NOT_FOUND","message":"there is no entity set \"x\"; the service document lists them"}}`},
		},
		{
			"goes on", `{"id":"1","method":"POST","url":"invoices","body":{}},{"id":"2","method":"GET","url":"invoices"}`, true,
			[]string{`1 405 {"error":{"code":"BAD_REQUEST","message":"the feed is read-only: GET and HEAD are all it answers"}}`, `2 200 {"value":[""]}`},
		},
		{
			"writing", `{"id":"1","method":"DELETE","url":"invoices('a')"}`, true,
			[]string{`1 405 {"error":{"code":"BAD_REQUEST","message":"the feed is read-only: GET and HEAD are all it answers"}}`},
		},
		{"group", `{"id":"1","method":"GET","url":"invoices","atomicityGroup":"g"}`, true, []string{`1 501 {"error":{"code":"NOT_ENABLED","message":"an atomicityGroup is not supported"}}`}},
		{"condition", `{"id":"1","method":"GET","url":"invoices","if":"$1/x"}`, true, []string{`1 501 {"error":{"code":"NOT_ENABLED","message":"a condition on a request of a batch is not supported"}}`}},
		{
			"reference", `{"id":"1","method":"GET","url":"invoices"},{"id":"2","method":"GET","url":"$1/x"}`, true,
			[]string{`1 200 {"value":[""]}`, `2 501 {"error":{"code":"NOT_ENABLED","message":"an address relative to another request's answer is not supported"}}`},
		},
		{
			"dependency", `{"id":"1","method":"GET","url":"x"},{"id":"2","method":"GET","url":"invoices","dependsOn":["1"]},{"id":"3","method":"GET","url":"invoices","dependsOn":["2"]},{"id":"4","method":"GET","url":"invoices"},{"id":"5","method":"GET","url":"invoices","dependsOn":["4"]}`, true,
			[]string{
				`1 404 {"error":{"code":"NOT_FOUND","message":"there is no entity set \"x\"; the service document lists them"}}`,
				`2 424 {"error":{"code":"BAD_REQUEST","message":"a request which this one depends on has failed"}}`,
				`3 424 {"error":{"code":"BAD_REQUEST","message":"a request which this one depends on has failed"}}`,
				`4 200 {"value":[""]}`, `5 200 {"value":[""]}`,
			},
		},
		{
			"body of a reading", `{"id":"1","method":"GET","url":"invoices","body":{}}`, false,
			[]string{`1 400 {"error":{"code":"BAD_REQUEST","message":"a request that reads has no body"}}`},
		},
		{
			"versions", `{"id":"1","method":"GET","url":"invoices","headers":{"odata-maxversion":"3.0"}},{"id":"2","method":"GET","url":"invoices","headers":{"OData-Version":"2.0"}},{"id":"3","method":"GET","url":"invoices","headers":{"OData-MaxVersion":"4.01"}}`, true,
			[]string{
				`1 400 {"error":{"code":"BAD_REQUEST","message":"OData-MaxVersion: this service answers in 4.0, which is newer than what the client takes"}}`,
				`2 400 {"error":{"code":"BAD_REQUEST","message":"OData-Version: this service reads 4.0"}}`, `3 200 {"value":[""]}`,
			},
		},
		{
			"header twice", `{"id":"1","method":"GET","url":"invoices","headers":{"accept":"a/b","Accept":"*/*"}}`, false,
			[]string{`1 400 {"error":{"code":"BAD_REQUEST","message":"a header of the request is there twice"}}`},
		},
		// Neither JSON nor text: a string of base64url (JSON Format §19.1).
		{"metadata", `{"id":"1","method":"GET","url":"$metadata"}`, false, []string{`1 200 "PGE-Pz8_fn48L2E-"`}},
		{"head", `{"id":"1","method":"HEAD","url":"invoices"}`, false, []string{`1 200 null`}},
		{"none", ``, false, nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, err := odata.ReadBatch("application/json; charset=utf-8", strings.NewReader(`{"requests":[`+c.requests+`]}`), odata.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var w bytes.Buffer
			if err := b.Write(t.Context(), &w, c.goOn, serve); err != nil {
				t.Fatal(err)
			}
			var got struct {
				Responses []struct {
					ID      string
					Status  int
					Headers map[string]string
					Body    json.RawMessage
				}
			}
			if err := json.Unmarshal(w.Bytes(), &got); err != nil || b.ContentType() != "application/json" {
				t.Fatalf("%s: %v", w.Bytes(), err)
			}
			var texts []string
			for _, r := range got.Responses {
				if r.Body == nil {
					r.Body = []byte("null")
				}
				texts = append(texts, fmt.Sprintf("%s %d %s", r.ID, r.Status, r.Body))
				if r.Headers["odata-version"] != "4.0" {
					t.Errorf("headers are %v", r.Headers)
				}
			}
			if diff := cmp.Diff(c.want, texts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// part is one request as Power Query sends it.
func part(request string) string {
	return "--batch_x\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + request + "\r\n"
}

func TestMultipartBatch(t *testing.T) {
	long := "GET " + base + "/invoices?$filter=" + strings.Repeat("lines%20eq%201%20or%20", 400) + "isDeleted HTTP/1.1\r\nAccept: application/json;odata.metadata=minimal\r\nOData-MaxVersion: 4.0\r\n\r\n"
	for _, c := range []struct {
		name, body string
		want       []int
	}{
		{"a long address", part(long) + "--batch_x--\r\n", []int{200}},
		{"relative with blanks", part("GET invoices?$filter=lines eq 1 HTTP/1.1\r\n\r\n") + part("GET /bi/odata/invoices/$count HTTP/1.1\r\nHost: api.example.md\r\n\r\n") + "--batch_x--", []int{200, 200}},
		{"no headers and no empty line", part("GET invoices HTTP/1.1") + "--batch_x--", []int{200}},
		{"writing", part("POST invoices HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}") + "--batch_x--", []int{405}},
		{"body", part("GET invoices HTTP/1.1\r\n\r\n{}") + "--batch_x--", []int{400}},
		{"versions", part("GET invoices HTTP/1.1\r\nOData-MaxVersion: 3.0\r\n\r\n") + part("GET invoices HTTP/1.1\r\nOData-Version: 2.0\r\n\r\n") + part("GET invoices HTTP/1.1\r\nOData-Version: 4.0\r\n\r\n") + "--batch_x--", []int{400, 400, 200}},
		{"change set", "--batch_x\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--batch_x--", []int{501}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, err := odata.ReadBatch(`multipart/mixed; boundary="batch_x"`, strings.NewReader(c.body), odata.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var w bytes.Buffer
			if err := b.Write(t.Context(), &w, true, serve); err != nil {
				t.Fatal(err)
			}
			media, parameters, err := mime.ParseMediaType(b.ContentType())
			if err != nil || media != "multipart/mixed" {
				t.Fatal(b.ContentType(), err)
			}
			var got []int
			for r := multipart.NewReader(&w, parameters["boundary"]); ; {
				p, err := r.NextRawPart()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(p)
				status, rest, _ := strings.Cut(string(body), "\r\n")
				var code int
				if _, err := fmt.Sscanf(status, "HTTP/1.1 %d", &code); err != nil || p.Header.Get("Content-Type") != "application/http" {
					t.Fatalf("%s: %v", body, err)
				}
				if !strings.Contains(strings.ToLower(rest), "odata-version: 4.0\r\n") || !strings.Contains(rest, "\r\n\r\n") {
					t.Errorf("part is %s", body)
				}
				got = append(got, code)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBatchRefusals(t *testing.T) {
	limits := odata.Limits{BatchParts: 2, BatchBytes: 4000, QueryBytes: 100}
	const one = `{"id":"1","method":"GET","url":"invoices"}`
	for _, c := range []struct {
		name, media, body string
		status            int
	}{
		{"type", "text/plain", "", 415},
		{"no type", "", "", 415},
		{"no json", "application/json", "{", 400},
		{"another member", "application/json", `{"request":[]}`, 400},
		{"unknown member of a request", "application/json", `{"requests":[{"id":"1","method":"GET","url":"x","retries":3}]}`, 400},
		{"no id", "application/json", `{"requests":[{"method":"GET","url":"x"}]}`, 400},
		{"id twice", "application/json", `{"requests":[` + one + `,` + one + `]}`, 400},
		{"later dependency", "application/json", `{"requests":[{"id":"2","method":"GET","url":"x","dependsOn":["1"]},` + one + `]}`, 400},
		{"something behind", "application/json", `{"requests":[]}{}`, 400},
		{"another member behind", "application/json", `{"requests":[],"x":1}`, 400},
		{"too many", "application/json", `{"requests":[` + one + `,{"id":"2"},{"id":"3"}]}`, 400},
		{"too long", "application/json", `{"requests":[` + strings.Repeat(" ", 4000) + `]}`, 413},
		{"no boundary", "multipart/mixed", "", 400},
		{"long boundary", "multipart/mixed; boundary=" + strings.Repeat("x", 71), "", 400},
		{"no end", "multipart/mixed; boundary=batch_x", part("GET invoices HTTP/1.1"), 400},
		{"no parts", "multipart/mixed; boundary=batch_x", "rubbish", 400},
		{"too many parts", "multipart/mixed; boundary=batch_x", strings.Repeat(part("GET invoices HTTP/1.1"), 3) + "--batch_x--", 400},
		{"no request line", "multipart/mixed; boundary=batch_x", part("") + "--batch_x--", 400},
		{"no protocol", "multipart/mixed; boundary=batch_x", part("GET invoices") + "--batch_x--", 400},
		{"part of another type", "multipart/mixed; boundary=batch_x", "--batch_x\r\nContent-Type: text/plain\r\n\r\nx\r\n--batch_x--", 400},
		{"headers that are none", "multipart/mixed; boundary=batch_x", part("GET invoices HTTP/1.1\r\nx y z\r\n\r\n") + "--batch_x--", 400},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b, err := odata.ReadBatch(c.media, strings.NewReader(c.body), limits)
			if odata.Status(err) != c.status || b != nil {
				t.Errorf("got %v, %v", b, err)
			}
		})
	}
	t.Run("case=longest request", func(t *testing.T) {
		body := `{"requests":[{"id":"1","method":"GET","url":"invoices?` + strings.Repeat("x", 20_000) + `"}]}`
		if _, err := odata.ReadBatch("application/json", strings.NewReader(body), odata.Limits{QueryBytes: 100}); odata.Status(err) != 400 {
			t.Error(err)
		}
	})
	t.Run("case=reader fails", func(t *testing.T) {
		if _, err := odata.ReadBatch("application/json", io.MultiReader(strings.NewReader("{"), failing{}), limits); !errors.Is(err, errFailed) {
			t.Error(err)
		}
	})
}

var errFailed = errors.New("failed")

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errFailed }
func (failing) Write([]byte) (int, error) { return 0, errFailed }

// What breaks in the middle leaves the envelope open.
func TestBrokenBatch(t *testing.T) {
	for media, body := range map[string]string{
		"application/json":                  `{"requests":[{"id":"1","method":"GET","url":"invoices"},{"id":"2","method":"GET","url":"invoices"}]}`,
		"multipart/mixed; boundary=batch_x": part("GET invoices HTTP/1.1") + part("GET invoices HTTP/1.1") + "--batch_x--",
	} {
		b, err := odata.ReadBatch(media, strings.NewReader(body), odata.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var w bytes.Buffer
		err = b.Write(t.Context(), &w, false, func(ctx context.Context, r *odata.Request) odata.Answer {
			a := serve(ctx, r)
			a.Body = func(w io.Writer) error {
				_, _ = io.WriteString(w, `{"value":[`)
				return errFailed
			}
			return a
		})
		if !errors.Is(err, errFailed) || strings.HasSuffix(w.String(), "}") || strings.HasSuffix(w.String(), "--\r\n") {
			t.Errorf("%v: %s", err, w.String())
		}
		if err := b.Write(t.Context(), failing{}, false, serve); !errors.Is(err, errFailed) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Write(ctx, io.Discard, false, serve); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestContinueOnError(t *testing.T) {
	for prefer, want := range map[string]bool{
		"": false, "odata.continue-on-error": true, "respond-async, odata.continue-on-error=true": true,
		"continue-on-error": true, "odata.continue-on-error=false": false, `Continue-On-Error="true"`: true, "odata.maxpagesize=5": false,
	} {
		if got := odata.ContinueOnError(prefer); got != want {
			t.Errorf("%q: got %v", prefer, got)
		}
	}
}

// Raw in a multipart batch: its parts have their own Content-Type.
func TestMultipartMetadata(t *testing.T) {
	b, err := odata.ReadBatch("multipart/mixed; boundary=batch_x", strings.NewReader(part("GET $metadata HTTP/1.1")+"--batch_x--"), odata.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	if err := b.Write(t.Context(), &w, false, serve); err != nil || !strings.Contains(w.String(), "\r\n\r\n<a>???~~</a>\r\n") {
		t.Errorf("%v: %s", err, w.String())
	}
}

func TestAcceptOfBatch(t *testing.T) {
	batches := map[string]*odata.Batch{}
	for media, body := range map[string]string{
		"application/json":                  `{"requests":[]}`,
		"multipart/mixed; boundary=batch_x": part("GET invoices HTTP/1.1") + "--batch_x--",
	} {
		b, err := odata.ReadBatch(media, strings.NewReader(body), odata.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		batches[media[:4]] = b
	}
	for _, c := range []struct {
		accept           string
		isJSON, isMultip bool
	}{
		{"", true, true},
		{"*/*", true, true},
		{"multipart/mixed", false, true},
		{"multipart/*", false, true},
		{"application/json;odata.metadata=minimal", true, true},
		{"application/json;q=0, */*", false, true},
		{"multipart/mixed;q=0, */*", true, false},
		{"text/html", false, false},
		{"multipart/mixed, application/json", true, true},
	} {
		for media, isFine := range map[string]bool{"appl": c.isJSON, "mult": c.isMultip} {
			if err := batches[media].Accepts(c.accept); (err == nil) != isFine || err != nil && odata.Status(err) != 406 {
				t.Errorf("%s batch, %q: %v", media, c.accept, err)
			}
		}
	}
}
