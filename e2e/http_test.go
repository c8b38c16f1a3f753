package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// exchange is one HTTP request and what must come back.
type exchange struct {
	name   string
	method string // default POST
	query  url.Values
	body   string
	header map[string]string // "" removes a default header
	status int
	media  string
	code   string // first error's
	data   bool   // whether there is a data key
}

const (
	newer = "application/graphql-response+json"
	older = "application/json"
)

func body(query string) string {
	b, _ := json.Marshal(map[string]string{"query": query})
	return string(b)
}

// TestHTTP holds /graphql against the GraphQL-over-HTTP draft and against hostile
// requests. One server answers all of them: none may bring it down.
func TestHTTP(t *testing.T) {
	s := demo(t, "--customers", "40")
	deep := strings.Repeat("{customers", 10_000) + strings.Repeat("}", 10_000)
	aliases := "{"
	for i := range 400 {
		aliases += fmt.Sprintf("a%d:__typename ", i)
	}
	aliases += "}"
	bomb := "{customers{nodes{...f0}}}"
	for i := range 20 {
		bomb += fmt.Sprintf(" fragment f%d on Customer{a:orders(first:1){nodes{customer{...f%d}}} b:orders(first:1){nodes{customer{...f%d}}}}", i, i+1, i+1)
	}
	bomb += " fragment f20 on Customer{id}"
	for _, x := range []exchange{
		{name: "newer media type", body: body("{__typename}"), header: map[string]string{"Accept": newer}, status: 200, media: newer, data: true},
		{name: "older media type", body: body("{__typename}"), header: map[string]string{"Accept": older}, status: 200, media: older, data: true},
		{name: "anything", body: body("{__typename}"), header: map[string]string{"Accept": "*/*"}, status: 200, media: older, data: true},
		{name: "no accept", body: body("{__typename}"), status: 200, media: newer, data: true},
		{name: "by quality", body: body("{__typename}"), header: map[string]string{"Accept": newer + ";q=0.5, " + older}, status: 200, media: older, data: true},
		{name: "not acceptable", body: body("{__typename}"), header: map[string]string{"Accept": "text/html"}, status: 406, media: older, code: "BAD_REQUEST"},
		{name: "utf-8", body: body("{__typename}"), header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, status: 200, media: newer, data: true},
		{name: "latin", body: body("{__typename}"), header: map[string]string{"Content-Type": "application/json; charset=latin1"}, status: 415, media: newer, code: "BAD_REQUEST"},
		{name: "no content type", body: body("{__typename}"), header: map[string]string{"Content-Type": ""}, status: 415, media: newer, code: "BAD_REQUEST"},
		{name: "form", body: "query={__typename}", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 415, media: newer, code: "BAD_REQUEST"},
		{name: "put", method: "PUT", body: body("{__typename}"), status: 405, media: newer, code: "BAD_REQUEST"},
		{name: "get", method: "GET", query: url.Values{"query": {"{__typename}"}}, status: 200, media: newer, data: true},
		{name: "head", method: "HEAD", query: url.Values{"query": {"{__typename}"}}, status: 200, media: newer, data: true},
		{name: "get with variables", method: "GET", query: url.Values{"query": {"query Q($n:Int){customers(first:$n){totalCount}}"}, "variables": {`{"n":1}`}, "operationName": {"Q"}}, status: 200, media: newer, data: true},
		{name: "get with bad variables", method: "GET", query: url.Values{"query": {"{__typename}"}, "variables": {`[1`}}, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "get without query", method: "GET", status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "get mutation", method: "GET", query: url.Values{"query": {"mutation{a}"}}, status: 405, media: newer, code: "BAD_REQUEST"},
		{name: "malformed json", body: `{"query":`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "malformed json, older", body: `nonsense`, header: map[string]string{"Accept": older}, status: 400, media: older, code: "BAD_REQUEST"},
		{name: "two values", body: body("{__typename}") + "{}", status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "an array", body: `[` + body("{__typename}") + `]`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "null", body: `null`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "empty body", body: ``, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "not utf-8", body: "{\"query\":\"{__typename}\xff\"}", status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "no query", body: `{"qeury":"{__typename}"}`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "query is a number", body: `{"query":1}`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "variables are a list", body: `{"query":"{__typename}","variables":[7]}`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "extensions are a text", body: `{"query":"{__typename}","extensions":"x"}`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "nulls", body: `{"query":"{__typename}","variables":null,"operationName":null,"extensions":null}`, status: 200, media: newer, data: true},
		{name: "oversized", body: body("{__typename #" + strings.Repeat("x", 2<<20) + "\n}"), status: 413, media: newer, code: "LIMITED"},
		{name: "does not parse", body: body("{"), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "does not parse, older", body: body("{"), header: map[string]string{"Accept": older}, status: 200, media: older, code: "BAD_REQUEST"},
		{name: "unknown field", body: body("{nobody}"), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "unknown field, older", body: body("{nobody}"), header: map[string]string{"Accept": older}, status: 200, media: older, code: "BAD_REQUEST"},
		{name: "wrong type", body: body(`{customers(first:"ten"){totalCount}}`), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "missing variable", body: body(`query($i:ID!){node(id:$i){id}}`), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "operation not found", body: `{"query":"query A{__typename}","operationName":"B"}`, status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "two operations, none named", body: body("query A{__typename} query B{__typename}"), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "first of -1", body: body(`{customers(first:-1){totalCount}}`), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "first of a million", body: body(`{customers(first:1000000){totalCount}}`), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "first beyond 32 bits", body: body(`{customers(first:99999999999){totalCount}}`), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "10,000 deep", body: body(deep), status: 400, media: newer, code: "BAD_REQUEST"},
		{name: "1,000 deep", body: body(strings.Repeat("{customers", 1000) + strings.Repeat("}", 1000)), status: 400, media: newer, code: "LIMITED"},
		{name: "400 aliases", body: body(aliases), status: 400, media: newer, code: "LIMITED"},
		{name: "fragment bomb", body: body(bomb), status: 400, media: newer, code: "TOO_COSTLY"},
		{name: "a cursor from nowhere", body: body(`{customers(after:"AAAA"){totalCount}}`), status: 200, media: newer, code: "BAD_REQUEST", data: true},
		{name: "an id from nowhere", body: body(`{node(id:"AAAA"){id}}`), status: 200, media: newer, code: "BAD_REQUEST", data: true},
		{name: "no token", body: body("{__typename}"), header: map[string]string{"Authorization": ""}, status: 401, media: newer, code: "UNAUTHENTICATED"},
		{name: "another scheme", body: body("{__typename}"), header: map[string]string{"Authorization": "Basic " + s.Token}, status: 401, media: newer, code: "UNAUTHENTICATED"},
		{name: "wrong token", body: body("{__typename}"), header: map[string]string{"Authorization": "Bearer " + s.Token[:len(s.Token)-1] + "x"}, status: 401, media: newer, code: "UNAUTHENTICATED"},
		{name: "token in the address", method: "GET", query: url.Values{"query": {"{__typename}"}, "api_key": {s.Token}}, header: map[string]string{"Authorization": ""}, status: 401, media: newer, code: "UNAUTHENTICATED"},
	} {
		t.Run("case="+x.name, func(t *testing.T) { x.check(t, s) })
	}
	if a := s.ask(t, "{ sources { name state } }", nil); len(a.Errors) > 0 {
		t.Errorf("after all that: %v", a.Errors)
	}
	for _, secret := range []string{s.Token, "trama-demo-otrs", "svc-sandbox", "odata-sandbox"} {
		for _, line := range strings.Split(s.log.String(), "\n") {
			if strings.HasPrefix(line, "{") && strings.Contains(line, secret) {
				t.Errorf("a secret is in the log: %s", line)
			}
		}
	}
}

