// Package otrstest has servers for the tests of the connector: one that replays
// recorded exchanges, and a small help desk made from the facts of the page "OTRS
// / Znuny / OTOBO Generic Interface (REST)". Both fail the test on a request
// nobody expected.
package otrstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Recording is one recorded exchange.
type Recording struct {
	System string // znuny or otobo
	N      int
	Name   string
	Note   string

	Method  string
	Path    string // as it was sent, with its query
	Header  map[string]string
	Request []byte

	Status      int // 0: the server closed the connection without an answer
	ContentType string
	Date        string
	Reply       []byte
	// Cut says that the recording does not hold the whole request or reply.
	Cut bool
}

// ID names a recording: "znuny #33 search-post-by-customeridraw-array".
func (r *Recording) ID() string { return fmt.Sprintf("%s #%d %s", r.System, r.N, r.Name) }

// Load reads all recordings of a directory: index.json and otobo-pairs.jsonl.
func Load(t testing.TB, dir string) []Recording {
	t.Helper()
	return append(loadIndex(t, dir), loadPairs(t, dir)...)
}

type message struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Headers  map[string]string `json:"headers"`
	Status   *int              `json:"status"`
	Bytes    int               `json:"bytes"`
	BodyFile string            `json:"bodyFile"`
	Body     *string           `json:"body"`
}

type exchange struct {
	N        int     `json:"n"`
	Name     string  `json:"name"`
	Note     string  `json:"note"`
	Request  message `json:"request"`
	Response message `json:"response"`
}

func (e exchange) recording(t testing.TB, system, dir string) Recording {
	t.Helper()
	r := Recording{
		System: system, N: e.N, Name: e.Name, Note: e.Note,
		Method: e.Request.Method, Path: e.Request.Path, Header: e.Request.Headers, Request: e.Request.read(t, dir),
		ContentType: e.Response.Headers["Content-Type"], Date: e.Response.Headers["Date"], Reply: e.Response.read(t, dir),
	}
	if e.Response.Status != nil {
		r.Status = *e.Response.Status
	}
	r.Cut = strings.Contains(r.Path, "...(") || r.Status == http.StatusOK && len(r.Reply) != e.Response.Bytes
	return r
}

func (m message) read(t testing.TB, dir string) []byte {
	t.Helper()
	if m.Body != nil {
		return []byte(*m.Body)
	}
	if m.BodyFile == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, m.BodyFile))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func loadIndex(t testing.TB, dir string) []Recording {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	out := make([]Recording, 0, len(all))
	for _, e := range all {
		out = append(out, e.recording(t, "znuny", dir))
	}
	return out
}

func loadPairs(t testing.TB, dir string) []Recording {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "otobo-pairs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []Recording
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.recording(t, "otobo", dir))
	}
	return out
}

// Params are the parameters of a request: of its query and its JSON body, each as
// a list of texts, so that what the server takes for the same is equal here: 3
// and "3", "x" and ["x"]. SessionID is only said to be there.
func Params(r *http.Request) (map[string][]string, error) {
	out := map[string][]string{}
	for name, list := range r.URL.Query() {
		out[name] = list
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && r.Method != http.MethodGet {
		var object map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			return nil, err
		}
		for name, v := range object {
			if _, ok := out[name]; !ok {
				out[name] = texts(v)
			}
		}
	}
	if id := out["SessionID"]; len(id) > 0 {
		out["SessionID"] = []string{"(a session)"}
	}
	if ids := out["TicketID"]; len(ids) == 1 {
		out["TicketID"] = strings.Split(strings.ReplaceAll(ids[0], " ", ""), ",")
	}
	return out, nil
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		switch x := x.(type) {
		case string:
			out = append(out, x)
		case map[string]any:
			for name, y := range x {
				x[name] = texts(y)
			}
			b, _ := json.Marshal(x)
			out = append(out, string(b))
		default:
			b, _ := json.Marshal(x)
			out = append(out, string(b))
		}
	}
	return out
}

// request builds the recorded request, nil when it was not recorded whole.
func (r *Recording) request() *http.Request {
	if r.Cut && strings.Contains(r.Path, "...(") {
		return nil
	}
	path, query, _ := strings.Cut(r.Path, "?")
	// The server took ";" for "&" (#166); Go does not.
	u := &url.URL{Path: path, RawQuery: strings.ReplaceAll(query, ";", "&")}
	return &http.Request{Method: r.Method, URL: u, Body: io.NopCloser(bytes.NewReader(r.Request))}
}

// Ask returns the parameters of the recorded request.
func (r *Recording) Ask() (map[string][]string, error) {
	req := r.request()
	if req == nil {
		return nil, fmt.Errorf("%s was not recorded whole", r.ID())
	}
	return Params(req)
}

// same reports whether two sets of parameters mean the same.
func same(a, b map[string][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, list := range a {
		if !slices.Equal(list, b[name]) {
			return false
		}
	}
	return true
}
