package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/web"
)

// TestKeptStreamedAnswers holds which answers are kept of those that are sent while they
// are made: whole ones without an error that are not too long. The headers of the first
// went before that was known.
func TestKeptStreamedAnswers(t *testing.T) {
	const most = 7000 // of these books are some 1 MiB
	for _, c := range []struct {
		name     string
		first    int
		encoding string
		before   func(d *desk)
		change   func(c *web.Config)
		isKept   bool
	}{
		{name: "records", first: 50, isKept: true},
		{name: "records, packed", first: 50, encoding: "gzip", isKept: true},
		{name: "with an error in a later part", first: 50, before: func(d *desk) { d.torn.Store(true) }},
		{name: "with stale rows", first: 50, before: func(d *desk) { d.stale.Store(true) }},
		{name: "too long", first: 3 * most},
		{name: "long", first: most / 2, isKept: true},
		{name: "more than all may take", first: 200, change: func(c *web.Config) { c.Answers.Bytes = 8 << 10 }},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			d := newDeskOf(t, 10, c.change)
			d.set("t", reader("a", "all"))
			if c.before != nil {
				c.before(d)
			}
			query := fmt.Sprintf(`query @cacheControl(maxAge: 30) { books(first: %d) { nodes { id title next { id title } } } }`, c.first)
			first := d.ask(t, "t", query, "encoding", c.encoding)
			if first.header.Get("Cache-Control") != "private, no-store" {
				t.Fatalf("it is not streamed: %v", first.header)
			}
			title := "The Leopard, second edition"
			d.title.Store(&title)
			d.torn.Store(false)
			read := d.reads.Load()
			second := d.ask(t, "t", query, "encoding", c.encoding)
			if second.isKept() != c.isKept || (d.reads.Load() == read) != c.isKept {
				t.Fatalf("kept: %v, read: %v, want %v: %.300s", second.isKept(), d.reads.Load() > read, c.isKept, second.body)
			}
			if !c.isKept {
				return
			}
			if second.body != first.body || second.status != http.StatusOK || strings.Contains(second.body, "second edition") || !strings.HasSuffix(second.body, "}]}}}") {
				t.Errorf("got %.200s\nwant %.200s", second.body, first.body)
			}
			if got := second.header.Get("Cache-Control"); got != "private, max-age=30" {
				t.Errorf("Cache-Control is %q", got)
			}
			d.clock.Store(30)
			if third := d.ask(t, "t", query, "encoding", c.encoding); third.isKept() || !strings.Contains(third.body, "second edition") {
				t.Errorf("after its time %.200s", third.body)
			}
		})
	}
}

// TestABrokenAnswerIsNotKept holds that half an answer is nobody's.
func TestABrokenAnswerIsNotKept(t *testing.T) {
	d := newDeskOf(t, 10, func(c *web.Config) { c.Limits.ReplyRows = 600 })
	d.set("t", reader("a", "all"))
	for range 2 {
		body := `{"query":"query @cacheControl(maxAge: 30) { books(first: 500) { nodes { id title next { id title } } } }"}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.srv.URL+"/graphql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer t")
		req.Header.Set("Content-Type", "application/json")
		if resp, err := d.srv.Client().Do(req); err == nil {
			resp.Body.Close()
		}
	}
	if s := d.web.AnswerStats(); s.Kept != 0 || s.Misses != 2 {
		t.Errorf("kept are %+v", s)
	}
}