func (x exchange) check(t *testing.T, s *server) {
	method := x.method
	if method == "" {
		method = http.MethodPost
	}
	address := s.URL + "/graphql"
	if x.query != nil {
		address += "?" + x.query.Encode()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range x.header {
		if req.Header.Set(k, v); v == "" {
			req.Header.Del(k)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != x.status || resp.Header.Get("Content-Type") != x.media+"; charset=utf-8" {
		t.Errorf("got %d %s, want %d %s: %.300s", resp.StatusCode, resp.Header.Get("Content-Type"), x.status, x.media, b)
	}
	if resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	if method == http.MethodHead {
		if len(b) > 0 {
			t.Error("HEAD has a body")
		}
		return
	}
	var a map[string]json.RawMessage
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatalf("%v: %.300s", err, b)
	}
	if _, has := a["data"]; has != x.data {
		t.Errorf("has a data key: %t, want %t: %.300s", has, x.data, b)
	}
	var full answer
	if err := json.Unmarshal(b, &full); err != nil {
		t.Fatal(err)
	}
	if x.code != "" && (len(full.Errors) == 0 || full.Errors[0].Extensions["code"] != x.code) {
		t.Errorf("got errors %.300s, want %s", a["errors"], x.code)
	}
	if bytes.Contains(b, []byte("goroutine ")) || bytes.Contains(b, []byte(".go:")) {
		t.Errorf("the answer shows the program: %.300s", b)
	}
}

// TestShutdownLetsRequestsFinish sends SIGTERM while slow queries run.
func TestShutdownLetsRequestsFinish(t *testing.T) {
	s := demo(t, "--customers", "40", "--latency", "200ms", "--cache", "0s")
	var wait sync.WaitGroup
	results := make([]error, 8)
	started := make(chan struct{}, len(results))
	for i := range results {
		wait.Go(func() {
			req, _ := http.NewRequest(http.MethodPost, s.URL+"/graphql", strings.NewReader(body("{customers(first:20){nodes{orders{nodes{number}}}}}")))
			req.Header.Set("Authorization", "Bearer "+s.Token)
			req.Header.Set("Content-Type", "application/json")
			started <- struct{}{}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				results[i] = err
				return
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || !json.Valid(b) {
				results[i] = fmt.Errorf("status %d, %d bytes: %w", resp.StatusCode, len(b), err)
			}
		})
	}
	for range results {
		<-started
	}
	time.Sleep(100 * time.Millisecond) // let the requests reach the server
	s.stop()
	wait.Wait()
	for i, err := range results {
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
}
