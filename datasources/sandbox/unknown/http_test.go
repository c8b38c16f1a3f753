package unknown_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

var demo = world.New(11, 60)

// client calls one fake over the network.
type client struct {
	t      *testing.T
	url    string // with the base path
	header http.Header
}

func serve(t *testing.T, h http.Handler, base string) *client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &client{t, s.URL + base, http.Header{}}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// try sends a request; it may be called from any goroutine.
func (c *client) try(method, address string, body io.Reader) (answer, error) {
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		return answer{}, err
	}
	r.Header = c.header.Clone()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(raw)}, err
}

func (c *client) do(method, address string, body io.Reader) answer {
	c.t.Helper()
	a, err := c.try(method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// atOnce asks the same from many goroutines and wants the same answer each time; beside is what else each of them does.
func (c *client) atOnce(want, path string, pairs []string, beside func(i int) error) {
	c.t.Helper()
	var g errgroup.Group
	for i := range 16 {
		g.Go(func() error {
			got, err := c.try(http.MethodGet, c.url+path+query(pairs), http.NoBody)
			if err == nil && got.body != want {
				err = fmt.Errorf("got %d %s", got.status, got.body)
			}
			return errors.Join(err, beside(i))
		})
	}
	if err := g.Wait(); err != nil {
		c.t.Error(err)
	}
}

// get reads a path; pairs are query parameters, name and value by turns.
func (c *client) get(path string, pairs ...string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, c.url+path+query(pairs), http.NoBody)
}

// query encodes a space as %20, which every server reads, unlike the plus sign.
func query(pairs []string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(pairs[i] + "=" + strings.ReplaceAll(url.QueryEscape(pairs[i+1]), "+", "%20"))
	}
	return b.String()
}

// want fails unless the answer has the status.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status: got %d %s, want %d", a.status, a.body, status)
	}
	return a
}

// as decodes JSON with numbers as they were written.
func as[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

type row = map[string]any

// column is the printed values of one member of all rows.
func column(rows []row, name string) []string {
	list := []string{}
	for _, r := range rows {
		list = append(list, fmt.Sprint(r[name]))
	}
	return list
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
