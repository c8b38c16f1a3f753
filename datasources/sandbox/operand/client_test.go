package operand_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// client speaks to a fake the way its dialect says. It is written from the wire page, not from the server.
type client struct {
	t       *testing.T
	server  *operand.Server
	url     string
	d       operand.Dialect
	paths   map[operand.Resource]string
	session string
}

// start serves a fake and logs in.
func start(t *testing.T, w *world.World, opts operand.Options) *client {
	t.Helper()
	server := operand.New(w, opts)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	c := &client{t: t, server: server, url: listening.URL, d: opts.Dialect.Filled(), paths: opts.Paths}
	token := opts.Token
	if token == "" {
		token = operand.DefaultToken
	}
	if status := c.login(token); status != http.StatusOK {
		t.Fatalf("login: %d", status)
	}
	return c
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) get(path string, header map[string]string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, body}
}

// login takes a session where the dialect says that it lies.
func (c *client) login(token string) int {
	c.t.Helper()
	a := c.get(c.d.LoginPath+"?"+url.Values{c.d.LoginParam: {token}}.Encode(), nil)
	if a.status != http.StatusOK {
		return a.status
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		c.session = strings.TrimSpace(string(a.body))
	} else {
		c.session, _ = at(parse(c.t, a.body), c.d.TokenAt()).(string)
	}
	if len(c.session) < 20 {
		c.t.Fatalf("session %q in %s", c.session, a.body)
	}
	return a.status
}

// call asks with the session.
func (c *client) call(path string) answer {
	c.t.Helper()
	return c.get(path, map[string]string{c.d.AuthHeader: c.session})
}

func (c *client) path(r operand.Resource, q url.Values) string {
	path := c.paths[r]
	if path == "" {
		path = operand.DefaultPath(r)
	}
	return path + "?" + q.Encode()
}

// rows returns the rows of one page.
func (c *client) rows(r operand.Resource, q url.Values) []map[string]any {
	c.t.Helper()
	a := c.call(c.path(r, q))
	if a.status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", r, a.status, a.body)
	}
	list, ok := at(parse(c.t, a.body), c.d.ListAt(r)).([]any)
	if !ok {
		c.t.Fatalf("%s: no list at %s in %.200s", r, c.d.ListAt(r), a.body)
	}
	rows := make([]map[string]any, len(list))
	for k := range list {
		rows[k] = list[k].(map[string]any)
	}
	return rows
}

// all reads page after page until one is short.
func (c *client) all(r operand.Resource, q url.Values) []map[string]any {
	c.t.Helper()
	var list []map[string]any
	for {
		page := url.Values{c.d.LimitParam: {"100"}, c.d.OffsetParam: {fmt.Sprint(len(list))}}
		for k, v := range q {
			page[k] = v
		}
		rows := c.rows(r, page)
		if list = append(list, rows...); len(rows) < 100 {
			return list
		}
	}
}

// field returns a field by FinanceEntry's name, and whether the row has it.
func (c *client) field(r operand.Resource, row map[string]any, name string) (any, bool) {
	wire := c.d.Name(r, name)
	if outer, inner, nested := strings.Cut(wire, "."); nested {
		row, _ = row[outer].(map[string]any)
		wire = inner
	}
	v, ok := row[wire]
	return v, ok
}

// id is the id of a row as the dialect writes it.
func (c *client) id(r operand.Resource, row map[string]any) string {
	v, _ := c.field(r, row, idField(r))
	return fmt.Sprint(v)
}

func idField(r operand.Resource) string {
	switch r {
	case operand.Clients:
		return "idClient"
	case operand.Persons:
		return "idPerson"
	}
	return "id"
}

// parse reads JSON without losing digits and refuses a key that is written twice.
func parse(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.300s", err, b)
	}
	if err := unique(json.NewDecoder(bytes.NewReader(b))); err != nil {
		t.Fatalf("%v in %.300s", err, b)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one value in %.300s", b)
	}
	return v
}

// unique reads one value and fails on an object with a key twice, which encoding/json would let pass.
func unique(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	switch token {
	case json.Delim('{'):
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return err
			}
			if seen[key.(string)] {
				return fmt.Errorf("key %q twice", key)
			}
			seen[key.(string)] = true
			if err := unique(d); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('['):
		for d.More() {
			if err := unique(d); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

// at follows a path as wire/operand.md §4 writes them.
func at(v any, path string) any {
	if path == "$" {
		return v
	}
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}
