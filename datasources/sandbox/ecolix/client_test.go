package ecolix_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// demo is large enough to have every flaw; it is read-only.
var demo = world.New(1, 500)

const key = ecolix.DefaultKey

// client speaks a dialect, by what the dialect says and nothing else.
type client struct {
	t   testing.TB
	erp *ecolix.Server
	d   ecolix.Dialect
	url string
}

func start(t testing.TB, o ecolix.Options) *client {
	t.Helper()
	s := ecolix.New(demo, o)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return &client{t: t, erp: s, d: s.Dialect(), url: h.URL + ecolix.Base}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// send makes one call with a key where the dialect wants it.
func (c *client) send(method, path, body, key string, header ...string) answer {
	c.t.Helper()
	address, err := url.Parse(c.url + path)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.d.Auth == ecolix.AuthQuery && key != "" {
		q := address.Query()
		q.Set(c.d.AuthName, key)
		address.RawQuery = q.Encode()
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address.String(), strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	switch {
	case key == "" || c.d.Auth == ecolix.AuthQuery:
	case c.d.Auth == ecolix.AuthHeader:
		r.Header.Set(c.d.AuthName, key)
	case c.d.Auth == ecolix.AuthBearer:
		r.Header.Set("Authorization", "Bearer "+key)
	case c.d.Auth == ecolix.AuthBasic:
		r.SetBasicAuth(c.d.AuthName, key)
	}
	for k := 0; k+1 < len(header); k += 2 {
		r.Header.Set(header[k], header[k+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (c *client) get(path string) answer { c.t.Helper(); return c.send(http.MethodGet, path, "", key) }

// page asks for one page of a list.
func (c *client) page(path string, params map[string]string) answer {
	c.t.Helper()
	if c.d.Reads == ecolix.ReadsPOST {
		body := map[string]any{}
		for k, v := range params {
			body[k] = v
			if n, err := strconv.Atoi(v); err == nil {
				body[k] = n
			}
		}
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		return c.send(http.MethodPost, path, string(b), key)
	}
	q := url.Values{}
	for k, v := range params {
		q.Set(k, v)
	}
	return c.send(http.MethodGet, path+"?"+q.Encode(), "", key)
}

type record = map[string]any

func decode(t testing.TB, body string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if d.More() {
		t.Fatalf("something follows in %s", body)
	}
	return v
}

// rows unwraps a list and checks its envelope.
func (c *client) rows(a answer) []record {
	c.t.Helper()
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		c.t.Fatalf("%d %s %s", a.status, a.header.Get("Content-Type"), a.body)
	}
	list := decode(c.t, a.body)
	if c.d.Envelope != ecolix.EnvelopeBare {
		m, ok := list.(record)
		if !ok {
			c.t.Fatalf("no envelope: %s", a.body)
		}
		switch c.d.Envelope {
		case ecolix.EnvelopeItems:
			list = m["items"]
		default:
			list = m["data"]
		}
		if got, want := keys(m), map[ecolix.Envelope]string{
			ecolix.EnvelopePagination: "data pagination", ecolix.EnvelopeData: "data", ecolix.EnvelopeItems: "items",
			ecolix.EnvelopeMetadata: "data " + c.d.ErrorField + " metadata",
		}[c.d.Envelope]; got != want {
			c.t.Fatalf("envelope has %s, want %s", got, want)
		}
	}
	all, ok := list.([]any)
	if !ok {
		c.t.Fatalf("no list in %s", a.body)
	}
	out := make([]record, len(all))
	for k, v := range all {
		out[k] = v.(record)
	}
	return out
}

// all reads a list to its end, by what a client may rely on: it asks for more than it gets and stops at the page that has no rows.
func (c *client) all(path string) []record {
	c.t.Helper()
	var out []record
	for n := 0; ; n++ {
		params := map[string]string{}
		switch c.d.Paging {
		case ecolix.PagingOffset:
			params[c.d.OffsetParam], params[c.d.SizeParam] = strconv.Itoa(len(out)), "1000"
		case ecolix.PagingPage:
			params[c.d.PageParam], params[c.d.SizeParam] = strconv.Itoa(n+c.d.FirstPage), "1000"
		}
		a := c.page(path, params)
		if a.status == http.StatusNotFound && c.d.EmptyIs404 {
			return out
		}
		rows := c.rows(a)
		if c.d.Paging == ecolix.PagingNone {
			return rows
		}
		if len(rows) > c.d.MaxSize {
			c.t.Fatalf("%s: %d rows, want %d at most", path, len(rows), c.d.MaxSize)
		}
		if len(rows) == 0 {
			return out
		}
		out = append(out, rows...)
	}
}

func keys(m record) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

// failure checks that an answer is one and returns its text.
func (c *client) failure(a answer, status int) string {
	c.t.Helper()
	if a.status != status {
		c.t.Fatalf("%d, want %d: %s", a.status, status, a.body)
	}
	m, ok := decode(c.t, a.body).(record)
	if !ok {
		c.t.Fatalf("no object: %s", a.body)
	}
	meta, _ := m["metadata"].(record)
	text, _ := m[c.d.ErrorField].(string)
	if m["data"] != nil || meta["issuccess"] != false || text == "" {
		c.t.Fatalf("no failure: %s", a.body)
	}
	return text
}
